"""JOINs that a large channel holds back are sent once each, also over an upgrade and over the snapshot of a node."""

from pathlib import Path

from greenchat.server.data.store_keeper import STATE
from greenchat.server.nodes import state_file
from tests.irc import Client, people
from tests.server.forked import started
from tests.server.handover.test_upgrade import CONFIG, upgrade
from tests.server.nodes.machines import Machine
from tests.server.nodes.nats import NEEDED, nats
from tests.server.nodes.talkers import wait_until

HOLD = """\
from greenchat.chat import broadcast
from greenchat.server.net import turn

broadcast.CROWD = 1
turn._JOINS_EVERY = turn._JOINS_LATEST = 3600.0
"""
"""Each JOIN but the first is held back until something else must be sent to the channel."""
MAIN = "from greenchat.server.main import main\nraise SystemExit(main())\n"


def joins(client: Client) -> list[str]:
    """Return the nicks whose JOINs the client gets now."""
    return [message.nick for message in client.sync() if message.command == "JOIN"]


def test_joins_held_back_are_sent_once_over_an_upgrade(tmp_path: Path) -> None:
    script, config = tmp_path / "start.py", tmp_path / "server.toml"
    script.write_text(HOLD + MAIN, encoding="utf-8")
    config.write_text(CONFIG, encoding="utf-8")
    with started(tmp_path, "--config", str(config), script=(str(script),), spare=True) as server:
        try:
            with people(server.target, "alice", "bob", "carol") as clients:
                for client in clients:
                    client.run("JOIN #talk")
                assert [joins(client) for client in clients] == [[], [], []], "they should be held back"
                upgrade(tmp_path)
                assert [joins(client) for client in clients] == [["bob", "carol"], ["carol"], []]
                clients[0].run("PRIVMSG #talk :hello")
                assert [m.command for client in clients for m in client.sync()] == ["PRIVMSG", "PRIVMSG"]
        finally:
            server.end()


@NEEDED
def test_joins_held_back_are_sent_once_over_a_snapshot_of_a_node(tmp_path: Path) -> None:
    """A client that joins at a node started from the snapshot gets no JOIN of earlier members."""
    with nats(tmp_path) as engine:
        one, two = (Machine(tmp_path, name, engine, before=HOLD) for name in ("oslo", "rome"))
        try:
            one.do("cluster", "init")
            one.start()
            with people(one.address, "alice", "bob", "carol") as clients:
                for client in clients:
                    client.run("JOIN #talk")
                wait_for_snapshot(one, members=3)
                assert [joins(client) for client in clients] == [[], [], []], "they should be held back"
                two.join(one)
                two.start()
                with people(two.address, "dave", "eve") as others:
                    for client in others:
                        client.run("JOIN #talk")
                    for machine in one, two:
                        wait_for_snapshot(machine, members=5)
                    clients += others
                    assert [joins(client) for client in clients] == [[], [], [], [], []], "they should be held back"
                    clients[0].send("PRIVMSG #talk :hello")
                    nicks = ["alice", "bob", "carol", "dave", "eve"]
                    for number, client in enumerate(clients[1:], 1):
                        received = [(message.command, message.nick) for message in client.until("PRIVMSG")]
                        assert received == [*[("JOIN", nick) for nick in nicks[number + 1 :]], ("PRIVMSG", "alice")]
                    assert joins(clients[0]) == nicks[1:]
        finally:
            two.close()
            one.close()


def wait_for_snapshot(machine: Machine, members: int) -> None:
    """Wait for a snapshot in which the channel has so many members, while another client is active."""
    with Client(machine.address, "zoe") as zoe:

        def has_it() -> bool:
            zoe.run("JOIN #other", "PART #other")
            channels = state_file.read(machine.folder / STATE)["channels"]
            return any(channel["name"] == "#talk" and len(channel["members"]) == members for channel in channels)

        wait_until(has_it)
        zoe.quit()
