"""A recording that is replayed in other processes, with other hash seeds, gives the same state at every act."""

import json
import random
import socket
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from greenchat.chat import documents
from greenchat.chat.acts import CommandAct, SpeechAct, decode, encode
from greenchat.chat.continuity import snapshot
from greenchat.chat.outbox import Dirty, Outbox
from greenchat.server.data import recording
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
    """Record random actions on a server, with a digest before every act."""
    chance = random.Random(seed)
    world = World(chance, folder)
    recorder = Recorder(path, world.network, {}, world.app.now(), every=1)
    assert isinstance(world.app.log, MemoryLog)
    world.app.log.read(recorder.read)
    begin(world)
    for _ in range(STEPS):
        act(world, world.line)
    recorder.close(world.app.now())
    return world


def begin(world: World) -> None:
    """Connect some clients, who meet in two channels."""
    for number in range(6):
        puppet = world.connect()
        lines = (*SETUP, f"NICK user{number}", "USER u 0 * :u", "CAP END", "JOIN #a,#b", "OPER root hunter2")
        world.send(puppet, "".join(f"{line}\r\n" for line in lines).encode())


def act(world: World, line: Callable[[], bytes]) -> None:
    """Let a random client send several lines before a turn ends, or leave."""
    chance = world.chance
    if world.puppets and chance.random() < 0.97:
        lines = [line().rstrip(b"\r\n") + b"\r\n" for _ in range(chance.randint(1, 3))]
        world.send(chance.choice(world.puppets), b"".join(lines))
    elif world.puppets:
        world.drop(chance.choice(world.puppets))
    if len(world.puppets) < 6:
        puppet = world.connect()
        world.send(puppet, f"NICK late{chance.randrange(99)}\r\nUSER u 0 * :u\r\nJOIN #a\r\n".encode())


def test_a_full_disk_ends_the_recording_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
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
    # servers of former tests may log, too
    logged = [each.getMessage() for each in caplog.records if each.name == recording.__name__]
    assert logged == [f"the recording {path} ends here: No space left on device"]


@pytest.mark.parametrize("seed", range(4))
def test_a_replay_gives_the_same_state(tmp_path: Path, seed: int) -> None:
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


@pytest.mark.parametrize("seed", range(8))
def test_a_restored_state_goes_on_like_the_first_one(tmp_path: Path, seed: int) -> None:
    """As that of a node that comes back from a snapshot: the same acts have the same results."""
    world = World(random.Random(seed), tmp_path)
    acts: list[str] = []
    replicas: list[Replica] = []
    assert isinstance(world.app.log, MemoryLog)
    world.app.log.read(lambda _, each: acts.append(json.dumps(encode(each))))  # type: ignore[arg-type]  # an act

    def line() -> bytes:
        return about_channels(world.chance) if world.chance.random() < 0.6 else world.line()

    begin(world)
    try:
        for step in range(2 * STEPS):
            act(world, line)
            if step % 10 == 0:
                now = world.app.now()
                document = json.loads(json.dumps(snapshot.snapshot(world.network, now)))
                digest = snapshot.digest_of(document)
                for replica in replicas:
                    for each in acts:
                        replica.apply(decode(json.loads(each)))
                    if replica.digest(now) != digest:  # otherwise their JSON is equal
                        assert json.loads(json.dumps(snapshot.snapshot(replica.network, now))) == document, step
                        assert replica.digest(now) == digest, step
                acts.clear()
                if step % 100 == 0:
                    read_markers = world.app.turn.store.documents(documents.READ_MARKERS.name)
                    replicas.append(Replica(document, dict(read_markers)))
    finally:
        world.close()


def about_channels(chance: random.Random) -> bytes:
    """Return a random line that changes the stored data of channels."""
    name, nick = f"#{chance.choice('abcdefg')}", f"user{chance.randrange(6)}"
    modes = ["+i", "-i", "+m", "-m", "+W 1:1000", "+j 2:1000", f"+b {nick}", f"-b {nick}"]
    lines = [*[f"JOIN {name}"] * 3, *[f"PART {name}"] * 3, *[f"PRIVMSG {name} :hello"] * 3]
    lines += [*[f"MODE {name} {chance.choice(modes)}"] * 4, f"RENAME {name} {name}x", f"RENAME {name}x {name}"]
    lines += [f"INVITE {nick} {name}", f"MARKREAD {name} timestamp=2020-01-01T00:00:00.000Z", "AWAY :gone", "AWAY"]
    return chance.choice(lines).encode()


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


def test_logins_and_registrations_before_the_welcome_are_recorded(tmp_path: Path) -> None:
    """A step carries what it needs to know of a session that other nodes don't know yet: host, nick and account."""
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


def test_plain_text_websockets_and_refused_acts_are_recorded(tmp_path: Path) -> None:
    """An act that is refused when it is applied is refused again: of two users who register with the same nick, the
    second.
    """
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
            messages = {(m.nick, m.params[1]) for m in (alice.expect("PRIVMSG") for _ in range(3))}
            assert messages == {("web", "hello"), ("dan", "good morning"), ("dan", "\x01ACTION waves\x01")}
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
def test_an_invalid_recording_is_one_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "file"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecordingError, match=says):
        list(replay(path))
    assert main(["replay", str(path)]) == 2


def test_a_recording_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("mine", encoding="utf-8")
    done = run(tmp_path, "--listen", "127.0.0.1:0", "--record", str(path))
    assert done.returncode == 2
    assert "name a new file" in done.stderr
    assert path.read_text(encoding="utf-8") == "mine"


def test_a_spoken_message_is_checked_again_after_changes(tmp_path: Path) -> None:
    """A `SpeechAct` is applied unchecked only while the counters under which it was checked are unchanged."""
    path = tmp_path / "life"
    world = World(random.Random(0), tmp_path)
    network, app = world.network, world.app
    recorder = Recorder(path, network, {}, app.now(), every=1)
    assert isinstance(app.log, MemoryLog)
    app.log.read(recorder.read)
    for nick in ("operator", "speaker"):
        world.send(world.connect(), f"NICK {nick}\r\nUSER u 0 * :u\r\nJOIN #a\r\n".encode())
    operator, speaker = world.puppets
    routes = SessionRoutes(network, speaker.session, app.log, app.turn, partial(world._context, speaker), app.now)
    burst = routes.find(b"PRIVMSG #a :one\r\nPRIVMSG #a :two")
    assert burst
    routes.say(burst)
    app.turn.begin()
    route = burst[0]
    last_id = network.ids.last
    world.send(operator, b"MODE #a +m\r\n")
    assert not route.is_valid(network)
    recorder.close(app.now())
    document = json.loads(json.dumps(snapshot.snapshot(network, app.now())))
    act = SpeechAct(speaker.session.number, app.now(), "PRIVMSG", "#a", ("three",), route.revisions)
    world.close()
    assert [trouble for _, trouble in replay(path) if trouble] == []
    replica = Replica(document, {})
    before = replica.network.ids.last
    assert before > last_id
    replica.apply(act)
    assert replica.network.ids.last == before, "the message is refused: the channel has +m by now"
    replica.apply(CommandAct(operator.session.number, app.now(), "MODE", ("#a", "-m")))
    between = replica.network.ids.last
    replica.apply(act)
    assert replica.network.ids.last > between
