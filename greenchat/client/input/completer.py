"""Tab: goes through the candidates for the word before the cursor, and shows their list."""

from collections.abc import Callable

from greenchat.client.input.candidates import Completion
from greenchat.client.input.editor import Editor
from greenchat.client.input.spellcheck import SpellChecker
from greenchat.client.state.model import Model

SHOWN = 12  # candidates in the list at once


class Completer:
    """Completes words with Tab. editor: the input line that is completed. Reads: hint. Changes: step, stop."""

    __slots__ = ("_completion", "_editor", "_model", "_proof")

    def __init__(self, model: Model, editor: Callable[[], Editor], proof: SpellChecker) -> None:
        self._model = model
        self._editor = editor
        self._proof = proof
        self._completion: Completion | None = None

    def step(self, step: int) -> None:
        """Take the next candidate (1), or the one before (-1)."""
        editor = self._editor()
        if self._completion:
            self._completion = self._completion.next(step)
        else:
            from greenchat.client.input.completion import complete  # late: it has all commands in it

            self._completion = complete(self._model, editor.line, step) or self._proof.completion(editor.line, step)
        if self._completion:
            editor.replace(self._completion.result)

    def stop(self) -> None:
        """End completion at another key; the candidate in the line stays."""
        self._completion = None

    @property
    def hint(self) -> str:
        """Return the candidates around the current one, which is in brackets; "" without a choice."""
        completion = self._completion
        if completion is None or len(completion.candidates) < 2:
            return ""
        return listed([each.strip() for each in completion.candidates], completion.index)


def listed(names: list[str], chosen: int) -> str:
    """Return `2 of 9: ann [bob] carol ...`: a readable number of names around the chosen one."""
    first = max(0, min(chosen - SHOWN // 2, len(names) - SHOWN))
    shown = names[first : first + SHOWN]
    marked = [f"[{name}]" if first + place == chosen else name for place, name in enumerate(shown)]
    before, behind = "... " * (first > 0), " ..." * (first + SHOWN < len(names))
    return f"{chosen + 1} of {len(names)}: {before}{'  '.join(marked)}{behind}"
