"""The account of a request: by its password, a token, or the cookie of a browser that is signed in.

https://www.rfc-editor.org/rfc/rfc7617 (Basic), https://www.rfc-editor.org/rfc/rfc6750 (Bearer)
"""

import base64
from binascii import Error as Base64Error

from greenchat.chat.accounts import Account
from greenchat.chat.tokens import BOT, SESSION, UPLOAD, hash_of
from greenchat.commands.accounts.login import why_unusable
from greenchat.commands.accounts.password_check import check_password
from greenchat.commands.accounts.second_factor import Denial
from greenchat.commands.accounts.tokens import account_of, drop, find_token
from greenchat.commands.core.context import Context
from greenchat.commands.services.bot_speech import SAY
from greenchat.protocol.http_head import HttpError
from greenchat.server.http.command_runner import anonymous_context, context_of, finish_command
from greenchat.server.http.request import Request
from greenchat.server.http.session_cookie import cookie_hash

_WRONG = 'Basic realm="greenchat", charset="UTF-8"'


TO_UPLOAD = (UPLOAD, SESSION, BOT)
TO_MANAGE = (SESSION,)
"""The kinds of token for two purposes: the tokens of programs can add files, but neither list nor delete others."""


def sender_of(request: Request, kinds: tuple[str, ...]) -> Account | None:
    """Return the account of a request, None if it has no credentials. Waits while a password is checked.

    kinds: of accepted tokens, beside the password.

    Raises HttpError if the credentials are wrong, or the account may not be used.
    """
    given = request.head.get("authorization")
    account: Account | None
    if given:
        scheme, _, words = given.partition(" ")
        if scheme.lower() == "basic":
            account = _by_password(request, words.strip())
        elif scheme.lower() == "bearer":
            account = _by_token(request, words.strip(), kinds)
        else:
            raise HttpError(401, "Send the account's password (Basic) or a token (Bearer)", WWW_Authenticate=_WRONG)
    else:
        account = _by_cookie(request)
    ctx = context_of(request)
    if ctx.network.protection.bans.of_address(request.address, ctx.now):
        raise HttpError(403, "Your address is banned from this server")
    if account and ctx.network.protection.bans.of_account(account.id, ctx.now):
        raise HttpError(403, "This account is banned from this server")
    return account


def _by_password(request: Request, words: str) -> Account:
    try:
        name, colon, password = base64.b64decode(words, validate=True).decode().partition(":")
    except (Base64Error, UnicodeDecodeError):
        colon = ""
    if not colon:
        raise HttpError(401, "Basic needs NAME:PASSWORD in base64", WWW_Authenticate=_WRONG)
    accounts: list[Account] = []

    def then(_: Context, account: Account | None) -> None:
        if account is None:
            raise HttpError(401, "The account or its password is wrong", WWW_Authenticate=_WRONG)
        if reason := why_unusable(account):
            raise HttpError(403, reason)
        accounts.append(account)

    def refuse(_: Context, denial: Denial) -> None:
        if denial.seconds:
            raise HttpError(429, denial.text, Retry_After=str(denial.seconds))
        raise HttpError(401, denial.text, WWW_Authenticate=_WRONG)

    ctx = anonymous_context(request)
    finish_command(request, ctx, check_password(ctx, name, password, then, refuse))
    return accounts[0]


def _by_token(request: Request, secret: str, kinds: tuple[str, ...]) -> Account:
    ctx = context_of(request)
    token = find_token(ctx, hash_of(secret))
    may = token is not None and token.kind in kinds and (token.kind != BOT or SAY in token.rights)
    account = account_of(ctx, token) if token is not None and may else None
    if token is not None and account is not None and token.kind == UPLOAD and not ctx.propose(drop, token.hash):
        account = None  # the token was used at another node meanwhile
    if account is None:
        raise HttpError(401, "The token is wrong, has expired, or does not allow this", WWW_Authenticate="Bearer")
    return account


def _by_cookie(request: Request) -> Account | None:
    hashed = cookie_hash(request)
    if not hashed:
        return None
    request.require_own_page()
    ctx = context_of(request)
    token = find_token(ctx, hashed)
    return account_of(ctx, token) if token is not None and token.kind == SESSION else None
