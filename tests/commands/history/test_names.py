"""A name that one answer gives out can be asked for with every other command.

Whoever the other side of a private talk was, and is now: each answer that names the talk gives a name under which all
commands that take one find the same talk.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import cheap_passwords, quick_options
from tests.irc import ALL_CAPS, Client
from tests.staff import STAFFED, become
from tests.world import World

_EVER = "timestamp=2000-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z 50"
_PASSWORD = "a-good-password"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(cheap_passwords(STAFFED), quick_options(tmp_path))
    yield world
    world.stop()


def _come(world: World, nick: str, *lines: str) -> Client:
    client = Client(world, nick, caps=ALL_CAPS)
    client.run(*lines)
    return client


def _register(world: World, nick: str) -> Client:
    return _come(world, nick, f"REGISTER {nick} * {_PASSWORD}")


def _talk(ann: Client, other: Client, word: str) -> None:
    ann.run(f"PRIVMSG {other.nick} :{word} of ann")
    other.run(f"PRIVMSG ann :{word} of theirs")


def _guest(world: World, ann: Client) -> None:
    _talk(ann, _come(world, "bob"), "here")


def _gone(world: World, ann: Client) -> None:
    bob = _come(world, "bob")
    _talk(ann, bob, "here")
    bob.send("QUIT")


def _called_otherwise(world: World, ann: Client) -> None:
    bob = _come(world, "bob")
    _talk(ann, bob, "here")
    bob.run("NICK rob")


def _another_guest(world: World, ann: Client) -> None:
    _gone(world, ann)
    _talk(ann, _come(world, "bob"), "other")


def _a_member(world: World, ann: Client) -> None:
    _talk(ann, _register(world, "bob"), "here")


def _a_member_who_is_off(world: World, ann: Client) -> None:
    bob = _register(world, "bob")
    _talk(ann, bob, "here")
    bob.send("QUIT")


def _a_member_called_otherwise(world: World, ann: Client) -> None:
    bob = _register(world, "bob")
    bob.run("NICK rob")
    bob.nick = "rob"
    _talk(ann, bob, "here")
    bob.send("QUIT")


def _a_member_and_their_guest(world: World, ann: Client) -> None:
    _a_member_called_otherwise(world, ann)
    _talk(ann, _come(world, "rob"), "other")


def _dropped(world: World, ann: Client) -> None:
    bob = _register(world, "bob")
    _talk(ann, bob, "here")
    bob.run(f"NICKSERV DROP bob {_PASSWORD}")
    bob.send("QUIT")


def _dropped_and_another(world: World, ann: Client) -> None:
    _dropped(world, ann)
    become(_come(world, "root")).run("NICKSERV ERASE bob")
    _talk(ann, _register(world, "bob"), "other")


_OTHERS = [
    _guest, _gone, _called_otherwise, _another_guest, _a_member, _a_member_who_is_off, _a_member_called_otherwise,
    _a_member_and_their_guest, _dropped, _dropped_and_another,
]  # fmt: skip

# What is asked with a name, and what the answer holds of each line of the talk.
_QUESTIONS = [
    "CHATHISTORY LATEST {} * 50", "CHATHISTORY BEFORE {} timestamp=2100-01-01T00:00:00.000Z 50",
    "CHATHISTORY AFTER {} timestamp=2000-01-01T00:00:00.000Z 50", "CHATHISTORY BETWEEN {} " + _EVER,
    "CHATHISTORY AROUND {} timestamp=2100-01-01T00:00:00.000Z 50", "SEARCH in={}", "SEARCH in={};text=of",
    "HISTSERV PLAY {}", "PRIVMSG *playback :PLAY {}",
]  # fmt: skip


def _names(ann: Client) -> dict[str, set[str]]:
    """All talks, under the names that each kind of answer gives them, and what was said in each."""
    named = [each.params[1] for each in ann.run(f"CHATHISTORY TARGETS {_EVER}") if each.command == "CHATHISTORY"]
    return {name: _said(ann, f"CHATHISTORY LATEST {name} * 50") for name in named}


def _said(ann: Client, question: str) -> set[str]:
    told = [each.params[-1] for each in ann.run(question) if each.command in ("PRIVMSG", "NOTICE")]
    return {line.rpartition("> ")[2] for line in told if line.endswith((" of ann", " of theirs"))}


@pytest.mark.parametrize("meet", _OTHERS)
def test_each_question_takes_each_name(world: World, meet: Callable[[World, Client], None]) -> None:
    with _register(world, "ann") as ann:
        meet(world, ann)
        talks = _names(ann)
        said = [f"{word} of {who}" for word in ("here", "other") for who in ("ann", "theirs")]
        assert sorted(line for talk in talks.values() for line in talk) in (sorted(said), sorted(said[:2]))
        for name, talk in talks.items():
            assert len(talk) == 2
            for question in _QUESTIONS:
                assert _said(ann, question.format(name)) == talk, (question, name)
            assert ann.run(f"MARKREAD {name} timestamp=2026-01-01T00:00:00.000Z")[0].params[0] == name
            assert ann.run(f"MARKREAD {name}")[0].params == (name, "timestamp=2026-01-01T00:00:00.000Z")
        batches = [each for each in ann.run("PRIVMSG *playback :PLAY *") if each.command == "BATCH"]
        assert {each.params[2] for each in batches if each.params[0][0] == "+"} - {"#lobby"} == talks.keys()
        for name, talk in talks.items():
            found = ann.run(f"SEARCH in={name};text=ann")
            (own,) = [each for each in found if each.command == "PRIVMSG"]
            assert "REDACT" in ann.commands(f"REDACT {name} {own.tags['msgid']}")
            assert _said(ann, f"CHATHISTORY LATEST {name} * 50") == talk - {own.params[-1]}


@pytest.mark.parametrize("meet", [_guest, _gone, _called_otherwise, _a_member, _a_member_who_is_off])
def test_who_is_named_by_what_they_said_or_by_whowas_is_found(
    world: World, meet: Callable[[World, Client], None]
) -> None:
    """As long as nobody else has that name: then it is theirs."""
    with _register(world, "ann") as ann:
        meet(world, ann)
        sources = {each.nick for each in ann.run("SEARCH text=theirs") if each.command == "PRIVMSG"}
        former = {each.params[1] for each in ann.run("WHOWAS bob") if each.command == "314"}
        assert sources == {"bob"}
        for name in sources | former:
            for question in _QUESTIONS:
                assert _said(ann, question.format(name)) == {"here of ann", "here of theirs"}, (question, name)
