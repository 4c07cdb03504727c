"""A rolling upgrade, with the real engine: nodes of two versions form one server, without a break for clients."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from greenchat.chat.acts import OLDEST, VERSION
from tests.features.nodes.test_agreement import STAFF
from tests.irc import Client
from tests.patience import PATIENCE
from tests.server.forked import Forked, run, started
from tests.server.nodes.cluster import cluster
from tests.server.nodes.machines import Machine
from tests.server.nodes.nats import NEEDED, Nats, nats
from tests.server.nodes.rolling_upgrade import LATER, NEW, OLD, Installation, MovingClient
from tests.server.nodes.talkers import check, wait_until
from tests.server.nodes.test_supervisor import pid_of
from tests.server.process import Process, environment

pytestmark = NEEDED


class Installed(Machine):
    """A machine with an installation of its own, or a shared one."""

    def __init__(self, home: Path, name: str, engine: list[Nats], installation: Installation) -> None:
        super().__init__(home, name, engine, more="lease = 60.0")
        self._script = installation.script
        self._installation = installation

    def _forked(self, words: Sequence[str], env: Mapping[str, str], output: int) -> Process:
        """Fork as for all machines, except for the hash seeds: each version is loaded once."""
        with open(os.devnull) as nothing:
            standard = [nothing.fileno(), output, output]
            return Forked(words, {**env, **self._installation.environment}, standard, script=self._script)


@contextmanager
def running(*machines: Machine) -> Iterator[None]:
    """Form one server of them by joining one after another."""
    first, *others = machines
    with ExitStack() as stack:
        for machine in machines:
            stack.callback(machine.close)
        first.do("cluster", "init")
        first.start()
        for other in others:
            other.join(first)
            other.start()
        yield


def epochs(machine: Machine) -> dict[str, tuple[str, int]]:
    """Return the version of each node and its newest epoch."""
    document = json.loads(machine.do("cluster", "status", "--json"))
    return {node["name"]: (node["version"], node["newest"]) for node in document["nodes"]}


@pytest.mark.long
def test_three_nodes_are_upgraded_one_after_another(tmp_path: Path) -> None:
    """Talking clients continue on another node each time; the new version's commands are refused until all nodes have
    it.
    """
    installation = Installation(tmp_path)
    with nats(tmp_path) as engine:
        one, two, three, late = (Installed(tmp_path, name, engine, installation) for name in ("a", "b", "c", "late"))
        with running(one, two, three, late):
            assert late.end() == 0  # it is off while the others are upgraded
            talkers = [
                MovingClient(nodes, nick)
                for nick, nodes in (("ann", [one, two, three]), ("bob", [two, three, one]), ("cat", [three, one, two]))
            ]
            for talker in talkers:
                talker.start()
            for talker in talkers:
                talker.wait_for_more()
            assert one.refused("cluster", "upgrade").endswith(
                "the newest that the nodes support: there is nothing to do"
            )

            installation.upgrade()
            for number, machine in enumerate((three, two, one), 1):
                output = machine.do("upgrade")
                assert output.startswith(f"{machine.name} was restarted, with greenchat {NEW}; it was {OLD}\n")
                assert output.endswith(f"Once all nodes support epoch {LATER}, begin it with `cluster upgrade`\n")
                assert sorted(epochs(machine).values()) == [(OLD, VERSION)] * (3 - number) + [(NEW, LATER)] * number
                with machine.client("new", "standard-replies") as new:
                    new.join("#new")
                    assert new.commands("WAVE #new") == ["421"], "no new command while a node does not know it"
                    assert new.commands("SALUTE #new") == ["FAIL"]
                    assert real_name(new, "as before") == "as before"
                    new.quit()
                if number < 3:
                    refused = machine.refused("cluster", "upgrade")
                    behind = " and ".join(f"{each.name} (greenchat {OLD})" for each in (one, two, three)[: 3 - number])
                    assert refused.startswith(
                        f"epoch {LATER} is not supported by {behind}: install the new version there"
                    )
                for talker in talkers:
                    talker.wait_for_more()
            assert f"The log is now in epoch {LATER}" in two.do("cluster", "upgrade")
            with one.client("new") as new, three.client("other") as other:
                for client in (new, other):
                    client.join("#later")
                new.send("WAVE #later", "SALUTE #later", "WAVE #later")
                for wanted in ("waves 1", "salutes 1", "waves 2"):
                    assert [client.expect("NOTICE").params[-1] for client in (new, other)] == [wanted] * 2
                assert real_name(other, "from now on") == "from now on (later)"
                for client in (new, other):
                    client.quit()
            for talker in talkers:
                talker.wait_for_more()

            installation.go_back()
            line = late.refusal()
            assert (
                f"the log continues in epoch {LATER}, but greenchat {OLD} supports epochs up to {VERSION}:"
                " install a newer version" in line
            )
            backup = tmp_path / "two.gcb"
            two.do("backup", str(backup))
            late.do("cluster", "join", str(backup))
            assert (
                f"the state is of epoch {LATER}, but this greenchat supports epochs {OLDEST} to {VERSION}"
                in late.refusal()
            )
            installation.go_on()
            late.start()
            assert len(epochs(late)) == 4

            all_of_them = type("Cluster", (), {"nodes": [one, two, three, late]})
            check(all_of_them, *talkers)  # type: ignore[arg-type]  # all that it asks for
            assert min(talker.moves for talker in talkers) >= 1
            came = [talker.events for talker in talkers]
            assert came == [["JOIN bob", "JOIN cat"], ["JOIN cat"], []], "no move was visible to others"


def test_nodes_of_one_machine_begin_the_new_epoch_by_themselves(tmp_path: Path) -> None:
    """Nodes of one machine share one installation: no other version can join later."""
    installation = Installation(tmp_path)
    data = tmp_path / "d"
    words = ("--listen", "127.0.0.1:0", "--data", str(data), "--nodes", "2")
    with started(tmp_path, *words, env=installation.environment, script=installation.script, spare=True) as server:
        pid_of(data / "nodes/2")
        with Client(server.target, "ann") as ann:
            ann.join("#a")
            assert ann.commands("WAVE #a", "SALUTE #a") == ["421", "421"]
            ann.quit()
        installation.upgrade()
        done = run(tmp_path, "upgrade", "--data", str(data))
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines() == [
            f"{name} was restarted, with greenchat {NEW}; it was {OLD}" for name in ("node-2", "node-1")
        ]
        with Client(server.target, "ann") as ann:
            ann.join("#a")
            wait_until(lambda: ann.commands("WAVE #a") != ["421"])
            ann.send("SALUTE #a")
            assert ann.expect("NOTICE").params[-1] == "salutes 1"
            ann.quit()
        assert server.end() == 0
    assert "Traceback" not in server.errors.read_text(encoding="utf-8")


def test_a_single_server_begins_the_new_epoch_without_a_break(tmp_path: Path) -> None:
    """A single server asks no other node, and a replay of its recording reaches the same state."""
    installation = Installation(tmp_path)
    record = tmp_path / "life"
    words = ("--listen", "127.0.0.1:0", "--data", str(tmp_path / "d"), "--record", str(record))
    with ExitStack() as stack:
        server = stack.enter_context(
            started(tmp_path, *words, env=installation.environment, script=installation.script)
        )
        stack.callback(lambda: server.process.poll() is None and server.end())  # also the process that has taken over
        with Client(server.target, "ann") as ann:
            ann.join("#a")
            assert ann.commands("WAVE #a", "SALUTE #a") == ["421", "421"]
            assert real_name(ann, "as before") == "as before"
            installation.upgrade()
            done = run(tmp_path, "upgrade", "--data", str(tmp_path / "d"))
            assert f"greenchat {NEW}, has taken over; it was {OLD}" in done.stdout
            assert ann.commands("WAVE #a", "SALUTE #a", "WAVE #a") == ["NOTICE"] * 3
            assert real_name(ann, "from now on") == "from now on (later)"
            ann.quit()
        done = run(tmp_path, "stop", "--data", str(tmp_path / "d"))
        assert server.process.wait(PATIENCE) == 0
    assert "Traceback" not in server.errors.read_text(encoding="utf-8")
    command = [sys.executable, *installation.script, "replay", str(record)]
    env = environment(tmp_path) | installation.environment
    replayed = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert (replayed.returncode, replayed.stderr) == (0, "")
    refused = run(tmp_path, "replay", str(record))
    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)
    assert f"the log continues in epoch {LATER}, but greenchat {OLD} supports epochs up to {VERSION}" in refused.stderr


def real_name(client: Client, wish: str) -> str:
    """Return a client's real name after it has set this one."""
    client.send(f"SETNAME :{wish}", f"WHOIS {client.nick}")
    return next(message.params[-1] for message in client.until("318") if message.command == "311")


