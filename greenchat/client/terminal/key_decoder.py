"""Decodes the terminal's bytes to key names. For their actions see bindings.py.

The decoder takes bytes in any pieces, and knows the sequences of xterm and its relatives, rxvt, the Linux console, tmux
and screen. A lone ESC is the Escape key: the caller waits `ESCAPE_SECONDS` and calls `flush`.
"""

import re

from greenchat.client.state.events import (
    Attributes,
    CellSize,
    Clicked,
    CursorReported,
    DrawsPictures,
    Focused,
    KeyPressed,
    Pasted,
    TerminalBackground,
    TerminalEvent,
    Wheeled,
)
from greenchat.client.text.style import Size

ESCAPE_SECONDS = 0.05

_CONTROL = {"\r": "Enter", "\n": "Enter", "\t": "Tab", "\x7f": "Backspace", "\x1b": "Escape", "\x00": "C-Space"}
_CONTROL |= {"\x1c": "C-\\", "\x1d": "C-]", "\x1e": "C-^", "\x1f": "C-_"}
_LETTERS = {"A": "Up", "B": "Down", "C": "Right", "D": "Left", "H": "Home", "F": "End", "P": "F1", "Q": "F2"}
_LETTERS |= {"R": "F3", "S": "F4", "Z": "S-Tab", "M": "Enter", "E": "Begin"}
_LETTERS |= {"a": "S-Up", "b": "S-Down", "c": "S-Right", "d": "S-Left"}  # rxvt
_NUMBERS = {1: "Home", 2: "Insert", 3: "Delete", 4: "End", 5: "PgUp", 6: "PgDn", 7: "Home", 8: "End"}
_NUMBERS |= dict(zip((11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 23, 24), (f"F{n}" for n in range(1, 13)), strict=True))
_SS3_LETTERS = {"a": "C-Up", "b": "C-Down", "c": "C-Right", "d": "C-Left"}  # rxvt
_MODIFIERS = {2: "S-", 3: "M-", 4: "M-S-", 5: "C-", 6: "C-S-", 7: "M-C-", 8: "M-C-S-", 9: "M-"}
_RXVT_MODIFIERS = {"^": "C-", "@": "C-S-"}

_CSI = re.compile(r"\x1b\[([0-?]*)([ -/]*)([@-~])")
_CSI_BEGUN = re.compile(r"\x1b\[[0-?]*[ -/]*$")
_RXVT_SHIFTED = re.compile(r"\x1b\[([0-9]+)\$")  # `$` ends no other sequence
_LINUX_FUNCTION = re.compile(r"\x1b\[\[([A-E])")
_REPORT = re.compile(r"([2-9]|[1-9][0-9]+);([0-9]+)")  # with a 1 before the semicolon it is F3
_COMMAND = re.compile(r"\x1b\]([0-9]+);([^\x07\x1b]*)(?:\x07|\x1b\\)")  # OSC, in the form of answers
_COMMAND_BEGUN = re.compile(r"\x1b(?:\][0-9]+|_Gi=)[^\x07\x1b]*\x1b?$")
_GRAPHICS = re.compile(r"\x1b_G([^\x1b]*)\x1b\\")  # APC, in the form of kitty's answers
_CELL = re.compile(r"6;([0-9]{1,4});([0-9]{1,4})")  # XTWINOPS 16
_LONGEST_COMMAND = 100
_RGB = re.compile(r"rgba?:([0-9a-fA-F]+)/([0-9a-fA-F]+)/([0-9a-fA-F]+)")
_PASTED_KEYS = re.compile("\x1b\\[(?:(10[69]|105);5u|27;5;(10[69]|105)~)")
_PASTE_BEGINS, _PASTE_ENDS = "\x1b[200~", "\x1b[201~"


