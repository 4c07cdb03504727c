"""Names: validity and equality of nicknames, channels and usernames.

https://modern.ircdocs.horse/#clients, #channels and #casemapping-parameter. A `Naming` has the rules of a casemapping
for nicknames: which are valid, which are equal, and which are confusable.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

from greenchat import extras
from greenchat.protocol.casemap import CASEMAPPINGS as PLAIN_CASEMAPPINGS
from greenchat.protocol.casemap import Casefold
from greenchat.protocol.plain.names import NICK_BYTES
from greenchat.values.masks import mask_fold

CASEMAPPINGS = ("precis", *PLAIN_CASEMAPPINGS)
SERVICES = frozenset({"nickserv", "chanserv", "histserv", "hostserv", "memoserv", "operserv"})

# Of the modules that `precis` imports with the first name that needs them.
_PRECIS_MODULES = ("precis_i18n", "confusable_homoglyphs")

_NICK = re.compile(r"[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]*\Z")
_CHANNEL = re.compile(r"#[^\x00-\x20,\x7f\u0080-\u00a0]*\Z")
CHANNEL_BYTES = 160  # so that two names and a source fit into one line
REALNAME_BYTES = 190  # so that it fits into an extended JOIN beside the longest names of the default settings
_NOT_USERNAME = re.compile(r"[^\w.\-\[\]\\`^{|}]", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9./:-]*")


class MissingPackageError(ImportError):
    """A casemapping needs packages that are not installed; the text says how to install them."""


@dataclass(frozen=True, slots=True)
class Naming:
    """The rules of nicknames under one casemapping.

    fold: the form under which a name is looked up; it takes any string. skeleton: what a nick looks like: nobody can
    tell two nicks with the same skeleton apart. spells: whether these characters can make a nick. mask_fold: the form
    in which a mask and a name are compared.
    """

    fold: Casefold
    skeleton: Casefold
    spells: Callable[[str], bool]
    mask_fold: Casefold

    def is_nick(self, name: str, limit: int) -> bool:
        """Whether it is a valid nickname: at most `limit` characters in NICK_BYTES, and not like a service."""
        fits = len(name) <= limit and len(name.encode()) <= NICK_BYTES
        return fits and self.spells(name) and self.skeleton(name) not in SERVICES


@cache
def naming(casemapping: str) -> Naming:
    """Return the rules of one of CASEMAPPINGS. Raises MissingPackageError."""
    fold = PLAIN_CASEMAPPINGS.get(casemapping)
    if fold is not None:
        return Naming(fold, fold, lambda name: _NICK.match(name) is not None, mask_fold(casemapping))
    if any(find_spec(module) is None for module in _PRECIS_MODULES):
        raise MissingPackageError(
            f"the casemapping {casemapping!r} needs more packages: {extras.install(extras.UNICODE)}"
        )
    from greenchat.values import precis  # late: most programs that import names do not need it

    return Naming(precis.fold, precis.skeleton, precis.is_nick, mask_fold(casemapping))


def is_channel(name: str, limit: int) -> bool:
    """Whether it is a valid channel name: `#` and anything but spaces, control characters, commas and colons.

    At most `limit` characters and CHANNEL_BYTES, so that two names and a source fit into one line.
    """
    return 1 < len(name) <= limit and len(name.encode()) <= CHANNEL_BYTES and _CHANNEL.match(name) is not None


def realname(text: str, limit: int) -> str:
    """Return as much of a real name as fits: at most `limit` characters and REALNAME_BYTES."""
    return text[:limit].encode()[:REALNAME_BYTES].decode(errors="ignore")


def username(text: str, limit: int) -> str:
    """Return a username that can stand in nick!user@host, without the characters that can't.

    It begins with `~`: nobody has checked it.
    """
    return "~" + (_NOT_USERNAME.sub("", text)[: limit - 1] or "user")


def is_host(text: str, longest: int) -> bool:
    """Whether a text can be shown as somebody's host."""
    return len(text) <= longest and _HOST.fullmatch(text) is not None
