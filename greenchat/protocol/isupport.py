"""RPL_ISUPPORT: what a server can do, as tokens `NAME` or `NAME=value`.

https://modern.ircdocs.horse/#rplisupport-005. Values escape what can't stand in them as `\\xHH`.
"""

import re
from collections.abc import Iterable, Mapping

TOKENS_A_LINE = 13  # "the maximum number of RPL_ISUPPORT tokens that can be advertised is 13"

_ESCAPED = re.compile(r"\\x([0-9A-Fa-f]{2})")
_UNSAFE = re.compile(r"[\\= ]|[^\x21-\x7e]")


def format_tokens(tokens: Mapping[str, str | None]) -> list[str]:
    """Tokens as they stand on the wire; None is a token without `=`."""
    return [name if value is None else f"{name}={_UNSAFE.sub(_escape, value)}" for name, value in tokens.items()]


def parse_tokens(params: Iterable[str]) -> dict[str, str | None]:
    """Tokens of one line to values. `NAME` gives "", `-NAME` (it is no longer supported) gives None."""
    tokens: dict[str, str | None] = {}
    for token in params:
        name, _, value = token.partition("=")
        if name.startswith("-"):
            tokens[name[1:]] = None
        elif name:
            tokens[name] = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), value)
    return tokens


def _escape(match: re.Match[str]) -> str:
    return "".join(f"\\x{byte:02X}" for byte in match[0].encode())
