"""A recording, applied again in other processes with other seeds of their hashes, gives the same state at every act."""

import json
import random
import socket
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from greenchat.chat.acts import Ran, Spoken
from greenchat.chat.continuity import snapshot
from greenchat.chat.outbox import Dirty, Outbox
from greenchat.server.data.recording import Recorder, RecordingError, replay
from greenchat.server.data.replica import Replica
from greenchat.server.main import main
from greenchat.server.net.routes import SessionRoutes
from greenchat.storage.log import MemoryLog
from tests.commands.devices import log_in
from tests.hostile.world import World
from tests.http_client import TEXT, WebSocket
from tests.irc import Client
from tests.patience import PATIENCE
from tests.server.forked import run, started

SETUP = (
    "CAP LS 302",
    "CAP REQ :batch labeled-response message-tags draft/multiline draft/metadata-2 echo-message",
    "CAP REQ :draft/message-redaction",
)
STEPS = 250


def record(path: Path, folder: Path, seed: int) -> World:
    """A random life of a server, with a digest before every act."""
    chance = random.Random(seed)
    world = World(chance, folder)
    recorder = Recorder(path, world.network, {}, world.app.now(), every=1)
    assert isinstance(world.app.log, MemoryLog)
    world.app.log.read(recorder.read)
    for number in range(6):
        puppet = world.connect()
        lines = (*SETUP, f"NICK user{number}", "USER u 0 * :u", "CAP END", "JOIN #a,#b", "OPER root hunter2")
        world.send(puppet, "".join(f"{line}\r\n" for line in lines).encode())
    for _ in range(STEPS):
        if world.puppets and chance.random() < 0.97:
            # several lines before a turn ends
            said = [world.line().rstrip(b"\r\n") + b"\r\n" for _ in range(chance.randint(1, 3))]
            world.send(chance.choice(world.puppets), b"".join(said))
        elif world.puppets:
            world.drop(chance.choice(world.puppets))
        if len(world.puppets) < 6:
            puppet = world.connect()
            world.send(puppet, f"NICK late{chance.randrange(99)}\r\nUSER u 0 * :u\r\nJOIN #a\r\n".encode())
    recorder.close(world.app.now())
    return world


