"""Modes that temporarily replace the input line: searching messages, searching the input history, a question.

A mode gets every key first; a key that it does not use ends it and goes to the editor.
"""

from collections.abc import Callable, Iterator
from itertools import dropwhile
from typing import Protocol

from greenchat.client.input.editor import COMMANDS, EMPTY, Editor, InputLine
from greenchat.client.irc import server_search
from greenchat.client.state.bindings import KEYS
from greenchat.client.state.lines import Anchor
from greenchat.client.state.model import Buffer, Model
from greenchat.client.text.cells import visible
from greenchat.protocol.formatting import strip_formatting

DONE, STAYS, LEFT = "done", "stays", "left"  # ended; continues; ended without using the key
CANCEL = frozenset({"Escape", "C-g", "C-c"})
SERVER = "the server"
NOT_TYPED = "Nothing found in what you typed. Escape goes back."
# The editor's keys for lines that are not messages: all except those that leave the line.
EDITS = {key: action for key, action in KEYS.items() if action in COMMANDS and action not in ("older", "newer")}


def edit(editor: Editor, key: str) -> bool:
    """Edit a line that is not a message with a key; return whether the key has a function."""
    if len(key) == 1:
        editor.insert(key)
        return True
    return key in EDITS and editor.run(EDITS[key])


class Mode(Protocol):
    """The meaning of keys at the moment.

    prompt, line: for the input row; hint: for the status row; marked: text to highlight in messages.
    """

    @property
    def prompt(self) -> str:
        """The prompt before the line."""

    @property
    def line(self) -> InputLine:
        """The line in the input row."""

    @property
    def hint(self) -> str:
        """The hint: what the keys do."""

    @property
    def marked(self) -> str:
        """Return the text to highlight on the screen."""

    @property
    def selected(self) -> int | None:
        """The number of the line that the message cursor is on."""

    def key(self, key: str) -> str:
        """Take a key, and return DONE, STAYS or LEFT."""

    def paste(self, text: str) -> None:
        """Handle pasted text."""


class Search:
    """Search as you type, from the newest line to older ones, in this window or (Tab) in all, or on the server.

    scroll_to: scrolls a line of the current buffer to the middle of the screen. text: the initial text.
    """

    def __init__(self, model: Model, scroll_to: Callable[[int], None], text: str = "") -> None:
        self._model = model
        self._scroll_to = scroll_to
        self._editor = Editor()
        self._origin = model.current
        self._places = {model.current: _place(model.current)}  # positions of scrolled windows, to restore them
        self._scope = "this window"
        self._match: tuple[Buffer, int] | None = None
        if text:
            self.paste(text)

    prompt = "search: "
    selected: int | None = None

    @property
    def line(self) -> InputLine:
        """The text that is searched for."""
        return self._editor.line

    @property
    def marked(self) -> str:
        """The searched text, to be highlighted."""
        return self._editor.text

    @property
    def hint(self) -> str:
        """The scope of the search, and the keys."""
        scope = self._scope
        if scope == SERVER:
            return "Enter searches the server's history (Tab changes where), Escape goes back."
        missing = "nothing found" if self._editor.text and not self._match else "Ctrl-F older, Down newer"
        return f"{missing} ({scope}; Tab changes). Enter stays here, Escape goes back."

    def key(self, key: str) -> str:
        """Handle a key: letters extend the searched text, Ctrl-F and Up find older matches, Down newer ones."""
        if key in CANCEL:
            self._go_back()
            return DONE
        if key == "Enter":
            self._put_back(self._model.current)
            if self._scope == SERVER and self._editor.text.strip():
                server_search.ask(self._origin.network, self._editor.text.strip())
            return DONE
        before = self._editor.text
        if key in ("C-f", "C-r", "Up"):
            self._show(next(self._older(), self._match))
        elif key in ("C-s", "Down"):
            self._show(next(self._newer(), self._match))
        elif key == "Tab":
            scopes = ["this window", "all windows", *[SERVER] * server_search.can_search(self._origin.network)]
            self._scope = scopes[(scopes.index(self._scope) + 1) % len(scopes)]
            self._restart()
        elif edit(self._editor, key):
            if self._editor.text != before:
                self._restart(narrowed=bool(before) and self._editor.text.startswith(before))
        else:
            self._put_back(self._model.current)
            return LEFT
        return STAYS

    def paste(self, text: str) -> None:
        """Search for what was pasted."""
        self._editor.insert(text.split("\n")[0])
        self._restart()

    def _restart(self, *, narrowed: bool = False) -> None:
        """Search again from the newest line. narrowed: whether the text was extended, so that no newer one matches."""
        place, self._match = self._match if narrowed else None, None
        self._go_back()
        if self._editor.text and self._scope != SERVER and (place or not narrowed):
            self._show(next(self._older(place), None))

    def _go_back(self) -> None:
        self._model.show(self._origin)
        self._put_back(None)

    def _put_back(self, but: Buffer | None) -> None:
        """Restore the positions of the windows, except for the one where the search ends."""
        for buffer, place in self._places.items():
            if buffer is not but:
                buffer.anchor, buffer.cleared = place

    def _show(self, place: tuple[Buffer, int] | None) -> None:
        if place:
            self._match = place
            self._places.setdefault(place[0], _place(place[0]))
            self._model.show(place[0])
            self._scroll_to(place[1])

    def _buffers(self) -> list[Buffer]:
        """Return the buffers to search, beginning with that of the start."""
        if self._scope != "all windows":
            return [self._origin]
        buffers = self._model.buffers
        start = buffers.index(self._origin)
        return buffers[start:] + buffers[:start]

    def _older(self, start: tuple[Buffer, int] | None = None) -> Iterator[tuple[Buffer, int]]:
        """Yield matching lines: after the found one, or from another line on, including it."""
        places = ((each, number) for each in self._buffers() for number in range(each.end - 1, each.first - 1, -1))
        return self._after_match(dropwhile(lambda place: start not in (None, place), places))

    def _newer(self) -> Iterator[tuple[Buffer, int]]:
        places = ((each, number) for each in reversed(self._buffers()) for number in range(each.first, each.end))
        return self._after_match(places)

    def _after_match(self, places: Iterator[tuple[Buffer, int]]) -> Iterator[tuple[Buffer, int]]:
        wanted = self._editor.text.casefold()
        passed = self._match is None
        for buffer, number in places:
            if passed and wanted and wanted in searchable(buffer, number):
                yield buffer, number
            passed = passed or (buffer, number) == self._match


