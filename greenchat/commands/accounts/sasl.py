"""AUTHENTICATE: SASL PLAIN, EXTERNAL, SCRAM-SHA-256 and -512 (also with -PLUS), OAUTHBEARER and IRCV3BEARER.

https://ircv3.net/specs/extensions/sasl-3.1 and sasl-3.2; RFC 4616, 5802, 7628. It works
without the capability too, before registration and after it, and again after a success ("reauthentication").
"""

import base64
import json
from collections.abc import Callable

from greenchat.chat.accounts import Account
from greenchat.chat.user import Session
from greenchat.commands.accounts.bearer import check_token
from greenchat.commands.accounts.login import (
    count_failure,
    find_account,
    log_in,
    must_wait,
    proof_of,
    proved,
    verifier_of,
    why_unusable,
)
from greenchat.commands.accounts.password_check import check_password, too_many
from greenchat.commands.accounts.second_factor import CODE_REQUIRED, Denial, needs_code
from greenchat.commands.accounts.tokens import token_account
from greenchat.commands.core.cap_offers import OFFERS
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.registry import Way, command
from greenchat.commands.core.steps import step
from greenchat.config.settings import Settings
from greenchat.protocol import caps
from greenchat.protocol.envelopes.envelope import Envelope
from greenchat.protocol.message import Message
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.sasl import (
    Exchange,
    SaslError,
    SaslTooLongError,
    chunks,
    parse_bearer,
    parse_oauth_bearer,
    parse_plain,
)
from greenchat.protocol.scram import HASHES, PLUS, ScramError, ServerExchange
from greenchat.values import addresses

_NOT_YET = (
    "SASL authentication failed: the password is wrong, or was set before SCRAM-SHA-512 was supported (log in once"
    " with PLAIN)"
)


@command("AUTHENTICATE", params=1, anytime=True, way=Way.STEPS)
def authenticate(ctx: Context) -> Continuation | None:
    """AUTHENTICATE <mechanism> | <response in base64> | + | *

    Log in to an account with SASL. Clients do this for you once you configure the account's name and password. By
    hand, /msg NickServ IDENTIFY is easier.
    """
    text = ctx.message.params[0]
    exchange = ctx.session.sasl
    if exchange is None:
        _start(ctx, text.upper())
        return None
    if text == "*":
        ctx.session.sasl = None
        raise IrcError(Numeric.ERR_SASLABORTED)
    try:
        response = exchange.collector.feed(text)
        return None if response is None else _STEPS[exchange.mechanism](ctx, exchange, response)
    except (SaslError, ScramError) as error:
        ctx.session.sasl = None
        too_long = isinstance(error, SaslTooLongError)
        raise IrcError(Numeric.ERR_SASLTOOLONG if too_long else Numeric.ERR_SASLFAIL) from error


def mechanisms(settings: Settings, session: Session) -> list[str]:
    """Return the mechanisms that this session can use."""
    return [name for name in _STEPS if name not in _CONDITIONS or _CONDITIONS[name](settings, session)]


def _may_bring_proof(_: Settings, session: Session) -> bool:
    """Whether EXTERNAL can work: it needs a certificate, and so TLS, or a browser's cookie."""
    return session.secure or bool(session.token)


def _is_bound(settings: Settings, session: Session) -> bool:
    """Whether channel binding can work: TLS ends in this process, and no proxy is in between."""
    return bool(session.tls.bindings) and _are_passwords_here(settings, session)


def _may_bring_token(settings: Settings, session: Session) -> bool:
    """Whether a token can be used: it needs TLS (RFC 6750), or a connection that does not leave this machine."""
    return bool(settings.providers.bearer.issuer) and (session.secure or addresses.address(session.host).is_loopback)


def _are_passwords_here(settings: Settings, _: Session) -> bool:
    """Whether SCRAM works for everybody: an external service needs the password itself."""
    return not (settings.providers.auth_script.is_on or settings.providers.ldap.is_on)


def _start(ctx: Context, mechanism: str) -> None:
    if mechanism == "*":
        raise IrcError(Numeric.ERR_SASLABORTED)
    known = mechanisms(ctx.network.settings, ctx.session)
    if mechanism not in known and mechanism != "EXTERNAL":
        ctx.reply(Numeric.RPL_SASLMECHS, ",".join(known))
        raise IrcError(Numeric.ERR_SASLFAIL)
    ctx.session.sasl = Exchange(mechanism)
    _answer(ctx, "+")


def _plain(ctx: Context, _: Exchange, response: bytes) -> Continuation | None:
    authorization, name, password = parse_plain(response)
    if authorization and ctx.network.fold(authorization) != ctx.network.fold(name):
        raise SaslError("acting for another account is not allowed")
    return check_password(ctx, name, password, _finish, _refuse)


def _external(ctx: Context, _: Exchange, response: bytes) -> None:
    fingerprint = ctx.session.tls.certificate
    account = ctx.network.accounts.by_proof(fingerprint) if fingerprint else None
    account = account or token_account(ctx)
    wanted = response.decode(errors="replace")
    if account and wanted and ctx.network.fold(wanted) != ctx.network.fold(account.name):
        account = None
    _finish(ctx, account)


