"""The second factor of an account: a code of an authenticator app, or a recovery code.

The code follows the password after a space, which works with every client, by SASL PLAIN, NickServ or the page. There
is no SASL mechanism for this; FreeIPA and others do the same. Other credentials need no code: certificates, browsers
that stay signed in, tokens, identity providers.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, replace

from greenchat.chat.accounts import Account, SecondFactor
from greenchat.commands.core.audit_log import note
from greenchat.commands.core.context import Context
from greenchat.commands.core.persistence import change_account
from greenchat.commands.core.steps import step
from greenchat.protocol.totp import SECRET_BYTES, find_step, format_recovery, split_code

_RECOVERY_CODES = 10


@dataclass(frozen=True, slots=True)
class Denial:
    """The reason why a password, which may be right, is not accepted or was not checked.

    code: for FAIL: THROTTLED, CODE_REQUIRED, CODE_INVALID or UNAVAILABLE. seconds: until another attempt may succeed.
    """

    code: str
    text: str
    seconds: int = 0


CODE_REQUIRED = Denial(
    "CODE_REQUIRED",
    "The code of your authenticator app is required: append it to the password, after a space",
)
CODE_INVALID = Denial("CODE_INVALID", "That code is not valid, or was already used: wait for the next one")


LIKE_A_CODE = "With a second factor, the password must not end in six digits: choose another one (PASSWD)"


def ends_like_a_code(password: str) -> bool:
    """Whether the end of a password looks like a code, so that the password would fail without one."""
    return bool(split_code(password)[1])


def needs_code(account: Account) -> bool:
    """Whether the password alone does not log in."""
    return account.second_factor is not None and account.second_factor.is_on


def take_code(ctx: Context, account: Account, code: str) -> bool:
    """Whether a code is valid for an account now; it can't be used again. Raises StoreError."""
    factor = account.second_factor
    if factor is None:
        return False
    used = _hash(code) if "-" in code else find_step(_bytes(factor), code, ctx.now // 1000, factor.step)
    return used is not None and ctx.propose(_use, account.id, used)


@step("second-factor.used")
def _use(ctx: Context, account_id: str, used: int | str) -> bool:
    """Mark a time step, or the hash of a recovery code, as used; return whether it was unused."""
    account = ctx.network.accounts.by_id(account_id)
    factor = account.second_factor if account else None
    if account is None or factor is None:
        return False
    if isinstance(used, int):
        is_new, factor = used > factor.step, replace(factor, step=used)
    else:
        is_new = any(hmac.compare_digest(used, each) for each in factor.recovery)
        factor = replace(factor, recovery=tuple(each for each in factor.recovery if each != used))
    if is_new:
        change_account(ctx, account.name, second_factor=factor)
    if is_new and isinstance(used, str):
        note(ctx, "NICKSERV", f"{ctx.nick} used a recovery code of the account {account.name}")
    return is_new


def begin(ctx: Context, account: Account) -> str:
    """Give an account a new secret, and return it in base32. It takes effect once a code confirms it."""
    secret = base64.b32encode(ctx.random(SECRET_BYTES)).decode()
    ctx.propose(_set, account.id, secret, 0, [])
    return secret


def confirm(ctx: Context, account: Account, code: str) -> list[str]:
    """Put the secret into effect if the code matches it; return new recovery codes, or []."""
    factor = account.second_factor
    taken = find_step(_bytes(factor), code, ctx.now // 1000, 0) if factor else None
    if factor is None or taken is None:
        return []
    codes, hashes = _new_codes(ctx)
    ctx.propose(_set, account.id, factor.secret, taken, hashes)
    return codes


def renew_codes(ctx: Context, account: Account) -> list[str]:
    """Replace the recovery codes, and return the new ones."""
    factor = account.second_factor
    if factor is None:
        return []
    codes, hashes = _new_codes(ctx)
    ctx.propose(_set, account.id, factor.secret, factor.step, hashes)
    return codes


def remove(ctx: Context, account: Account) -> None:
    """Remove the second factor."""
    ctx.propose(_set, account.id, "", 0, [])


@step("second-factor.set")
def _set(ctx: Context, account_id: str, secret: str, taken: int, recovery: list[str]) -> None:
    account = ctx.network.accounts.by_id(account_id)
    if account is None:
        return
    was_on = needs_code(account)
    factor = SecondFactor(secret, taken, tuple(recovery)) if secret else None
    account = change_account(ctx, account.name, second_factor=factor)
    if was_on != needs_code(account):
        done = "switched on" if needs_code(account) else "switched off"
        note(ctx, "NICKSERV", f"{ctx.nick} {done} the second factor of the account {account.name}")


def _new_codes(ctx: Context) -> tuple[list[str], list[str]]:
    codes = [format_recovery(ctx.random(10)) for _ in range(_RECOVERY_CODES)]
    return codes, [_hash(code) for code in codes]


def _hash(code: str) -> str:
    """Return the hash of a recovery code. A plain hash is enough: a code has 80 random bits."""
    return hashlib.sha256(code.encode()).hexdigest()


def _bytes(factor: SecondFactor) -> bytes:
    return base64.b32decode(factor.secret)
