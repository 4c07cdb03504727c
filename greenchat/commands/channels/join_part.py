"""JOIN and PART: joining and leaving channels. https://modern.ircdocs.horse/#join-message"""

from collections.abc import Iterator

from greenchat.chat import policy
from greenchat.chat.channel import Channel
from greenchat.chat.user import Session, User
from greenchat.commands.channels.names_list import names_reply
from greenchat.commands.channels.ranks import grant_rank
from greenchat.commands.channels.reserved import why_closed, why_not_new
from greenchat.commands.channels.topic import topic_reply
from greenchat.commands.core.channel_rate_limits import check_join_rate, may_show_text
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.line_length import require_fit
from greenchat.commands.core.lookup import targets
from greenchat.commands.core.registry import command
from greenchat.commands.history.markread import read_marker_reply
from greenchat.commands.history.replay import replay_on_join
from greenchat.commands.users.away import away_in
from greenchat.commands.users.metadata_sync import sync_joined, tell_arrival
from greenchat.protocol import caps
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.message import Message
from greenchat.protocol.msgid import format_msgid
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.plain.text import split_text
from greenchat.protocol.tags import CHANNEL_CONTEXT
from greenchat.protocol.wrap import room
from greenchat.values import names

_LIGHT = 4  # channels joined or left that count as one command: see Context.weight
_FORWARDS = 5  # maximum forwards of one JOIN
_LOGGED = 20  # channels in a connection's log line


@command("JOIN", params=1, notes=1)
def join(ctx: Context) -> None:
    """JOIN <channel>{,<channel>} [<key>{,<key>}] | JOIN 0

    Join channels, with their keys. JOIN 0 leaves all channels.
    """
    wanted, *rest = ctx.message.params
    keys = iter(rest[0].split(",") if rest else ())
    listed = _required(ctx, wanted)
    ctx.weight += (len(listed) + ("0" in listed) * len(ctx.user.channels)) // _LIGHT
    for name in listed:
        if name == "0":
            for channel in ctx.network.channels_of(ctx.user):
                leave_channel(ctx, ctx.user, channel)
        else:
            join_channel(ctx, name, next(keys, ""))


def join_channel(ctx: Context, name: str, key: str, forwards: int = _FORWARDS) -> None:
    """Let the sender join, forward the sender, or refuse."""
    user = ctx.user
    limits = ctx.network.settings.limits
    if not names.is_channel(name, limits.channel):
        ctx.reply(Numeric.ERR_BADCHANMASK if name.startswith("#") else Numeric.ERR_NOSUCHCHANNEL, name)
        return
    folded = ctx.network.fold(name)
    if folded in user.channels:
        return
    if len(user.channels) >= limits.channels:
        ctx.reply(Numeric.ERR_TOOMANYCHANNELS, name)
        return
    channel = ctx.network.channels.get(folded)
    if channel is None:
        renamed = ctx.network.renamed.get(folded)
        if renamed is not None and renamed.is_listed_to(user):
            _join_renamed(ctx, name, renamed, key)
            return
        closed = why_not_new(ctx, name)
    else:
        closed = why_closed(ctx, name)
    if closed:
        ctx.reply(Numeric.ERR_UNAVAILRESOURCE, name, text=closed)
        return
    if channel is not None:
        refusal = policy.may_join(user, channel, key)
        if refusal is not None:
            _turn_away(ctx, channel, refusal, forwards)
            return
        try:
            check_join_rate(ctx, channel)
        except IrcError as error:
            ctx.refuse(error)
            return
    ctx.session.joined = (*ctx.session.joined, name)[-_LOGGED:]
    enter(ctx, user, name)


def enter(ctx: Context, user: User, name: str) -> None:
    """Add a user to a channel, tell its members, and send the user the topic and names."""
    channel = ctx.network.join(user, name, now=ctx.now, since=format_msgid(ctx.new_id()))
    _announce(ctx, user, channel)
    grant_rank(ctx, user, channel)
    for session in user.sessions:
        for envelope in greeting(ctx, channel, session):
            ctx.send(session, envelope)
        sync_joined(ctx, channel, session)
    tell_arrival(ctx, channel, user)
    if channel.registration and channel.registration.entry_message:
        for envelope in _entry_message(ctx, user, channel, channel.registration.entry_message):
            ctx.deliver(user, envelope)


def _entry_message(ctx: Context, user: User, channel: Channel, text: str) -> Iterator[Envelope]:
    """Return the entry message, tagged with its channel: https://ircv3.net/specs/client-tags/channel-context."""
    source = f"ChanServ!ChanServ@{ctx.network.settings.name}"
    tags = dict.fromkeys(CHANNEL_CONTEXT, channel.name)
    for piece in split_text(f"[{channel.name}] {text}", room(source, "NOTICE", user.nick)):
        yield Envelope(Message("NOTICE", (user.nick, piece), source, tags), time=ctx.now)


