"""When are two nicknames or two channel names the same? The rule is announced as CASEMAPPING in ISUPPORT.

https://modern.ircdocs.horse/#casemapping-parameter
"""

import string
from collections.abc import Callable

Casefold = Callable[[str], str]

_ASCII = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_RFC1459 = str.maketrans(string.ascii_uppercase + "[]\\~", string.ascii_lowercase + "{}|^")
_RFC1459_STRICT = str.maketrans(string.ascii_uppercase + "[]\\", string.ascii_lowercase + "{}|")


def ascii_fold(name: str) -> str:
    """`a`-`z` are the lower case of `A`-`Z`; nothing else has a case."""
    return name.lower() if name.isascii() else name.translate(_ASCII)


def rfc1459_fold(name: str) -> str:
    """As ascii, and `{}|^` are the lower case of `[]\\~`."""
    return name.translate(_RFC1459)


def rfc1459_strict_fold(name: str) -> str:
    """As ascii, and `{}|` are the lower case of `[]\\`."""
    return name.translate(_RFC1459_STRICT)


CASEMAPPINGS: dict[str, Casefold] = {
    "ascii": ascii_fold,
    "rfc1459": rfc1459_fold,
    "rfc1459-strict": rfc1459_strict_fold,
}
