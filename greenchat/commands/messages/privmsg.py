"""Messages: PRIVMSG NOTICE TAGMSG. https://modern.ircdocs.horse/#sending-messages

No text is ever cut. One that would not fit into a line of 512 bytes with the speaker's `nick!user@host` is refused with
417, even as a NOTICE.
"""

from collections.abc import Iterable, Mapping, Sequence

from greenchat.chat import caller_id, policy
from greenchat.chat.channel import Channel
from greenchat.chat.user import User
from greenchat.commands.core import recording, service
from greenchat.commands.core.channel_rate_limits import check_message_rate
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.history_events import is_kept
from greenchat.commands.core.history_quota import require_history_quota
from greenchat.commands.core.line_length import require_fit
from greenchat.commands.core.lookup import hidden
from greenchat.commands.core.registry import Way, as_act, command
from greenchat.commands.messages.everybody import require_mask, tell_everybody
from greenchat.commands.messages.spam_filter import require_unsuspicious
from greenchat.commands.users.message_acceptance import accepts_text
from greenchat.protocol import caps
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.message import Message
from greenchat.protocol.numerics import Numeric

_NOT_HERE = "This user is not connected, and this server does not store private messages"


@command("PRIVMSG", way=Way.STEPS)
def privmsg(ctx: Context) -> Continuation | None:
    """PRIVMSG <target>{,<target>} <text>

    Send a message to a user, to a channel, or with @#channel (or another prefix) to its members with at least that
    rank. Server operators reach everybody with $ and the server's name.
    """
    params = ctx.message.params
    addressed = service.find(params[0]) if len(params) > 1 else None
    if addressed is not None:
        if not ctx.applies:
            _echo_here(ctx, params[0], (params[1],))
        return service.run(ctx, addressed, params[1])
    if not ctx.applies:
        require_history_quota(ctx)
    return as_act(ctx, say)


@command("NOTICE", quiet=True, stores=2)
def notice(ctx: Context) -> None:
    """NOTICE <target>{,<target>} <text>

    Send a notice. Clients and the server never answer a notice automatically, so bots use it.
    """
    # "automatic replies must never be sent in response to a NOTICE"
    say(ctx)


@command("TAGMSG", needs=caps.MESSAGE_TAGS, stores=1)
def tagmsg(ctx: Context) -> None:
    """TAGMSG <target>{,<target>}

    Send tags without a text, such as typing notifications and reactions. Clients do this for you.
    """
    params = ctx.message.params
    if params and service.find(params[0]):
        _echo_here(ctx, params[0], ())  # services ignore typing notifications
        return
    say(ctx)


def _echo_here(ctx: Context, name: str, text: tuple[str, ...]) -> None:
    """Echo a message to a service to the session that sent it.

    "If enabled, servers MUST send PRIVMSG and NOTICE messages back to the client that sent them": to no other session
    of the user, since it may contain a password. It has no msgid, since it is not stored.
    """
    if ctx.session.caps & caps.ECHO_MESSAGE:
        user = ctx.user
        message = Message(ctx.message.command, (name, *text), user.source, client_tags(ctx))
        envelope = Envelope(message, time=ctx.now, account=user.account, bot="B" in user.modes)
        require_fit(envelope)
        ctx.respond(envelope)


def say(ctx: Context) -> None:
    """Send the context's message to each of its targets."""
    command_name = ctx.message.command
    params = ctx.message.params
    if not params or not params[0]:
        raise _no_recipient(ctx)
    text: tuple[str, ...] = ()
    if command_name != "TAGMSG":
        if len(params) < 2 or not params[1]:
            raise IrcError(Numeric.ERR_NOTEXTTOSEND)
        text = (params[1],)
    ctx.user.active = ctx.session.active = ctx.now
    for target in _targets(ctx, params[0]):
        try:
            _say_to(ctx, target, text)
        except IrcError as error:
            ctx.refuse(error)


def _no_recipient(ctx: Context) -> IrcError:
    return IrcError(Numeric.ERR_NORECIPIENT, text=f"No recipient given ({ctx.message.command})")


def _targets(ctx: Context, listed: str) -> Iterable[str]:
    """Return each target once, ignoring case. Raises 411 if there is none.

    Raises 407, and nobody gets anything, if there are too many, or if one of several is a service: the text may contain
    a password.
    """
    if "," not in listed:
        return (listed,)
    targets = {ctx.network.fold(target): target for target in listed.split(",") if target}
    if not targets:
        raise _no_recipient(ctx)
    most = ctx.network.settings.limits.targets
    if len(targets) > most:
        raise IrcError(
            Numeric.ERR_TOOMANYTARGETS,
            list(targets.values())[most],
            text=f"Too many targets: at most {most}. Your message was not sent",
        )
    for target in targets.values():
        if service.find(target):
            raise IrcError(
                Numeric.ERR_TOOMANYTARGETS, target, text="It must be the only target. Your message was not sent"
            )
    return targets.values()


def _say_to(ctx: Context, target: str, text: tuple[str, ...]) -> None:
    if target[0] == "$" and text and "o" in ctx.user.modes:
        require_mask(ctx, target)
        tell_everybody(ctx, _envelope(ctx, target, text))
        return
    name = target.lstrip(ctx.network.settings.mode_table.symbols)
    if not name.startswith("#"):
        _say_to_user(ctx, target, text)
    elif name == target:
        _say_to_channel(ctx, name, text)
    else:
        _say_to_ranks(ctx, target[: -len(name)], name, text)


def _say_to_channel(ctx: Context, name: str, text: tuple[str, ...]) -> None:
    channel = _open_channel(ctx, name, text)
    say_to_channel(ctx, channel, _envelope(ctx, channel.name, text))


