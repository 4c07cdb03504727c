"""A failing disk costs messages, but disconnects nobody, and what nobody saw is not in the history.

The disk is a real one; a preloaded library makes its calls fail (`failing_disk.c`).
"""

import errno
import shutil
import ssl
import subprocess
import time
from hashlib import sha256
from pathlib import Path

import pytest

from greenchat.server.net.certificate import ensure_certificate
from tests.irc import Client
from tests.patience import PATIENCE
from tests.server import forked
from tests.server.forked import started
from tests.server.process import Running, run

_CAPS = "echo-message message-tags labeled-response batch server-time draft/chathistory"
_SETTINGS = "[throttle]\ncommands = 0.0\n\n[storage]\ndurability = {durability!r}\n"


class Disk:
    """A disk that fails on request. environment: of the process that uses it."""

    def __init__(self, library: Path, folder: Path) -> None:
        self._orders = folder / "orders"
        self.environment = {"LD_PRELOAD": str(library), "FAILING_DISK": str(self._orders)}

    def fail(self, what: str, number: int) -> None:
        """Let `sync` or `write` fail with an errno from now on."""
        part = self._orders.with_suffix(".part")
        part.write_text(f"{what} {number}")
        part.rename(self._orders)

    def heal(self) -> None:
        """Let everything succeed from now on."""
        self._orders.unlink()


def compiled(folder: Path) -> Path:
    """Return the library that makes calls fail, compiled in a folder."""
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("needs a C compiler")
    library = folder / "failing_disk.so"
    source = Path(__file__).with_name("failing_disk.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return one library for all tests, so that their servers can be forked from one process that has it."""
    return compiled(tmp_path_factory.mktemp("library"))


@pytest.fixture
def disk(library: Path, tmp_path: Path) -> Disk:
    """Make a disk that does not fail yet."""
    return Disk(library, tmp_path)


def config(folder: Path, durability: str = "process") -> tuple[str, ...]:
    """Return the arguments of a server on a free port."""
    file = folder / "server.toml"
    file.write_text(_SETTINGS.format(durability=durability))
    return "--config", str(file), "--listen", "127.0.0.1:0", "--data", str(folder / "data")


def offline(folder: Path) -> tuple[str, ...]:
    """Return the arguments of a command for the data that a server has left."""
    return "--config", str(folder / "server.toml"), "--data", str(folder / "data")


def wait_for_log(server: Running, text: str) -> None:
    """Wait until the server has logged this."""
    deadline = time.monotonic() + PATIENCE
    while text not in server.errors.read_text():
        assert time.monotonic() < deadline, server.errors.read_text()
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("durability", "what", "number"),
    [
        ("power", "sync", errno.EIO),
        ("process", "write", errno.EIO),
        ("process", "write", errno.EROFS),
        ("power", "write", errno.ENOSPC),
        ("process", "write", errno.EDQUOT),
    ],
)
def test_a_disk_that_fails_and_recovers(tmp_path: Path, disk: Disk, durability: str, what: str, number: int) -> None:
    arguments = config(tmp_path, durability)
    with (
        started(tmp_path, *arguments, env=disk.environment) as server,
        Client(server.target, "alice", caps=_CAPS) as alice,
        Client(server.target, "bob", caps=_CAPS) as bob,
    ):
        alice.join("#lobby")
        bob.join("#lobby")
        for turn in range(3):
            alice.send(f"PRIVMSG #lobby :before {turn}")
            assert alice.expect("PRIVMSG", "FAIL").params[-1] == f"before {turn}"
            assert bob.expect("PRIVMSG").params[-1] == f"before {turn}"
            disk.fail(what, number)
            for attempt in range(3):
                alice.send(f"PRIVMSG #lobby :lost {turn} {attempt}")
                assert alice.expect("PRIVMSG", "FAIL").params[:2] == ("PRIVMSG", "TEMPORARILY_UNAVAILABLE")
            assert "PRIVMSG" not in [message.command for message in bob.sync()]
            wait_for_log(server, "the store failed, and 1 messages were refused: can't write the database")
            disk.heal()
        alice.send("PRIVMSG #lobby :after")
        assert bob.expect("PRIVMSG").params[-1] == "after"
        server.process.kill()
        server.process.wait()
        assert "Traceback" not in server.errors.read_text()
    with started(tmp_path, *arguments) as server, Client(server.target, "carol", caps=_CAPS) as carol:
        carol.join("#lobby")
        texts = [each.params[-1] for each in carol.run("CHATHISTORY LATEST #lobby * 50") if each.command == "PRIVMSG"]
        assert texts == ["before 0", "before 1", "before 2", "after"]
    assert forked.run(tmp_path, "check", *offline(tmp_path)).returncode == 0


