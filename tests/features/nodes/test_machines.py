"""Nodes on several machines: set up, inspected and repaired from the shell."""

import json
import shutil
import signal
import time
import unicodedata
from base64 import b64decode
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from greenchat.commands.nodes.membership import PLATFORM
from greenchat.server.nodes import entries
from greenchat.server.nodes.access import Access
from greenchat.server.nodes.engine import Engine, StoredLog
from tests.features.nodes.test_faults import come_back
from tests.irc import Client
from tests.patience import PATIENCE
from tests.ports import reserved_port
from tests.server.forked import run
from tests.server.nodes.machines import Machine
from tests.server.nodes.nats import NEEDED, Nats, nats
from tests.server.nodes.talkers import Talker, check, wait_until
from tests.server.process import SCRIPT

pytestmark = NEEDED

RESUME = ("CAP LS 302", "CAP REQ :greenchat/resume")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    """Start a server for all tests that do not harm it; each uses a log of its own."""
    with nats(tmp_path_factory.mktemp("engine")) as (server,):
        yield server


@contextmanager
def machines(*made: Machine) -> Iterator[None]:
    with ExitStack() as stack:
        for machine in made:
            stack.callback(machine.close)
        yield


def test_three_machines_with_three_servers_of_the_engine(tmp_path: Path) -> None:
    """From the first command to the last: init, join, talk, status, drain, stop."""
    with nats(tmp_path, 3) as engine:
        one, two, three = (Machine(tmp_path, name, engine, more="lease = 60.0") for name in ("oslo", "rome", "york"))
        with machines(one, two, three):
            assert "The log greenchat was created, with 3 copies" in one.do("cluster", "init")
            one.start()
            with one.client("kim") as kim:
                kim.join("#a")
                kim.run("PRIVMSG #a :before there was another")
                kim.quit()
            for other in (two, three):
                other.join(one)
                other.start()
            talkers = [Talker(machine, nick) for machine, nick in ((one, "ann"), (two, "bob"), (three, "cat"))]
            for talker in talkers:
                talker.start()
            talkers[0].wait_for_more()

            document = json.loads(two.do("cluster", "status", "--json"))
            assert {node["name"]: node["sessions"] for node in document["nodes"]} == {"oslo": 1, "rome": 1, "york": 1}
            assert all(node["behind"] < 50 and node["version"] for node in document["nodes"])
            shown = one.do("cluster", "status").splitlines()
            assert [line.split()[0] for line in shown] == ["NODE", "oslo", "rome", "york", "entry"]

            guest = Client(three.address)
            guest.send(*RESUME, "NICK eve", "USER eve 0 * :Eve", "CAP END")
            token = guest.expect("RESUME").params[0]
            guest.join("#a")
            talkers[0].wait_for_more()
            before = [event for event in talkers[0].events if "eve" in event]
            assert "york moves its clients" in one.do("cluster", "drain", "york")
            (farewell,) = [message for message in guest.until_end() if message.command == "ERROR"]
            assert "connect again" in farewell.params[-1]
            talkers[2].wait_until_lost()
            with pytest.raises(OSError, match=r"refused|reset"):  # the latter while the listener closes
                three.client("zoe")
            eve = Client(one.address)
            eve.send(*RESUME, f"RESUME {token}", "NICK eve_", "USER eve 0 * :Eve", "CAP END")
            assert eve.expect("001").params[0] == "eve"
            talkers[0].wait_for_more()
            assert [event for event in talkers[0].events if "eve" in event] == before, "no QUIT or JOIN is seen"
            assert "york (drained)" in one.do("cluster", "status")
            assert one.refused("cluster", "drain", "lima") == "there is no node lima; the nodes are oslo, rome, york"
            assert "is running (last heard of" in one.refused("cluster", "forget", "york")
            three.signal(signal.SIGSTOP)
            until_silent(one, "york")
            assert "york was removed" in one.do("cluster", "forget", "york")
            three.signal(signal.SIGCONT)
            three.wait_for_restart()
            eve.quit()
            cluster = type("Cluster", (), {"nodes": [one, two, three]})
            check(cluster, *talkers)  # type: ignore[arg-type]  # all that it asks for
            assert three.texts("#a")[0][1] == "before there was another"


