"""Which names there can be, and which of them are the same: nicknames, channels, usernames.

https://modern.ircdocs.horse/#clients, #channels and #casemapping-parameter. A `Naming` is what a casemapping means for
nicknames: which are allowed, which are two spellings of one, and which look alike.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

from greenchat import extras
from greenchat.protocol.casemap import CASEMAPPINGS as PLAIN_CASEMAPPINGS
from greenchat.protocol.casemap import Casefold
from greenchat.protocol.plain.names import NICK_BYTES

CASEMAPPINGS = ("precis", *PLAIN_CASEMAPPINGS)
SERVICES = frozenset({"nickserv", "chanserv", "histserv", "hostserv", "memoserv", "operserv"})

# Of the modules that `precis` imports with the first name that needs them.
_PRECIS_MODULES = ("precis_i18n", "confusable_homoglyphs")

_NICK = re.compile(r"[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]*\Z")
_CHANNEL = re.compile(r"#[^\x00-\x20,\x7f\u0080-\u00a0]*\Z")
CHANNEL_BYTES = 160  # so that two names and who speaks of them fit into one line
REALNAME_BYTES = 190  # so that it fits into an extended JOIN beside the longest names that there are by default
_NOT_USERNAME = re.compile(r"[^\w.\-\[\]\\`^{|}]", re.ASCII)


class MissingPackageError(ImportError):
    """A casemapping needs libraries that are not installed; its text says how they get there."""


@dataclass(frozen=True, slots=True)
class Naming:
    """The rules of nicknames under one casemapping.

    fold: the form under which a name is looked up; it takes any string. skeleton: what a nick looks like: nobody can
    tell two nicks with the same skeleton apart. spells: whether these characters can make a nick.
    """

    fold: Casefold
    skeleton: Casefold
    spells: Callable[[str], bool]

    def is_nick(self, name: str, limit: int) -> bool:
        """Whether somebody can be called this: at most `limit` characters in NICK_BYTES, and not like a service."""
        fits = len(name) <= limit and len(name.encode()) <= NICK_BYTES
        return fits and self.spells(name) and self.skeleton(name) not in SERVICES


def naming(casemapping: str) -> Naming:
    """The rules under one of CASEMAPPINGS. Raises MissingPackageError."""
    fold = PLAIN_CASEMAPPINGS.get(casemapping)
    if fold is not None:
        return Naming(fold, fold, lambda name: _NICK.match(name) is not None)
    if any(find_spec(module) is None for module in _PRECIS_MODULES):
        raise MissingPackageError(
            f"the casemapping {casemapping!r} needs more packages: {extras.install(extras.UNICODE)}"
        )
    from greenchat.values import precis  # late: not every program that knows names asks for it

    return Naming(precis.fold, precis.skeleton, precis.is_nick)


def is_channel(name: str, limit: int) -> bool:
    """`#` and then anything but space, control characters, comma and colon; at most `limit` characters, and not more
    than CHANNEL_BYTES, so that two names and who speaks of them fit into one line."""
    return 1 < len(name) <= limit and len(name.encode()) <= CHANNEL_BYTES and _CHANNEL.match(name) is not None


def realname(wish: str, limit: int) -> str:
    """As much of a real name as fits: at most `limit` characters, and not more than REALNAME_BYTES."""
    return wish[:limit].encode()[:REALNAME_BYTES].decode(errors="ignore")


def username(wish: str, limit: int) -> str:
    """A username that can stand in nick!user@host: what can't be in it goes, `~` says that nobody has checked it."""
    return "~" + (_NOT_USERNAME.sub("", wish)[: limit - 1] or "user")
