"""Casemappings: the rule that decides whether two nicknames or channel names are the same, announced in ISUPPORT.

https://modern.ircdocs.horse/#casemapping-parameter
"""

import string
import unicodedata
from collections.abc import Callable

Casefold = Callable[[str], str]

_ASCII = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_RFC1459 = str.maketrans(string.ascii_uppercase + "[]\\~", string.ascii_lowercase + "{}|^")
_RFC1459_STRICT = str.maketrans(string.ascii_uppercase + "[]\\", string.ascii_lowercase + "{}|")


def ascii_fold(name: str) -> str:
    """Return the text with ASCII letters in lower case."""
    return name.lower() if name.isascii() else name.translate(_ASCII)


def rfc1459_fold(name: str) -> str:
    """Return the lower case under rfc1459: as ascii, and `{}|^` are the lower case of `[]\\~`."""
    return name.translate(_RFC1459)


def rfc1459_strict_fold(name: str) -> str:
    """Return the lower case under rfc1459-strict: as ascii, and `{}|` are the lower case of `[]\\`."""
    return name.translate(_RFC1459_STRICT)


def precis_fold(name: str) -> str:
    """Return the comparable form of a name that PRECIS allows: profile UsernameCaseMapped, RFC 8265 section 3.3.

    Wide and narrow letters become the usual ones, upper case becomes lower case, and what can be composed is composed.
    Whether a name is valid at all is the server's decision.
    """
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", "".join(map(_usual_width, name)).lower())


def _usual_width(character: str) -> str:
    kind, _, codes = unicodedata.decomposition(character).partition(" ")
    return "".join(chr(int(code, 16)) for code in codes.split()) if kind in ("<wide>", "<narrow>") else character


CASEMAPPINGS: dict[str, Casefold] = {
    "ascii": ascii_fold,
    "rfc1459": rfc1459_fold,
    "rfc1459-strict": rfc1459_strict_fold,
}

# By the values of CASEMAPPING and UTF8MAPPING in ISUPPORT. Some servers send UTF8MAPPING beside CASEMAPPING=ascii,
# which is for clients that support only ASCII; the number is that of the RFC.
ANNOUNCED: dict[str, Casefold] = {**CASEMAPPINGS, "rfc7613": precis_fold, "rfc8265": precis_fold}