def until_silent(machine: Machine, name: str) -> None:
    def is_silent() -> bool:
        rows = json.loads(machine.do("cluster", "status", "--json"))["nodes"]
        silent = {node["name"]: node["silent"] for node in rows}
        return bool(silent[name] > 2000)

    wait_until(is_silent)


def test_an_engine_that_is_off_at_the_start_is_reported_and_waited_for(tmp_path: Path) -> None:
    with nats(tmp_path) as (server,):
        one = Machine(tmp_path, "oslo", (server,))
        with machines(one):
            one.do("cluster", "init")
            server.kill()
            one.start(ready=False)
            wait_until(lambda: "; waiting at most 30 s for it" in one.errors.read_text(encoding="utf-8"))
            server.start()
            one.wait_for_restart(0)
            with one.client("kim") as kim:
                kim.join("#a")
                kim.quit()
            assert one.errors.read_text(encoding="utf-8").count("; waiting") == 1
            assert one.end() == 0


def test_errors_are_one_line(tmp_path: Path, engine: Nats) -> None:
    one, two = (Machine(tmp_path, name, [engine], log="mistakes") for name in ("one", "two"))
    with machines(one, two):
        assert "it has no log mistakes: create it with `greenchat-server cluster init`" in one.refusal()
        assert one.refused("cluster", "join", str(tmp_path / "nothing")).startswith("the engine has no log mistakes")
        assert "no node" not in one.refused("cluster", "rebase")
        assert one.refused("cluster", "status", code=3).endswith("does not belong to a log yet")
        assert one.refused("cluster", "drain", "two", code=3).endswith("run this at a running node")
        assert one.refused("cluster", "forget").endswith("the NODE is missing")
        assert one.refused("cluster", "publish", "more") == "cluster publish takes no 'more'"
        assert one.refused("cluster", "init", "more") == "cluster init takes no 'more'"
        output = one.do("cluster", "init")
        assert "created, with one copy" in output
        assert "cluster.monitor" in output
        assert "already belongs to a log" in one.refused("cluster", "init")
        assert "already has the log mistakes" in two.refused("cluster", "init")
        assert (
            "has no state of the log mistakes to begin with: run `greenchat-server cluster publish` at another node"
            in two.refusal()
        )
        assert "nothing is lost" in one.refused("cluster", "rebase")
        assert one.refused("cluster", "status", code=3).endswith("it has applied 0 entries of the log mistakes")
        plain = run_as_single(two)
        two.do("backup", str(plain))
        assert "not a backup of a node" in two.refused("cluster", "join", str(plain))
        assert "can't be read" in two.refused("cluster", "join", str(two.config))
        one.start()
        assert "uses the data folder" in one.refused("cluster", "init")
        two.join(one)
        with reserved_port() as nobody:
            two.configure([f"nats://127.0.0.1:{nobody}"], log="mistakes")
            assert "the engine can't be reached" in two.refused("cluster", "init")
        two.name = "one"
        two.configure([engine.url], log="mistakes", more="lease = 3.0")
        assert two.refusal() == "another running node is named one: choose a different name"
        one.end()


def run_as_single(machine: Machine) -> Path:
    """Run a single server from the machine's data folder; return the name of a file for a backup of it."""
    text = machine.config.read_text(encoding="utf-8")
    machine.config.write_text(text.partition("[cluster]")[0], encoding="utf-8")
    machine.start()
    machine.end()
    machine.config.write_text(text, encoding="utf-8")
    return machine.home / "single.gcb"


def test_the_folder_of_a_node_is_not_served_by_a_single_server(tmp_path: Path, engine: Nats) -> None:
    one = Machine(tmp_path, "one", [engine], log="folder")
    with machines(one):
        one.do("cluster", "init")
        text = one.config.read_text(encoding="utf-8")
        one.config.write_text(text.partition("[cluster]")[0], encoding="utf-8")
        assert "belongs to a node of a cluster: start it with the configuration" in one.refusal()
        one.config.write_text(text, encoding="utf-8")
        assert "choose one of them" in one.refused("--nodes", "2")
        one.start()
        assert one.end() == 0


