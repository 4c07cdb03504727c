"""The misspelt words of the input line, to be underlined, and their corrections by Tab."""

import re
from collections.abc import Iterator
from typing import Protocol

from greenchat.client.input.candidates import Completion
from greenchat.client.input.editor import InputLine
from greenchat.client.state.model import Model

Spans = tuple[tuple[int, int], ...]


class Checker(Protocol):
    """The interface of `dictionaries.Dictionaries`, which is imported late."""

    def words(self, text: str) -> Iterator[re.Match[str]]:
        """Return the words that can be misspelt."""

    def knows(self, word: str) -> bool:
        """Whether this word is spelt correctly."""

    def suggestions(self, word: str) -> list[str]:
        """Return corrections of a word."""


class SpellChecker:
    """Marks misspelt words in the input line. Reads: misspelt, completion. Changes: look."""

    __slots__ = ("_dictionaries", "_languages", "_model", "_spans", "_text")

    def __init__(self, model: Model) -> None:
        self._model = model
        self._languages = ""
        self._dictionaries: Checker | None = None
        self._text = ""
        self._spans: Spans = ()

    def look(self, line: InputLine, now: int) -> None:
        """Find the misspelt words of a line; the one that is being typed is not judged yet."""
        languages = str(self._model.settings.get("spelling"))
        if languages != self._languages:
            self._languages = languages
            self._load(now)
        self._text = line.text
        self._spans = ()
        if self._dictionaries and line.text:
            words = self._dictionaries.words(line.text)
            self._spans = tuple(word.span() for word in words if word.end() != line.cursor and self._wrong(word[0]))

    def misspelt(self, line: InputLine) -> Spans:
        """Return the positions of the line's misspelt words, as far as it was checked."""
        return self._spans if line.text == self._text else ()

    def completion(self, line: InputLine, step: int) -> Completion | None:
        """Return corrections of the misspelt word before the cursor."""
        if self._dictionaries is None:
            return None
        word = next((word for word in self._dictionaries.words(line.text) if word.end() == line.cursor), None)
        if word is None or not self._wrong(word[0]):
            return None
        suggestions = self._dictionaries.suggestions(word[0])
        if not suggestions:
            return None
        before, after = line.text[: word.start()], line.text[word.end() :]
        return Completion(before, after, tuple(suggestions), 0 if step > 0 else len(suggestions) - 1)

    def _load(self, now: int) -> None:
        self._dictionaries = None
        if self._languages:
            from greenchat.client.input.dictionaries import Dictionaries, SpellingError

            try:
                self._dictionaries = Dictionaries(self._languages)
            except SpellingError as error:
                self._model.complain(self._model.network, str(error), now)

    def _wrong(self, word: str) -> bool:
        assert self._dictionaries
        return not (self._dictionaries.knows(word) or self._is_name(word))

    def _is_name(self, word: str) -> bool:
        """Whether a word is the nick of a member, or was added by the user."""
        buffer, accepted = self._model.current, self._model.settings.get("spelling.words")
        fold = buffer.network.fold
        names = [buffer.name, buffer.network.nicks.current, *(accepted if isinstance(accepted, list) else [])]
        return buffer.member(word) is not None or fold(word) in map(fold, names)
