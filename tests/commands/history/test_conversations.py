"""A name that one answer gives for a conversation is accepted by every other command.

Whoever the other side of a private conversation was and is now: each answer that names the conversation gives a name
under which all commands find it.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import cheap_passwords, quick_options
from tests.irc import ALL_CAPS, Client
from tests.opers import WITH_OPERS, become_oper
from tests.world import World

_EVER = "timestamp=2000-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z 50"
_PASSWORD = "a-good-password"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(cheap_passwords(WITH_OPERS), quick_options(tmp_path))
    yield world
    world.stop()


def _connect(world: World, nick: str, *lines: str) -> Client:
    client = Client(world, nick, caps=ALL_CAPS)
    client.run(*lines)
    return client


def _register(world: World, nick: str) -> Client:
    return _connect(world, nick, f"REGISTER {nick} * {_PASSWORD}")


def _talk(ann: Client, other: Client, word: str) -> None:
    ann.run(f"PRIVMSG {other.nick} :{word} of ann")
    other.run(f"PRIVMSG ann :{word} of theirs")


def _guest(world: World, ann: Client) -> None:
    _talk(ann, _connect(world, "bob"), "here")


def _gone(world: World, ann: Client) -> None:
    bob = _connect(world, "bob")
    _talk(ann, bob, "here")
    bob.send("QUIT")


def _with_another_nick(world: World, ann: Client) -> None:
    bob = _connect(world, "bob")
    _talk(ann, bob, "here")
    bob.run("NICK rob")


def _another_guest(world: World, ann: Client) -> None:
    _gone(world, ann)
    _talk(ann, _connect(world, "bob"), "other")


def _a_member(world: World, ann: Client) -> None:
    _talk(ann, _register(world, "bob"), "here")


def _a_member_offline(world: World, ann: Client) -> None:
    bob = _register(world, "bob")
    _talk(ann, bob, "here")
    bob.send("QUIT")


def _a_member_with_another_nick(world: World, ann: Client) -> None:
    bob = _register(world, "bob")
    bob.run("NICK rob")
    bob.nick = "rob"
    _talk(ann, bob, "here")
    bob.send("QUIT")


def _a_member_and_their_guest(world: World, ann: Client) -> None:
    _a_member_with_another_nick(world, ann)
    _talk(ann, _connect(world, "rob"), "other")


def _dropped(world: World, ann: Client) -> None:
    bob = _register(world, "bob")
    _talk(ann, bob, "here")
    bob.run(f"NICKSERV DROP bob {_PASSWORD}")
    bob.send("QUIT")


def _dropped_and_another(world: World, ann: Client) -> None:
    _dropped(world, ann)
    become_oper(_connect(world, "root")).run("NICKSERV ERASE bob")
    _talk(ann, _register(world, "bob"), "other")


_OTHERS = [
    _guest, _gone, _with_another_nick, _another_guest, _a_member, _a_member_offline, _a_member_with_another_nick,
    _a_member_and_their_guest, _dropped, _dropped_and_another,
]  # fmt: skip

# The queries with a name, and what the answer holds of each line of the conversation.
_QUESTIONS = [
    "CHATHISTORY LATEST {} * 50", "CHATHISTORY BEFORE {} timestamp=2100-01-01T00:00:00.000Z 50",
    "CHATHISTORY AFTER {} timestamp=2000-01-01T00:00:00.000Z 50", "CHATHISTORY BETWEEN {} " + _EVER,
    "CHATHISTORY AROUND {} timestamp=2100-01-01T00:00:00.000Z 50", "SEARCH in={}", "SEARCH in={};text=of",
    "HISTSERV PLAY {}", "PRIVMSG *playback :PLAY {}",
]  # fmt: skip


def _names(ann: Client) -> dict[str, set[str]]:
    """Return the private conversations by the names that each kind of answer gives them, with their messages."""
    named = [each.params[1] for each in ann.run(f"CHATHISTORY TARGETS {_EVER}") if each.command == "CHATHISTORY"]
    return {name: _found_texts(ann, f"CHATHISTORY LATEST {name} * 50") for name in named}


def _found_texts(ann: Client, question: str) -> set[str]:
    texts = [each.params[-1] for each in ann.run(question) if each.command in ("PRIVMSG", "NOTICE")]
    return {line.rpartition("> ")[2] for line in texts if line.endswith((" of ann", " of theirs"))}


@pytest.mark.parametrize("meet", _OTHERS)
def test_each_query_accepts_each_name(world: World, meet: Callable[[World, Client], None]) -> None:
    with _register(world, "ann") as ann:
        meet(world, ann)
        talks = _names(ann)
        texts = [f"{word} of {who}" for word in ("here", "other") for who in ("ann", "theirs")]
        assert sorted(line for talk in talks.values() for line in talk) in (sorted(texts), sorted(texts[:2]))
        for name, talk in talks.items():
            assert len(talk) == 2
            for question in _QUESTIONS:
                assert _found_texts(ann, question.format(name)) == talk, (question, name)
            assert ann.run(f"MARKREAD {name} timestamp=2026-01-01T00:00:00.000Z")[0].params[0] == name
            assert ann.run(f"MARKREAD {name}")[0].params == (name, "timestamp=2026-01-01T00:00:00.000Z")
        batches = [each for each in ann.run("PRIVMSG *playback :PLAY *") if each.command == "BATCH"]
        assert {each.params[2] for each in batches if each.params[0][0] == "+"} - {"#lobby"} == talks.keys()
        for name, talk in talks.items():
            found = ann.run(f"SEARCH in={name};text=ann")
            (own,) = [each for each in found if each.command == "PRIVMSG"]
            assert "REDACT" in ann.commands(f"REDACT {name} {own.tags['msgid']}")
            assert _found_texts(ann, f"CHATHISTORY LATEST {name} * 50") == talk - {own.params[-1]}


@pytest.mark.parametrize("meet", [_guest, _gone, _with_another_nick, _a_member, _a_member_offline])
def test_a_nick_from_messages_or_whowas_is_accepted(world: World, meet: Callable[[World, Client], None]) -> None:
    """As long as no other user has the nick, which then means that user."""
    with _register(world, "ann") as ann:
        meet(world, ann)
        sources = {each.nick for each in ann.run("SEARCH text=theirs") if each.command == "PRIVMSG"}
        former = {each.params[1] for each in ann.run("WHOWAS bob") if each.command == "314"}
        assert sources == {"bob"}
        for name in sources | former:
            for question in _QUESTIONS:
                assert _found_texts(ann, question.format(name)) == {"here of ann", "here of theirs"}, (question, name)