def test_a_backup_of_a_node_becomes_a_single_server(tmp_path: Path, engine: Nats) -> None:
    one = Machine(tmp_path, "one", [engine], log="alone")
    with machines(one):
        one.do("cluster", "init")
        one.start()
        with one.client("ann") as ann:
            ann.join("#a")
            ann.run("PRIVMSG #a :kept")
            ann.quit()
        saved = tmp_path / "one.gcb"
        one.do("backup", str(saved))
        assert one.end() == 0
        shutil.rmtree(one.folder)
        text = one.config.read_text(encoding="utf-8")
        one.config.write_text(text.partition("[cluster]")[0], encoding="utf-8")
        one.do("restore", str(saved))
        one.start()
        assert one.end() == 0
        assert [text for _, text in one.texts("#a")] == ["kept"]


def test_an_engine_that_has_lost_its_log(tmp_path: Path) -> None:
    """The nodes stop and report it without changing anything; `rebase` makes a new log, which the others join."""
    with nats(tmp_path) as (server,):
        one, two = (
            Machine(tmp_path, name, [server], more="patience = 1.0\nengine_timeout = 2.0") for name in ("one", "two")
        )
        with machines(one, two):
            one.do("cluster", "init")
            one.start()
            two.join(one)
            two.start()
            ann = Talker(two, "ann")
            ann.start()
            ann.wait_for_more()
            server.kill()
            ann.wait_until_lost()
            shutil.rmtree(tmp_path / "nats-0")
            server.start()
            for machine in (one, two):
                assert machine.process
                assert machine.process.wait(PATIENCE) == 2
                last = machine.errors.read_text(encoding="utf-8").splitlines()[-1]
                assert "it has no log greenchat" in last
                assert "cluster rebase" in last
            texts = two.texts("#a")
            assert {text for _, text in ann.echoed} <= {text for _, text in texts}
            assert "was recreated from this node's data (" in two.do("cluster", "rebase")
            two.start()
            assert "does not belong to the engine's log" in one.refused(
                "cluster", "join", str(tmp_path / "one-for-two.gcb")
            )
            assert "Nothing was changed" in one.refusal()
            one.join(two)
            one.start()
            bob, cat = Talker(one, "bob"), Talker(two, "cat")
            for talker in (bob, cat):
                talker.start()
                talker.wait_for_more()
            check(type("Cluster", (), {"nodes": [one, two]}), bob, cat)  # type: ignore[arg-type]  # all it asks for
            assert one.texts("#a")[: len(texts)] == texts
            assert sorted(path.name for path in one.folder.glob("*.replaced-1")) == [
                "greenchat.db.replaced-1",
                "greenchat.state.replaced-1",
            ]


def test_a_log_with_a_gap_stops_the_node(tmp_path: Path, engine: Nats) -> None:
    one, two = (Machine(tmp_path, name, [engine], log="gap", more="lease = 3.0") for name in ("one", "two"))
    with machines(one, two):
        one.do("cluster", "init")
        one.start()
        two.join(one)
        two.start()
        two.kill()
        with one.client("ann", "echo-message") as ann:
            ann.join("#a")
            ann.run("PRIVMSG #a :said")
            ann.quit()
        link = Engine(Access((engine.url,)), "test")
        stored = link.find_log("gap")
        assert stored
        link.request("$JS.API.STREAM.MSG.DELETE.gap", json.dumps({"seq": stored.last - 2}).encode())
        link.close()
        assert f"the entries after {stored.last - 3} are missing: the engine has lost them" in two.refusal()
        assert one.end() == 0


def test_an_invalid_entry_stops_the_node(tmp_path: Path, engine: Nats) -> None:
    """Another program, or a newer version, has written to the log."""
    one = Machine(tmp_path, "one", [engine], log="garbage")
    with machines(one):
        one.do("cluster", "init")
        one.start()
        with closing(Engine(Access((engine.url,)), "test")) as link:
            number = link.append("garbage", b'{"v": 9, "acts": []}', "other:1")
        stops(one, f"entry {number} of the log: the log has entries of version 9, but only 1 is supported")


