"""Tokens for browsers that stay signed in: made for logged-in users, stored as hashes, revoked with the password.

REMEMBER gives the page a ticket, which the page exchanges by HTTP for a cookie that scripts can't read. Later
connections send the cookie, and can log in by SASL EXTERNAL, as with a certificate.
"""

import base64

from greenchat.chat import documents
from greenchat.chat.accounts import Account
from greenchat.chat.tokens import PASSING, SESSION, TICKET, Token, hash_of
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import FailError
from greenchat.commands.core.persistence import Change, carry_out
from greenchat.commands.core.registry import Way, command
from greenchat.commands.core.steps import step
from greenchat.storage.interface import Document

SESSION_DAYS = 30
_DAY = 86_400_000  # ms
_TICKET_FOR = 60_000  # ms
_MOST_SESSIONS = 20  # of one account; beyond that the oldest is dropped
_SECRET = 24  # bytes


@command("REMEMBER", anytime=True, way=Way.STEPS)
def remember(ctx: Context) -> None:
    """REMEMBER

    Get a token that keeps a browser signed in. Only the web page uses it.
    """
    account = ctx.network.accounts.get(ctx.session.account) if ctx.session.account else None
    if account is None or not account.usable:
        raise FailError("REMEMBER", "ACCOUNT_REQUIRED", text="You have to be logged in")
    ticket = make(ctx, account, TICKET, lasts=_TICKET_FOR)
    ctx.respond(ctx.envelope("REMEMBER", ticket))


def find_token(ctx: Context, hashed: str) -> Token | None:
    """Return the valid token with this hash, even if another node made it a moment ago. Waits."""
    return ctx.process.log.find(lambda: ctx.network.tokens.get(hashed, ctx.now)) if hashed else None


def exchange(ctx: Context, ticket: str) -> str:
    """Return the secret for a browser's cookie in exchange for a valid ticket, or else ""."""
    hashed = hash_of(ticket)
    token = find_token(ctx, hashed)
    account = account_of(ctx, token) if token is not None and token.kind == TICKET else None
    if account is None or not ctx.propose(drop, hashed):
        return ""
    return make(ctx, account, SESSION, lasts=SESSION_DAYS * _DAY)


def make(
    ctx: Context,
    account: Account,
    kind: str,
    *,
    lasts: int,
    label: str = "",
    rights: tuple[str, ...] = (),
    channel: str = "",
) -> str:
    """Make a token; return its secret, which can't be shown again. lasts: ms, 0 for ever."""
    secret = base64.urlsafe_b64encode(ctx.random(_SECRET)).decode()
    expires = ctx.now + lasts if lasts else 0
    token = Token(hash_of(secret), account.name, account.created, kind, ctx.now, expires, label, rights, channel)
    ctx.propose(_add, token.document())
    return secret


def account_of(ctx: Context, token: Token) -> Account | None:
    """Return the account of a token, if logins to that account are allowed."""
    account = ctx.network.accounts.get(token.account)
    return account if account is not None and account.usable and account.created == token.born else None


def acting_account(ctx: Context, token: Token) -> Account | None:
    """Return the account for which a program may act with a token, unless that account is banned."""
    account = account_of(ctx, token)
    return (
        account if account is not None and ctx.network.protection.bans.of_account(account.id, ctx.now) is None else None
    )


def token_account(ctx: Context) -> Account | None:
    """Return the account of the valid token that this session has sent."""
    token = ctx.network.tokens.get(ctx.session.token, ctx.now) if ctx.session.token else None
    return account_of(ctx, token) if token is not None and token.kind == SESSION else None


@step("token.add")
def _add(ctx: Context, document: dict[str, object]) -> None:
    token = Token.from_document(document)
    account = ctx.network.accounts.get(token.account)
    if account is None:
        return
    known = ctx.network.tokens.of(account)
    old = [each.hash for each in known if not each.holds(ctx.now)]
    alike = [each.hash for each in known if each.kind == token.kind and each.holds(ctx.now)]
    if token.kind in (*PASSING, SESSION):
        old += alike[: max(0, len(alike) - _MOST_SESSIONS + 1)]
    write = Document(documents.TOKEN.name, token.hash, token.document())
    carry_out(ctx, _revocation(ctx, old), Change((write,), lambda: ctx.network.tokens.put(token)))


@step("token.drop")
def drop(ctx: Context, hashed: str) -> bool:
    """Revoke a token; return whether it existed: one for a single use may be used at two nodes at the same time.

    The change is stored before this returns. Raises StoreError.
    """
    if not ctx.network.tokens.has(hashed):
        return False
    ctx.commit(Document(documents.TOKEN.name, hashed, None))
    ctx.network.tokens.drop(hashed)
    return True


def token_revocation(ctx: Context, account: Account, *kinds: str) -> Change:
    """Return the change that revokes all tokens of an account, or those of some kinds."""
    return _revocation(
        ctx, [token.hash for token in ctx.network.tokens.of(account) if not kinds or token.kind in kinds]
    )


def _revocation(ctx: Context, revoked: list[str]) -> Change:
    def apply() -> None:
        for hashed in revoked:
            ctx.network.tokens.drop(hashed)

    return Change(tuple(Document(documents.TOKEN.name, hashed, None) for hashed in revoked), apply)
