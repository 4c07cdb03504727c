"""The message cursor: reply, react, redact, copy, open links."""

import pytest

from greenchat.client.state.effects import CopyText, OpenLink
from tests.client.world import World

CAPS = "echo-message labeled-response batch message-tags server-time draft/message-redaction"


@pytest.fixture
def world() -> World:
    """Make a client in #tea with messages of bob, carol and alice."""
    world = World(rows=12)
    world.welcome(CAPS)
    world.join()
    world.feed(
        "@msgid=b1 :bob!b@h PRIVMSG #tea :who brings \x02cake\x02?",
        "@msgid=c1 :carol!c@h PRIVMSG #tea :see https://cake.example/a and (https://b.example/x_(y))",
        "@msgid=a1 :alice!al@h PRIVMSG #tea :not me",
    )
    return world


def history(world: World) -> list[str]:
    return [row.partition("│ ")[2] for row in world.screen()[1:-2] if row]


def selected(world: World) -> str:
    rows = world.console.frame(0.0).rows[1:-2]
    return "".join(span.text for row in rows if row and row[-1].style.reverse for span in row).partition("│ ")[2]


def below(world: World) -> str:
    return world.bar()


def test_it_begins_at_the_newest_message_and_moves(world: World) -> None:
    world.press("C-Up")
    assert selected(world).strip() == "not me"
    world.press("Up")
    assert selected(world).startswith("see https")
    world.press("Up", "Up", "Up", "Up")
    assert selected(world).strip() == "You joined"
    world.press("Down")
    assert selected(world).startswith("who brings cake?")
    world.press("Escape")
    assert selected(world) == ""


def test_it_scrolls_and_returns(world: World) -> None:
    for number in range(30):
        world.feed(f":bob!b@h PRIVMSG #tea :{number}")
    before = world.screen()
    world.press("C-Up", *["Up"] * 20)
    assert selected(world).strip() == "9"
    world.press("C-c")
    assert world.screen() == before


def test_it_stays_on_its_message_when_older_ones_arrive(world: World) -> None:
    world.press("C-Up", "Up", "Up")
    world.feed(
        ":srv BATCH +h chathistory #tea",
        "@batch=h;msgid=o1;time=2026-09-21T10:00:00.000Z :bob!b@h PRIVMSG #tea :older",
        ":srv BATCH -h",
    )
    assert selected(world).startswith("who brings cake?")


def test_a_window_without_messages_has_nothing_to_select(world: World) -> None:
    world.type("/query dora\n")
    world.press("C-Up")
    assert "There are no messages here" in below(world)
    world.press("Escape")
    assert world.screen()[-1] == "[dora]"


def test_it_shows_cleared_messages_again(world: World) -> None:
    world.type("/clear\n")
    assert "who brings cake?" not in "\n".join(world.screen())
    world.press("C-Up")
    assert "who brings cake?" in "\n".join(world.screen())


def test_replying(world: World) -> None:
    world.press("C-Up", "Up", "Up", "r")
    assert world.screen()[-1] == "reply to bob:"
    world.type("I do\n")
    # "+draft/reply=<msgid>"
    assert world.sent() == ["@label=gc1;+draft/reply=b1 PRIVMSG #tea :I do"]
    world.feed("@label=gc1;msgid=a2;+draft/reply=b1 :alice!al@h PRIVMSG #tea :I do")
    assert history(world)[-2:] == ["↳ bob: who brings cake?", "I do"]
    world.type("and more\n")
    assert world.sent() == ["@label=gc2 PRIVMSG #tea :and more"]


def test_a_reply_can_be_cancelled(world: World) -> None:
    world.press("C-Up", "r", "Escape")
    world.type("hi\n")
    assert world.sent() == ["@label=gc1 PRIVMSG #tea :hi"]


def test_without_msgids_a_reply_begins_with_the_nick(tea: World) -> None:
    tea.feed(":bob!b@h PRIVMSG #tea :who brings cake?")
    tea.press("C-Up", "Enter")
    tea.type("I do\n")
    assert tea.sent() == ["PRIVMSG #tea :bob: I do"]


def test_replies_of_others_are_shown_and_notify_the_recipient(world: World) -> None:
    world.feed(
        "@msgid=b2;+draft/reply=a1 :bob!b@h PRIVMSG #tea :then who?",
        "@msgid=b3;+draft/reply=zzz :bob!b@h PRIVMSG #tea :as I said",
    )
    assert history(world)[-4:] == ["↳ alice: not me", "then who?", "↳ an earlier message", "as I said"]
    assert [line.highlight for line in list(world.model.current.lines)[-2:]] == [True, False]


