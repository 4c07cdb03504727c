"""Steps by which nodes come and go, applied without any node's process."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.chat.acts import VERSION, Act, ActError, StepAct, decode
from greenchat.chat.cluster.nodes import DIE, RESTART, first_session
from greenchat.chat.continuity import snapshot
from greenchat.chat.network import Network
from greenchat.config.settings import Settings
from greenchat.server.data.recording import Recorder
from greenchat.server.data.replica import Replica
from greenchat.storage.log import MemoryLog
from tests.hostile.world import World

GRACE = 60_000


def replica_of(*names: str, newest: int = VERSION) -> Replica:
    """Return a state with nodes that have just come. newest: the epoch that they know."""
    replica = Replica(snapshot.snapshot(Network(Settings(), now=5), 5), {})
    for position, name in enumerate(names, 1):
        replica.network.nodes.advance(position, 1000)
        fields = (name, f"token {name}", f"folder {name}", "platform", 10_000, GRACE, "0.2.0", 1, newest)
        replica.apply(StepAct(0, 1000, "node.came", fields))
    return replica


def arrival(folder: Path, nick: str, session: int) -> Act:
    """Return the act by which a session registers."""
    folder.mkdir()
    world = World(random.Random(1), folder)
    recorder = Recorder(folder / "life", world.network, {}, world.app.now())
    assert isinstance(world.app.log, MemoryLog)
    world.app.log.read(recorder.read)
    world.send(world.connect(), f"NICK {nick}\r\nUSER u 0 * :u\r\n".encode())
    recorder.close(world.app.now())
    world.close()
    (line,) = [line for line in (folder / "life").read_text(encoding="utf-8").splitlines() if '"enter"' in line]
    return replace(decode(json.loads(line)), session=session)


@pytest.mark.parametrize("gone", ["node.left", "node.lost"])
def test_sessions_of_a_lost_node_are_forgotten(tmp_path: Path, gone: str) -> None:
    """Otherwise each lost session would stay in the memory of the others for ever."""
    replica = replica_of("one", "two")
    one, two = replica.network.nodes
    for node, nick in ((one, "ann"), (two, "bob")):
        replica.apply(arrival(tmp_path / nick, nick, first_session(node) + 1))
    assert len(replica._applier._sessions) == 2
    replica.apply(StepAct(0, 1001, gone, (one.number, GRACE)))
    assert list(replica._applier._sessions) == [first_session(two) + 1]
    assert replica.network.user("ann"), "a lost user may resume"


def test_an_epoch_begins_when_every_node_knows_it() -> None:
    replica = replica_of("one", newest=VERSION + 1)
    with pytest.raises(
        ActError, match=f"the log continues in epoch {VERSION + 1}, but greenchat .* supports epochs up to {VERSION}"
    ):
        replica.apply(StepAct(0, 1000, "node.epoch", (VERSION + 1,)))
    assert replica.network.nodes.epoch == VERSION
    replica = replica_of("one")
    replica.apply(StepAct(0, 1000, "node.epoch", (VERSION + 1,)))
    assert replica.network.nodes.epoch == VERSION, "the node does not know it, and no error is raised"


def test_a_node_that_does_not_know_the_epoch_is_refused() -> None:
    replica = replica_of("one")
    late = ("late", "token", "folder", "platform", 10_000, GRACE, "9.0", VERSION + 1, VERSION + 2)
    replica.apply(StepAct(0, 1000, "node.came", late))
    assert [node.name for node in replica.network.nodes] == ["one"]


def test_an_unknown_step_of_another_version_is_reported() -> None:
    with pytest.raises(ActError, match=r"this version has no step later\.thing"):
        replica_of("one").apply(StepAct(0, 1000, "later.thing", ()))


def test_a_node_that_is_told_to_end_sends_its_clients_to_others() -> None:
    replica = replica_of("one")
    replica.apply(StepAct(0, 1000, "node.told", ("one", RESTART)))
    (one,) = replica.network.nodes
    assert (one.is_draining, one.order) == (False, RESTART)
    replica = replica_of("one", "two")
    one, two = replica.network.nodes
    for name in ("one", "two", "nobody"):
        replica.apply(StepAct(0, 1000, "node.told", (name, RESTART)))
    assert [(node.is_draining, node.order) for node in (one, two)] == [(True, RESTART), (False, RESTART)]
    for order in (DIE, RESTART):
        replica.apply(StepAct(0, 1000, "node.told", ("one", order)))
    assert one.order == DIE, "a node with DIE is not restarted"
