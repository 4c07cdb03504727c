"""Hunspell's dictionaries, by chunspell (the extra `spelling`), for marking misspelt words.

Off unless `/set spelling` names languages: a dictionary takes ten megabytes, and some 60 ms to load.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Protocol

from greenchat.client.state.paths import typed_path

FOLDERS = (
    "~/.local/share/hunspell",
    "/usr/share/hunspell",
    "/usr/share/myspell",
    "/usr/share/myspell/dicts",
    "/usr/local/share/hunspell",
    "/opt/homebrew/share/hunspell",
    "~/Library/Spelling",
    "/Library/Spelling",
)
MOST_SUGGESTIONS = 9
LONGEST_WORD = 64  # letters; longer strings are not words

_TOKEN = re.compile(r"\S+")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_NO_WORDS = re.compile(r"[/@#\\_~$%^=<>|{}\d]|\w[:.]\w|^:\w+:$|^:")  # links, paths, channels, code, :emoji:


class SpellingError(Exception):
    """No dictionary is available; the text is the reason, for the user."""


class _Dictionary(Protocol):
    def spell(self, word: str) -> bool: ...

    def suggest(self, word: str) -> tuple[str, ...]: ...


def words(text: str) -> Iterator[re.Match[str]]:
    """Yield the words of a line to be checked: not links, channel names, code or commands."""
    if text.startswith("/") and not text.startswith(("//", "/me ", "/say ")):
        return
    for token in _TOKEN.finditer(text):
        bare = token[0].rstrip(",.;:!?)\"'")
        if not _NO_WORDS.search(bare) and not (token.start() == 0 and token[0].startswith("/")):
            yield from _WORD.finditer(text, token.start(), token.end())


class Dictionaries:
    """The dictionaries of several languages: a word is right if one of them has it.

    languages: like `en_US de_DE`, or `auto` for the machine's. Raises SpellingError.
    """

    def __init__(self, languages: str) -> None:
        try:
            import hunspell  # late: rarely needed
        except ImportError as error:
            from greenchat import extras

            needed = f"Spell checking needs one more package: {extras.install(extras.SPELLING)}"
            raise SpellingError(needed) from error
        own = Path(hunspell.__file__).parent / "dictionaries"
        folders = [*os.environ.get("DICPATH", "").split(":"), *FOLDERS]
        folder_of = _folders_by_language([*(typed_path(folder) for folder in folders if folder), own])
        self._known: dict[str, bool] = {}
        self._dictionaries: list[_Dictionary] = []
        for wanted in languages.split():
            language = _language(wanted, folder_of)
            self._dictionaries.append(hunspell.Hunspell(language, hunspell_data_dir=str(folder_of[language])))

    def words(self, text: str) -> Iterator[re.Match[str]]:
        """Yield the words of a line that can be misspelt."""
        return words(text)

    def knows(self, word: str) -> bool:
        """Whether this word is spelt correctly."""
        if word not in self._known:
            self._known[word] = len(word) > LONGEST_WORD or any(_spelt(each, word) for each in self._dictionaries)
        return self._known[word]

    def suggestions(self, word: str) -> list[str]:
        """Return corrections, the likeliest first. Takes up to a few tenths of a second."""
        by_dictionary: list[tuple[str, ...]] = []
        for each in self._dictionaries:
            with contextlib.suppress(UnicodeError):  # written in letters that this language does not have
                by_dictionary.append(each.suggest(word))
        in_turn = [suggestion for rank in zip_longest(*by_dictionary) for suggestion in rank if suggestion]
        return list(dict.fromkeys(in_turn))[:MOST_SUGGESTIONS]


def _spelt(dictionary: _Dictionary, word: str) -> bool:
    try:
        return dictionary.spell(word.replace("\u2019", "'"))
    except UnicodeError:
        return False


def _folders_by_language(folders: list[Path]) -> dict[str, Path]:
    """Return the folder of each language's dictionary: the first one that has it."""
    folder_of: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.dic")):
            if path.with_suffix(".aff").exists():
                folder_of.setdefault(path.stem, folder)
    return folder_of


def _language(wanted: str, known_in: dict[str, Path]) -> str:
    if wanted == "auto":
        wanted = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
        wanted = wanted.partition(".")[0]
        if wanted in ("", "C", "POSIX"):
            wanted = "en_US"
    wanted = wanted.replace("-", "_")
    for language in known_in:
        if language.replace("-", "_") == wanted or language.partition("_")[0] == wanted:
            return language
    known = f"there are {', '.join(sorted(known_in))}" if known_in else "there are none"
    raise SpellingError(
        f"There is no dictionary for {wanted} ({known}). Systems have them as packages like hunspell-de-de."
    )
