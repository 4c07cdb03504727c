"""AUTHENTICATE: SASL PLAIN, EXTERNAL and SCRAM-SHA-256.

https://ircv3.net/specs/extensions/sasl-3.1 and sasl-3.2. It works without the capability too, before registration and
after it, and again after a success ("reauthentication").
"""

import base64
from collections.abc import Callable

from greenchat.chat.accounts import Account
from greenchat.chat.user import Session
from greenchat.commands.accounts.login import (
    check_password,
    count_failure,
    find_account,
    log_in,
    must_wait,
    proof_of,
    proved,
    verifier_of,
    why_unusable,
)
from greenchat.commands.accounts.tokens import brought
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
from greenchat.protocol.sasl import Exchange, SaslError, SaslTooLongError, chunks, parse_plain
from greenchat.protocol.scram import ScramError, ServerExchange


@command("AUTHENTICATE", params=1, anytime=True, way=Way.STEPS)
def authenticate(ctx: Context) -> Continuation | None:
    """AUTHENTICATE <mechanism> | <response in base64> | + | *

    Log in to an account (SASL): programs do this for you when you tell them your account's name and password. By hand
    /msg NickServ IDENTIFY is easier.
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


def mechanisms(*, certificate: bool) -> list[str]:
    """Return the usable mechanisms; EXTERNAL needs a certificate, and so TLS, or the cookie of a browser."""
    return [name for name in _STEPS if name != "EXTERNAL" or certificate]


def _start(ctx: Context, mechanism: str) -> None:
    if mechanism == "*":
        raise IrcError(Numeric.ERR_SASLABORTED)
    if mechanism not in _STEPS:
        ctx.reply(Numeric.RPL_SASLMECHS, ",".join(mechanisms(certificate=_may_bring_proof(ctx.session))))
        raise IrcError(Numeric.ERR_SASLFAIL)
    ctx.session.sasl = Exchange(mechanism)
    _answer(ctx, "+")


def _plain(ctx: Context, _: Exchange, response: bytes) -> Continuation | None:
    authorization, name, password = parse_plain(response)
    if authorization and ctx.network.fold(authorization) != ctx.network.fold(name):
        raise SaslError("nobody may act for somebody else")
    return check_password(ctx, name, password, _finish, _refuse)


def _external(ctx: Context, _: Exchange, response: bytes) -> None:
    fingerprint = ctx.session.certificate
    account = ctx.network.accounts.by_certificate(fingerprint) if fingerprint else None
    account = account or brought(ctx)
    wanted = response.decode(errors="replace")
    if account and wanted and ctx.network.fold(wanted) != ctx.network.fold(account.name):
        account = None
    _finish(ctx, account)


def _scram(ctx: Context, exchange: Exchange, response: bytes) -> None:
    try:
        text = response.decode()
    except UnicodeDecodeError as error:
        raise SaslError("the response is not UTF-8") from error
    if exchange.scram is None:
        exchange.scram = ServerExchange(text, base64.urlsafe_b64encode(ctx.random(24)).decode())
        name = exchange.scram.username
        _refuse_haste(ctx, name)
        answer = exchange.scram.first(verifier_of(ctx, find_account(ctx, name), name))
    elif exchange.proved:
        _finish(ctx, _proved(ctx, exchange.scram))
        return
    else:
        _refuse_haste(ctx, exchange.scram.username)  # others may have failed since the first message
        try:
            answer = exchange.scram.final(text)
        except ScramError:
            count_failure(ctx, exchange.scram.username)
            raise
        exchange.proved = True
    for chunk in chunks(answer.encode()):
        _answer(ctx, chunk)


def _proved(ctx: Context, scram: ServerExchange) -> Account | None:
    """Return the account whose password was proved, unless its password or its owner has changed since."""
    account = find_account(ctx, scram.username)
    return account if verifier_of(ctx, account, scram.username) == scram.verifier else None


def _answer(ctx: Context, chunk: str) -> None:
    # without a source, as in all examples of the specification
    ctx.respond(Envelope(Message("AUTHENTICATE", (chunk,)), time=ctx.now))


def _finish(ctx: Context, account: Account | None) -> None:
    ctx.session.sasl = None
    if account is None:
        raise IrcError(Numeric.ERR_SASLFAIL)
    why = why_unusable(account)
    if why:
        raise IrcError(Numeric.ERR_SASLFAIL, text=why)
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
        _refuse(ctx, seconds)


def _refuse(ctx: Context, seconds: int) -> None:
    ctx.session.sasl = None
    raise IrcError(Numeric.ERR_SASLFAIL, text=f"Too many failed logins: try again in {seconds} seconds")


_STEPS: dict[str, Callable[[Context, Exchange, bytes], Continuation | None]] = {
    "PLAIN": _plain,
    "EXTERNAL": _external,
    "SCRAM-SHA-256": _scram,
}


def _may_bring_proof(session: Session) -> bool:
    return session.secure or bool(session.token)


def _offer(_: Settings, session: Session) -> str:
    return ",".join(mechanisms(certificate=_may_bring_proof(session)))


OFFERS[caps.SASL] = _offer
