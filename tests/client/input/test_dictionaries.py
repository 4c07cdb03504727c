"""Misspelt words of the input line: which they are, how they look, what Tab makes of them."""

import sys
from pathlib import Path

import pytest

from greenchat.client.input.dictionaries import Dictionaries, SpellingError, words
from greenchat.client.view.theme import DARK
from tests.client.world import World

pytest.importorskip("hunspell", reason="chunspell has no wheel for this Python")


@pytest.fixture
def writing(tea: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Alice in #tea, with the dictionary of a language that has three words."""
    monkeypatch.setenv("DICPATH", str(tmp_path))
    (tmp_path / "xx_XX.aff").write_text("SET UTF-8\nTRY käs\n")
    (tmp_path / "xx_XX.dic").write_text("3\nKäse\ntee\nTee's\n", encoding="utf-8")
    tea.type("/set spelling en_US\n")
    return tea


def underlined(world: World) -> list[str]:
    """The texts of the input line that are marked."""
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
def test_what_a_word_is(text: str, found: list[str]) -> None:
    assert [word[0] for word in words(text)] == found


def test_misspelt_words_are_underlined_once_they_are_typed(writing: World) -> None:
    writing.type("I recieve")
    assert underlined(writing) == []
    writing.type(" teh cake")
    assert underlined(writing) == ["recieve", "teh"]
    writing.press("C-u")
    assert underlined(writing) == []


def test_in_each_row_of_a_text(writing: World) -> None:
    writing.type("teh")
    writing.press("M-Enter")
    writing.type("a recieve b")
    assert underlined(writing) == ["teh", "recieve"]


def test_tab_takes_what_was_meant(writing: World) -> None:
    writing.type("I recieve, it")
    writing.press("M-b", "Left", "Left")
    assert writing.console.editor.line.picture() == "I recieve|, it"
    writing.press("Tab")
    assert writing.console.editor.line.picture() == "I receive|, it"
    writing.press("Tab", "S-Tab")
    assert writing.console.editor.line.picture() == "I receive|, it"
    writing.type("s")
    assert writing.console.editor.text == "I receives, it"


def test_names_come_first_and_are_never_wrong(writing: World) -> None:
    writing.feed(":teha!t@h JOIN #tea")
    writing.type("well teh")
    writing.press("Tab")
    assert writing.console.editor.text == "well teha "
    assert underlined(writing) == []


def test_words_of_ones_own(writing: World) -> None:
    writing.type("greenchat is nice")
    assert underlined(writing) == ["greenchat"]
    writing.press("C-u")
    writing.type("/set spelling.words greenchat\ngreenchat is nice")
    assert underlined(writing) == []


def test_several_languages_and_letters_that_one_of_them_has_not(writing: World) -> None:
    writing.type("/set spelling en_US xx\nKäse tee cake 日本 Kase ")
    assert underlined(writing) == ["日本", "Kase"]
    writing.press("Left", "Tab", "Tab")
    assert writing.console.editor.text == "Käse tee cake 日本 Käse "


def test_the_machines_language(writing: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "xx_XX.UTF-8")
    writing.type("/set spelling auto\ncake tee ")
    assert underlined(writing) == ["cake"]


def test_what_is_missing_is_told_once(writing: World) -> None:
    writing.type("/set spelling zz\nteh cake")
    told = [line for line in writing.shown() if line.startswith("! There is no dictionary for zz (there are ")]
    assert len(told) == 1
    assert "en_US" in told[0]
    assert "xx_XX" in told[0]
    assert underlined(writing) == []


def test_without_the_library(tea: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hunspell", None)
    tea.type("/set spelling en_US\nteh cake")
    assert tea.shown()[-1].startswith("! Spell checking needs one more package: ")
    assert tea.shown()[-1].endswith(" -m pip install chunspell")
    assert underlined(tea) == []
    with pytest.raises(SpellingError):
        Dictionaries("en_US")


def test_it_is_off_until_it_is_wanted(tea: World) -> None:
    tea.type("teh cake")
    assert underlined(tea) == []
    assert tea.console.editor.line.cursor == 8
    tea.press("Tab")
    assert tea.console.editor.text == "teh cake"
