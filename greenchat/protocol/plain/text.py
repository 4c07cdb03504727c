"""Texts for a terminal: without control characters, in pieces that fit, or in ASCII only."""

import re
import unicodedata

# https://modern.ircdocs.horse/formatting
_FORMATTING = re.compile(
    r"\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?|[\x02\x0f\x11\x16\x1d\x1e\x1f]"
)
# C0, DEL, C1 (U+009B begins an escape sequence too), line separators, and bidirectional controls
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_TYPED_CONTROL = re.compile(r"[\x00\x01\x05-\x08\x0a-\x0e\x10\x12-\x15\x17-\x1c\x7f-\x9f]")
_JOINER = "\u200d"


def visible(text: str) -> str:
    """Return the text for a terminal: without mIRC formatting, every other control character made visible: `^[`,
    `<9B>`.
    """
    if text.isprintable():
        return text
    return _CONTROL.sub(_show, _FORMATTING.sub("", text))


def visible_typed(text: str) -> str:
    """Return a typed text for the chat: as `visible`, but with the formatting and tabs that IRC clients understand.

    The result fits into an IRC message and is no CTCP.
    """
    if text.isprintable():
        return text
    return _TYPED_CONTROL.sub(_show, text)


def split_text(text: str, limit: int) -> list[str]:
    """Return the text in pieces of at most `limit` (>= 8) bytes of UTF-8, with nothing lost.

    It is split after a space near the end of a piece, or else between characters, if possible not within a grapheme.
    """
    pieces = []
    while len(text) * 4 > limit and len(data := text.encode()) > limit:
        cut = len(data[:limit].decode(errors="ignore"))
        cut = _better_cut(text, cut)
        pieces.append(text[:cut])
        text = text[cut:]
    pieces.append(text)
    return pieces


def to_ascii(text: str) -> str:
    """Return the text in ASCII: a letter without its accent (NFKD), else `?`."""
    if text.isascii():
        return text
    plain = (letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return "".join(letter if letter.isascii() else "?" for letter in plain)


def unfinished(data: bytes) -> int:
    """Return the number of bytes at the end (0 to 3) that begin an incomplete UTF-8 character."""
    for back in range(1, min(3, len(data)) + 1):
        byte = data[-back]
        if byte < 0x80:
            return 0
        if byte >= 0xC0:
            length = 2 if 0xC2 <= byte < 0xE0 else 3 if 0xE0 <= byte < 0xF0 else 4 if 0xF0 <= byte < 0xF5 else 0
            return back if back < length else 0
    return 0


def _better_cut(text: str, cut: int) -> int:
    space = text.rfind(" ", cut - cut // 4, cut)
    if space > 0:
        return space + 1
    for better in range(cut, max(cut - 16, 1), -1):
        after = text[better]
        if after != _JOINER and text[better - 1] != _JOINER and unicodedata.category(after) not in ("Mn", "Me"):
            return better
    return cut


def _show(match: re.Match[str]) -> str:
    letter = match[0]
    code = ord(letter)
    if letter == "\t":
        return "    "
    if code < 0x20 or code == 0x7F:
        return "^" + chr(code ^ 0x40)
    return f"<{code:02X}>"
