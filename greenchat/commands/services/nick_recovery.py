"""NickServ for owners who need help: codes by mail, forgotten passwords, and operators' commands for them."""

import hashlib
import hmac

from greenchat.chat.accounts import Account
from greenchat.commands.accounts.external_accounts import has_external_password
from greenchat.commands.accounts.login import find_account, origin_of, proof_of, proved
from greenchat.commands.accounts.password_check import check_password
from greenchat.commands.accounts.register import change_password, confirm, why_not_email
from greenchat.commands.accounts.verification import has_expired, is_mailed, mail_code
from greenchat.commands.core.audit_log import act, note
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation, Deferred
from greenchat.commands.core.errors import FailError
from greenchat.commands.core.persistence import change_account
from greenchat.commands.core.registry import Way
from greenchat.commands.core.service import ServiceError, tell
from greenchat.commands.core.steps import step
from greenchat.commands.services.nickserv import NICKSERV, own_account, refuse
from greenchat.commands.services.removal import log_out_sessions
from greenchat.values import addresses

_RESET_FOR = 3_600_000  # ms
_SHUT_OUT = "All sessions were logged out, and tokens and certificates were removed"
_SENT = "If that account has an email address, a mail was sent to it within the last ten minutes"
_APART = 600_000  # ms between two mails with a code of SENDPASS


@NICKSERV.command("VERIFY", "<account> <code>", way=Way.STEPS)
def verify(ctx: Context, words: list[str]) -> None:
    """Confirm the registration of an account with its code."""
    try:
        confirm(ctx, words[0], words[1])
    except FailError as error:
        raise ServiceError(error.text) from error


@NICKSERV.command("RESEND", "<account>", way=Way.STEPS)
def resend(ctx: Context, words: list[str]) -> Continuation | None:
    """Send the code of an unconfirmed account to its address again."""
    account = ctx.network.accounts.get(words[0])
    _count_here(ctx)
    who = "resend " + ctx.network.fold(words[0])
    if account is None or not _waits_for_mail(ctx, account) or _wait(ctx, who):
        tell(ctx, NICKSERV, _SENT)  # the same answer, which does not reveal whether the account exists
        return None
    ctx.propose(_counted, who)
    return mail_code(ctx, account, lambda ctx, _: tell(ctx, NICKSERV, _SENT))


def _waits_for_mail(ctx: Context, account: Account) -> bool:
    return bool(account.code) and not has_expired(ctx, account) and is_mailed(ctx, account.email)


@NICKSERV.command("EMAIL", "<address|none> <password>", way=Way.STEPS, leading=1)
def email(ctx: Context, words: list[str]) -> Continuation | None:
    """Change the email address of your account, which is used to reset your password.

    If the server sends mail, confirm the new address with VERIFYEMAIL and the code sent to it.
    """
    if len(words) < 2:
        raise ServiceError("Usage: EMAIL <address|none> <password>")
    account = own_account(ctx)
    address = "" if words[0].lower() == "none" else words[0]
    refusal = why_not_email(ctx, address)
    if refusal:
        raise ServiceError(refusal)

    def checked(ctx: Context, confirmed: Account | None) -> Continuation | None:
        if confirmed is None:
            raise ServiceError("Wrong password")
        if not is_mailed(ctx, address):
            ctx.propose(_set_email, confirmed.id, proof_of(confirmed), address)
            return None
        _count(ctx, "email " + confirmed.id)
        return _prove_email(ctx, confirmed, address)

    return check_password(ctx, account.name, words[1], checked, refuse)


def _prove_email(ctx: Context, account: Account, address: str) -> Deferred:
    """Send a code to the new address of an account."""
    code = ctx.random(4).hex()
    ctx.propose(_wait_for_email, account.id, proof_of(account), f"{_hash(code)} {ctx.now + _RESET_FOR} {address}")
    network, mail = ctx.network.settings.about.network, ctx.process.mail
    text = f"""\
Somebody, presumably you, set this address for the account {account.name} on
{network}. To confirm it, send this line in your IRC client:

    /msg NickServ VERIFYEMAIL {code}

The code is valid for an hour. If it was not you, ignore this mail.
"""
    subject = f"The address of {account.name} on {network}"

    def then(ctx: Context, is_sent: bool) -> None:
        if not is_sent:
            raise ServiceError(f"The mail to {address} could not be sent: check the address")
        tell(ctx, NICKSERV, f"A code was sent to {address}: /msg NickServ VERIFYEMAIL CODE, within an hour")

    return Deferred(lambda: mail.send(address, subject, text), then, waits=True)


@step("nickserv.new-email")
def _wait_for_email(ctx: Context, account_id: str, proof: str, waiting: str) -> None:
    account = proved(ctx, account_id, proof)
    if account is None:
        raise ServiceError("Wrong password")
    change_account(ctx, account.name, new_email=waiting)


@NICKSERV.command("VERIFYEMAIL", "<code>", way=Way.STEPS)
def verifyemail(ctx: Context, words: list[str]) -> None:
    """Confirm the new email address of your account with the code that was sent to it."""
    account = own_account(ctx)
    _count(ctx, "email " + account.id)
    hashed, _, rest = account.new_email.partition(" ")
    until, _, address = rest.partition(" ")
    if not (hashed and _holds(ctx, until) and hmac.compare_digest(hashed.encode(), _hash(words[0]).encode())):
        raise ServiceError("That code is not valid: request a new one with EMAIL")
    ctx.propose(_set_email, account.id, proof_of(account), address)


