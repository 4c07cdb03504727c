"""From a typed name to a nick that the server accepts."""

from collections.abc import Callable

Legal = Callable[[str], bool]

NICK_BYTES = 64
"""Bytes of UTF-8 in the longest nick: 32 Cyrillic or 21 Chinese letters leave enough room in a line."""


def clean_name(typed: str, legal: Legal, limit: int) -> str:
    """Return the nick for a typed name: characters that a nick can't contain become `_`; "" if nothing is left.

    legal: whether the server accepts a nick; limit: in characters.
    """
    letters = _cut(typed.strip()[:limit])
    nick = "".join(letter if legal("x" + letter) else "_" for letter in letters)
    if nick and not legal(nick):
        # letters that a nick can't begin with, and names that the server reserves
        nick = _cut(("_" + nick)[:limit])
    if nick and not legal(nick):
        # letters that are allowed, but not together
        nick = "".join(letter if letter.isascii() else "_" for letter in nick)
    return nick


def another_name(nick: str, number: int, limit: int) -> str:
    """Return the nick to try when `nick` is taken: `alice_2`, `alice_3` and so on, never over the limit."""
    suffix = f"_{number}"
    return _cut(nick[: limit - len(suffix)], NICK_BYTES - len(suffix)) + suffix


def _cut(name: str, size: int = NICK_BYTES) -> str:
    return name.encode()[:size].decode(errors="ignore")
