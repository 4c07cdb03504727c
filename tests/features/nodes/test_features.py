"""Actions of users and operators on one node take effect on the other."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.features.nodes.test_agreement import STAFF
from tests.irc import Client
from tests.patience import PATIENCE
from tests.server.nodes.cluster import Cluster, NodeProcess, cluster
from tests.server.nodes.nats import NEEDED
from tests.server.nodes.talkers import wait_until

pytestmark = NEEDED
CAPS = "batch cap-notify draft/chathistory draft/multiline echo-message labeled-response message-tags server-time"


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    more = STAFF + '[metrics]\nenabled = true\naddresses = ["127.0.0.1"]\n'
    with cluster(tmp_path_factory.mktemp("n"), 2, more=more, snapshots=1.0, grace=0) as running:
        yield running
        for node in running.nodes:
            assert node.end() == 0
            log = node.errors.read_text(encoding="utf-8")
            assert "Traceback" not in log, log
            assert "the state of this node is" not in log, log


def connect(node: NodeProcess, nick: str) -> Client:
    client = node.client(nick, CAPS)
    client.join("#a")
    return client


def root_at(node: NodeProcess, nick: str) -> Client:
    root = connect(node, nick)
    root.send("OPER root secret")
    root.expect("381")
    return root


def test_messages_and_queries_across_nodes(nodes: Cluster) -> None:
    one, other = nodes.nodes
    with connect(one, "ann") as ann, connect(other, "bob") as bob:
        assert ann.expect("JOIN").nick == "bob"
        ann.send("@label=7 PRIVMSG bob :in private")
        echo, message = ann.expect("PRIVMSG"), bob.expect("PRIVMSG")
        assert (message.params, message.tags["msgid"]) == (("bob", "in private"), echo.tags["msgid"])
        assert echo.tags["label"] == "7"
        bob.send("BATCH +1 draft/multiline #a", "@batch=1 PRIVMSG #a :one", "@batch=1 PRIVMSG #a :two", "BATCH -1")
        assert [ann.expect("PRIVMSG").params[-1] for _ in range(2)] == ["one", "two"]
        bob.sync()
        found = [
            [
                (m.tags.get("msgid"), m.params)
                for m in client.run("CHATHISTORY LATEST #a * 10")
                if m.command == "PRIVMSG"
            ]
            for client in (ann, bob)
        ]
        assert found[0] == found[1] != []
        ann.send("MONITOR + zoe")
        ann.expect("731")
        with connect(other, "zoe"):
            assert ann.expect("730").params[-1].startswith("zoe!")
        assert ann.expect("731").params[-1] == "zoe"
        assert [m.command for m in ann.run("NICK bob")] == ["433"]
        assert "bob" in next(m for m in ann.run("WHOIS bob") if m.command == "311").params
        # messages keep their order: a query after a change sees the change
        answers = [m.command for m in ann.run("TOPIC #a :new", "TOPIC #a", "PRIVMSG #a :x", "PART #a", "NAMES #a")]
        assert answers == ["TOPIC", "332", "333", "PRIVMSG", "PART", "353", "366"]
        ann.quit()
        bob.quit()


def test_commands_of_operators_reach_the_other_node(nodes: Cluster) -> None:
    one, other = nodes.nodes
    with root_at(one, "chief") as root, connect(other, "vic") as victim:
        assert root.expect("JOIN").nick == "vic", "until then this node may not know of the other's session"
        texts = [m.params[-1] for m in root.run("NODES")]
        assert [line.partition(":")[0] for line in texts[-3:-1]] == ["node-1", "node-2"]
        assert all(
            re.search(r"greenchat \S+ \(epochs \d+-\d+\), [1-9]\d* sessions, since .* \d+ entries behind", line)
            for line in texts[-3:-1]
        )
        (refused,) = [m for m in root.run("DRAIN lima") if m.command == "400"]
        assert refused.params[1:] == ("DRAIN", "There is no node lima; the nodes are node-1, node-2")
        assert "2 nodes" in texts[-1]
        root.send("DEFCON 3")
        assert victim.expect("CAP").params[1] == "DEL", "accounts can't be registered now"
        root.send("DEFCON 5")
        assert victim.expect("CAP").params[1] == "NEW"
        root.send("CLOAK ROTATE")
        victim.sync()
        root.send("KILL vic :enough")
        assert victim.until_end()[-1].command == "ERROR"
        root.expect("QUIT")
        with Client(other.address) as again:
            root.run("UBAN ADD vic!*@* 5m not again")
            again.send("NICK vic", "USER vic 0 * :v")
            assert again.until_end()[-1].command == "ERROR"
        root.run("UBAN DEL vic!*@*")
        root.quit()


def metrics(node: NodeProcess) -> dict[str, str]:
    with urlopen(f"http://127.0.0.1:{node.port}/metrics", timeout=PATIENCE) as answer:
        return dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if line[0] != "#")


def test_each_node_measures_all_nodes(nodes: Cluster) -> None:
    one, other = nodes.nodes
    with connect(other, "ann") as ann:
        sessions = [f'greenchat_node_sessions{{node="node-{number}"}}' for number in (1, 2)]
        while [(measured := metrics(one)).get(name) for name in sessions] != ["0.0", "1.0"]:
            assert float(measured["greenchat_log_entry"]) > 0  # it may not have heard of all of them yet
        assert float(measured['greenchat_node_silent_seconds{node="node-2"}']) < 10
        assert float(measured['greenchat_node_behind_entries{node="node-1"}']) < 100
        ann.quit()


def test_a_reload_is_for_all_nodes(nodes: Cluster) -> None:
    one, other = nodes.nodes
    config = one.folder.parent / "server.toml"
    before = config.read_text(encoding="utf-8")
    with root_at(one, "boss") as root, connect(other, "ann") as ann:
        config.write_text('motd = ["new words"]\n' + before, encoding="utf-8")
        root.send("REHASH")
        root.expect("382")
        root.sync()
        wait_until(lambda: "new words" in next(m for m in ann.run("MOTD") if m.command == "372").params[-1])
        config.write_text(before, encoding="utf-8")
        root.quit()
        ann.quit()


def test_an_operator_drains_their_own_node(tmp_path: Path) -> None:
    """Users of the drained node continue on the other one; a second DRAIN is refused since no other node is left."""
    with cluster(tmp_path, 2, more=STAFF, snapshots=1.0) as running:
        one, other = running.nodes
        with root_at(one, "chief") as root, root_at(other, "boss") as boss, connect(one, "ann") as ann:
            root.send("DRAIN")
            for client in (root, ann):
                assert "connect again" in client.until_end()[-1].params[-1]
            assert [m.params[-1] for m in boss.run("NODES")][-3].startswith("node-1: ")
            (refused,) = [m for m in boss.run("DRAIN") if m.command == "400"]
            assert refused.params[-1] == "No node other than node-2 accepts clients"
            with pytest.raises(OSError, match=r"refused|reset"):  # the latter while the listener closes
                one.client("late")
            boss.quit()
        assert [node.end() for node in running.nodes] == [0, 0]
