"""The input line, in pictures: the bar is the cursor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.client.input.editor import COMMANDS, Editor, InputLine
from greenchat.client.text.cells import graphemes


def editor(picture: str) -> Editor:
    before, _, after = picture.partition("|")
    return Editor(InputLine(before + after, len(before)))


@pytest.mark.parametrize(
    ("before", "commands", "after"),
    [
        ("|", "left", "|"),
        ("|", "right", "|"),
        ("|", "backspace", "|"),
        ("|", "delete", "|"),
        ("|", "transpose", "|"),
        ("foo, |bar", "left", "foo,| bar"),
        ("foo, |bar", "right", "foo, b|ar"),
        ("foo, |bar", "home", "|foo, bar"),
        ("foo, |bar", "end", "foo, bar|"),
        ("foo, bar|", "word left", "foo, |bar"),
        ("foo, |bar", "word left", "|foo, bar"),
        ("|foo, bar", "word right", "foo|, bar"),
        ("foo|, bar", "word right", "foo, bar|"),
        ("foo, |bar", "backspace", "foo,|bar"),
        ("foo, |bar", "delete", "foo, |ar"),
        ("foo, bar|", "kill word left", "foo, |"),
        ("see http://x.y/z |now", "kill blank word left", "see |now"),
        ("foo, |bar baz", "kill word right", "foo, | baz"),
        ("foo, |bar", "kill to start", "|bar"),
        ("foo, |bar", "kill to end", "foo, |"),
        ("foo, |bar", "kill to end,home,yank", "bar|foo, "),
        ("one two three|", "kill word left,kill word left,yank", "one two three|"),
        ("one two|", "kill word left,left,kill to start,end,yank", "" + " one|"),
        ("one two|", "kill word left,left,kill to start,end,yank,yank older", " two|"),
        ("ab|", "transpose", "ba|"),
        ("a|b", "transpose", "ba|"),
        ("foo|", "backspace,undo", "foo|"),
        ("foo|", "kill to start,undo,redo", "|"),
        # A grapheme is one step, however many code points it has.
        ("a👩\u200d💻|b", "left", "a|👩\u200d💻b"),
        ("a|👩\u200d💻b", "right", "a👩\u200d💻|b"),
        ("a👩\u200d💻|b", "backspace", "a|b"),
        ("e\u0301|", "backspace", "|"),
        ("🇩🇪🇫🇷|", "backspace", "🇩🇪|"),
        ("日本|語", "delete", "日本|"),
    ],
)
def test_commands(before: str, commands: str, after: str) -> None:
    edited = editor(before)
    for command in commands.split(","):
        assert edited.run(command)
    assert edited.line.picture() == after


def test_unknown_commands_are_refused() -> None:
    assert not editor("a|").run("fly")


def test_typed_words_are_undone_word_by_word() -> None:
    edited = editor("|")
    for letter in "two words":
        edited.insert(letter)
    edited.undo()
    assert edited.line.picture() == "two|"
    edited.undo()
    assert edited.line.picture() == "|"
    edited.redo()
    assert edited.line.picture() == "two|"


def test_combining_marks_join_the_character_before() -> None:
    edited = editor("|x")
    edited.insert("e")
    edited.insert("\u0301")
    assert edited.line.picture() == "e\u0301|x"


def test_history_goes_back_and_returns_to_what_was_typed() -> None:
    edited = editor("|")
    for text in ("first", "second", "second"):
        edited.insert(text)
        assert edited.submit() == text
    edited.insert("draft")
    edited.older()
    assert edited.line.picture() == "second|"
    edited.older()
    assert edited.line.picture() == "first|"
    edited.older()
    assert edited.line.picture() == "first|"
    edited.newer()
    edited.newer()
    assert edited.line.picture() == "draft|"
    assert edited.history == ("first", "second")


actions = st.lists(
    st.sampled_from(sorted(COMMANDS)) | st.text(alphabet="a é日👩\u200d💻🇩\u0301", max_size=3), max_size=30
)


@given(actions)
def test_the_cursor_always_stands_between_characters(steps: list[str]) -> None:
    edited = Editor()
    for step in steps:
        if not edited.run(step):
            edited.insert(step)
        places = {0}
        for grapheme in graphemes(edited.text):
            places.add(max(places) + len(grapheme))
        assert edited.line.cursor in places


@given(st.lists(st.text(alphabet="ab ", min_size=1, max_size=3), max_size=10))
def test_undo_leads_back_to_the_beginning(pieces: list[str]) -> None:
    edited = Editor()
    for piece in pieces:
        edited.insert(piece)
    written = edited.line
    for _ in pieces:
        edited.undo()
    assert edited.text == ""
    for _ in pieces:
        edited.redo()
    assert edited.line == written
