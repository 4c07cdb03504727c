"""The input line: a grapheme-aware emacs editor with history, undo and a kill ring.

A line is a value (text and cursor); every edit makes a new one. So undo is a list of lines, a draft is a saved line,
and tests are pictures: `foo, |bar`.
"""

import re
from collections.abc import Callable

from greenchat.client.text.cells import graphemes
from greenchat.records import record

UNDO_STEPS = 200
HISTORY_LINES = 1000
_WORD = re.compile(r"\w+")
_WORD_RIGHT = re.compile(r"\W*\w*")
_WORD_LEFT = re.compile(r"\w*\W*$")
_BLANK_WORD_LEFT = re.compile(r"\S*\s*$")


@record(frozen=True, slots=True)
class InputLine:
    """A line of input. cursor: an index into the text, between two graphemes."""

    text: str = ""
    cursor: int = 0

    @property
    def before(self) -> str:
        """The text left of the cursor."""
        return self.text[: self.cursor]

    @property
    def after(self) -> str:
        """The text right of the cursor."""
        return self.text[self.cursor :]

    def picture(self) -> str:
        """Return the text with a bar in place of the cursor."""
        return f"{self.before}|{self.after}"


EMPTY = InputLine()


def joined(before: str, after: str) -> InputLine:
    """Return a line with its cursor between both texts, or after a grapheme that they form together."""
    text = before + after
    cursor = len(before)
    if text.isascii() or not before or not after:
        return InputLine(text, cursor)
    position = 0
    for grapheme in graphemes(text):
        if position >= cursor:
            break
        position += len(grapheme)
    return InputLine(text, position)


