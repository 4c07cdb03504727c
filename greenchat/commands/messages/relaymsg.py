"""RELAYMSG: relays messages of other networks to a channel, under their senders' names.

https://github.com/ircv3/ircv3-specifications/pull/417 (draft/relaymsg). It defines no codes for refusals: PRIVS_NEEDED,
INVALID_NICK and BLANK_MSG are those of other servers.
"""

from greenchat.chat import policy
from greenchat.chat.channel import Channel
from greenchat.chat.rights import rights_of
from greenchat.chat.user import Session, User
from greenchat.commands.core.cap_offers import OFFERS
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import FailError, IrcError
from greenchat.commands.core.line_length import require_fit
from greenchat.commands.core.lookup import find_channel
from greenchat.commands.core.registry import command
from greenchat.commands.messages.privmsg import client_tags, say_to_channel
from greenchat.config.settings import Settings
from greenchat.protocol import caps
from greenchat.protocol.envelopes.relayed import RelayedEnvelope
from greenchat.protocol.message import Message
from greenchat.protocol.msgid import time_of
from greenchat.protocol.numerics import Numeric

RESERVED = frozenset("!+%@&#$:'\"?*,.~")  # "including `!+%@&#$:'"?*,.` and whitespace", and `~`, a prefix here
_LONGEST = 64  # characters of a name
_USERNAME = "relay"


@command("RELAYMSG", params=3, needs=caps.RELAYMSG, stores=3)
def relaymsg(ctx: Context) -> None:
    """RELAYMSG <channel> <name> <text>

    Relay a message from another network to a channel, under its sender's name. The name has a character that nicknames
    can't have, like alice/discord. Allowed for channel operators, if the server's configuration permits it.
    """
    if not ctx.network.settings.relaymsg.separators:
        raise IrcError(Numeric.ERR_UNKNOWNCOMMAND, "RELAYMSG")
    target, name, text = ctx.message.params[:3]
    channel = find_channel(ctx, target)
    _require_right(ctx, channel)
    _check_name(ctx, name)
    if not text.strip():
        raise FailError("RELAYMSG", "BLANK_MSG", text="The message is empty")
    # bans and mutes apply to the name, everything else to the bot
    speaker = _speaker(ctx, name)
    refusal = policy.may_speak(ctx.user, channel, "PRIVMSG", text)
    if refusal is not None or policy.is_muted(speaker, channel):
        raise IrcError(Numeric.ERR_CANNOTSENDTOCHAN, channel.name, text=refusal.text if refusal else "")
    msgid = ctx.new_id()
    message = Message("PRIVMSG", (channel.name, text), speaker.source, client_tags(ctx))
    envelope = RelayedEnvelope(message, ctx.nick, time=time_of(msgid), msgid=msgid)
    require_fit(envelope)
    ctx.user.active = ctx.now
    say_to_channel(ctx, channel, envelope)


def _require_right(ctx: Context, channel: Channel) -> None:
    """Check that the sender may relay there. Raises FailError.

    Of the specification's ways: "Restricting `RELAYMSG` to IRC operators, channel operators", and "Checking that the
    sender is in the target channel".
    """
    settings = ctx.network.settings
    by_rank = settings.relaymsg.channel_operators and channel.is_at_least(ctx.user, "o")
    if ctx.user not in channel.members or not (by_rank or "relaymsg" in rights_of(ctx.user, settings)):
        raise FailError("RELAYMSG", "PRIVS_NEEDED", text=f"You may not relay messages to {ctx.message.params[0]}")


def _check_name(ctx: Context, name: str) -> None:
    """Check the name of a speaker. Raises FailError."""
    separators = ctx.network.settings.relaymsg.separators
    if not name.isprintable() or " " in name or not RESERVED.isdisjoint(name) or len(name) > _LONGEST:
        raise FailError("RELAYMSG", "INVALID_NICK", name, text="That is not a valid name")
    if not any(separator in name for separator in separators) or not name.strip(separators):
        text = f"The name must contain one of these characters: {separators}"
        raise FailError("RELAYMSG", "INVALID_NICK", name, text=text)


def _speaker(ctx: Context, name: str) -> User:
    """Return a user for a sender on another network, with the server's host."""
    host = ctx.network.settings.name
    return User(name, _USERNAME, host, name, real_host=host, signon=ctx.now, active=ctx.now)


def _offer(settings: Settings, _: Session) -> str | None:
    return settings.relaymsg.separators or None


OFFERS[caps.RELAYMSG] = _offer
