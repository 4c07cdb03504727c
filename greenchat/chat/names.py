"""Which names there can be: nicknames, channels, usernames.

https://modern.ircdocs.horse/#clients and #channels.
"""

import re

_NICK = re.compile(r"[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]*\Z")
_CHANNEL = re.compile(r"#[^\x00-\x20,:\x7f\u0080-\u00a0]*\Z")
_NOT_USERNAME = re.compile(r"[^\w.\-\[\]\\`^{|}]", re.ASCII)

SERVICES = frozenset({"nickserv", "chanserv", "histserv", "hostserv", "memoserv", "operserv"})


def is_nick(name: str, limit: int) -> bool:
    """Letters, digits and []\\`_^{|}-, not beginning with a digit or `-`, at most `limit` characters."""
    return len(name) <= limit and _NICK.match(name) is not None and name.lower() not in SERVICES


def is_channel(name: str, limit: int) -> bool:
    """`#` and then anything but space, control characters, comma and colon; at most `limit` characters."""
    return 1 < len(name) <= limit and _CHANNEL.match(name) is not None


def username(wish: str, limit: int) -> str:
    """A username that can stand in nick!user@host: what can't be in it goes, `~` says that nobody has checked it."""
    return "~" + (_NOT_USERNAME.sub("", wish)[: limit - 1] or "user")
