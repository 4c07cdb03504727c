"""Checks of values of settings: each returns an error with a hint, or ""."""

import re
import time

from greenchat.client.state.destination import AddressError, nick_problem, parse_destination

_PROXY = re.compile(r"socks5h?://(?:[^\s/@]*@)?(?:\[[0-9a-fA-F:]+\]|[^\s/@:\[\]]+):([0-9]{1,5})/?")


def destination(text: str) -> str:
    """Check `NICK@HOST[:PORT]/#channel`."""
    try:
        parsed = parse_destination(text)
    except AddressError as error:
        return str(error)
    if " " in text.strip():
        return "one destination without spaces, like ada@irc.example:6667/#tea"
    return nick_problem(parsed.nick) if parsed.nick else ""


def proxy(text: str) -> str:
    """Check `socks5://[user:password@]host:port`."""
    match = _PROXY.fullmatch(text)
    return "" if match and 0 < int(match[1]) < 65536 else "like socks5://localhost:9050"


def languages(text: str) -> str:
    """Check names of dictionaries."""
    wrong = next(
        (word for word in text.split() if not re.fullmatch(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]+)*|auto", word)), ""
    )
    return f"{wrong} is not a language, like en_US, de_DE or auto" if wrong else ""


def clock(text: str) -> str:
    """Check a format of `strftime`: it must give one short word or two."""
    try:
        shown = time.strftime(text, time.gmtime(0))
    except ValueError as error:
        return str(error)
    return "" if 0 < len(shown) <= 12 and shown.isprintable() else "like %H:%M, of 1 to 12 characters"


def file_name(text: str) -> str:
    """Check the name of a file, a format of `strftime`."""
    try:
        shown = time.strftime(text, time.gmtime(0))
    except ValueError as error:
        return str(error)
    fits = shown.strip(". ") and shown.isprintable() and "/" not in shown and len(shown) <= 80
    return "" if fits else "one name without slashes, like %Y-%m-%d.log"


def one_line(text: str) -> str:
    """Check a text that must fit into one message."""
    return "" if text.isprintable() and len(text.encode()) <= 300 else "one line of at most 300 bytes"


def words(text: str) -> str:
    """Check a command line that is cut as by a shell."""
    import shlex  # late: few have one

    try:
        fits = bool(shlex.split(text)) and text.isprintable()
    except ValueError as error:
        return f"{error}; like pass show irc/{{network}}"
    return "" if fits else "a program with its arguments, like pass show irc/{network}"


def patterns(text: str) -> str:
    """Check regular expressions."""
    for word in text.split():
        try:
            re.compile(word)
        except re.error as error:
            return f"{word} is not a valid regular expression ({error})"
    return ""