def test_an_act_that_cannot_be_decoded_stops_the_nodes(tmp_path: Path, engine: Nats) -> None:
    """If it comes from a present node: each node stops, and does not start again."""
    one = Machine(tmp_path, "one", [engine], log="acts")
    with machines(one):
        one.do("cluster", "init")
        one.start()
        with closing(Engine(Access((engine.url,)), "test")) as link:
            last = Entries(link, "acts").last()
            number = link.append("acts", entries.pack(last.token, last.count + 100, ['["fly"]']), "other:1")
        line = f"entry {number} of the log: this is not an act of version 1 of the log: ['fly']"
        stops(one, line)
        assert one.refusal() == line


class Entries:
    """Reads the log as the engine has it. Waits: last."""

    def __init__(self, link: Engine, log: str) -> None:
        self._link = link
        self._log = log

    def last(self) -> entries.LogEntry:
        """Return the newest entry of a present node, which writes one twice a second."""
        began = self._stored().last
        while (newest := self._stored().last) < began + 2:
            time.sleep(0.05)
        asked = json.dumps({"seq": newest}).encode()
        found = self._link.request(f"$JS.API.STREAM.MSG.GET.{self._log}", asked)
        return entries.unpack(b64decode(found["message"]["data"]))

    def _stored(self) -> StoredLog:
        stored_log = self._link.find_log(self._log)
        assert stored_log
        return stored_log


def stops(machine: Machine, line: str) -> None:
    """Wait until the node has ended permanently with this line as its last one."""
    assert machine.process
    assert machine.process.wait(PATIENCE) == 2
    log = machine.errors.read_text(encoding="utf-8")
    assert log.splitlines()[-1] == f"greenchat-server: {line}"
    assert "Traceback" not in log


def test_a_node_with_a_wrong_clock(tmp_path: Path, engine: Nats) -> None:
    """The log decides the time: ids, order and bans are the same on all nodes."""
    wrong = "import time; right = time.time_ns; time.time_ns = lambda: right() + 400 * 86400 * 10**9"
    one = Machine(tmp_path, "one", [engine], log="clock")
    two = Machine(tmp_path, "two", [engine], log="clock", before=wrong)
    with machines(one, two):
        one.do("cluster", "init")
        one.start()
        two.join(one)
        two.start()
        one.do("ban", "zoe!*@*", "--time", "1h")
        talkers = [Talker(machine, nick) for machine, nick in ((one, "ann"), (two, "bob"))]
        for talker in talkers:
            talker.start()
        talkers[0].wait_for_more()
        assert "zoe!*@*  for 5" in one.do("bans")
        with Client(two.address) as zoe:
            zoe.send("NICK zoe", "USER z 0 * :z")
            assert zoe.until_end()[-1].command == "ERROR"
        check(type("Cluster", (), {"nodes": [one, two]}), *talkers)  # type: ignore[arg-type]  # all it asks for


def test_a_node_with_a_different_state_ends_and_is_made_anew(tmp_path: Path, engine: Nats) -> None:
    """Nothing tells which of two is right: the one that reads the digest of the other ends."""
    another = "from greenchat.server.nodes import state_file; state_file.digest_of = lambda _: 'another'"
    one = Machine(tmp_path, "one", [engine], log="digest")
    two = Machine(tmp_path, "two", [engine], log="digest", before=another)
    with machines(one, two):
        one.do("cluster", "init")
        one.start()
        two.join(one)
        two.start()
        while not (ended := [each for each in (one, two) if each.process and each.process.poll() is not None]):
            time.sleep(0.05)
        (wrong,) = ended
        other = one if wrong is two else two
        assert wrong.process
        assert wrong.process.returncode == 2
        log = wrong.errors.read_text(encoding="utf-8")
        assert "the state of this node is" in log
        assert log.splitlines()[-1].endswith("and here `greenchat-server cluster join`")
        wrong._script = SCRIPT
        wrong.join(other)
        wrong.start()
        with wrong.client("ann") as ann:
            ann.join("#a")
            ann.quit()