class Decoder:
    """Bytes in, keys and pastes out."""

    __slots__ = ("_bytes", "_text")

    def __init__(self) -> None:
        self._bytes = b""  # of an incomplete character
        self._text = ""  # of an incomplete sequence

    @property
    def undecided(self) -> bool:
        """Whether the input so far could be the beginning of a sequence. Not during a paste or an answer of the
        terminal, which have an end of their own.
        """
        return bool(self._text) and not (self._text.startswith(_PASTE_BEGINS) or _COMMAND_BEGUN.match(self._text))

    def feed(self, data: bytes) -> list[TerminalEvent]:
        """Return the keys that are complete now."""
        text, self._bytes = _decode(self._bytes + data)
        self._text += text
        return self._take(final=False)

    def flush(self) -> list[TerminalEvent]:
        """Return the keys of an incomplete sequence that was not continued for a while."""
        if not self.undecided:
            return []
        return self._take(final=True)

    def _take(self, *, final: bool) -> list[TerminalEvent]:
        events: list[TerminalEvent] = []
        position = 0
        text = self._text
        while position < len(text):
            event, end = _next(text, position, final=final)
            if end == position:
                break
            if event is not None:
                events.append(event)
            position = end
        self._text = text[position:]
        return events


def _decode(data: bytes) -> tuple[str, bytes]:
    """Return the complete characters, and the bytes of an incomplete one. Invalid UTF-8 becomes U+FFFD."""
    for length in range(1, min(3, len(data)) + 1):
        lead = data[-length]
        if lead >= 0xC0:
            needs = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
            if needs > length:
                return data[:-length].decode(errors="replace"), data[-length:]
            break
        if lead < 0x80:
            break
    return data.decode(errors="replace"), b""


def _next(text: str, start: int, *, final: bool) -> tuple[TerminalEvent | None, int]:
    """Return the event that begins at start, and its end; start itself if it is incomplete."""
    if text[start] != "\x1b":
        return KeyPressed(_plain(text[start])), start + 1
    if text.startswith(_PASTE_BEGINS, start):
        end = text.find(_PASTE_ENDS, start)
        if end < 0:
            return None, start
        return Pasted(_pasted(text[start + len(_PASTE_BEGINS) : end])), end + len(_PASTE_ENDS)
    rest = text[start:]
    if rest == "\x1b":
        return (KeyPressed("Escape"), start + 1) if final else (None, start)
    if rest[1] == "\x1b":
        # Alt with a special key sends an ESC before it; two Escapes send the same bytes.
        event, end = _next(text, start + 1, final=final)
        if end == start + 1:
            return None, start
        if isinstance(event, KeyPressed) and event.key != "Escape" and not event.key.startswith("M-"):
            return KeyPressed("M-" + event.key), end
        return KeyPressed("Escape"), start + 1
    if rest[1] == "[":
        return _control_sequence(text, start, final=final)
    if rest[1] == "]":
        command = _COMMAND.match(rest)
        if command:
            return _answered(command[1], command[2]), start + command.end()
        if _begins_answer(rest, "\x1b]", final=final):
            return None, start
    if rest[1] == "_":
        answer = _GRAPHICS.match(rest)
        if answer:
            return DrawsPictures(answer[1].endswith(";OK")), start + answer.end()
        if _begins_answer(rest, "\x1b_Gi=", final=final):
            return None, start
    if rest[1] == "O":
        if len(rest) == 2:
            return (KeyPressed("M-O"), start + 2) if final else (None, start)
        name = _SS3_LETTERS.get(rest[2]) or _LETTERS.get(rest[2])
        return (KeyPressed(name), start + 3) if name else (KeyPressed("M-O"), start + 2)
    return KeyPressed("M-" + _plain(rest[1])), start + 2


def _begins_answer(text: str, introducer: str, *, final: bool) -> bool:
    """Whether a text may be the beginning of an answer of the terminal, rather than of keys."""
    if introducer.startswith(text):
        return not final
    return _COMMAND_BEGUN.match(text) is not None and len(text) < _LONGEST_COMMAND


