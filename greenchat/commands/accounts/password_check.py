"""Checks passwords, for SASL PLAIN, NickServ and HTTP.

A check takes tens of milliseconds in a thread, also if the account does not exist. After too many failures of an
address or account further attempts have to wait. If the account has a second factor, the code follows the password. A
configured external service is asked, but never about a password that was set here.
"""

from collections.abc import Callable
from dataclasses import replace

from greenchat.chat.accounts import Account
from greenchat.commands.accounts.external_accounts import admit, is_checked_externally
from greenchat.commands.accounts.login import count_failure, find_account, proof_of, throttle_keys, verifier_of
from greenchat.commands.accounts.login_throttle import guess
from greenchat.commands.accounts.register import RegisterRefusal
from greenchat.commands.accounts.second_factor import CODE_INVALID, CODE_REQUIRED, Denial, needs_code, take_code
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation, Deferred
from greenchat.commands.core.persistence import keep_account
from greenchat.commands.core.process import ExternalAuthError
from greenchat.commands.core.steps import step
from greenchat.protocol.scram import make_verifier
from greenchat.protocol.totp import split_code

UNAVAILABLE = Denial("UNAVAILABLE", "Your password can't be checked now: try again later")

Then = Callable[[Context, Account | None], Continuation | None]
Refuse = Callable[[Context, Denial], Continuation | None]


def check_password(ctx: Context, name: str, password: str, then: Then, refuse: Refuse) -> Continuation | None:
    """Check in a thread whether the password is the account's, and call `then` with the account, or None.

    The account may be unusable, see `why_unusable`: a right password is never reported as wrong.

    refuse: called instead if the password could not be checked, or is not sufficient.
    """
    ctx.process.log.catch_up()  # the password may have been set at another node a moment ago
    account = find_account(ctx, name)
    given, code = split_code(password) if account and needs_code(account) else (password, "")

    def refuse_haste(ctx: Context, seconds: int) -> Continuation | None:
        return refuse(ctx, too_many(seconds))

    if not is_checked_externally(ctx, account, name):
        return _check_here(ctx, name, given, code, then, refuse)
    external_auth, address = ctx.process.external_auth, ctx.session.host

    def answered(ctx: Context, answer: str | ExternalAuthError | None) -> Continuation | None:
        if answer is None or (isinstance(answer, ExternalAuthError) and account is not None and account.verifier):
            return _check_here(ctx, name, given, code, then, refuse)
        ctx.session.registration.has_tried = True  # external checks count like those here
        if isinstance(answer, ExternalAuthError):
            return refuse(ctx, UNAVAILABLE)
        return _let_in(ctx, account, answer, code, then, refuse)

    who = throttle_keys(ctx, name)
    return guess(ctx, who, lambda: external_auth.check(name, given, address), answered, refuse_haste, external=True)


def _let_in(
    ctx: Context, account: Account | None, name: str, code: str, then: Then, refuse: Refuse
) -> Continuation | None:
    """Log in a user whose name an external service has confirmed. account: the one of the given name, if any."""
    admitted = ctx.propose(admit, name)
    if isinstance(admitted, RegisterRefusal):
        return refuse(ctx, Denial(admitted.code, admitted.text))
    if account is not None and account.id != admitted.id:
        return then(ctx, None)
    return _with_code(ctx, admitted, code, then, refuse)


def _with_code(ctx: Context, account: Account, code: str, then: Then, refuse: Refuse) -> Continuation | None:
    """Continue with an account whose password is right, if the code is right, too."""
    if needs_code(account) and not code:
        return refuse(ctx, CODE_REQUIRED)
    if needs_code(account) and not take_code(ctx, account, code):
        count_failure(ctx, account.name)
        return refuse(ctx, CODE_INVALID)
    return then(ctx, ctx.network.accounts.by_id(account.id))


def _check_here(ctx: Context, name: str, given: str, code: str, then: Then, refuse: Refuse) -> Continuation | None:
    """Check a password that was set here, and the code."""
    account = find_account(ctx, name)
    verifier = verifier_of(ctx, account, name)

    def checked(ctx: Context, matches: bool) -> Continuation | None:
        current = ctx.network.accounts.by_id(account.id) if account else None
        if not (matches and current is not None and account is not None and current.verifier == account.verifier):
            return then(ctx, None)
        return _with_code(ctx, current, code, complete, refuse)

    def complete(ctx: Context, current: Account | None) -> Continuation | None:
        """Make the verifier for SCRAM-SHA-512 of an account from before it was introduced."""
        if current is None or current.verifier_512:
            return then(ctx, current)
        salt, iterations, proof = ctx.random(16), ctx.network.settings.accounts.iterations, proof_of(current)
        return Deferred(
            lambda: str(make_verifier(given, salt, iterations, "sha512")),
            lambda ctx, made: completed(ctx, current.id, proof, made),
            hashes=True,
        )

    def completed(ctx: Context, account_id: str, proof: str, made: str) -> Continuation | None:
        ctx.propose(_add_verifier, account_id, proof, made)
        current = ctx.network.accounts.by_id(account_id)
        return then(ctx, current if current is not None and proof_of(current) == proof else None)

    who = throttle_keys(ctx, name)
    return guess(ctx, who, lambda: verifier.matches(given), checked, lambda ctx, wait: refuse(ctx, too_many(wait)))


def too_many(seconds: int) -> Denial:
    """Return the denial after too many wrong passwords."""
    return Denial("THROTTLED", f"Too many failed logins: try again in {seconds} seconds", seconds)


@step("account.verifier-512")
def _add_verifier(ctx: Context, account_id: str, proof: str, verifier: str) -> None:
    account = ctx.network.accounts.by_id(account_id)
    if account is not None and proof_of(account) == proof:
        keep_account(ctx, ctx.network.accounts.put(replace(account, verifier_512=verifier)))
