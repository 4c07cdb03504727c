"""The network, disk or database of one node breaks: clients of the others notice nothing, and no echoed message is
lost.
"""

import errno
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic
from types import SimpleNamespace

import pytest

from greenchat.server.control.client import ask
from tests.features.nodes.test_agreement import STAFF
from tests.hostile.test_failing_disk import Disk, compiled
from tests.irc import Client
from tests.server.nodes.machines import Machine
from tests.server.nodes.nats import NEEDED, Nats, nats
from tests.server.nodes.proxy import Proxy
from tests.server.nodes.talkers import Talker, check, wait_until

pytestmark = NEEDED

_PATIENCE = 2.0  # seconds


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    """Start a server for all tests, each of which uses a log of its own."""
    with nats(tmp_path_factory.mktemp("engine")) as (server,):
        yield server


@contextmanager
def pair(home: Path, engine: Nats, log: str, *, more: str = "", url: str = "") -> Iterator[tuple[Machine, Machine]]:
    """Start one of two nodes; the second one is started by the test. more and url: configuration of the second node,
    and its URL of the engine.
    """
    one, other = (Machine(home, name, [engine], log=log, more=more) for name in ("one", "other"))
    try:
        one.do("cluster", "init")
        one.start()
        other.join(one)
        other.configure([url or engine.url], log=log, more=more)
        yield one, other
    finally:
        one.close()
        other.close()


def talking(*machines: Machine) -> list[Talker]:
    talkers = [Talker(machine, f"user{number}") for number, machine in enumerate(machines)]
    for talker in talkers:
        talker.start()
    talkers[0].wait_for_more()
    return talkers


def check_all(machines: tuple[Machine, Machine], *talkers: Talker) -> None:
    check(SimpleNamespace(nodes=machines), *talkers)  # type: ignore[arg-type]  # it asks for no more of a cluster


def test_a_short_and_a_long_cut_from_the_engine(tmp_path: Path, engine: Nats) -> None:
    """No client is disconnected. Clients are told when the cut takes longer than `patience`, and what they send is
    delivered afterwards.
    """
    proxy = Proxy(engine.port)
    more = f"patience = {_PATIENCE}\nengine_timeout = 60.0\nlease = 60.0"
    with pair(tmp_path, engine, "cut", more=more, url=proxy.url) as (one, other):
        other.start()
        ann, bob = talking(one, other)
        with Client(other.address, "eve", caps="echo-message") as eve:
            eve.join("#b")
            began = monotonic()
            proxy.cut()
            eve.send("PRIVMSG #b :short")
            ann.wait_for_more(10)
            proxy.reopen()
            seen = [message.command for message in eve.until("PRIVMSG")]
            assert seen == ["PRIVMSG"] or monotonic() - began > _PATIENCE
            proxy.cut()
            eve.send("PRIVMSG #b :long")
            assert [message.command for message in eve.until("NOTICE")] == ["NOTICE"], (
                "the notice is sent once, later lines are cut only"
            )
            ann.wait_for_more(10)
            proxy.reopen()
            assert [message.params[-1] for message in eve.until("PRIVMSG")] == ["long"]
            eve.quit()
        bob.wait_for_more(10)
        assert not any("QUIT user" in event for event in ann.events)
        check_all((one, other), ann, bob)
    proxy.close()


def test_history_waits_for_messages_seen_on_another_node(tmp_path: Path, engine: Nats) -> None:
    """A client that moves to another node may refer to a message that this node does not have yet."""
    proxy = Proxy(engine.port)
    caps = "batch draft/chathistory echo-message message-tags"
    with pair(tmp_path, engine, "history", more="patience = 30.0\nengine_timeout = 60.0", url=proxy.url) as (
        one,
        other,
    ):
        other.start()
        with Client(one.address, "ann", caps=caps) as ann, Client(other.address, "bob", caps=caps) as bob:
            for client in (ann, bob):
                client.join("#a")
            proxy.cut()
            ann.send("PRIVMSG #a :first", "PRIVMSG #a :second")
            ann.until("PRIVMSG")
            second = ann.expect("PRIVMSG").tags["msgid"]
            bob.send(f"CHATHISTORY BEFORE #a msgid={second} 10")
            ann.run("NAMES #a")
            proxy.reopen()
            seen = [m.params[-1] for m in bob.until("BATCH") + bob.until("BATCH") if m.tags.get("batch")]
            assert seen == ["first"]
            bob.run(
                "CHATHISTORY AFTER #a msgid=4vvvvvvvvvvvv 10"
            )  # an id of the far future: the query waits, but not for ever
            ann.quit()
            bob.quit()
        assert [machine.end() for machine in (one, other)] == [0, 0]
    proxy.close()


