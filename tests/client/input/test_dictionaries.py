"""Spell checking of the input line: what is misspelt, how it looks, and what Tab suggests."""

import sys
from pathlib import Path

import pytest

from greenchat.client.input.dictionaries import Dictionaries, SpellingError, words
from greenchat.client.view.theme import DARK
from tests.client.world import World

pytest.importorskip("hunspell", reason="chunspell has no wheel for this Python")


@pytest.fixture
def with_spellcheck(tea: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Make a client in #tea with a dictionary of three words."""
    monkeypatch.setenv("DICPATH", str(tmp_path))
    (tmp_path / "xx_XX.aff").write_text("SET UTF-8\nTRY käs\n")
    (tmp_path / "xx_XX.dic").write_text("3\nKäse\ntee\nTee's\n", encoding="utf-8")
    tea.type("/set spelling en_US\n")
    return tea


def underlined(world: World) -> list[str]:
    """Return the underlined texts of the input line."""
    rows = world.console.frame(0.0).rows
    return [span.text for row in rows for span in row if span.style == DARK.misspelt]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("Hello, world!", ["Hello", "world"]),
        ("don't (really) 'quote' it\u2019s", ["don't", "really", "quote", "it\u2019s"]),
        ("see https://example.org/teh or #teh, bob@example.org", ["see", "or"]),
        ("a_name file.txt 3rd $HOME :smile: x=y <tag>", []),
        ("/join teh", []),
        ("/me waevs", ["waevs"]),
        ("//teh", []),
        ("one\ntwo", ["one", "two"]),
        ("日本 Привет", ["日本", "Привет"]),
    ],
)
def test_what_counts_as_a_word(text: str, found: list[str]) -> None:
    assert [word[0] for word in words(text)] == found


def test_misspelt_words_are_underlined_once_completed(with_spellcheck: World) -> None:
    with_spellcheck.type("I recieve")
    assert underlined(with_spellcheck) == []
    with_spellcheck.type(" teh cake")
    assert underlined(with_spellcheck) == ["recieve", "teh"]
    with_spellcheck.press("C-u")
    assert underlined(with_spellcheck) == []


def test_underlining_in_a_text_of_several_rows(with_spellcheck: World) -> None:
    with_spellcheck.type("teh")
    with_spellcheck.press("M-Enter")
    with_spellcheck.type("a recieve b")
    assert underlined(with_spellcheck) == ["teh", "recieve"]


def test_tab_suggests_corrections(with_spellcheck: World) -> None:
    with_spellcheck.type("I recieve, it")
    with_spellcheck.press("M-b", "Left", "Left")
    assert with_spellcheck.console.editor.line.picture() == "I recieve|, it"
    with_spellcheck.press("Tab")
    assert with_spellcheck.console.editor.line.picture() == "I receive|, it"
    with_spellcheck.press("Tab", "S-Tab")
    assert with_spellcheck.console.editor.line.picture() == "I receive|, it"
    with_spellcheck.type("s")
    assert with_spellcheck.console.editor.text == "I receives, it"


def test_nicks_are_suggested_first_and_never_underlined(with_spellcheck: World) -> None:
    with_spellcheck.feed(":teha!t@h JOIN #tea")
    with_spellcheck.type("well teh")
    with_spellcheck.press("Tab")
    assert with_spellcheck.console.editor.text == "well teha "
    assert underlined(with_spellcheck) == []


def test_the_users_own_words(with_spellcheck: World) -> None:
    with_spellcheck.type("greenchat is nice")
    assert underlined(with_spellcheck) == ["greenchat"]
    with_spellcheck.press("C-u")
    with_spellcheck.type("/set spelling.words greenchat\ngreenchat is nice")
    assert underlined(with_spellcheck) == []


def test_several_languages_and_letters_unknown_to_one(with_spellcheck: World) -> None:
    with_spellcheck.type("/set spelling en_US xx\nKäse tee cake 日本 Kase ")
    assert underlined(with_spellcheck) == ["日本", "Kase"]
    with_spellcheck.press("Left", "Tab", "Tab")
    assert with_spellcheck.console.editor.text == "Käse tee cake 日本 Käse "


def test_the_systems_language(with_spellcheck: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "xx_XX.UTF-8")
    with_spellcheck.type("/set spelling auto\ncake tee ")
    assert underlined(with_spellcheck) == ["cake"]


def test_a_missing_dictionary_is_reported_once(with_spellcheck: World) -> None:
    with_spellcheck.type("/set spelling zz\nteh cake")
    lines = [line for line in with_spellcheck.shown() if line.startswith("! There is no dictionary for zz (there are ")]
    assert len(lines) == 1
    assert "en_US" in lines[0]
    assert "xx_XX" in lines[0]
    assert underlined(with_spellcheck) == []


def test_without_the_library(tea: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hunspell", None)
    tea.type("/set spelling en_US\nteh cake")
    assert tea.shown()[-1].startswith("! Spell checking needs one more package: ")
    assert tea.shown()[-1].endswith(" -m pip install chunspell")
    assert underlined(tea) == []
    with pytest.raises(SpellingError):
        Dictionaries("en_US")


def test_spell_checking_is_off_by_default(tea: World) -> None:
    tea.type("teh cake")
    assert underlined(tea) == []
    assert tea.console.editor.line.cursor == 8
    tea.press("Tab")
    assert tea.console.editor.text == "teh cake"
