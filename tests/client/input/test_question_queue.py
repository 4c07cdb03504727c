"""Questions: one at a time, in their window, hidden as a whole; commands and moving keys keep working."""

import pytest

from greenchat.client.state.address import ServerAddress
from greenchat.client.state.questions import Answer, Prompt, Question, nothing
from tests.client.world import World


def test_a_question_does_not_interrupt_another_one(tea: World) -> None:
    """A channel's key is asked for while a new password is being typed: it waits, or the password would be shown."""
    tea.network.address = ServerAddress("localhost", 9090)
    tea.type("/register\n")
    tea.type("sec")
    tea.feed(":srv 475 alice #tea :Cannot join channel (+k)")
    tea.type("ret\n")
    assert tea.screen()[-1] == "Repeat the password:"
    assert [tea.console.hides_input] == [True]
    tea.type("secret\n")
    assert tea.screen()[-1] == "The key of #tea:"
    assert not tea.console.hides_input
    assert all("secret" not in line for line in tea.screen())
    assert any("secret" in line for line in tea.sent())


@pytest.mark.parametrize("typed", ["\n", "secret\n\n"])
def test_an_empty_answer_does_not_end_the_prompt(tea: World, typed: str) -> None:
    tea.network.address = ServerAddress("localhost", 9090)
    tea.type(f"/register\n{typed}")
    assert any(row.startswith(" Nothing was typed. ") for row in tea.screen())
    tea.type("secret\n")
    assert not any("PRIVMSG #tea" in line for line in tea.sent())
    assert tea.console.hides_input == (typed == "\n")


def test_a_prompt_after_a_hidden_one_is_hidden(tea: World) -> None:
    taken: list[str] = []

    def second(text: str, _now: int) -> None:
        taken.append(text)

    def first(text: str, _now: int) -> Prompt:
        taken.append(text)
        return Prompt("and then", second)

    tea.model.questions.append(Prompt("first", first, hidden=True))
    tea.console.ask(tea.now)
    tea.type("one\ntwo")
    assert tea.screen()[-1] == "and then:"
    tea.type("\n")
    assert taken == ["one", "two"]
    assert not tea.console.hides_input


def test_a_question_belongs_to_its_window(tea: World) -> None:
    """The key of #cake is asked for in the window of #cake; in other windows one continues typing messages."""
    cake = tea.model.open(tea.network, "#cake")
    tea.feed(":srv 475 alice #cake :Cannot join channel (+k)")
    assert tea.screen()[-1] == "[#tea]"
    assert cake.unread.highlights == 1
    tea.type("hello\n")
    assert tea.sent() == ["PRIVMSG #tea :hello"]
    tea.press("M-3")
    tea.type("sec")
    assert tea.screen()[-1] == "The key of #cake: sec"
    tea.press("M-2")
    assert tea.screen()[-1] == "[#tea]"
    tea.type("more\n")
    tea.press("M-3")
    tea.type("ret\n")
    assert tea.sent() == ["PRIVMSG #tea :more", "JOIN #cake secret"]


def test_closing_the_window_cancels_its_question(tea: World) -> None:
    cake = tea.model.open(tea.network, "#cake")
    tea.model.show(cake)
    tea.feed(":srv 475 alice #cake :Cannot join channel (+k)")
    assert tea.screen()[-1] == "The key of #cake:"
    tea.type("/close\n")
    assert tea.screen()[-1] == "[#tea]"


def test_moving_keys_work_during_a_question(tea: World) -> None:
    tea.feed(":srv 475 alice #tea :Cannot join channel (+k)")
    tea.press("C-p")
    assert tea.model.current is tea.network.status
    tea.press("C-n", "PgUp")
    assert tea.screen()[-1] == "The key of #tea:"


@pytest.mark.parametrize("hidden", [False, True])
def test_commands_work_during_a_prompt(tea: World, hidden: bool) -> None:
    taken: list[str] = []
    tea.model.questions.append(Prompt("a word", lambda text, _: taken.append(text), hidden=hidden))
    tea.console.ask(tea.now)
    tea.type("/away lunch\n")
    assert tea.sent() == ["AWAY :lunch"]
    assert (taken, tea.screen()[-1]) == ([], "[#tea]")


def test_a_key_may_begin_with_a_slash(tea: World) -> None:
    taken: list[str] = []
    tea.model.questions.append(Prompt("a word", lambda text, _: taken.append(text)))
    tea.console.ask(tea.now)
    tea.type("/secret\n")
    assert taken == ["/secret"]


def test_commands_work_during_a_question(tea: World) -> None:
    tea.model.questions.append(Question("Really?", (Answer("yes", "do", nothing), Answer("no", "not", nothing))))
    tea.console.ask(tea.now)
    tea.type("/away lunch\n")
    assert tea.sent() == ["AWAY :lunch"]
    assert tea.screen()[-1] == "[#tea]"


def test_all_input_lines_have_the_keys_of_the_editor(tea: World) -> None:
    """Questions, the search and the join screen as well as the message line."""
    tea.model.questions.append(Prompt("a word", lambda text, _: None))
    tea.console.ask(tea.now)
    tea.type("one two")
    tea.press("Home", "M-f", "C-k")
    assert tea.screen()[-1] == "a word: one"
    tea.press("C-y")
    assert tea.screen()[-1] == "a word: one two"
    tea.press("Escape", "C-f")
    tea.type("cake now")
    tea.press("M-b", "C-k")
    assert tea.screen()[-1] == "search: cake"
