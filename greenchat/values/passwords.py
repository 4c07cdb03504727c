"""Passwords are stored as scrypt hashes, in the PHC string format `$scrypt$ln=15,r=8,p=1$salt$hash`.

https://github.com/P-H-C/phc-string-format. Both functions take tens of milliseconds on purpose: on the server they run
in a thread.
"""

import hashlib
import hmac
import re
from base64 import b64decode, b64encode

_COST = 15  # log2 of N: 32 MiB and about 70 ms, within OWASP's recommendations, and feasible on a small machine
_BLOCK = 8
_LENGTH = 32
_MAX_MEMORY = 256 * 1024 * 1024
_FORMAT = re.compile(r"\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)")


def hash_password(password: str, salt: bytes) -> str:
    """Return the hash to store. salt: 16 random bytes."""
    digest = _scrypt(password, salt, _COST, _BLOCK, 1, _LENGTH)
    return f"$scrypt$ln={_COST},r={_BLOCK},p=1${_encode(salt)}${_encode(digest)}"


def verify_password(password: str, hashed: str) -> bool:
    """Whether a password matches a hash. Raises ValueError if `hashed` is not such a hash."""
    cost, block, parallel, salt, digest = _parse(hashed)
    return hmac.compare_digest(_scrypt(password, salt, cost, block, parallel, len(digest)), digest)


def is_hash(text: str) -> bool:
    """Whether a text looks like a hash, as no password that anybody would choose does."""
    return text.startswith("$scrypt$")


def check_hash(hashed: str) -> str:
    """Return the same string. Raises ValueError if it is not a hash that `verify_password` can use."""
    _parse(hashed)
    return hashed


def _parse(hashed: str) -> tuple[int, int, int, bytes, bytes]:
    match = _FORMAT.fullmatch(hashed)
    if not match:
        raise ValueError("must be a hash as `greenchat-server hash-password` prints it")
    cost, block, parallel = (int(number) for number in match.groups()[:3])
    if not (cost >= 1 and block and parallel and _memory(cost, block, parallel) <= _MAX_MEMORY):
        raise ValueError("is a hash that takes more memory than 256 MiB, or none")
    try:
        salt, digest = _decode(match[4]), _decode(match[5])
    except ValueError:
        raise ValueError("is a hash whose salt or digest is cut off") from None
    if len(digest) < 16:
        raise ValueError("is a hash whose digest is too short")
    return cost, block, parallel, salt, digest


def _scrypt(password: str, salt: bytes, cost: int, block: int, parallel: int, length: int) -> bytes:
    memory = 2 * _memory(cost, block, parallel)
    return hashlib.scrypt(password.encode(), salt=salt, n=1 << cost, r=block, p=parallel, dklen=length, maxmem=memory)


def _memory(cost: int, block: int, parallel: int) -> int:
    """Return the bytes of memory that a hash takes: RFC 7914, section 6."""
    return 128 * block * ((1 << cost) + parallel + 2)


def _encode(data: bytes) -> str:
    return b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return b64decode(text + "=" * (-len(text) % 4), validate=True)
