"""One node's network, disk or database breaks: the others notice nothing, and nothing that was echoed is lost."""

import errno
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic
from types import SimpleNamespace

import pytest

from greenchat.server.control.client import ask
from tests.hostile.test_failing_disk import Disk
from tests.irc import Client
from tests.server.nodes.machines import Machine
from tests.server.nodes.nats import NEEDED, Nats, nats
from tests.server.nodes.proxy import Proxy
from tests.server.nodes.talk import Talker, check, wait_until
from tests.server.nodes.test_agreement import STAFF

pytestmark = NEEDED

_PATIENCE = 2.0  # seconds


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    """One server for all tests, each of which has a log of its own."""
    with nats(tmp_path_factory.mktemp("engine")) as (server,):
        yield server


@contextmanager
def pair(home: Path, engine: Nats, log: str, *, more: str = "", url: str = "") -> Iterator[tuple[Machine, Machine]]:
    """Two nodes. The second is not started yet; more and url: its keys, and its way to the engine."""
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


def test_a_cut_from_the_engine_that_is_short_or_long(tmp_path: Path, engine: Nats) -> None:
    """Nobody is disconnected. People are told once it takes longer than patience, and what they say is said later."""
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
            proxy.mend()
            seen = [message.command for message in eve.until("PRIVMSG")]
            assert seen == ["PRIVMSG"] or monotonic() - began > _PATIENCE
            proxy.cut()
            eve.send("PRIVMSG #b :long")
            assert [message.command for message in eve.until("NOTICE")] == ["NOTICE"], (
                "told once, and after that cut only"
            )
            ann.wait_for_more(10)
            proxy.mend()
            assert [message.params[-1] for message in eve.until("PRIVMSG")] == ["long"]
            eve.quit()
        bob.wait_for_more(10)
        assert not any("QUIT user" in event for event in ann.events)
        check_all((one, other), ann, bob)
    proxy.close()


def test_history_waits_for_what_was_seen_elsewhere(tmp_path: Path, engine: Nats) -> None:
    """Whoever continues at another node asks for what came before or after a message that this one may not know yet."""
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
            proxy.mend()
            seen = [m.params[-1] for m in bob.until("BATCH") + bob.until("BATCH") if m.tags.get("batch")]
            assert seen == ["first"]
            bob.run("CHATHISTORY AFTER #a msgid=4vvvvvvvvvvvv 10")  # of the far future: it waits, but not for ever
            ann.quit()
            bob.quit()
        assert [machine.end() for machine in (one, other)] == [0, 0]
    proxy.close()


def test_who_is_killed_elsewhere_meanwhile_does_nothing_more(tmp_path: Path, engine: Nats) -> None:
    """What they have proposed comes after the KILL in the log: it is refused on all nodes, and is no bug of theirs."""
    proxy = Proxy(engine.port)
    more = "patience = 30.0\nengine_timeout = 60.0\nlease = 60.0\n" + STAFF
    with pair(tmp_path, engine, "killed", more=more, url=proxy.url) as (one, other):
        other.start()
        batch = ("BATCH +1 draft/multiline #a", "@batch=1 PRIVMSG #a :one", "@batch=1 PRIVMSG #a :two", "BATCH -1")
        said = (batch, ("OPER root secret",), ("PRIVMSG #a :one",), ("TOPIC #a :one",), ("NICK somebody",))
        with Client(one.address, "chief") as chief, ExitStack() as stack:
            chief.run("JOIN #a", "OPER root secret")
            victims = [
                stack.enter_context(Client(other.address, f"victim{number}", caps="batch draft/multiline message-tags"))
                for number, _ in enumerate(said)
            ]
            for victim in victims:
                victim.join("#a")
            chief.sync()
            proxy.cut()
            wanted = received(other) + sum(map(len, said))
            for victim, lines in zip(victims, said, strict=True):
                victim.send(*lines)
            wait_until(lambda: received(other) >= wanted)
            for victim in victims:
                assert "QUIT" in [message.command for message in chief.run(f"KILL {victim.nick} :enough")]
            proxy.mend()
            for victim in victims:
                assert "ERROR" in [message.command for message in victim.until_end()]
            chief.quit()
        assert [machine.end() for machine in (one, other)] == [0, 0]
        for machine in (one, other):
            assert "Traceback" not in machine.errors.read_text(encoding="utf-8")
    proxy.close()


def received(machine: Machine) -> int:
    """The lines of its clients that it has started to run."""
    return sum(client["received"] for client in ask(machine.folder, "clients"))


def test_a_cut_for_which_a_node_is_given_up(tmp_path: Path, engine: Nats) -> None:
    """It shows nothing meanwhile, and restarts when it hears of it; its people have time to return."""
    proxy = Proxy(engine.port)
    more = "patience = 1.0\nengine_timeout = 60.0\nlease = 3.0"
    with pair(tmp_path, engine, "lease", more=more, url=proxy.url) as (one, other):
        other.start()
        ann, bob = talking(one, other)
        proxy.cut()
        until_said(one, "the node other was given up")
        heard = len(bob.heard)
        ann.wait_for_more(10)
        assert len(bob.heard) == heard, "cut off, it shows nothing new"
        proxy.mend()
        bob.wait_until_lost()
        other.wait_until_it_begins_anew()
        assert not any("QUIT user1" in event for event in ann.events), "he has time to come back"
        again = Talker(other, "again")
        again.start()
        again.wait_for_more(10)
        check_all((one, other), ann, bob, again)
    proxy.close()


def until_said(machine: Machine, text: str) -> None:
    wait_until(lambda: text in machine.errors.read_text(encoding="utf-8"))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO], ids=["full", "broken"])
def test_a_disk_that_takes_no_more(tmp_path: Path, engine: Nats, number: int) -> None:
    """Only that node leaves, after patience; with room again it catches up."""
    disk = Disk(tmp_path)
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
