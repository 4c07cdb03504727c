"""Changes of a user's identity: SETNAME, and the account, username and host for other commands.

https://ircv3.net/specs/extensions/setname, account-notify and chghost.
"""

from collections.abc import Iterable

from greenchat.chat.channel import Channel
from greenchat.chat.user import User
from greenchat.chat.visibility import shown_host
from greenchat.commands.core.announce import announce, announce_text, announce_to_monitors
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import FailError
from greenchat.commands.core.registry import command
from greenchat.commands.users.away import away_in
from greenchat.commands.users.metadata_sync import follow_account
from greenchat.commands.users.user_modes import change_modes
from greenchat.protocol import caps
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.modes import ModeChange, format_changes
from greenchat.protocol.numerics import Numeric
from greenchat.values import names


@command("SETNAME", params=1)
def setname(ctx: Context) -> None:
    """SETNAME <realname>

    Change your real name, which WHOIS shows. Members of channels in which you may not speak are not told.
    """
    realname = ctx.message.params[0]
    if not realname.strip() or realname != names.realname(realname, ctx.network.settings.limits.realname):
        raise FailError("SETNAME", "INVALID_REALNAME", text="The real name is not valid")
    user = ctx.user
    user.realname = realname
    envelope = ctx.envelope("SETNAME", realname, source=user, needs=caps.SETNAME)
    ctx.deliver(user, envelope)
    announce_text(ctx, user, envelope, None)


def set_account(ctx: Context, user: User, account: str) -> None:
    """Log a user in to this account, or out with "", and notify the user and peers of a change."""
    if account == user.account:
        return
    before = user.account
    follow_account(ctx, user, account)
    # made first, since its account-tag is the previous account: "@account=hax0r :user ACCOUNT bob"
    envelope = ctx.envelope("ACCOUNT", account or "*", source=user, needs=caps.ACCOUNT_NOTIFY)
    ctx.network.set_account(user, account)
    ctx.deliver(user, envelope)
    announce(ctx, user, envelope)
    change_modes(ctx, user, [ModeChange(bool(account), "r")])
    accounts = ctx.network.accounts
    if any((known := accounts.get(name)) and known.vhost for name in (before, account) if name):
        follow_vhost(ctx, user)


def follow_vhost(ctx: Context, user: User) -> None:
    """Give a user the vhost of the account."""
    set_host(ctx, user, username=user.username, host=shown_host(ctx.network, user.account, user.real_host))


def set_host(ctx: Context, user: User, *, username: str, host: str) -> None:
    """Change a user's username and host, and notify peers of a change."""
    if (username, host) == (user.username, user.host):
        return
    changed = ctx.envelope("CHGHOST", username, host, source=user, needs=caps.CHGHOST)
    left = ctx.envelope("QUIT", "Changing hostname", source=user)
    host_changed = host != user.host
    ctx.network.set_host(user, username, host, msgid=changed.msgid)
    ctx.deliver(user, changed)
    if host_changed:
        for session in user.sessions:
            nick = user.nick
            hidden = ctx.envelope(Numeric.RPL_HOSTHIDDEN.command, nick, host, Numeric.RPL_HOSTHIDDEN.text)
            ctx.send(session, hidden)
    peers = list(ctx.network.peers(user))  # only once, since it iterates over all members of all channels
    ctx.deliver_each(peers, changed)
    announce_to_monitors(ctx, user, changed)
    _simulate_return(ctx, user, peers, left)


def _simulate_return(ctx: Context, user: User, peers: Iterable[User], left: Envelope) -> None:
    """Tell peers without the capability by "messages to simulate the client reconnecting"."""
    returns = {name: _return_to(ctx, user, ctx.network.channels[name]) for name in user.channels}
    for peer in peers:
        for session in peer.sessions:
            if session.caps & caps.CHGHOST or session.dialect:
                continue  # plain-text clients are not shown hosts
            ctx.send(session, left)
            for name, envelopes in returns.items():
                if name in peer.channels:
                    for envelope in envelopes:
                        ctx.send(session, envelope)


def _return_to(ctx: Context, user: User, channel: Channel) -> list[Envelope]:
    extended = (channel.name, user.account or "*", user.realname)
    envelopes = [ctx.envelope("JOIN", channel.name, source=user, extended=extended)]
    modes = channel.members[user]
    if modes:
        changes = format_changes(ModeChange(True, letter, user.nick) for letter in modes)
        envelopes.append(ctx.envelope("MODE", channel.name, *changes))
    if user.away:
        envelopes.append(away_in(ctx, user, channel))
    return envelopes
