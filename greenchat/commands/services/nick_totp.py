"""NickServ TOTP: a second factor beside the password, see `accounts.second_factor`."""

from collections.abc import Iterator

from greenchat.chat.accounts import Account
from greenchat.commands.accounts.login import throttle_keys
from greenchat.commands.accounts.login_throttle import count_wrong, seconds_to_wait
from greenchat.commands.accounts.password_check import check_password
from greenchat.commands.accounts.second_factor import (
    LIKE_A_CODE,
    begin,
    confirm,
    ends_like_a_code,
    needs_code,
    remove,
    renew_codes,
)
from greenchat.commands.core.audit_log import act
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation
from greenchat.commands.core.registry import Way
from greenchat.commands.core.service import ServiceError, tell
from greenchat.commands.services.nickserv import NICKSERV, own_account, refuse
from greenchat.protocol.totp import uri

_USAGE = "Usage: TOTP ON <password>, CONFIRM <code>, CODES <password> <code>, OFF <password> <code>"
_NEXT = "To switch it on, send the code that the app shows: /msg NickServ TOTP CONFIRM 123456"
_KEEP = "Recovery codes, each for one login without the app (shown only once, so keep them safe):"
_FROM_NOW_ON = (
    "From now on append the code to your password, after a space: IDENTIFY password 123456; the same for SASL PLAIN."
    " Programs that log in automatically need a certificate (CERT) or a token (TOKEN)"
)
_WHITE_ON_BLACK = "\x0300,01"  # a QR code must be dark on light: its light squares are drawn
_HALVES = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}  # of the dark parts


@NICKSERV.command("TOTP", "[<ON|CONFIRM|CODES|OFF>] [<password>]", way=Way.STEPS, leading=1)
def totp(ctx: Context, words: list[str]) -> Continuation | None:
    """Require codes of an authenticator app in addition to your password.

    ON <password> shows the secret and its QR code. CONFIRM <code> switches it on. CODES <password> <code> creates new
    recovery codes. OFF <password> <code> switches it off.
    """
    account = own_account(ctx)
    action, rest = words[0].upper() if words else "", words[1] if len(words) > 1 else ""
    if not action:
        factor = account.second_factor
        state = f"on; {len(factor.recovery)} recovery codes are left" if factor and factor.is_on else "off"
        tell(ctx, NICKSERV, f"The second factor of {account.name} is {state}")
        return None
    if not rest or action not in ("CONFIRM", *_WITH_PASSWORD):
        raise ServiceError(_USAGE)
    if action == "CONFIRM":
        _confirm(ctx, account, rest.replace(" ", ""))
        return None
    if (action == "ON") == needs_code(account):
        raise ServiceError(f"The second factor of {account.name} is already {'on' if action == 'ON' else 'off'}")
    if action == "ON" and ends_like_a_code(rest):
        raise ServiceError(LIKE_A_CODE)

    def checked(ctx: Context, confirmed: Account | None) -> None:
        if confirmed is None or confirmed.id != account.id:
            raise ServiceError("Wrong password")
        _WITH_PASSWORD[action](ctx, confirmed)

    return check_password(ctx, account.name, rest, checked, refuse)


def _begin(ctx: Context, account: Account) -> None:
    secret = begin(ctx, account)
    address = uri(secret, account.name, ctx.network.settings.about.network)
    tell(ctx, NICKSERV, *_drawn(address), f"If you can't scan it, type this secret: {secret}", address, _NEXT)


def _confirm(ctx: Context, account: Account, code: str) -> None:
    if account.second_factor is None or needs_code(account):
        raise ServiceError("There is nothing to confirm: use TOTP ON first")
    who = throttle_keys(ctx, account.name)
    if seconds_to_wait(ctx, who):
        raise ServiceError("Too many wrong codes: try again later")
    codes = confirm(ctx, account, code)
    if not codes:
        count_wrong(ctx, who)
        raise ServiceError("That is not the current code. Check the clock of your device")
    tell(ctx, NICKSERV, f"The second factor of {account.name} is on. {_FROM_NOW_ON}")
    _show(ctx, codes)


def _renew(ctx: Context, account: Account) -> None:
    _show(ctx, renew_codes(ctx, account))


def _remove(ctx: Context, account: Account) -> None:
    remove(ctx, account)
    tell(ctx, NICKSERV, f"The second factor of {account.name} is off")


def _show(ctx: Context, codes: list[str]) -> None:
    tell(ctx, NICKSERV, _KEEP, *codes)


def _drawn(address: str) -> Iterator[str]:
    """Yield the lines of a QR code, two rows of squares in each: a terminal's characters are twice as high as wide."""
    import segno  # late: rarely needed

    squares = segno.make(address, error="l", micro=False).matrix_iter(border=2)
    rows = [[bool(square) for square in row] for row in squares]
    rows += [[False] * len(rows[0])] * (len(rows) % 2)
    for upper, lower in zip(rows[::2], rows[1::2], strict=True):
        yield _WHITE_ON_BLACK + "".join(_HALVES[pair] for pair in zip(upper, lower, strict=True))


_WITH_PASSWORD = {"ON": _begin, "CODES": _renew, "OFF": _remove}


@NICKSERV.command("RESETTOTP", "<account>", right="accounts", way=Way.STEPS)
def resettotp(ctx: Context, words: list[str]) -> None:
    """Switch off the second factor of an account whose device and recovery codes were lost."""
    account = ctx.network.accounts.get(words[0])
    if account is None or account.second_factor is None:
        raise ServiceError("There is no such account, or it has no second factor")
    act(ctx, "RESETTOTP", f"{ctx.nick} switched off the second factor of the account {account.name}")
    remove(ctx, account)
    tell(ctx, NICKSERV, f"The second factor of {account.name} is off")