def test_an_account_added_in_the_shell_exists_on_all_nodes(tmp_path: Path, engine: Nats) -> None:
    one, two = (Machine(tmp_path, name, [engine], log="adduser") for name in ("one", "two"))
    with machines(one, two):
        one.do("cluster", "init")
        one.start()
        two.join(one)
        two.start()
        assert run(tmp_path, "adduser", "kim", "--config", str(one.config), stdin="a long secret\n").returncode == 0
        assert two.end() == 0
        assert run(tmp_path, "adduser", "lee", "--config", str(two.config), stdin="a long secret\n").returncode == 0
        two.start()
        for machine, name in ((one, "kim"), (two, "kim"), (one, "lee"), (two, "lee")):
            with machine.client("guest") as guest:
                guest.send(f"PRIVMSG NickServ :IDENTIFY {name} a long secret")
                assert guest.expect("900", "NOTICE").command == "900", (machine.name, name)
                guest.quit()
        assert [machine.end() for machine in (one, two)] == [0, 0]


def test_an_engine_that_may_lose_what_it_has_written(tmp_path: Path) -> None:
    with nats(tmp_path, sync="2m") as (server,):
        one = Machine(tmp_path, "one", [server], more=f'monitor = ["http://127.0.0.1:{server.monitor}"]')
        with machines(one):
            expected = "does not write to the disk immediately: it needs jetstream { sync_interval: always }"
            assert expected in one.refused("cluster", "init")
            one.configure([server.url])
            one.do("cluster", "init")
            one.configure([server.url], more=f'monitor = ["http://127.0.0.1:{server.monitor}"]')
            assert expected in one.refusal()
            with reserved_port() as nobody:
                one.configure([server.url], more=f'monitor = ["http://127.0.0.1:{nobody}"]')
                one.start()
            assert "can't be asked for its sync interval" in one.errors.read_text(encoding="utf-8")
            assert one.end() == 0


def test_a_node_with_another_platform_is_refused(tmp_path: Path, engine: Nats) -> None:
    """Once the nodes with which it would differ are gone, it is accepted."""
    assert PLATFORM.endswith(f" with Unicode {unicodedata.unidata_version}")
    older = "from greenchat.server.nodes import member; member.PLATFORM = 'Python 3.11 with Unicode 1.1'"
    log = "rules"
    one = Machine(tmp_path, "one", [engine], log=log, more="lease = 3.0")
    two = Machine(tmp_path, "two", [engine], log=log, more="lease = 3.0", before=older)
    with machines(one, two):
        one.do("cluster", "init")
        one.start()
        two.join(one)
        refusal = two.refusal()
        assert "stop all nodes, and start them with the same version" in refusal
        one.kill()  # it has not left, and no node is present to give it up
        two.start()
        with come_back(two, "ann") as ann:
            ann.quit()
        assert two.end() == 0


def test_a_node_waits_for_an_engine_that_comes_back(tmp_path: Path) -> None:
    """A node that has served continues once the engine is back; one that is told to end while it waits, ends."""
    with nats(tmp_path) as (server,):
        one = Machine(tmp_path, "one", [server], more="patience = 1.0\nengine_timeout = 2.0")
        with machines(one):
            one.do("cluster", "init")
            one.start()
            server.kill()
            wait_for_restarts(one, 1)
            server.start()
            one.wait_for_restart()
            with come_back(one, "ann") as ann:
                ann.quit()
            server.kill()
            wait_for_restarts(one, 2)
            assert one.end() == 0


def wait_for_restarts(machine: Machine, times: int) -> None:
    """Wait until the node has stopped serving for lack of the engine so many times."""
    line = "this node is stopping: the engine was unreachable"
    wait_until(lambda: machine.errors.read_text(encoding="utf-8").count(line) >= times)
    assert machine.process
    assert machine.process.poll() is None