def _scram(ctx: Context, exchange: Exchange, response: bytes) -> None:
    try:
        text = response.decode()
    except UnicodeDecodeError as error:
        raise SaslError("the response is not UTF-8") from error
    hash_name = HASHES[exchange.mechanism.removesuffix(PLUS)]
    if exchange.scram is None:
        nonce = base64.urlsafe_b64encode(ctx.random(24)).decode()
        plus = exchange.mechanism.endswith(PLUS)
        exchange.scram = ServerExchange(text, nonce, ctx.session.tls.bindings, plus=plus)
        name = exchange.scram.username
        _refuse_haste(ctx, name)
        ctx.process.log.catch_up()  # the password may have been set at another node a moment ago
        answer = exchange.scram.first(verifier_of(ctx, find_account(ctx, name), name, hash_name))
    elif exchange.proved:
        account = _proved(ctx, exchange.scram, hash_name)
        if account is not None and needs_code(account):
            _refuse(ctx, CODE_REQUIRED)  # the mechanism has no field for the code
        _finish(ctx, account)
        return
    else:
        _refuse_haste(ctx, exchange.scram.username)  # others may have failed since the first message
        try:
            answer = exchange.scram.final(text)
        except ScramError as error:
            count_failure(ctx, exchange.scram.username)
            if hash_name == "sha256":
                raise
            ctx.session.sasl = None
            raise IrcError(Numeric.ERR_SASLFAIL, text=_NOT_YET) from error
        exchange.proved = True
    for chunk in chunks(answer.encode()):
        _answer(ctx, chunk)


def _proved(ctx: Context, scram: ServerExchange, hash_name: str) -> Account | None:
    """Return the account whose password was proved, unless the password or the account has changed since."""
    account = find_account(ctx, scram.username)
    return account if verifier_of(ctx, account, scram.username, hash_name) == scram.verifier else None


def _answer(ctx: Context, chunk: str) -> None:
    # without a source, as in all examples of the specification
    ctx.respond(Envelope(Message("AUTHENTICATE", (chunk,)), time=ctx.now))


def _finish(ctx: Context, account: Account | None) -> None:
    ctx.session.sasl = None
    if account is None:
        raise IrcError(Numeric.ERR_SASLFAIL)
    reason = why_unusable(account)
    if reason:
        raise IrcError(Numeric.ERR_SASLFAIL, text=reason)
    ctx.propose(_log_in, account.id, proof_of(account))


@step("sasl.login")
def _log_in(ctx: Context, account_id: str, proof: str) -> None:
    account = proved(ctx, account_id, proof)
    if account is None:
        raise IrcError(Numeric.ERR_SASLFAIL)
    try:
        log_in(ctx, account, by_sasl=True)
    except IrcError as error:
        ctx.refuse(error)
        raise IrcError(Numeric.ERR_SASLFAIL) from error


def _refuse_haste(ctx: Context, name: str) -> None:
    seconds = must_wait(ctx, name)
    if seconds:
        _refuse(ctx, too_many(seconds))


def _refuse(ctx: Context, denial: Denial) -> None:
    """Refuse a login that needs a code, or could not be checked: with a standard reply, and the numeric."""
    ctx.session.sasl = None
    ctx.fail("AUTHENTICATE", denial.code, text=denial.text)
    raise IrcError(Numeric.ERR_SASLFAIL, text=denial.text)


def _ircv3_bearer(ctx: Context, _: Exchange, response: bytes) -> Continuation | None:
    authorization, token = parse_bearer(response)
    ctx.session.sasl = None

    def refuse(_: Context) -> None:
        raise IrcError(Numeric.ERR_SASLFAIL)

    return check_token(ctx, token, authorization, refuse)


def _oauth_bearer(ctx: Context, exchange: Exchange, response: bytes) -> Continuation | None:
    """Check a token, or accept the acknowledgement of an error: RFC 7628, section 3.2.3."""
    if exchange.refused:
        raise SaslError("the token was refused")
    authorization, token = parse_oauth_bearer(response)
    ctx.session.sasl = None

    def refuse(ctx: Context) -> None:
        ctx.session.sasl = Exchange(exchange.mechanism, refused=True)
        for chunk in chunks(json.dumps({"status": "invalid_token"}).encode()):
            _answer(ctx, chunk)

    return check_token(ctx, token, authorization, refuse)


_STEPS: dict[str, Callable[[Context, Exchange, bytes], Continuation | None]] = {
    "PLAIN": _plain,
    "EXTERNAL": _external,
    "SCRAM-SHA-256": _scram,
    "SCRAM-SHA-512": _scram,
    "SCRAM-SHA-256-PLUS": _scram,
    "SCRAM-SHA-512-PLUS": _scram,
    "OAUTHBEARER": _oauth_bearer,
    "IRCV3BEARER": _ircv3_bearer,
}
_CONDITIONS: dict[str, Callable[[Settings, Session], bool]] = {
    "SCRAM-SHA-256": _are_passwords_here,
    "SCRAM-SHA-512": _are_passwords_here,
    "EXTERNAL": _may_bring_proof,
    "SCRAM-SHA-256-PLUS": _is_bound,
    "SCRAM-SHA-512-PLUS": _is_bound,
    "OAUTHBEARER": _may_bring_token,
    "IRCV3BEARER": _may_bring_token,
}


def _offer(settings: Settings, session: Session) -> str:
    return ",".join(mechanisms(settings, session))


OFFERS[caps.SASL] = _offer
