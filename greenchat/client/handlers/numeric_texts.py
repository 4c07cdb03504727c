"""Sentences for numerics whose own text is not sufficient.

`{0}` is the first parameter after our nick, `{1}` the next, `{text}` the last one. Other numerics are shown with their
own text, after their parameters. https://defs.ircdocs.horse/defs/numerics.html
"""

from collections.abc import Sequence

from greenchat.protocol.numerics import Numeric

SENTENCES: dict[str, str] = {
    Numeric.RPL_ENDOFACCEPT.command: (
        "With mode +g only these people can write to you in private. /accept nick adds one"
    ),
    Numeric.ERR_ACCEPTFULL.command: "Your accept list is full. /accept -nick removes an entry.",
    Numeric.ERR_TARGUMODEG.command: "{0} did not get that: {0} accepts messages only from some people (mode +g)",
    Numeric.RPL_TARGNOTIFY.command: "{0} was told that you wrote",
    Numeric.RPL_UMODEGMSG.command: "{0} ({1}) wrote to you, but your mode +g blocked it. /accept {0} allows it.",
    Numeric.RPL_LUSEROP.command: "Operators here: {0}",
    Numeric.RPL_LUSERUNKNOWN.command: "Unregistered connections: {0}",
    Numeric.RPL_LUSERCHANNELS.command: "Channels: {0}",
    Numeric.RPL_LOCALUSERS.command: "{text}",
    Numeric.RPL_GLOBALUSERS.command: "{text}",
    Numeric.RPL_STATSUPTIME.command: "{text}",
    "250": "{text}",
    "010": "This server is full or shutting down; try {0}, port {1}",
    "042": "Your number on this server is {0}",
    Numeric.RPL_TRYAGAIN.command: "/{0}: {text}",
    Numeric.RPL_USERHOST.command: "Hosts: {text}",
    Numeric.RPL_ISON.command: "Online now: {text}",
    "328": "Website of {0}: {text}",
    Numeric.RPL_INVITELIST.command: "You are invited to {0}",
    Numeric.RPL_WHOISBOT.command: "{0} is a bot",
    Numeric.RPL_VERSION.command: "{1} runs {0} {text}",
    Numeric.RPL_LINKS.command: "{0}, linked to {1}: {text}",
    Numeric.RPL_TIME.command: "{0}: it is {text}",
    Numeric.RPL_HOSTHIDDEN.command: "Your visible host is now {0}",
    Numeric.RPL_REHASHING.command: "Reloading the configuration {0}",
    Numeric.RPL_KNOCK.command: "{1} asks to be invited to {0}",
    Numeric.RPL_KNOCKDLVR.command: "{0}: your request for an invitation was delivered",
    Numeric.ERR_TOOMANYCHANNELS.command: "{0}: you are in as many channels as this server allows. /part one first.",
    Numeric.ERR_WASNOSUCHNICK.command: "The server has no record of {0}",
    Numeric.ERR_UNKNOWNCOMMAND.command: "This server does not know {0}",
    Numeric.ERR_USERNOTINCHANNEL.command: "{0} is not in {1}",
    Numeric.ERR_USERONCHANNEL.command: "{0} is already in {1}",
    Numeric.ERR_NEEDMOREPARAMS.command: "{0} needs more parameters. See /help.",
    Numeric.ERR_ALREADYREGISTERED.command: "That is only possible at the beginning of a connection",
    Numeric.ERR_PASSWDMISMATCH.command: "The password is wrong",
    Numeric.ERR_KEYSET.command: "{0} already has a key",
    Numeric.ERR_LINKCHANNEL.command: "{0} forwards to {1}",
    Numeric.ERR_CHANNELISFULL.command: "{0} is full",
    Numeric.ERR_UNKNOWNMODE.command: "This server has no mode {0}",
    Numeric.ERR_INVITEONLYCHAN.command: "{0} is invite-only. Ask somebody who is in the channel.",
    Numeric.ERR_BANNEDFROMCHAN.command: "You are banned from {0}",
    Numeric.ERR_BANLISTFULL.command: "The list of {0} is full; {1} was not added",
    Numeric.ERR_NOPRIVILEGES.command: "Only server operators can do that",
    Numeric.ERR_CHANOPRIVSNEEDED.command: "{0}: only channel operators (@) can do that",
    Numeric.ERR_SECUREONLYCHAN.command: "{0} requires a connection with TLS",
    Numeric.ERR_UMODEUNKNOWNFLAG.command: "This server has no such user mode",
    Numeric.ERR_USERSDONTMATCH.command: "You can't see or change other users' modes",
    Numeric.ERR_OPERONLY.command: "{0} is open to server operators only",
    Numeric.ERR_INVALIDMODEPARAM.command: "{0}: mode {1} can't be {2} ({text})",
    Numeric.ERR_MONLISTFULL.command: "The server's limit is reached; {1} was not added",
}


def in_words(command: str, params: Sequence[str]) -> str:
    """Return a numeric as a sentence. params: all parameters, our nickname first."""
    *context, text = params[1:] or [""]
    sentence = SENTENCES.get(command)
    if sentence:
        try:
            return sentence.format(*context, text, text=text)
        except IndexError:
            pass  # not as specified: its own text will do
    if text.startswith(("is ", "has ", "was ", "are ", "can ", "may ")):
        return " ".join((*context, text))
    return f"{' '.join(context)}: {text}" if context else text


def reason(text: str) -> str:
    """Return the reason for leaving, in brackets, without the "Quit: " that servers put before it."""
    text = text.removeprefix("Quit:").strip()
    return f" ({text})" if text else ""
