"""Nick ownership: an account's name and its grouped nicks belong to users who are logged in to it."""

from functools import lru_cache

from greenchat.chat.accounts import Account
from greenchat.chat.network import Network
from greenchat.chat.protection.reservations import Reservation
from greenchat.chat.user import User
from greenchat.commands.core.context import Context
from greenchat.protocol.casemap import Casefold
from greenchat.values.masks import Matcher, alike, any_of

RESERVED = "That name is reserved for the server's operators"


def owns(ctx: Context, user: User) -> bool:
    """Whether the session is logged in to the account of this user, and may become another session of that user."""
    session = ctx.session
    network = ctx.network
    if not session.account or network.fold(session.account) != network.fold(user.account):
        return False
    account = network.accounts.get(session.account)
    preference = account.preferences.multiclient if account else None
    allowed = network.settings.accounts.multiclient if preference is None else preference
    if not user.sessions:
        return True
    return allowed and len(user.sessions) < network.settings.accounts.sessions


def why_not_nick(ctx: Context, nick: str) -> str:
    """Return why the sender may not use a nick, as a text for the sender; "" if allowed."""
    network = ctx.network
    is_operator = ctx.session.user is not None and "o" in ctx.session.user.modes
    reservation = reservation_of(ctx, nick)
    if reservation is not None and not is_operator:
        return f"That name is reserved: {reservation.reason}"
    owner = network.accounts.claimant_of(nick)
    if owner is None and is_reserved(network, nick) and not is_operator:
        return RESERVED
    if owner is None or _is_logged_in_to(ctx, owner) or not network.settings.accounts.reserve_nicks:
        return ""
    if owner.preferences.enforce_nick is False:
        return ""
    return "That nickname is registered: log in to its account first"


def reservation_of(ctx: Context, nick: str) -> Reservation | None:
    """Return the reservation (RESV) that matches a nick or a confusable one."""
    network = ctx.network
    return network.protection.reservations.of_name(nick, ctx.now, network.naming.skeleton)


def is_reserved(network: Network, nick: str) -> bool:
    """Whether a nick, or a confusable one, is reserved for operators."""
    masks, look = network.settings.reserved.nicks, network.naming.skeleton
    if not masks:
        return False
    by_name, by_look = _matchers(tuple(masks), look)
    return by_name(nick) or by_look(look(nick))


@lru_cache(8)
def _matchers(masks: tuple[str, ...], look: Casefold) -> tuple[Matcher, Matcher]:
    """Return matchers of these masks for names and for skeletons."""
    return any_of(masks), any_of([alike(mask, look) for mask in masks])


def _is_logged_in_to(ctx: Context, account: Account) -> bool:
    return ctx.network.fold(ctx.session.account) == ctx.network.fold(account.name)