def _control_sequence(text: str, start: int, *, final: bool) -> tuple[TerminalEvent | None, int]:
    linux = _LINUX_FUNCTION.match(text, start)
    if linux:
        return KeyPressed(f"F{ord(linux[1]) - 64}"), linux.end()
    rxvt = _RXVT_SHIFTED.match(text, start)
    if rxvt:
        name = _NUMBERS.get(int(rxvt[1]), "")
        return (KeyPressed("S-" + name) if name else None), rxvt.end()
    match = _CSI.match(text, start)
    if not match:
        if _CSI_BEGUN.match(text, start) and not final:
            return None, start
        return (KeyPressed("M-["), start + 2) if text[start : start + 2] == text[start:] else (None, start + 2)
    parameters, letter = match[1], match[3]
    if parameters == "" and letter in "IO":
        return Focused(letter == "I"), match.end()
    if parameters[:1] == "<" and letter in "Mm":
        return _mouse(parameters[1:], pressed=letter == "M"), match.end()
    report = _REPORT.fullmatch(parameters) if letter == "R" else None
    if report:
        return CursorReported(int(report[1]), int(report[2])), match.end()
    if letter == "c" and parameters[:1] == "?":
        return Attributes(tuple(int(each) for each in parameters[1:].split(";") if each.isdecimal())), match.end()
    cell = _CELL.fullmatch(parameters) if letter == "t" else None
    if cell:
        return CellSize(Size(int(cell[1]), int(cell[2]))), match.end()
    name = _named(parameters, letter) if parameters[:1] not in ("<", "=", ">", "?") else ""
    return (KeyPressed(name) if name else None), match.end()


def _answered(command: str, text: str) -> TerminalEvent | None:
    """Parse an answer to a colour query; 11 is the background: `rgb:RRRR/GGGG/BBBB`, each with one to four digits."""
    colour = _RGB.match(text)
    if command != "11" or not colour:
        return None
    red, green, blue = (int(part, 16) / (16 ** len(part) - 1) for part in colour.groups())
    return TerminalBackground(0.299 * red + 0.587 * green + 0.114 * blue > 0.5)


def _mouse(parameters: str, *, pressed: bool) -> TerminalEvent | None:
    """Parse xterm's SGR reports: `button;column;row`, from 1. The wheel is two more buttons."""
    numbers = [int(number) for number in parameters.split(";") if number.isdecimal()]
    if len(numbers) != 3 or not pressed:
        return None
    button, column, row = numbers
    if button in (64, 65):
        return Wheeled("WheelUp" if button == 64 else "WheelDown", row - 1, column - 1)
    return Clicked(row - 1, column - 1) if button == 0 and row and column else None


def _named(parameters: str, letter: str) -> str:
    numbers = [int(number) if number.isdecimal() else 1 for number in parameters.replace(":", ";").split(";")]
    modifier = _MODIFIERS.get(numbers[1], "") if len(numbers) > 1 else ""
    if letter == "~":
        if numbers[0] == 27 and len(numbers) > 2:  # xterm's modifyOtherKeys
            return _held(modifier, chr(numbers[2]))
        name = _NUMBERS.get(numbers[0], "")
    elif letter in _RXVT_MODIFIERS:
        modifier, name = _RXVT_MODIFIERS[letter], _NUMBERS.get(numbers[0], "")
    elif letter == "u":  # the kitty protocol and xterm's formatOtherKeys
        return _held(modifier, chr(numbers[0])) if 0 < numbers[0] < 0x110000 else ""
    else:
        name = _LETTERS.get(letter, "")
    return modifier + name if name else ""


def _held(modifier: str, character: str) -> str:
    """Return a character's key with modifiers. Ctrl with I, J, M or [ is Tab, Enter or Esc, as in old terminals."""
    if modifier == "C-" and character in "ijm[":
        return _CONTROL[chr(ord(character) & 0x1F)]
    return modifier + _plain(character)


def _plain(character: str) -> str:
    if character in _CONTROL:
        return _CONTROL[character]
    if character < " ":
        return "C-" + chr(ord(character) + 96)
    return character


def _pasted(text: str) -> str:
    """Return the text of a paste. tmux sends its line ends as keys (`extended-keys on`): Ctrl-J and Ctrl-M."""
    text = _PASTED_KEYS.sub(lambda match: chr(int(match[1] or match[2]) - 96), text)
    return text.replace("\r\n", "\n").replace("\r", "\n")
