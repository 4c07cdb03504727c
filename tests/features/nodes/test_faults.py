"""Faults, with the real engine: no echoed message is lost or doubled, and clients do not notice a fault on another
node.

The faults, and where they are tested; `python -m tests.hostile.kills` does the first four at random, with three
servers:

- A node is killed or hangs: here.
- The engine's leader, a follower, all but one of its servers: here, with three of each.
- The engine as a whole, for short or long, or with all nodes, as in a power cut: here.
- A node is cut off from the engine, for short, long, or until it is given up: `test_broken_parts`.
- A minority of the engine is cut off with a node: `test_minority`.
- A disk that is full or broken, a damaged database: `test_broken_parts`.
- The engine loses its data, the log has a gap or an unreadable entry, nodes differ, a clock is wrong: `test_machines`.
- A node recovers from its data: here; from nothing: `test_joining`; from a backup: `test_broken_parts`.
"""

import dataclasses
import signal
import time
from pathlib import Path

import pytest

from tests.irc import Client
from tests.patience import PATIENCE
from tests.server.nodes.cluster import NodeProcess, cluster
from tests.server.nodes.nats import NEEDED, leader_of
from tests.server.nodes.talkers import Talker, check, wait_until

pytestmark = NEEDED


def test_a_killed_node_recovers_from_its_data(tmp_path: Path) -> None:
    with cluster(tmp_path, 3, snapshots=1.0) as nodes:
        talkers = [Talker(node, nick) for node, nick in zip(nodes.nodes, ("ann", "bob", "cat"), strict=True)]
        for talker in talkers:
            talker.start()
        talkers[0].wait_for_more()
        nodes.nodes[1].kill()
        talkers[1].wait_until_lost()
        talkers[0].wait_for_more()
        nodes.nodes[1].start()
        for talker in (talkers[0], talkers[2]):
            talker.wait_for_more()
            assert not [event for event in talker.events if event.startswith("QUIT")], "no QUIT is seen"
        again = Talker(nodes.nodes[1], "dan")
        again.start()
        again.wait_for_more()
        check(nodes, *talkers, again)


def test_a_recovered_node_applies_the_spam_filter_as_the_others_do(tmp_path: Path) -> None:
    """A user who is muted for spam is muted on every node: otherwise one node would store a message that another does
    not.
    """
    with cluster(tmp_path, 2) as nodes:
        one, other = nodes.nodes
        with one.client("ann") as ann, one.client("eve") as eve:
            ann.join("#a")
            ann.run("MODE #a +G")
            eve.join("#a")
            spam = "PRIVMSG #a :BUY THIS AT https://x.example/"
            while "404" not in [message.command for message in eve.run(spam)]:
                pass  # the first messages are only counted
            assert other.end() == 0
            other.start()
            with other.client("bob") as bob:
                bob.join("#a")
                assert "404" in [message.command for message in eve.run(spam)]
                ann.run("PRIVMSG #a :over")
                assert bob.expect("PRIVMSG").params == ("#a", "over")
        assert one.texts("#a") == other.texts("#a")
        assert [node.end() for node in nodes.nodes] == [0, 0]


def test_a_node_is_made_from_another_one(tmp_path: Path) -> None:
    with cluster(tmp_path, 1, snapshots=1.0) as nodes:
        ann = Talker(nodes.nodes[0], "ann")
        ann.start()
        ann.wait_for_more()
        other = NodeProcess(tmp_path, 2, nodes.engine, 1, snapshots=1.0)
        nodes.nodes.append(other)
        other.make_from(nodes.nodes[0])
        ann.wait_for_more()
        other.start()
        bob = Talker(other, "bob")
        bob.start()
        bob.wait_for_more()
        check(nodes, ann, bob)


