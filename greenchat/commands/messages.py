"""Talking: PRIVMSG NOTICE TAGMSG. https://modern.ircdocs.horse/#sending-messages"""

from ..chat import policy
from ..protocol import caps
from ..protocol.envelope import Envelope
from ..protocol.numerics import Numeric
from .context import Context
from .errors import IrcError
from .registry import command


@command("PRIVMSG")
def privmsg(ctx: Context) -> None:
    """PRIVMSG <target>{,<target>} <text>."""
    _say(ctx)


@command("NOTICE")
def notice(ctx: Context) -> None:
    """NOTICE <target>{,<target>} <text>. "automatic replies must never be sent in response to a NOTICE"."""
    try:
        _say(ctx)
    except IrcError:
        return


@command("TAGMSG")
def tagmsg(ctx: Context) -> None:
    """TAGMSG <target>{,<target>}: client-only tags without a text, for those who asked for message-tags."""
    if not ctx.session.caps & caps.MESSAGE_TAGS:
        raise IrcError(Numeric.ERR_UNKNOWNCOMMAND, "TAGMSG")
    _say(ctx)


def _say(ctx: Context) -> None:
    command_name = ctx.message.command
    params = ctx.message.params
    quiet = command_name == "NOTICE"
    if not params or not params[0]:
        raise IrcError(Numeric.ERR_NORECIPIENT, text=f"No recipient given ({command_name})")
    text: tuple[str, ...] = ()
    if command_name != "TAGMSG":
        if len(params) < 2 or not params[1]:
            raise IrcError(Numeric.ERR_NOTEXTTOSEND)
        text = (params[1],)
    targets = [target for target in params[0].split(",") if target]
    if len(targets) > ctx.network.settings.limits.targets:
        raise IrcError(Numeric.ERR_TOOMANYTARGETS, targets[-1], text="Too many recipients")
    ctx.user.active = ctx.now
    for target in dict.fromkeys(targets):
        try:
            _say_to(ctx, target, text)
        except IrcError as error:
            if not quiet:
                ctx.reply(error.numeric, *error.params, text=error.text)


def _say_to(ctx: Context, target: str, text: tuple[str, ...]) -> None:
    if target.startswith("#"):
        _say_to_channel(ctx, target, text)
    else:
        _say_to_user(ctx, target, text)


def _say_to_channel(ctx: Context, name: str, text: tuple[str, ...]) -> None:
    channel = ctx.network.channel(name)
    if channel is None:
        raise IrcError(Numeric.ERR_NOSUCHCHANNEL, name)
    refusal = policy.may_speak(ctx.user, channel)
    if refusal is not None:
        raise IrcError(refusal, channel.name)
    envelope = _envelope(ctx, channel.name, text)
    echo = bool(ctx.session.caps & caps.ECHO_MESSAGE)
    ctx.say(envelope, channel.name)
    ctx.broadcast(channel, envelope, to_sender=echo)


def _say_to_user(ctx: Context, nick: str, text: tuple[str, ...]) -> None:
    target = ctx.network.user(nick)
    if target is None:
        raise IrcError(Numeric.ERR_NOSUCHNICK, nick)
    refusal = policy.may_message(ctx.user, target)
    if refusal is not None:
        raise IrcError(refusal, target.nick)
    envelope = _envelope(ctx, target.nick, text)
    ctx.say(envelope, target.nick)
    ctx.deliver(target, envelope)
    if target is not ctx.user:
        _echo(ctx, envelope)
    if target.away and ctx.message.command == "PRIVMSG":
        ctx.reply(Numeric.RPL_AWAY, target.nick, target.away)


def _echo(ctx: Context, envelope: Envelope) -> None:
    """The sender's own sessions get it too: this one if it asked for echo-message, the others always."""
    for session in ctx.user.sessions:
        if session is not ctx.session:
            session.outbox.put(envelope.encode(session.kind))
        elif session.caps & caps.ECHO_MESSAGE:
            ctx.respond(envelope)


def _envelope(ctx: Context, target: str, text: tuple[str, ...]) -> Envelope:
    tags = ctx.message.tags
    client_tags = {name: value for name, value in tags.items() if name[0] == "+"} if tags else {}
    needs = caps.MESSAGE_TAGS if ctx.message.command == "TAGMSG" else 0
    return ctx.envelope(
        ctx.message.command, target, *text, source=ctx.user, msgid=ctx.new_id(), needs=needs, tags=client_tags
    )