def test_a_user_killed_on_another_node_has_no_further_effect(tmp_path: Path, engine: Nats) -> None:
    """The killed user's acts come after the KILL in the log: all nodes refuse them, which is no bug."""
    proxy = Proxy(engine.port)
    more = "patience = 30.0\nengine_timeout = 60.0\nlease = 60.0\n" + STAFF
    with pair(tmp_path, engine, "killed", more=more, url=proxy.url) as (one, other):
        other.start()
        batch = ("BATCH +1 draft/multiline #a", "@batch=1 PRIVMSG #a :one", "@batch=1 PRIVMSG #a :two", "BATCH -1")
        commands = (batch, ("OPER root secret",), ("PRIVMSG #a :one",), ("TOPIC #a :one",), ("NICK somebody",))
        with Client(one.address, "chief") as chief, ExitStack() as stack:
            chief.run("JOIN #a", "OPER root secret")
            victims = [
                stack.enter_context(Client(other.address, f"victim{number}", caps="batch draft/multiline message-tags"))
                for number, _ in enumerate(commands)
            ]
            for victim in victims:
                victim.join("#a")
            chief.sync()
            proxy.cut()
            wanted = received(other) + sum(map(len, commands))
            for victim, lines in zip(victims, commands, strict=True):
                victim.send(*lines)
            wait_until(lambda: received(other) >= wanted)
            for victim in victims:
                assert "QUIT" in [message.command for message in chief.run(f"KILL {victim.nick} :enough")]
            proxy.reopen()
            for victim in victims:
                assert "ERROR" in [message.command for message in victim.until_end()]
            chief.quit()
        assert [machine.end() for machine in (one, other)] == [0, 0]
        for machine in (one, other):
            assert "Traceback" not in machine.errors.read_text(encoding="utf-8")
    proxy.close()


def received(machine: Machine) -> int:
    """Return the lines that the node has started to execute."""
    return sum(client["received"] for client in ask(machine.folder, "clients"))


def test_a_cut_that_outlasts_the_lease(tmp_path: Path, engine: Nats) -> None:
    """The node shows nothing new meanwhile, and restarts when it learns that it was given up; its users have time to
    return.
    """
    proxy = Proxy(engine.port)
    more = "patience = 1.0\nengine_timeout = 60.0\nlease = 3.0"
    with pair(tmp_path, engine, "lease", more=more, url=proxy.url) as (one, other):
        other.start()
        ann, bob = talking(one, other)
        proxy.cut()
        wait_for_error_text(one, "the node other was given up")
        count = len(bob.received)
        ann.wait_for_more(10)
        assert len(bob.received) == count, "a node that is cut off shows no new message"
        proxy.reopen()
        bob.wait_until_lost()
        other.wait_for_restart()
        assert not any("QUIT user1" in event for event in ann.events), "he has time to come back"
        again = Talker(other, "again")
        again.start()
        again.wait_for_more(10)
        check_all((one, other), ann, bob, again)
    proxy.close()


def wait_for_error_text(machine: Machine, text: str) -> None:
    wait_until(lambda: text in machine.errors.read_text(encoding="utf-8"))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO], ids=["full", "broken"])
def test_a_full_disk(tmp_path: Path, engine: Nats, number: int) -> None:
    """Only that node stops, after `patience`; once there is room it catches up."""
    disk = Disk(compiled(tmp_path), tmp_path)
    with pair(tmp_path, engine, f"disk{number}", more="patience = 1.0") as (one, other):
        other.environment = disk.environment
        other.start()
        ann, bob = talking(one, other)
        disk.fail("write", number)
        bob.wait_until_lost()
        ann.wait_for_more()
        assert other.process
        assert other.process.wait(60) == 2
        assert "this node is stopping: this node can't store anything" in other.errors.read_text(encoding="utf-8")
        assert not any("QUIT user1" in event for event in ann.events)
        disk.heal()
        other.start()
        again = Talker(other, "again")
        again.start()
        again.wait_for_more(10)
        check_all((one, other), ann, bob, again)


def test_a_damaged_database_is_refused_and_a_backup_catches_up(tmp_path: Path, engine: Nats) -> None:
    with pair(tmp_path, engine, "damage") as (one, other):
        other.start()
        ann, bob = talking(one, other)
        saved = tmp_path / "saved.gcb"
        other.do("backup", str(saved))
        bob.wait_for_more()
        other.kill()
        bob.wait_until_lost()
        database = other.folder / "greenchat.db"
        for file in other.folder.glob("greenchat.db-*"):
            file.unlink()
        database.write_bytes(b"\xff" * 4096 + database.read_bytes()[4096:])
        damaged = database.read_bytes()
        assert "greenchat.db" in other.refusal()
        assert database.read_bytes() == damaged, "nothing is changed"
        ann.wait_for_more()
        other.do("restore", str(saved))
        other.start()
        again = Talker(other, "again")
        again.start()
        again.wait_for_more(10)
        check_all((one, other), ann, bob, again)
