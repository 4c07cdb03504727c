"""Typed lines with a password in them: they are shown nowhere, and are in no history of input."""

import re

_HIDDEN = re.compile(
    r"\s*(identify|register|login|passwd|totp|drop|email|set\s+(password|email)|resetpass|setpass|saregister|ghost|regain"
    r"|recover|release|group)\b",
    re.I,
)
_CHANNEL_ONLY = re.compile(r"\s*\w+\s+[#&]\S*\s*")  # `REGISTER #tea`
_SERVICES = frozenset({"nickserv", "ns", "chanserv", "cs", "authserv", "q", "userserv"})


def hides(target: str, text: str) -> bool:
    """Whether a message to a service contains a password."""
    service = target.partition("@")[0].lower()
    if service in ("chanserv", "cs") and _CHANNEL_ONLY.fullmatch(text):
        return False
    return service in _SERVICES and _HIDDEN.match(text) is not None


def hides_line(line: str) -> bool:
    """Whether this input line would leave a password in the history."""
    words = line.split(None, 2)
    if line[:1] != "/" or len(words) < 2:
        return False
    command = words[0][1:].lower()
    if command in ("msg", "query", "q", "notice", "squery"):
        return len(words) > 2 and hides(words[1], words[2])
    if command in _SERVICES:
        return hides(command, line.partition(" ")[2])
    return command in ("raw", "quote", "oper") and words[1].upper() in (
        "PASS",
        "OPER",
        "AUTHENTICATE",
        "REGISTER",
        "NS",
    )