_OPER = """
[opers.root]
class = "all"
password = "$scrypt$ln=4,r=8,p=1$c2FsdCBvZiB0aGUgZWFydA$bVYV3rizrd5fad2LnosIPdjLF24RcScjHG9lIpNfft4"
[classes.all]
rights = ["ban", "defcon", "accounts", "history", "samode", "cloak", "metadata"]
"""
_NOT_STORED = ("could not be stored", "could not be taken back", "could not be deleted")

# A change, and how to see whether it was made: a query, and a part of its answer.
_PROMISES = {
    "REGISTER newbie * open-door-7": ("NICKSERV INFO newbie", "Account newbie"),
    "NICKSERV SAREGISTER newcomer open-door-7": ("NICKSERV INFO newcomer", "Account newcomer"),
    "NICKSERV CERT ADD": ("NICKSERV CERT LIST", "{fingerprint}"),
    "NICKSERV SET ALWAYS-ON on": ("NICKSERV SET", "ALWAYS-ON: on"),
    "ACCEPT friend": ("ACCEPT *", "friend"),
    "METADATA * SET status :busy": ("METADATA * LIST", "busy"),
    "MODE #own +b evil!*@*": ("MODE #own +b", "evil!*@*"),
    "MODE #own +e good!*@*": ("MODE #own +e", "good!*@*"),
    "MODE #own +k secret": ("MODE #own", "secret"),
    "MODE #own +mov friend friend": ("NAMES #own", "@friend"),
    "MODE #own +i": ("MODE #own", "#own +i"),
    "SAMODE #own +l 77": ("MODE #own", " 77 |"),
    "TOPIC #own :new topic": ("TOPIC #own", "new topic"),
    "METADATA #own SET url :busy": ("METADATA #own LIST", "busy"),
    "CHANSERV REGISTER #free": ("CHANSERV INFO #free", "belongs to owner"),
    "CHANSERV AMODE #own +o friend": ("CHANSERV AMODE #own", "o  friend"),
    "UBAN DEL 192.0.2.1": ("UBAN LIST", "0 bans"),
    "UBAN ADD 192.0.2.7 1h :bad": ("UBAN LIST", "192.0.2.7"),
    "KLINE *@192.0.2.8 :bad": ("UBAN LIST", "192.0.2.8"),
    "DEFCON 4": ("DEFCON", "DEFCON 4"),
    "CLOAK ROTATE": ("WHOIS owner", "nothing of the kind"),
    "REDACT #own {msgid}": ("CHATHISTORY LATEST #own * 1", "REDACT"),
    "HISTSERV DELETE #own {msgid}": ("CHATHISTORY LATEST #own * 1", "REDACT"),
    "PRIVMSG #own :lost": ("CHATHISTORY LATEST #own * 5", " lost"),
    "RENAME #own #other": ("NAMES #other", "~owner"),
}

_SEEN_OTHERWISE = {"CLOAK ROTATE"}  # users on this machine have no cloak