def test_operators_restart_or_stop_a_node(tmp_path: Path) -> None:
    """Clients of the node continue on another one; the named process, and no other, restarts or ends."""
    with cluster(tmp_path, 3, more=STAFF.replace('"die"', '"die", "restart", "stats"')) as nodes:
        one, two, three = nodes.nodes
        talkers = [MovingClient([one], "ann"), MovingClient([two, three], "bob")]
        for talker in talkers:
            talker.start()
        with one.client("chief") as chief:
            chief.run("OPER root secret")
            assert chief.run("RESTART nowhere")[0].params == ("chief", "nowhere", "No such server")
            came = {name: numbers["since"] for name, numbers in stats(chief).items()}
            assert sorted(came) == ["node-1", "node-2", "node-3"]
            chief.run("RESTART node-2")
            wait_until(lambda: is_back(chief))
            numbers = stats(chief)["node-2"]
            assert numbers["version"] == OLD
            assert (numbers["epochs"], numbers["sessions"]) == (f"{OLDEST}-{VERSION}", "0")
            assert {name: numbers["since"] for name, numbers in stats(chief).items() if name != "node-2"} == {
                name: since for name, since in came.items() if name != "node-2"
            }
            for talker in talkers:
                talker.wait_for_more()
            chief.run("DIE node-3")
            assert three.process
            assert three.process.wait(PATIENCE) == 0
            for talker in talkers:
                talker.wait_for_more()
            assert sorted(stats(chief)) == ["node-1", "node-2"]
            three.start()
            two.signal(signal.SIGUSR2)
            talkers[1].wait_until_moved(3)
            wait_until(lambda: is_back(chief))
            chief.send("RESTART")
            assert chief.until_end()[-1].params == (
                "This node is under maintenance: connect again to use another node",
            )
        talkers[0].wait_until_moved(1)
        for talker in talkers:
            talker.wait_for_more()
        check(nodes, *talkers)
        assert [talker.events for talker in talkers] == [["JOIN bob"], []]


def is_back(chief: Client) -> bool:
    """Whether the second node is present and accepts clients."""
    return stats(chief).get("node-2", {"draining": "1"})["draining"] == "0"


def stats(chief: Client) -> dict[str, dict[str, str]]:
    """Return what STATS n tells of each node."""
    messages = [message.params[-1].split() for message in chief.run("STATS n") if message.command == "249"]
    return {name: dict(each.split("=") for each in numbers) for name, *numbers in messages}