def say_to_channel(ctx: Context, channel: Channel, envelope: Envelope) -> None:
    """Store a message that is allowed in a channel, and deliver it."""
    rank = policy.audience(ctx.user, channel)
    if rank:
        _tell_ranks(ctx, channel, rank, envelope)
        return
    if not recording.say(ctx, envelope, channel):
        _echo_again(ctx, envelope)
    elif ctx.user in channel.members:
        ctx.broadcast(channel, envelope, to_sender=bool(ctx.session.caps & caps.ECHO_MESSAGE))
    else:
        ctx.broadcast(channel, envelope, to_sender=False)
        _echo(ctx, envelope)


def _say_to_ranks(ctx: Context, symbols: str, name: str, text: tuple[str, ...]) -> None:
    """Send a message to the ranks of a prefix: `@#channel` is for its operators.

    "only to the members of that channel with the given or higher status":
    https://modern.ircdocs.horse/#statusmsg-parameter
    """
    channel = _open_channel(ctx, name, text)
    table = ctx.network.settings.mode_table
    lowest = max(table.symbols.index(symbol) for symbol in symbols)
    envelope = _envelope(ctx, table.symbols[lowest] + channel.name, text)
    rank = policy.audience(ctx.user, channel, table.prefixes[lowest])
    _tell_ranks(ctx, channel, rank, envelope)


def _tell_ranks(ctx: Context, channel: Channel, rank: str, envelope: Envelope) -> None:
    if recording.say(ctx, envelope, channel, rank):
        _deliver(ctx, channel.ranked(rank), envelope)
    else:
        _echo_again(ctx, envelope)


def _open_channel(ctx: Context, name: str, text: tuple[str, ...]) -> Channel:
    """Return the channel, if the sender may say this in it. Raises 404, or 403 for a hidden channel."""
    channel = ctx.network.channel(name)
    if channel is None:
        raise IrcError(Numeric.ERR_NOSUCHCHANNEL, name)
    refusal = policy.may_speak(ctx.user, channel, ctx.message.command, *text)
    if refusal is not None:
        raise hidden(ctx, channel, name, IrcError(refusal.numeric, channel.name, text=refusal.text))
    if text:
        check_message_rate(ctx, channel)
        require_unsuspicious(ctx, channel, text[0])
    return channel


def _say_to_user(ctx: Context, nick: str, text: tuple[str, ...]) -> None:
    target = ctx.network.user(nick)
    if target is None:
        raise IrcError(Numeric.ERR_NOSUCHNICK, nick)
    if text and target is not ctx.user:
        require_unsuspicious(ctx, target, text[0])
    if not accepts_text(ctx, target, *text):
        return
    envelope = _envelope(ctx, target.nick, text)
    if text and not target.sessions and not is_kept(ctx.network.settings.history, envelope, target):
        raise IrcError(Numeric.ERR_CANTSENDTOUSER, target.nick, text=_NOT_HERE)
    caller_id.allow_answer(ctx.user, target)
    if not recording.say(ctx, envelope, target):
        _echo_again(ctx, envelope)
        return
    if target is ctx.user:
        # labeled-response: "When a client sends a message to itself, the server MUST NOT include the label tag, except
        # for any acknowledgment sent with the echo-message mechanism": what it receives is no part of the answer
        ctx.session.outbox.put(envelope.encode(ctx.session.kind))
    _deliver(ctx, (target,), envelope)
    if target.away and ctx.message.command == "PRIVMSG":
        ctx.reply(Numeric.RPL_AWAY, target.nick, target.away)


def _deliver(ctx: Context, users: Iterable[User], envelope: Envelope) -> None:
    """Send to these users, and to the sender's own sessions as an echo."""
    for user in users:
        if user is not ctx.user:
            ctx.deliver(user, envelope)
    _echo(ctx, envelope)


def _echo(ctx: Context, envelope: Envelope) -> None:
    """Send to the sender's own sessions: to this one if it has echo-message, to the others always."""
    for session in ctx.user.sessions:
        if session is not ctx.session:
            session.outbox.put(envelope.encode(session.kind))
        elif session.caps & caps.ECHO_MESSAGE:
            ctx.respond(envelope)


def _echo_again(ctx: Context, envelope: Envelope) -> None:
    """Confirm a message that was sent twice to the session that sent it again, and to nobody else."""
    if ctx.session.caps & caps.ECHO_MESSAGE:
        ctx.respond(envelope)


def _envelope(ctx: Context, target: str, text: tuple[str, ...]) -> Envelope:
    """Return the message for the recipients. Raises 417."""
    needs = caps.MESSAGE_TAGS if ctx.message.command == "TAGMSG" else 0
    envelope = ctx.envelope(ctx.message.command, target, *text, source=ctx.user, needs=needs, tags=client_tags(ctx))
    require_fit(envelope)
    return envelope


def client_tags(ctx: Context) -> Mapping[str, str]:
    """Return the client-only tags of the message.

    "Tags without the client-only prefix MUST be removed by the server before being relayed with any message".
    """
    tags = ctx.message.tags
    if not tags:
        return tags
    denied = ctx.network.settings.denied_tags
    return {
        name: value
        for name, value in tags.items()
        if name[0] == "+" and len(name) > 1 and not _is_denied(name[1:], denied)
    }


def _is_denied(name: str, denied: Sequence[str]) -> bool:
    """Whether a tag is denied: https://ircv3.net/specs/extensions/message-tags#rpl_isupport-tokens."""
    return (name in denied or "*" in denied) and "-" + name not in denied