def test_where_the_disk_is_full_a_recording_ends_and_nobody_else_does(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "life"
    with (
        closing(World(random.Random(1), tmp_path / "data")) as world,
        Path("/dev/full").open("w", buffering=1, encoding="utf-8") as full,
    ):
        recorder = Recorder(path, world.network, {}, world.app.now())
        assert isinstance(world.app.log, MemoryLog)
        world.app.log.read(recorder.read)
        puppet = world.connect()
        world.send(puppet, b"NICK ann\r\nUSER u 0 * :u\r\n")
        recorder._file = full
        world.send(puppet, b"JOIN #a\r\nPRIVMSG #a :hello\r\n")
        assert puppet in world.puppets
        assert "#a" in world.network.channels
        recorder.close(world.app.now())
    assert caplog.messages == [f"the recording {path} ends here: No space left on device"]


@pytest.mark.parametrize("seed", range(4))
def test_a_recording_gives_the_same_state_elsewhere(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "life"
    world = record(path, tmp_path, seed)
    try:
        document = json.loads(json.dumps(snapshot.snapshot(world.network, world.app.now())))
        again = snapshot.restore(document, lambda _: Outbox(Dirty()))
        assert snapshot.snapshot(again, world.app.now()) == document
    finally:
        world.close()
    assert len(path.read_text().splitlines()) > STEPS
    for seed_of_hashes in range(3):
        done = run(tmp_path, "replay", str(path), family=seed_of_hashes)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        assert "the state is as recorded" in done.stdout


def test_a_server_is_recorded_and_replayed(tmp_path: Path) -> None:
    path = tmp_path / "life"
    with started(tmp_path, "--listen", "127.0.0.1:0", "--record", str(path)) as server:
        target = server.target
        with Client(target, "alice", caps="echo-message") as alice, Client(target, "bob") as bob:
            alice.join("#a")
            bob.join("#a")
            alice.send("PRIVMSG NickServ :REGISTER my-secret-password", "PRIVMSG #a :hello")
            bob.expect("PRIVMSG")
            alice.expect("900")
            bob.send("PART #a", "QUIT")
        assert server.end() == 0
    text = path.read_text(encoding="utf-8")
    assert "my-secret-password" not in text
    assert path.stat().st_mode & 0o077 == 0
    done = run(tmp_path, "replay", str(path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "the state is as recorded" in done.stdout

    changed = tmp_path / "changed"
    changed.write_text(text.replace('"nick":"bob"', '"nick":"eve"'), encoding="utf-8")
    done = run(tmp_path, "replay", str(changed))
    assert done.returncode == 1
    assert "the state differs" in done.stdout


def test_who_logs_in_or_registers_before_the_welcome_does_so_in_a_recording_too(tmp_path: Path) -> None:
    """What a step needs to know of a session that nobody else knows yet comes with it: its host, nick and account."""
    path = tmp_path / "life"
    with started(tmp_path, "--listen", "127.0.0.1:0", "--record", str(path)) as server:
        with Client(server.target) as alice, Client(server.target) as again:
            alice.send("CAP LS 302", "NICK alice", "REGISTER * * :sesame open")
            alice.expect("900")
            alice.send("USER a 0 * :a", "CAP END")
            alice.expect("001")
            again.send("CAP LS 302", "NICK again")
            log_in(again, "alice")
            again.expect("903")
            again.send("USER a 0 * :a", "CAP END")
            again.expect("001")
        assert server.end() == 0
    done = run(tmp_path, "replay", str(path))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "the state is as recorded" in done.stdout


def test_plain_text_websockets_and_refused_acts_are_recorded_too(tmp_path: Path) -> None:
    """An act that is refused when it is applied is refused again: of two who come in under one nick the second."""
    path = tmp_path / "life"
    with started(tmp_path, "--listen", "127.0.0.1:0", "--record", str(path)) as server:
        target = server.target
        with (
            Client(target, "alice") as alice,
            socket.create_connection(target, timeout=PATIENCE) as dan,
            WebSocket(target) as browser,
            Client(target) as first,
            Client(target) as second,
        ):
            alice.join("#lobby")
            dan.sendall(b"dan\n")
            assert alice.expect("JOIN").nick == "dan"
            for line in b"NICK web", b"USER web 0 * :Web", b"JOIN #lobby", b"PRIVMSG #lobby :hello":
                browser.send(browser.frame(TEXT, line))
            assert alice.expect("JOIN").nick == "web"
            dan.sendall(b"good morning\n/me waves\n")
            said = {(m.nick, m.params[1]) for m in (alice.expect("PRIVMSG") for _ in range(3))}
            assert said == {("web", "hello"), ("dan", "good morning"), ("dan", "\x01ACTION waves\x01")}
            for client in first, second:
                client.run("CAP LS 302", "NICK same", "USER same 0 * :x")
            first.send("CAP END")
            first.until("376", "422")
            second.send("CAP END")
            assert second.expect("433").params[1] == "same"
        assert server.end() == 0
    done = run(tmp_path, "replay", str(path))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "the state is as recorded" in done.stdout


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "truncated"),
        ("{}", "not a recording of greenchat-server"),
        ('{"format":"greenchat recording","snapshot":{"version":99},"marks":{}}', "of epoch 99"),
        ("\x00", "truncated"),
    ],
)
def test_what_is_no_recording_is_said_in_a_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "file"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecordingError, match=says):
        list(replay(path))
    assert main(["replay", str(path)]) == 2


def test_a_recording_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("mine", encoding="utf-8")
    done = run(tmp_path, "--listen", "127.0.0.1:0", "--record", str(path))
    assert done.returncode == 2
    assert "name a new file" in done.stderr
    assert path.read_text(encoding="utf-8") == "mine"


def test_what_is_said_with_a_voice_is_checked_again_where_something_has_changed(tmp_path: Path) -> None:
    """A `Spoken` holds as it stands only under the numbers under which it was checked."""
    path = tmp_path / "life"
    world = World(random.Random(0), tmp_path)
    network, app = world.network, world.app
    recorder = Recorder(path, network, {}, app.now(), every=1)
    assert isinstance(app.log, MemoryLog)
    app.log.read(recorder.read)
    for nick in ("operator", "speaker"):
        world.send(world.connect(), f"NICK {nick}\r\nUSER u 0 * :u\r\nJOIN #a\r\n".encode())
    operator, speaker = world.puppets
    routes = SessionRoutes(network, speaker.session, app.log, app.turn, partial(world._context, speaker))
    burst = routes.find(b"PRIVMSG #a :one\r\nPRIVMSG #a :two")
    assert burst
    app.turn.begin()
    routes.say(burst, app.now())
    voice = burst[0]
    said = network.ids.last
    world.send(operator, b"MODE #a +m\r\n")
    assert not voice.holds(network)
    recorder.close(app.now())
    document = json.loads(json.dumps(snapshot.snapshot(network, app.now())))
    act = Spoken(speaker.session.number, app.now(), "PRIVMSG", "#a", ("three",), voice.revisions)
    world.close()
    assert [trouble for _, trouble in replay(path) if trouble] == []
    replica = Replica(document, {})
    before = replica.network.ids.last
    assert before > said
    replica.apply(act)
    assert replica.network.ids.last == before, "in a channel with +m it is refused by now"
    replica.apply(Ran(operator.session.number, app.now(), "MODE", ("#a", "-m")))
    between = replica.network.ids.last
    replica.apply(act)
    assert replica.network.ids.last > between
