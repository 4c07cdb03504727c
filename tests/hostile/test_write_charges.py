"""No line writes more than it is charged for, however full the documents are that it changes."""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.chat.accounts import Account
from greenchat.chat.channel import ChannelRegistration
from greenchat.chat.mask_lists import ListEntry, parse
from greenchat.chat.protection.history_quota import LIGHT_DOCUMENT
from greenchat.commands.catalog import continue_stream, resume, run_line
from greenchat.commands.core.deferred import Background, Deferred
from greenchat.commands.core.registry import COMMANDS
from greenchat.config.settings import Settings
from greenchat.storage.interface import Document, StoreWrite
from tests.hostile.costs import SPARED, inputs
from tests.hostile.world import SETTINGS, Puppet, World
from tests.sources import MODULES

_LONG = "m" * 60
_LIMITS = Settings().limits
_LETTERS = ("b", "e", "I")


class FullDocuments:
    """A server on which everything that a user can store is at its limit, and `actor`, the user."""

    def __init__(self, folder: Path) -> None:
        settings = replace(SETTINGS, metadata=replace(SETTINGS.metadata, changes=0))
        self.world = World(random.Random(1), folder, settings)
        self.network = self.world.network
        self.written = 0
        self._others: list[Account] = []
        self.world.app.turn.observers.append(self._count)
        self.actor, self.other = self._come("actor"), self._come("p1")
        for line in ("OPER root secret", "REGISTER * * sesame-open"):
            self.do(line)
        self.refill()

    def _come(self, nick: str) -> Puppet:
        puppet = self.world.connect()
        wanted = "batch message-tags sasl draft/metadata-2 draft/read-marker draft/channel-rename"
        for line in (f"CAP REQ :{wanted}", f"NICK {nick}", f"USER {nick} 0 * :real name", "CAP END"):
            self._run(puppet, line)
        return puppet

    def _count(self, writes: Sequence[StoreWrite]) -> None:
        self.written += sum(write.size for write in writes if isinstance(write, Document))

    def refill(self) -> None:
        """Fill again what a line may have removed."""
        network, user = self.network, self.actor.session.user
        if user is None or not user.account:
            raise AssertionError("the actor has gone")
        if user.nick != "actor":  # a later line, such as KILL, would be about the actor
            network.rename(user, "actor", now=1, msgid=1)
        own = network.accounts.get(user.account)
        assert own
        values = {f"{'k' * 40}{number}": "v" * 250 for number in range(19)}
        others = self._others or [Account(f"x{n}", "", 1, id=f"=x{n}", accepted=(own.id,)) for n in range(500)]
        self._others = others
        for other in others:
            if network.accounts.get(other.name) is not other:
                network.accounts.put(other)
        accepted = tuple(other.id for other in others[: _LIMITS.accept - 1])
        preferences = replace(own.preferences, always_on=True)
        network.accounts.put(replace(own, metadata=values, accepted=accepted, preferences=preferences))
        user.metadata = dict(values)
        for number in range(_LIMITS.channels - 2 - len(user.channels)):
            network.join(user, f"#{number}{_LONG}", now=1)
        channel = network.channel("#big") or network.join(user, "#big", now=1)
        if user not in channel.members:
            network.join(user, "#big", now=1)
        ranks = {other.id: "v" for other in others[:499]}
        network.set_registration(channel, ChannelRegistration(own.id, 1, ranks, successor=others[1].id))
        network.set_member_mode(user, channel, "q", True)
        channel.metadata = dict(values)
        for letter in _LETTERS:
            for number in range(_LIMITS.list_entries // 3 - 3 - len(channel.mask_list(letter))):
                channel.add_mask(letter, ListEntry(parse(f"{number}{letter}*!*@{_LONG}"), "actor!u@h", 1))

    def do(self, line: str) -> tuple[int, int]:
        """Send a line as the actor; return how much of documents was written, and as how many lines that counts."""
        return self._run(self.actor, line)

    def _run(self, puppet: Puppet, line: str) -> tuple[int, int]:
        world, self.written = self.world, 0
        world.app.turn.begin()
        ctx, continuation = run_line(line.encode(), lambda message: world._context(puppet, message))
        while continuation is not None and not isinstance(continuation, Background):
            if isinstance(continuation, Deferred):
                result = continuation.work()
                continuation.done()
                continuation = resume(ctx, continuation, result)
            else:
                continuation = continue_stream(ctx, continuation)
        world._rest()
        for each in world.puppets:
            each.mailbox.sent.clear()
        return self.written, ctx.weight

    def close(self) -> None:
        """Stop the server."""
        self.world.close()


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullDocuments]:
    world = FullDocuments(tmp_path_factory.mktemp("full"))
    yield world
    world.close()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[FullDocuments]:
    world = FullDocuments(tmp_path)
    yield world
    world.close()


def charged(weight: int) -> int:
    """Return how much may be written at most for this charge."""
    return weight * LIGHT_DOCUMENT


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - SPARED))
def test_no_line_writes_more_than_it_is_charged_for(full: FullDocuments, name: str) -> None:
    """The lines are those of the table of costs, where each command has a row."""
    for line in inputs(name)(1):
        full.refill()
        written, weight = full.do(line)
        assert written < charged(weight), line


@pytest.mark.parametrize(
    ("line", "least"),
    [
        # parts of a channel's document
        ("TOPIC #big :topic", 19_000),
        ("MODE #big +b new*!*@*", 19_000),
        ("MODE #big +m", 19_000),
        ("SAMODE #big +n-t", 19_000),
        ("TBAN #big 1h newer*!*@*", 19_000),
        ("METADATA #big SET url :x", 19_000),
        ("METADATA #big CLEAR", 14_000),
        ("CS AMODE #big +v x499", 19_000),
        ("CS ENTRYMSG #big hello", 19_000),
        ("CS SUCCESSOR #big x2", 19_000),
        ("CS AKICK #big ADD newest*!*@*", 19_000),
        ("RENAME #big #BIG", 19_000),
        # of an account's
        ("METADATA * SET url :x", 5_000),
        ("METADATA * CLEAR", 900),
        ("ACCEPT x400", 5_000),
        ("ACCEPT x400,x401,x402", 5_000),
        ("NS SET MULTICLIENT on", 5_000),
        ("NS PASSWD sesame-open open-sesame", 5_000),
        # of an always-on user's
        ("JOIN #new", 7_000),
        ("PART #big", 7_000),
        ("NICK other", 7_000),
        # of all accounts that are connected with it
        ("NS DROP actor sesame-open", 80_000),
    ],
)
def test_rewritten_documents_are_charged(fresh: FullDocuments, line: str, least: int) -> None:
    fresh.do("AWAY")  # stores what the setup has changed
    written, weight = fresh.do(line)
    assert least <= written < charged(weight)


def test_nothing_is_stored_without_a_charge() -> None:
    """Commands store by `Context.record` and `Context.commit`, which charge for it."""
    past = re.compile(r"\bjournal\.(record|secure)\(")
    found = {path.name for path in MODULES if past.search(path.read_text(encoding="utf-8"))}
    assert found == {"context.py"}


def test_a_message_writes_no_document(fresh: FullDocuments) -> None:
    fresh.do("AWAY")
    assert fresh.do("PRIVMSG #big :hello") == (0, 1)