def test_a_hanging_node_is_given_up_and_restarts(tmp_path: Path) -> None:
    with cluster(tmp_path, 2, snapshots=1.0, lease=3.0) as nodes:
        one, other = nodes.nodes
        ann, bob = Talker(one, "ann"), Talker(other, "bob")
        for talker in (ann, bob):
            talker.start()
        bob.wait_for_more()
        other.signal(signal.SIGSTOP)
        with one.client("eve", "message-tags") as eve:
            eve.join("#a")
            until_given_up(one)
            other.signal(signal.SIGCONT)
            bob.wait_until_lost()
            ann.wait_for_more()
            (names,) = [each for each in eve.run("NAMES #a") if each.command == "353"]
            assert "bob" in names.params[-1].split(), "he has time to come back"
            eve.quit()
        assert "QUIT bob" not in ann.events
        other.kill()
        other.start()
        check(nodes, ann, bob)


def until_given_up(node: NodeProcess) -> None:
    """Wait until a node has given up another one."""
    with node.errors.open(encoding="utf-8") as errors:
        wait_until(lambda: "was given up" in errors.read())


def test_the_engine_is_killed_and_started_again(tmp_path: Path) -> None:
    with cluster(tmp_path, 2, snapshots=1.0) as nodes:
        talkers = [Talker(node, nick) for node, nick in zip(nodes.nodes, ("ann", "bob"), strict=True)]
        for talker in talkers:
            talker.start()
        for _ in range(2):
            talkers[0].wait_for_more()
            nodes.engine[0].kill()
            nodes.engine[0].start()
        talkers[1].wait_for_more()
        assert not any("QUIT" in event for talker in talkers for event in talker.events)
        check(nodes, *talkers)


@pytest.mark.long
def test_two_of_three_servers_of_the_engine_are_enough_and_one_is_not(tmp_path: Path) -> None:
    """The leader is killed, the next one hangs, a follower is killed; with one left all nodes wait, and then
    continue.
    """
    with cluster(tmp_path, 3, 3, snapshots=1.0, patience=6.0, engine_timeout=60.0) as nodes:
        talkers = [Talker(node, nick) for node, nick in zip(nodes.nodes, ("ann", "bob", "cat"), strict=True)]
        for talker in talkers:
            talker.start()
        talkers[0].wait_for_more(10)
        leader = nodes.engine[leader_of(nodes.engine)]
        leader.kill()
        talkers[0].wait_for_more(10)
        leader.start()
        hanging = nodes.engine[leader_of(nodes.engine)].process
        hanging.send_signal(signal.SIGSTOP)
        talkers[0].wait_for_more(10)
        hanging.send_signal(signal.SIGCONT)
        talkers[1].wait_for_more(10)
        leading = leader_of(nodes.engine)
        first, second = (server for number, server in enumerate(nodes.engine) if number != leading)
        first.kill()
        talkers[1].wait_for_more(10)
        with nodes.nodes[0].client("eve") as eve:
            second.kill()
            assert "is waiting for its other nodes" in eve.expect("NOTICE").params[-1]
            first.start()
            second.start()
            talkers[1].wait_for_more(10)
            eve.quit()
        assert not any("QUIT" in event for talker in talkers for event in talker.events)
        check(nodes, *talkers)


def test_everything_is_killed_and_started_again(tmp_path: Path) -> None:
    """As after a power cut, except that the disks have everything: nodes and engine are killed at once."""
    with cluster(tmp_path, 2, snapshots=1.0) as nodes:
        talkers = [Talker(node, nick) for node, nick in zip(nodes.nodes, ("ann", "bob"), strict=True)]
        for talker in talkers:
            talker.start()
        talkers[0].wait_for_more(100)
        nodes.engine[0].kill()
        for node in nodes.nodes:
            node.kill()
        nodes.engine[0].start()
        for node in nodes.nodes:
            node.start()
        for talker in talkers:
            talker.wait_until_lost()
        again = Talker(nodes.nodes[1], "cat")
        names = again.client.run("NAMES #a")[0].params[-1].split()
        assert {name.lstrip("@") for name in names} == {"ann", "bob", "cat"}, "they have time to come back"
        again.start()
        again.wait_for_more(5)
        check(nodes, *talkers, again)