def searchable(buffer: Buffer, number: int) -> str:
    """Return the text of a line for comparison: without formatting and case, after the nick."""
    line = buffer.line(number)
    return f"{line.nick} {visible(strip_formatting(line.text))}".casefold()


def _place(buffer: Buffer) -> tuple[Anchor | None, int]:
    return buffer.anchor, buffer.cleared


class HistorySearch:
    """Ctrl-R: the newest line of the input history that contains the typed text; Ctrl-R again an older one.

    take: called with the chosen line, to be edited or sent.
    """

    def __init__(self, history: tuple[str, ...], take: Callable[[InputLine], None]) -> None:
        self._history = history
        self._take = take
        self._wanted = ""
        self._index = len(history)
        self._missing = False

    marked = ""
    selected: int | None = None

    @property
    def prompt(self) -> str:
        """The text that is searched for."""
        return f"history ({self._wanted}): "

    @property
    def line(self) -> InputLine:
        """The line that was found."""
        if self._index >= len(self._history):
            return EMPTY
        text = self._history[self._index]
        return InputLine(text, text.casefold().find(self._wanted.casefold()))

    @property
    def hint(self) -> str:
        """The hint: what the keys do."""
        if self._missing:
            return "Nothing older matches. Escape goes back." if self._index < len(self._history) else NOT_TYPED
        return "Ctrl-R older. Enter uses the line, Escape goes back."

    def key(self, key: str) -> str:
        """Search for typed letters; a key of the editor takes the line and edits it."""
        if key in CANCEL:
            return DONE
        if key in ("C-r", "Up"):
            self._find(self._index - 1)
        elif key in ("Backspace", "C-h", "C-w", "M-Backspace", "C-u", "C-k"):
            self._wanted = self._wanted[:-1] if key in ("Backspace", "C-h") else ""
            self._find(len(self._history) - 1)
        elif len(key) == 1:
            self._wanted += key
            self._find(min(self._index, len(self._history) - 1))
        else:
            if self._index < len(self._history):
                self._take(InputLine(self._history[self._index], len(self._history[self._index])))
            return DONE if key in ("Enter", "Tab") else LEFT
        return STAYS

    def paste(self, text: str) -> None:
        """Search for what was pasted."""
        self._wanted += text.split("\n")[0]
        self._find(len(self._history) - 1)

    def _find(self, start: int) -> None:
        wanted = self._wanted.casefold()
        for index in range(start, -1, -1):
            if wanted in self._history[index].casefold():
                self._index = index
                self._missing = False
                return
        self._missing = True
        if self._index < len(self._history) and wanted not in self._history[self._index].casefold():
            self._index = len(self._history)


class PasteGuard:
    """Ask before many lines are sent. answer: called with "one", "lines", "edit" or not at all. one: offer "one", too.

    prompt: the question.
    """

    marked = ""
    selected: int | None = None
    line = EMPTY

    def __init__(self, prompt: str, answer: Callable[[str], None], *, one: bool) -> None:
        self.prompt = prompt
        self._one = one
        self._answer = answer
        self._word = ""  # input that was entered as a line

    @property
    def hint(self) -> str:
        """The answers."""
        rest = "e edits them first, Escape or c discards them."
        if self._one:
            return f"Enter sends them as one message, s as lines, {rest}"
        return f"Enter or s sends them as lines, {rest}"

    def key(self, key: str) -> str:
        """Answer by one letter."""
        if key == "Enter":
            key, self._word = self._word or key, ""
        if key in ("Enter", "y"):
            self._answer("one" if self._one else "lines")
        elif key == "s":
            self._answer("lines")
        elif key == "e":
            self._answer("edit")
        elif key not in CANCEL and key not in ("c", "n"):
            return STAYS
        return DONE

    def paste(self, text: str) -> None:
        """Take a line as the letter if the terminal edits lines; otherwise ignore pasted text."""
        self._word = text.strip()
