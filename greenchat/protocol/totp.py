"""Codes that change every half minute (TOTP): what an authenticator app shows, and whether a code is one of them.

RFC 6238 over RFC 4226, with the values that every app knows: HMAC-SHA-1, six digits, steps of 30 seconds.
"""

import base64
import hmac
import re
from urllib.parse import quote, urlencode

SECRET_BYTES = 20
"""RFC 4226, section 4, R6: "We RECOMMEND a shared secret length of 160 bits"."""

_STEP = 30  # seconds
_DIGITS = 6
_DRIFT = 1  # steps of tolerance, for the clocks of phone and server, and for typing
_CODE = re.compile(rf"(.*?) ?([0-9]{{{_DIGITS}}}|[a-z2-7]{{4}}(?:-[a-z2-7]{{4}}){{3}})", re.DOTALL | re.IGNORECASE)


def code_at(secret: bytes, step: int) -> str:
    """Return the code of a time step: RFC 4226, section 5.3."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}}"


def find_step(secret: bytes, code: str, seconds: int, after: int) -> int | None:
    """Return the time step of a code that is valid now (seconds since the epoch), None if it is not.

    after: the step of the last accepted code. RFC 6238, section 5.2: "The verifier MUST NOT accept the second attempt
    of the OTP after the successful validation has been issued for the first OTP".
    """
    now = seconds // _STEP
    matching = None
    for step in range(now - _DRIFT, now + _DRIFT + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode(errors="replace")) and step > after:
            matching = step
    return matching


def split_code(text: str) -> tuple[str, str]:
    """Split a password from the code after it, with or without a space between; the code may be "".

    A code is one of an app (123456), or a recovery code (abcd-efgh-ijkl-mnop).
    """
    match = _CODE.fullmatch(text)
    return (match[1], match[2].lower()) if match else (text, "")


def format_recovery(chance: bytes) -> str:
    """Return a recovery code, made of ten random bytes."""
    letters = base64.b32encode(chance[:10]).decode().lower()
    return "-".join(letters[start : start + 4] for start in range(0, 16, 4))


def uri(secret: str, account: str, issuer: str) -> str:
    """Return the URI for an authenticator app, for a QR code. secret: in base32.

    https://github.com/google/google-authenticator/wiki/Key-Uri-Format
    """
    label = f"{quote(issuer, safe='')}:{quote(account, safe='')}"
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': issuer}, quote_via=quote)}"
