"""Candidates for the word before the cursor, one after another."""

from greenchat.client.input.editor import InputLine
from greenchat.records import record


@record(frozen=True, slots=True)
class Completion:
    """A word with its candidates. result: the line with the current candidate."""

    before: str
    after: str
    candidates: tuple[str, ...]
    index: int

    @property
    def result(self) -> InputLine:
        """The line with the current candidate in it."""
        text = self.before + self.candidates[self.index]
        return InputLine(text + self.after, len(text))

    def next(self, step: int) -> "Completion":
        """Return the next candidate (1) or the one before (-1)."""
        index = (self.index + step) % len(self.candidates)
        return Completion(self.before, self.after, self.candidates, index)
