"""Text formatting inside messages: the mIRC codes to spans of format and back.

Both directions are total: any text parses, and `format_spans(parse_spans(text))` looks the same as `text`. Colours are
numbers here; the client chooses their looks.

https://modern.ircdocs.horse/formatting
"""

import re
from collections.abc import Iterable

from greenchat.records import record, replace

BOLD = "\x02"
COLOUR = "\x03"
HEX_COLOUR = "\x04"
RESET = "\x0f"
MONOSPACE = "\x11"
REVERSE = "\x16"
ITALIC = "\x1d"
STRIKETHROUGH = "\x1e"
UNDERLINE = "\x1f"

DEFAULT_COLOUR = 99

_CODES = re.compile("[\x02\x03\x04\x0f\x11\x16\x1d\x1e\x1f]")
_COLOUR_ARGUMENTS = re.compile(r"(?:([0-9]{1,2})(?:,([0-9]{1,2}))?)?")
_HEX_ARGUMENTS = re.compile(r"(?:([0-9A-Fa-f]{6})(?:,([0-9A-Fa-f]{6}))?)?")


@record(frozen=True, slots=True)
class Format:
    """The format of a stretch of text.

    foreground, background: None for the default, a number 0-98 of the mIRC palette, or "rrggbb".
    """

    bold: bool = False
    italic: bool = False
    underline: bool = False
    strikethrough: bool = False
    monospace: bool = False
    reverse: bool = False
    foreground: int | str | None = None
    background: int | str | None = None


PLAIN = Format()

_TOGGLES = {
    BOLD: "bold",
    ITALIC: "italic",
    UNDERLINE: "underline",
    STRIKETHROUGH: "strikethrough",
    MONOSPACE: "monospace",
    REVERSE: "reverse",
}

FormattedSpan = tuple[str, Format]


def parse_spans(text: str) -> list[FormattedSpan]:
    """Return the text without its codes, cut where the format changes: no piece is empty or like the one before."""
    if not _CODES.search(text):
        return [(text, PLAIN)] if text else []
    spans: list[FormattedSpan] = []
    current = PLAIN
    position = 0
    while position < len(text):
        code = _CODES.search(text, position)
        end = code.start() if code else len(text)
        if end > position:
            _append(spans, text[position:end], current)
        if not code:
            break
        current, position = _after_code(text, code.end(), code[0], current)
    return spans


def format_spans(spans: Iterable[FormattedSpan]) -> str:
    """Return a text with as few codes as make these spans."""
    parts: list[str] = []
    current = PLAIN
    for text, wanted in spans:
        if not text:
            continue
        parts.append(_change(current, wanted, text))
        parts.append(text)
        current = wanted
    return "".join(parts)


def strip_formatting(text: str) -> str:
    """Return the text without its codes."""
    return "".join(part for part, _ in parse_spans(text))


def _append(spans: list[FormattedSpan], text: str, look: Format) -> None:
    if spans and spans[-1][1] == look:
        text = spans.pop()[0] + text
    spans.append((text, look))


def _after_code(text: str, position: int, code: str, current: Format) -> tuple[Format, int]:
    if code == RESET:
        return PLAIN, position
    if code in _TOGGLES:
        name = _TOGGLES[code]
        return replace(current, **{name: not getattr(current, name)}), position
    arguments = (_COLOUR_ARGUMENTS if code == COLOUR else _HEX_ARGUMENTS).match(text, position)
    assert arguments  # the pattern also matches nothing at all
    foreground, background = arguments[1], arguments[2]
    if foreground is None:
        return replace(current, foreground=None, background=None), arguments.end()
    changed = replace(current, foreground=_colour(code, foreground))
    if background is not None:
        changed = replace(changed, background=_colour(code, background))
    return changed, arguments.end()


def _colour(code: str, digits: str) -> int | str | None:
    if code == HEX_COLOUR:
        return digits.lower()
    return None if int(digits) == DEFAULT_COLOUR else int(digits)


def _change(current: Format, wanted: Format, text: str) -> str:
    if wanted == PLAIN:
        return "" if current == PLAIN else RESET
    codes = []
    if current != PLAIN and _loses_colour(current, wanted):
        codes.append(RESET)
        current = PLAIN
    codes += [code for code, name in _TOGGLES.items() if getattr(current, name) != getattr(wanted, name)]
    colours = _colour_code(current, wanted)
    codes += colours
    # "the last <COLOR> MUST use the two-digit version" saves digits, but a text that begins with a comma and a digit
    # would be read as a background: two bolds in between cancel each other out.
    if colours and text[0] == ",":
        codes += [BOLD, BOLD]
    return "".join(codes)


def _loses_colour(current: Format, wanted: Format) -> bool:
    return (current.foreground is not None and wanted.foreground is None) or (
        current.background is not None and wanted.background is None
    )


def _colour_code(current: Format, wanted: Format) -> list[str]:
    changed_foreground = current.foreground != wanted.foreground
    changed_background = current.background != wanted.background
    if not (changed_foreground or changed_background):
        return []
    foreground, background = wanted.foreground, wanted.background
    codes = []
    if changed_background and background is not None:
        if isinstance(background, str):
            # A background needs a foreground; if that is not hexadecimal, too, it is set again below.
            codes.append(f"{HEX_COLOUR}{foreground if isinstance(foreground, str) else 'ffffff'},{background}")
            if not isinstance(foreground, str):
                codes.append(f"{COLOUR}{DEFAULT_COLOUR if foreground is None else foreground:02}")
        else:
            number = foreground if isinstance(foreground, int) else DEFAULT_COLOUR
            codes.append(f"{COLOUR}{number:02},{background:02}")
            if isinstance(foreground, str):
                codes.append(f"{HEX_COLOUR}{foreground}")
    elif isinstance(foreground, str):
        codes.append(f"{HEX_COLOUR}{foreground}")
    elif foreground is not None:
        codes.append(f"{COLOUR}{foreground:02}")
    return codes