@step("nickserv.email")
def _set_email(ctx: Context, account_id: str, proof: str, address: str) -> None:
    account = proved(ctx, account_id, proof)
    if account is None:
        raise ServiceError("Your password was changed in the meantime: try again")
    change_account(ctx, account.name, email=address, new_email="")
    note(ctx, "NICKSERV", f"{ctx.nick} changed the address of the account {account.name}")
    tell(ctx, NICKSERV, f"The email address of your account is now {address or 'none'}")


@NICKSERV.command("SENDPASS", "<account>", way=Way.STEPS)
def sendpass(ctx: Context, words: list[str]) -> Continuation | None:
    """Send a code to an account's address, to set a new password with RESETPASS within an hour.

    A code is sent at most once in ten minutes.
    """
    account = find_account(ctx, words[0])
    _count_here(ctx)
    if account is None or not _may_be_reset(ctx, account) or 0 <= ctx.now - _was_sent(account) < _APART:
        tell(ctx, NICKSERV, _SENT)
        return None
    code = ctx.random(8).hex()
    ctx.propose(_set_reset, account.id, _hash(code), ctx.now + _RESET_FOR)
    network, mail = ctx.network.settings.about.network, ctx.process.mail
    text = f"""\
Somebody, presumably you, asked for a new password for the account {account.name} on
{network}. To set one, send this line in your IRC client:

    /msg NickServ RESETPASS {account.name} {code} NEW-PASSWORD

The code is valid for an hour. If it was not you, ignore this mail.
"""
    subject = f"A new password for {account.name} on {network}"
    address = account.email

    def sent(ctx: Context, is_sent: bool) -> None:
        if not is_sent:
            ctx.propose(_set_reset, account.id, "", 0)  # so that the next attempt need not wait
        tell(ctx, NICKSERV, _SENT)

    return Deferred(lambda: mail.send(address, subject, text), sent, waits=True)


def _may_be_reset(ctx: Context, account: Account) -> bool:
    """Whether an account's password can be reset by mail: not if it is kept elsewhere."""
    return account.usable and is_mailed(ctx, account.email) and not has_external_password(ctx, account)


def _holds(ctx: Context, until: str) -> bool:
    """Whether a code with this expiry is valid; the clock may have been set back since."""
    return 0 < int(until) - ctx.now <= _RESET_FOR


def _was_sent(account: Account) -> int:
    """Return when an account's pending code was sent, in ms since the epoch; 0 without one."""
    _, _, until = account.reset.partition(" ")
    return int(until) - _RESET_FOR if until else 0


@step("nickserv.reset-code")
def _set_reset(ctx: Context, account_id: str, hashed: str, until: int) -> None:
    account = ctx.network.accounts.by_id(account_id)
    if account is not None:
        change_account(ctx, account.name, reset=f"{hashed} {until}" if hashed else "")


@NICKSERV.command("RESETPASS", "<account> <code> <new>", way=Way.STEPS, leading=2)
def resetpass(ctx: Context, words: list[str]) -> Continuation | None:
    """Set a new password with the code that SENDPASS sent."""
    account = find_account(ctx, words[0])
    _count_here(ctx)  # not by the account, so that attempts of others do not lock out the owner of the code
    hashed, _, until = account.reset.partition(" ") if account else ("", "", "")
    if account is None or not (
        hashed and _holds(ctx, until) and hmac.compare_digest(hashed.encode(), _hash(words[1]).encode())
    ):
        raise ServiceError("That code is not valid: request a new one with SENDPASS")
    return change_password(ctx, account.name, words[2], _was_reset, alone=True)


@step("nickserv.reset")
def _was_reset(ctx: Context, account_id: str, why_not: str) -> None:
    if why_not:
        raise ServiceError(why_not)
    _log_out_others(ctx, account_id)
    tell(ctx, NICKSERV, f"The password was changed: log in with IDENTIFY. The code can't be used again. {_SHUT_OUT}")


@NICKSERV.command("SETPASS", "<account> <new>", right="accounts", way=Way.STEPS, leading=1)
def setpass(ctx: Context, words: list[str]) -> Continuation | None:
    """Set the password of an account."""
    account = ctx.network.accounts.get(words[0])
    if account is None:
        raise ServiceError("There is no such account")
    act(ctx, "SETPASS", f"{ctx.nick} sets the password of the account {account.name}")
    return change_password(ctx, account.name, words[1], _was_set, alone=True)


@step("nickserv.setpass")
def _was_set(ctx: Context, account_id: str, why_not: str) -> None:
    if why_not:
        raise ServiceError(why_not)
    _log_out_others(ctx, account_id)
    tell(ctx, NICKSERV, f"The password was changed. {_SHUT_OUT}")


def _log_out_others(ctx: Context, account_id: str) -> None:
    """Log out all sessions, since the new password is the only credential."""
    account = ctx.network.accounts.by_id(account_id)
    if account:
        log_out_sessions(ctx, account.name)


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def _count(ctx: Context, who: str) -> None:
    """Count a mail or a code for a key, as registrations are. Raises ServiceError.

    who: the requester, or a key that only the owner can use up, so that a stranger can't block the owner.
    """
    wait = _wait(ctx, who)
    if wait:
        raise ServiceError(f"Too many attempts: try again in {wait // 1000 + 1} seconds")
    ctx.propose(_counted, who)


def _count_here(ctx: Context) -> None:
    """Count an attempt by its origin, unless that is this machine. Raises ServiceError."""
    if not addresses.address(ctx.session.host).is_loopback:
        _count(ctx, "reset " + origin_of(ctx))


def _wait(ctx: Context, who: str) -> int:
    """Return the ms until another attempt is allowed for this key, 0 if now."""
    return ctx.network.protection.registrations.wait(who, ctx.now)


@step("nickserv.counted")
def _counted(ctx: Context, who: str) -> None:
    ctx.network.protection.registrations.count(who, ctx.now)