def test_reacting(world: World) -> None:
    world.press("C-Up", "Up", "e", "1")
    assert world.sent() == ["@+draft/reply=c1;+draft/react=👍 TAGMSG #tea"]
    world.feed("@msgid=r1;+draft/reply=c1;+draft/react=👍 :alice!al@h TAGMSG #tea")
    world.feed("@msgid=r2;+draft/reply=c1;+draft/react=👍 :bob!b@h TAGMSG #tea")
    world.feed("@msgid=r2;+draft/reply=c1;+draft/react=👍 :bob!b@h TAGMSG #tea")
    assert "👍 alice, bob" in history(world)
    world.press("C-Up", "Up", "e")
    world.type("1")
    assert world.sent() == ["@+draft/reply=c1;+draft/unreact=👍 TAGMSG #tea"]
    world.feed("@+draft/reply=c1;+draft/unreact=👍 :alice!al@h TAGMSG #tea")
    assert "👍 bob" in history(world)


def test_reacting_with_an_emoji_by_name(world: World) -> None:
    world.press("C-Up", "e")
    world.type(":tea:\n")
    assert world.sent() == ["@+draft/reply=a1;+draft/react=🍵 TAGMSG #tea"]
    world.press("C-Up", "e")
    world.type(":no-such-thing:\n")
    assert world.sent() == ["@+draft/reply=a1;+draft/react=:no-such-thing: TAGMSG #tea"]


def test_reacting_with_any_text(world: World) -> None:
    world.press("C-Up", "e")
    world.type("lolx")
    world.press("Backspace", "Enter")
    assert world.sent() == ["@+draft/reply=a1;+draft/react=lol TAGMSG #tea"]
    world.feed("@+draft/reply=a1;+draft/react=\x1b[31m\u202e\x03 :bob!b@h TAGMSG #tea")
    assert history(world)[-1] == "␛[31m<U+202E> bob"
    world.feed(f"@+draft/reply=a1;+draft/react={'x' * 100} :bob!b@h TAGMSG #tea")
    assert "xxx" not in history(world)[-1]


def test_many_reactions_are_counted(world: World) -> None:
    for number in range(5):
        world.feed(f"@+draft/reply=a1;+draft/react=🎉 :p{number}!u@h TAGMSG #tea")
    assert history(world)[-1] == "🎉 5"


def test_redacting(world: World) -> None:
    world.feed("@msgid=b2;+draft/reply=a1 :bob!b@h PRIVMSG #tea :really?")
    world.press("C-Up", "Up", "d")
    assert world.screen()[-1] == "Delete this message?"
    world.press("n")
    assert world.sent() == []
    world.press("C-Up", "Up", "d", "y")
    assert world.sent() == ["REDACT #tea a1"]
    world.feed(":alice!al@h REDACT #tea a1")
    assert history(world)[-3:] == ["(deleted by alice)", "↳ a deleted message", "really?"]


def test_actions_that_the_server_does_not_support_are_not_offered(tea: World) -> None:
    tea.feed(":bob!b@h PRIVMSG #tea :hello")
    tea.press("C-Up")
    assert below(tea).startswith(" r reply, c copy text. Up and Down")
    tea.press("e", "d", "o")
    assert tea.sent() == []
    assert below(tea) == " There is no link in this message."


def test_copying_and_opening(world: World) -> None:
    requests = world.model.effects
    world.press("C-Up", "Up", "Up", "c")
    assert requests.popleft() == CopyText("who brings cake?")
    world.press("C-Up", "Up", "o")
    assert "1 https://cake.example/a  2 https://b.example/x_(y)" in below(world)
    world.press("2")
    assert requests.popleft() == OpenLink("https://b.example/x_(y)")
    world.press("C-Up", "Up", "y", "1")
    assert requests.popleft() == CopyText("https://cake.example/a")
    assert not requests


def test_other_keys_end_it(world: World) -> None:
    world.press("C-Up", "M-1")
    assert world.model.current is world.network.status


def test_copy_mode_shows_nicks_and_texts_only(world: World) -> None:
    world.console.size = world.console.size._replace(columns=130)
    assert "│@alice" in world.screen()[1]
    world.press("M-c")
    rows = [row for row in world.screen()[1:-2] if row]
    assert rows[1] == "bob who brings cake?"
    world.press("Escape")
    assert "│@alice" in world.screen()[1]
