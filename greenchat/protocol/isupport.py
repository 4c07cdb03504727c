"""RPL_ISUPPORT: the features and limits of a server, as tokens `NAME` or `NAME=value`.

https://modern.ircdocs.horse/#rplisupport-005. Values escape characters that they can't contain as `\\xHH`.
"""

import re
from collections.abc import Iterable, Mapping

TOKENS_A_LINE = 13  # "the maximum number of RPL_ISUPPORT tokens that can be advertised is 13"

_ESCAPED = re.compile(r"\\x([0-9A-Fa-f]{2})")
_UNSAFE = re.compile(r"[\\= ]|[^\x21-\x7e]")


def format_tokens(tokens: Mapping[str, str | None]) -> list[str]:
    """Return tokens in their form on the wire; None is a token without `=`."""
    return [name if value is None else f"{name}={_UNSAFE.sub(_escape, value)}" for name, value in tokens.items()]


def parse_tokens(params: Iterable[str]) -> dict[str, str | None]:
    """Return the tokens of one line by name. `NAME` gives "", `-NAME` (no longer supported) gives None."""
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
