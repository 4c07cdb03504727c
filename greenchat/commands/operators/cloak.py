"""CLOAK: shows cloaks, and changes their secret."""

from collections.abc import Callable, Iterator
from functools import partial

from greenchat.chat import documents
from greenchat.chat.protection.cloaks import SECRET_SIZE
from greenchat.chat.user import Session
from greenchat.chat.visibility import sees_addresses, shown_host
from greenchat.commands.core.audit_log import act
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Background
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.registry import Way, command
from greenchat.commands.core.steps import step
from greenchat.commands.users.identity import set_host
from greenchat.protocol.numerics import Numeric
from greenchat.storage.interface import Document
from greenchat.values import addresses

_AT_ONCE = 1  # members told about a new host in one step


@command("CLOAK", params=1, right="cloak", way=Way.STEPS)
def cloak(ctx: Context) -> Background | None:
    """CLOAK ROTATE | SHOW <address>

    Show or change cloaks, which hide users' addresses from others. CLOAK SHOW shows the cloak of an address. ROTATE
    changes the secret behind the cloaks: everybody gets a new cloak, unrelated to the old one. Bans on old cloaks no
    longer match; bans on nicknames and accounts, and server bans on addresses, remain.
    """
    name, *words = ctx.message.params
    subcommand = _SUBCOMMANDS.get(name.upper())
    if subcommand is None:
        raise IrcError(Numeric.ERR_UNKNOWNERROR, "CLOAK", text="CLOAK ROTATE or CLOAK SHOW <address>")
    return subcommand(ctx, words)


def _rotate(ctx: Context, _: list[str]) -> Background:
    return ctx.propose(_rotate_to, ctx.random(SECRET_SIZE).hex())


@step("cloak.rotated")
def _rotate_to(ctx: Context, text: str) -> Background:
    secret = bytes.fromhex(text)
    ctx.commit(Document(documents.SERVER.name, documents.CLOAK, secret.hex()))
    ctx.network.protection.cloaks.change_secret(secret)
    act(ctx, "CLOAK", f"{ctx.nick} changed the secret of the cloaks")
    ctx.notice("All cloaks are being changed. Bans on old cloaks no longer match")
    return Background(partial(_change_all, ctx.session))


def _change_all(operator: Session, ctx: Context) -> Iterator[None]:
    """Give everybody a new cloak, a step for each user, and more for those with many peers.

    Between two steps users may come and go, including the operator; no old cloak remains at the end.
    """
    network = ctx.network
    for user in list(network.users.values()):
        if network.user(user.nick) is user:
            ctx.propose(_recloak, user.nick)
            audience = sum(len(channel.members) for channel in network.channels_of(user))
            for _ in range(audience // _AT_ONCE):
                yield
        yield
    if operator.user and not operator.closing:
        ctx.for_session(operator).notice("All cloaks were changed")


@step("cloak.changed")
def _recloak(ctx: Context, nick: str) -> None:
    user = ctx.network.user(nick)
    if user is not None:
        set_host(ctx, user, username=user.username, host=shown_host(ctx.network, user.account, user.real_host))


def _show(ctx: Context, words: list[str]) -> None:
    if not words:
        raise IrcError(Numeric.ERR_NEEDMOREPARAMS, "CLOAK")
    if not sees_addresses(ctx.user, ctx.network.settings):
        raise IrcError(Numeric.ERR_NOPRIVS, "addresses")
    try:
        address = str(addresses.address(words[0]))
    except ValueError:
        raise IrcError(Numeric.ERR_UNKNOWNERROR, "CLOAK", text=f"{words[0]} is not an IP address") from None
    ctx.notice(f"{address} is shown as {ctx.network.protection.cloaks.host(address)}")


_SUBCOMMANDS: dict[str, Callable[[Context, list[str]], Background | None]] = {"ROTATE": _rotate, "SHOW": _show}