class Editor:
    """An input line with its history, undo and completion. line: the present input.

    Reads: line. Changes: insert, replace, submit, load, and the commands in COMMANDS.
    """

    __slots__ = ("_history", "_kills", "_last", "_new", "_recalled", "_redo", "_undo", "line")

    def __init__(self, line: InputLine = EMPTY, history: list[str] | None = None) -> None:
        self.line = line
        self._history: list[str] = history if history is not None else []
        self._recalled: int | None = None  # which line of history is shown
        self._new = EMPTY  # the input before browsing the history
        self._undo: list[InputLine] = []
        self._redo: list[InputLine] = []
        self._kills: list[str] = []
        self._last = ""  # the kind of the last edit: kills join, typed letters are undone together

    @property
    def text(self) -> str:
        """Return the text of the line."""
        return self.line.text

    @property
    def history(self) -> tuple[str, ...]:
        """The entered lines, oldest first."""
        return tuple(self._history)

    def insert(self, text: str) -> None:
        """Put text at the cursor."""
        self._change(joined(self.line.before + text, self.line.after), "typed" if len(text) == 1 else "pasted")

    def replace(self, line: InputLine) -> None:
        """Replace the line; undo restores it."""
        self._change(line, "replaced")

    def load(self, line: InputLine) -> None:
        """Replace the line by another draft, with nothing to undo."""
        self.line = line
        self._undo.clear()
        self._redo.clear()
        self._recalled = None
        self._last = ""

    def submit(self, *, remember: bool = True) -> str:
        """Take the line out, remember it in the history unless it is secret, and leave an empty one."""
        text = self.line.text
        if remember and text.strip() and (not self._history or self._history[-1] != text):
            self._history.append(text)
            del self._history[:-HISTORY_LINES]
        self.load(EMPTY)
        return text

    def run(self, name: str) -> bool:
        """Run a command of COMMANDS; False if there is none of this name."""
        command = COMMANDS.get(name)
        if command is None:
            return False
        command(self)
        return True

    # movement

    def move(self, cursor: int) -> None:
        """Put the cursor at a place in the text, between the graphemes there."""
        self._move(cursor)

    def left(self) -> None:
        """Move one character to the left."""
        self._move(len(self.line.before) - len(_last(self.line.before)))

    def right(self) -> None:
        """Move one character to the right."""
        self._move(self.line.cursor + len(_first(self.line.after)))

    def word_left(self) -> None:
        """Go to the beginning of the word."""
        self._move(_start(_WORD_LEFT, self.line.before))

    def word_right(self) -> None:
        """Go to the end of the word."""
        self._move(self.line.cursor + _end(_WORD_RIGHT, self.line.after))

    def home(self) -> None:
        """Go to the beginning of the line."""
        self._move(self.line.before.rfind("\n") + 1)

    def end(self) -> None:
        """Go to the end of the line."""
        self._move(self.line.cursor + len(self.line.after.partition("\n")[0]))

    # deleting

    def backspace(self) -> None:
        """Delete the character to the left."""
        before = self.line.before
        self._change(joined(before[: len(before) - len(_last(before))], self.line.after), "deleted")

    def delete(self) -> None:
        """Delete the character under the cursor."""
        after = self.line.after
        self._change(joined(self.line.before, after[len(_first(after)) :]), "deleted")

    def kill_word_left(self) -> None:
        """Cut to the beginning of the word."""
        self._kill_left(_start(_WORD_LEFT, self.line.before))

    def kill_blank_word_left(self) -> None:
        """Cut back to the last space."""
        self._kill_left(_start(_BLANK_WORD_LEFT, self.line.before))

    def kill_word_right(self) -> None:
        """Cut to the end of the word."""
        self._kill_right(_end(_WORD_RIGHT, self.line.after))

    def kill_to_start(self) -> None:
        """Cut to the beginning of the line, and from there into the line above."""
        start = self.line.before.rfind("\n") + 1
        self._kill_left(start if start < self.line.cursor else max(0, start - 1))

    def kill_to_end(self) -> None:
        """Cut to the end of the line, and from there the line break."""
        self._kill_right(len(self.line.after.partition("\n")[0]) or 1)

    def kill_line(self) -> None:
        """Cut the whole line."""
        text = self.line.text
        if text:
            self._change(EMPTY, "killed")
            self._keep(text)

    def yank(self) -> None:
        """Insert the last cut text."""
        if self._kills:
            self._change(joined(self.line.before + self._kills[-1], self.line.after), "yanked")

    def yank_older(self) -> None:
        """Replace the text of the yank just made by the previous cut."""
        if self._last == "yanked" and len(self._kills) > 1 and self.line.before.endswith(self._kills[-1]):
            before = self.line.before.removesuffix(self._kills[-1])
            self._kills.insert(0, self._kills.pop())
            self._change(joined(before + self._kills[-1], self.line.after), "yanked")

    def transpose(self) -> None:
        """Swap the two characters around the cursor."""
        before, after = self.line.before, self.line.after
        if not after:
            after = _last(before)
            before = before[: len(before) - len(after)]
        left, right = _last(before), _first(after)
        if left and right:
            self._change(joined(before[: len(before) - len(left)] + right + left, after[len(right) :]), "swapped")

    def transpose_words(self) -> None:
        """Swap the word before the cursor and the one at or after it."""
        text = self.line.text
        words = list(_WORD.finditer(text))
        behind = next((index for index, word in enumerate(words) if word.end() > self.line.cursor), len(words) - 1)
        if behind > 0:
            first, second = words[behind - 1], words[behind]
            swapped = second[0] + text[first.end() : second.start()] + first[0]
            self._change(joined(text[: first.start()] + swapped, text[second.end() :]), "swapped")

    def upcase_word(self) -> None:
        """Change the word after the cursor to upper case."""
        self._rewrite_word(str.upper)

    def downcase_word(self) -> None:
        """Change the word after the cursor to lower case."""
        self._rewrite_word(str.lower)

    def capitalize_word(self) -> None:
        """Capitalize the word after the cursor."""
        self._rewrite_word(str.capitalize)

    def _rewrite_word(self, write: Callable[[str], str]) -> None:
        end = _end(_WORD_RIGHT, self.line.after)
        word = _WORD.search(self.line.after[:end])
        if word:
            before = self.line.before + self.line.after[: word.start()] + write(word[0])
            self._change(joined(before, self.line.after[end:]), "rewritten")

    # going back

    def undo(self) -> None:
        """Undo the last change."""
        if self._undo:
            self._redo.append(self.line)
            self.line = self._undo.pop()
            self._last = ""

    def redo(self) -> None:
        """Redo the last undone change."""
        if self._redo:
            self._undo.append(self.line)
            self.line = self._redo.pop()
            self._last = ""

    def older(self) -> None:
        """Go to the line above, or from the first line to the previous entry of the history."""
        if "\n" in self.line.before:
            self._move_rows(-1)
            return
        if self._recalled is None:
            if not self._history:
                return
            self._new = self.line
            self._recalled = len(self._history)
        if self._recalled > 0:
            self._recall(self._recalled - 1)

    def newer(self) -> None:
        """Go to the line below, or from the last line to the next entry of the history, and finally to the unfinished
        input.
        """
        if "\n" in self.line.after:
            self._move_rows(1)
            return
        if self._recalled is None:
            return
        if self._recalled + 1 < len(self._history):
            self._recall(self._recalled + 1)
        else:
            self.load(self._new)

    def _move_rows(self, step: int) -> None:
        rows = self.line.text.split("\n")
        row = self.line.before.count("\n")
        column = len(self.line.before) - (self.line.before.rfind("\n") + 1)
        target = row + step
        self._move(sum(len(above) + 1 for above in rows[:target]) + min(column, len(rows[target])))

    def _recall(self, number: int) -> None:
        text = self._history[number]
        self.load(InputLine(text, len(text)))
        self._recalled = number

    def _move(self, cursor: int) -> None:
        text = self.line.text
        self.line = joined(text[:cursor], text[cursor:])
        self._last = ""

    def _change(self, line: InputLine, kind: str) -> None:
        if line == self.line:
            return
        starts_word = kind == "typed" and line.before[-1:] == " "
        if kind != self._last or kind != "typed" or starts_word:
            self._undo.append(self.line)
            del self._undo[:-UNDO_STEPS]
        self._redo.clear()
        self.line = line
        self._last = kind

    def _kill_left(self, start: int) -> None:
        before = self.line.before
        if before[start:]:
            joins = self._last == "killed"
            self._change(joined(before[:start], self.line.after), "killed")
            self._keep(before[start:] + (self._kills.pop() if joins and self._kills else ""))

    def _kill_right(self, length: int) -> None:
        after = self.line.after
        if after[:length]:
            joins = self._last == "killed"
            self._change(joined(self.line.before, after[length:]), "killed")
            self._keep((self._kills.pop() if joins and self._kills else "") + after[:length])

    def _keep(self, killed: str) -> None:
        self._kills.append(killed)
        del self._kills[:-20]


COMMANDS: dict[str, Callable[[Editor], None]] = {
    method.__name__.replace("_", " "): method
    for method in (
        Editor.left,
        Editor.right,
        Editor.word_left,
        Editor.word_right,
        Editor.home,
        Editor.end,
        Editor.backspace,
        Editor.delete,
        Editor.kill_word_left,
        Editor.kill_blank_word_left,
        Editor.kill_word_right,
        Editor.kill_to_start,
        Editor.kill_to_end,
        Editor.kill_line,
        Editor.yank,
        Editor.yank_older,
        Editor.transpose,
        Editor.transpose_words,
        Editor.upcase_word,
        Editor.downcase_word,
        Editor.capitalize_word,
        Editor.undo,
        Editor.redo,
        Editor.older,
        Editor.newer,
    )
}


def _first(text: str) -> str:
    return graphemes(text[:64])[0] if text else ""


def _last(text: str) -> str:
    return graphemes(text)[-1] if text else ""


def _start(pattern: re.Pattern[str], before: str) -> int:
    match = pattern.search(before)
    return match.start() if match else len(before)


def _end(pattern: re.Pattern[str], after: str) -> int:
    match = pattern.match(after)
    return match.end() if match else 0