def test_a_guest_resumes_on_another_node(tmp_path: Path) -> None:
    """By the token of greenchat/resume, before the dead node is given up: there is no QUIT."""
    with cluster(tmp_path, 2, snapshots=1.0) as nodes:
        one, other = nodes.nodes
        bob = one.client("bob")
        bob.join("#a")
        ann = Client(other.address)
        ann.send("CAP LS 302", "CAP REQ :greenchat/resume", "NICK ann", "USER ann 0 * :Ann", "CAP END")
        token = ann.expect("RESUME").params[0]
        ann.join("#a")
        assert bob.expect("JOIN").nick == "ann"
        other.kill()
        ann = Client(one.address)
        ann.send(
            "CAP LS 302", "CAP REQ :greenchat/resume", f"RESUME {token}", "NICK ann_", "USER ann 0 * :Ann", "CAP END"
        )
        assert ann.expect("001").params[0] == "ann"
        ann.expect("366")
        ann.send("PRIVMSG #a :here again")
        assert [message.command for message in bob.until("PRIVMSG")] == ["PRIVMSG"]
        other.start()
        assert bob.sync() == []
        for client in (ann, bob):
            client.quit()
        assert [node.end() for node in nodes.nodes] == [0, 0]


def test_clients_are_told_when_the_engine_is_gone(tmp_path: Path) -> None:
    with cluster(tmp_path, 2, snapshots=1.0, patience=0.5, engine_timeout=60.0) as nodes:
        with nodes.nodes[0].client("ann", "echo-message") as ann, nodes.nodes[1].client("bob") as bob:
            for client in (ann, bob):
                client.join("#a")
            nodes.engine[0].kill()
            ann.send("PRIVMSG #a :kept")
            for client in (ann, bob):
                assert "is waiting for its other nodes" in client.expect("NOTICE").params[-1]
            nodes.engine[0].start()
            for client in (ann, bob):
                assert client.expect("PRIVMSG").params[-1] == "kept"
                client.quit()
        assert [node.end() for node in nodes.nodes] == [0, 0]


def test_a_long_absence_of_the_engine(tmp_path: Path) -> None:
    """Clients are disconnected, and may come back once the engine is there: history and presences are as before."""
    with cluster(tmp_path, 2, snapshots=1.0, patience=0.5, engine_timeout=4.0) as nodes:
        ann = nodes.nodes[0].client("ann", "echo-message")
        ann.join("#a")
        ann.send("PRIVMSG #a :before")
        ann.expect("PRIVMSG")
        nodes.engine[0].kill()
        ann.send("PRIVMSG #a :never said")
        last = ann.until_end()[-1]
        assert last.command == "ERROR"
        assert "Connect again" in last.params[-1]
        nodes.engine[0].start()
        with come_back(nodes.nodes[0], "bob") as bob, come_back(nodes.nodes[1], "cat") as cat:
            names = next(message for message in bob.join("#a") if message.command == "353")
            assert "ann" in {name.lstrip("@") for name in names.params[-1].split()}, "she has time to come back"
            cat.join("#a")
            cat.send("PRIVMSG #a :after")
            assert bob.expect("PRIVMSG").params[-1] == "after"
            for client in (bob, cat):
                client.quit()
        assert [node.end() for node in nodes.nodes] == [0, 0]
        assert [text for _, text in nodes.nodes[0].texts("#a")] == ["before", "after"]
        assert nodes.nodes[0].texts("#a") == nodes.nodes[1].texts("#a")


def come_back(node: NodeProcess, nick: str) -> Client:
    """Connect once the node listens again."""
    while True:
        try:
            return node.client(nick)
        except (EOFError, OSError):
            time.sleep(0.05)


def test_a_second_node_of_the_same_name_is_refused(tmp_path: Path) -> None:
    with cluster(tmp_path, 2) as nodes:
        other = NodeProcess(tmp_path, 3, nodes.engine, 1)
        nodes.nodes.append(other)
        other.make_from(nodes.nodes[0])
        other.node_config = dataclasses.replace(other.node_config, name="node-1")
        other.start(ready=False)
        assert other.process
        assert other.process.wait(PATIENCE) == 2
        assert "another running node is named node-1" in other.errors.read_text(encoding="utf-8").splitlines()[-1]
        with nodes.nodes[0].client("ann") as ann:
            ann.join("#a")