def _turn_away(ctx: Context, channel: Channel, refusal: policy.Refusal, forwards: int) -> None:
    """Refuse a user, or forward them to the channel's +L channel.

    https://github.com/ircv3/ircv3-specifications/pull/466: "After sending ERR_LINKCHANNEL to a user, a server SHOULD
    proceed as if the user sent a JOIN to the new channel."
    """
    target = ctx.network.channel(channel.forward)
    if target is None or channel.forward_life not in (
        0,
        target.life,
    ):  # a new channel of that name may belong to somebody else
        ctx.reply(refusal.numeric, channel.name, text=refusal.text)
    elif not forwards:
        ctx.reply(refusal.numeric, channel.name, text=refusal.text)
        ctx.notice(f"{channel.name} forwards to {target.name}, but there are too many forwards")
    else:
        reason = refusal.text or refusal.numeric.text
        ctx.reply(Numeric.ERR_LINKCHANNEL, channel.name, target.name, text=f"{reason}, forwarding you")
        join_channel(ctx, target.name, "", forwards - 1)


def _join_renamed(ctx: Context, name: str, renamed: Channel, key: str) -> None:
    """Let the sender join a renamed channel: https://ircv3.net/specs/extensions/channel-rename#channel-redirection"""
    text = "The channel has been renamed"
    if ctx.session.caps & caps.CHANNEL_RENAME:
        ctx.fail("JOIN", "CHANNEL_RENAMED", name, renamed.name, text=text)
    else:
        ctx.reply(Numeric.ERR_LINKCHANNEL, name, renamed.name, text=text)
        join_channel(ctx, renamed.name, key)


def _announce(ctx: Context, user: User, channel: Channel) -> None:
    extended = (channel.name, user.account or "*", user.realname)
    envelope = ctx.envelope("JOIN", channel.name, source=user, extended=extended)
    if user is ctx.session.user and channel.group.is_crowd and channel.shows(user):
        ctx.remember(envelope, channel)
        ctx.deliver(user, envelope)
        channel.group.hold(envelope, user.sessions)
    else:
        ctx.announce(channel, envelope, about=user)
    if user.away:
        # away-notify: "clients will be sent an AWAY message ... when a user joins and has an away message set"
        ctx.announce(channel, away_in(ctx, user, channel), about=user, to_sender=False)


def greeting(ctx: Context, channel: Channel, session: Session) -> Iterator[Envelope]:
    """Yield the messages that tell a session about a channel it has joined: the topic, and the members."""
    if session.user is None:
        return
    yield from topic_reply(ctx, session.user.nick, channel)
    yield from read_marker_reply(ctx, session, channel)
    if not session.caps & caps.NO_IMPLICIT_NAMES:
        yield from names_reply(ctx, session, channel)
    yield from replay_on_join(ctx, channel, session)


@command("PART", params=1)
def part(ctx: Context) -> None:
    """PART <channel>{,<channel>} [<reason>]

    Leave channels. Members of a channel in which you may not speak don't see the reason.
    """
    wanted, *rest = ctx.message.params
    reason = rest[0] if rest else ""
    for name in _required(ctx, wanted):
        channel = ctx.network.channel(name)
        if channel is None or not channel.is_visible_to(ctx.user):
            ctx.reply(Numeric.ERR_NOSUCHCHANNEL, name)
        elif ctx.user not in channel.members:
            ctx.reply(Numeric.ERR_NOTONCHANNEL, channel.name)
        else:
            try:
                is_shown = may_show_text(ctx, ctx.user, channel, "PART", reason)
                leave_channel(ctx, ctx.user, channel, reason if is_shown else "")
            except IrcError as error:
                ctx.refuse(error)


def leave_channel(ctx: Context, user: User, channel: Channel, reason: str = "") -> None:
    """Remove a user from a channel, and tell its members. Raises 417 if the reason does not fit into a line."""
    params = (channel.name, reason) if reason else (channel.name,)
    envelope = ctx.envelope("PART", *params, source=user)
    require_fit(envelope)
    ctx.announce(channel, envelope, about=user)
    ctx.network.part(user, channel)


def _required(ctx: Context, listed: str) -> list[str]:
    """Return the items of a list; raises 461 if there is none, so that no client waits for an answer."""
    listed_names = targets(listed)
    if not listed_names:
        raise IrcError(Numeric.ERR_NEEDMOREPARAMS, ctx.message.command)
    return listed_names