def test_a_confirmed_change_is_stored(tmp_path: Path, disk: Disk) -> None:
    """On a disk that accepts nothing each change is refused and without effect, immediately and after kill -9."""
    arguments = config(tmp_path)
    file = tmp_path / "server.toml"
    file.write_text(file.read_text() + _OPER + "[tls]\nself_signed = true\n")
    own = ensure_certificate(tmp_path / "client", "owner", [])
    fingerprint = sha256(ssl.PEM_cert_to_DER_cert(own[0].read_text())).hexdigest()
    tls = ssl._create_unverified_context()  # the server's certificate is self-signed
    tls.load_cert_chain(*own)
    caps = _CAPS + " draft/metadata-2 draft/message-redaction draft/channel-rename draft/event-playback"

    def seen(client: Client, question: str) -> str:
        return " | ".join(f"{message.command} {' '.join(message.params)}" for message in client.run(question))

    with (
        started(tmp_path, *arguments, env=disk.environment) as server,
        Client(server.target, "friend", caps=caps) as friend,
        Client(server.target, "owner", caps=caps, tls=tls) as owner,
    ):
        for client in (friend, owner):
            client.send(f"REGISTER * * oldpassword-{client.nick}")
            client.expect("REGISTER")
        owner.run("JOIN #own,#free", "CHANSERV REGISTER #own", "OPER root secret", "UBAN ADD 192.0.2.1 1h :bad")
        friend.run("JOIN #own")
        owner.send("PRIVMSG #own :said")
        msgid = owner.expect("PRIVMSG").tags["msgid"]
        promises = {
            promise.format(msgid=msgid): (question, done.format(fingerprint=fingerprint))
            for promise, (question, done) in _PROMISES.items()
        }
        with Client(server.target, "newbie", caps=caps) as newbie:
            who = {promise: newbie if promise.startswith("REGISTER") else owner for promise in promises}
            disk.fail("write", errno.ENOSPC)
            for promise, (question, done) in promises.items():
                client = who[promise]
                answer = [message.params[-1] for message in (*client.run(promise), *client.sync())]
                assert any(text in line for line in answer for text in _NOT_STORED), (promise, answer)
                assert done not in seen(owner, question), promise
            answer = [message.params[-1] for message in owner.run("NICKSERV PASSWD oldpassword-owner newpassword")]
            assert any(_NOT_STORED[0] in line for line in answer), answer
            friend.sync()
            messages = [message.command for message in friend.sync()]
            assert not {"MODE", "TOPIC", "RENAME", "REDACT"} & set(messages)
        server.process.kill()
        server.process.wait()
    disk.heal()
    with started(tmp_path, *arguments) as server, Client(server.target, "asker", caps=caps, tls=tls) as owner:
        owner.send("NICKSERV IDENTIFY owner newpassword")
        assert "Wrong password" in owner.expect("NOTICE").params[-1]
        owner.send("NICKSERV IDENTIFY owner oldpassword-owner")
        owner.expect("900")
        owner.sync()
        owner.run("NICK owner", "JOIN #own,#free", "OPER root secret")
        for promise, (question, done) in promises.items():
            assert done not in seen(owner, question), promise
        # On a disk that works each change is kept and seen by the same query: otherwise the test would show nothing.
        with Client(server.target, "newbie", caps=caps) as newbie, Client(server.target, "asker", caps=caps) as friend:
            friend.run("NICKSERV IDENTIFY friend oldpassword-friend", "NICK friend", "JOIN #own")
            for promise, (question, done) in promises.items():
                if promise not in _SEEN_OTHERWISE:
                    client = newbie if promise.startswith("REGISTER") else owner
                    client.run(promise)
                    client.sync()
                    assert done in seen(owner, question), promise


def test_housekeeping_on_a_failing_disk(tmp_path: Path, disk: Disk) -> None:
    """The failure is logged, and the work is done once the disk works again."""
    with (
        started(tmp_path, *config(tmp_path), env=disk.environment) as server,
        Client(server.target, "alice", caps=_CAPS) as alice,
    ):
        alice.join("#lobby")
        for number in range(100):
            alice.send(f"PRIVMSG #lobby :{number}")
        alice.sync()
        disk.fail("write", errno.EIO)
        wait_for_log(server, "housekeeping of the database")
        disk.heal()
        alice.send("PRIVMSG #lobby :well again")
        assert alice.expect("PRIVMSG", "FAIL").params[-1] == "well again"
        assert server.end() == 0
    assert forked.run(tmp_path, "check", *offline(tmp_path)).returncode == 0


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC])
def test_a_disk_on_which_no_database_can_be_created(tmp_path: Path, disk: Disk, number: int) -> None:
    disk.fail("write", number)
    ended = forked.run(tmp_path, *config(tmp_path), env=disk.environment)
    assert ended.returncode == 2
    assert "can't use the database" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.skipif(not shutil.which("prlimit"), reason="there is no prlimit here")
@pytest.mark.parametrize("command", [("--listen", "127.0.0.1:0"), ("restore", "b.db"), ("compact",)])
def test_a_disk_that_accepts_not_one_byte(tmp_path: Path, command: tuple[str, ...]) -> None:
    """setrlimit(2), RLIMIT_FSIZE: "Attempts to extend a file beyond this limit" fail with EFBIG."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    (folder / "greenchat.db").touch(mode=0o600)  # without it there is nothing to compact
    unwritten = {"PYTHONDONTWRITEBYTECODE": "1"}  # writing a cache would kill it before it ignores SIGXFSZ
    ended = run(tmp_path, *command, "--data", str(folder), before=("prlimit", "--fsize=0"), env=unwritten)
    assert ended.stderr == f"greenchat-server: can't write to the data folder {folder}: File too large\n"
    assert ended.returncode == 2
