"""The log does not grow for ever: entries that all nodes have in a snapshot are deleted."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import gevent
import pytest

from greenchat.server.nodes import state_file
from greenchat.server.nodes.engine import Engine, StoredLog
from tests.patience import PATIENCE
from tests.server.nodes.cluster import Cluster, NodeProcess, cluster
from tests.server.nodes.nats import NEEDED
from tests.server.nodes.talkers import Talker, check

pytestmark = NEEDED

_NOTHING = 0.0001  # MiB: the log is always larger
_MOMENT = 0.0005  # hours: 1.8 seconds


def stored(nodes: Cluster) -> StoredLog:
    """Return the log as the engine has it."""
    engine = Engine(nodes.nodes[0].node_config.engine, "test")
    try:
        stored_log = engine.find_log("greenchat")
        assert stored_log
        return stored_log
    finally:
        engine.close()


def position(node: NodeProcess) -> int:
    """Return the entry at which the node's last state file was written."""
    head = state_file.head_of(node.folder / "greenchat.state")
    assert head
    return head.position


def restart_with(nodes: Cluster, **changed: float) -> None:
    """Restart the nodes with other settings of the log."""
    for node in nodes.nodes:
        running = node.process and node.process.poll() is None
        assert not running or node.end() == 0
        node.node_config = dataclasses.replace(node.node_config, **changed)  # type: ignore[arg-type]  # fields of all types
        if running:
            node.start()


def wait(talker: Talker, is_so: Callable[[], bool]) -> None:
    """Wait while clients talk: a hundred entries take a minute on a busy machine."""
    with gevent.Timeout(5 * PATIENCE):
        while not is_so():
            talker.wait_for_more(5)


@pytest.mark.long
def test_it_keeps_what_an_absent_node_needs(tmp_path: Path) -> None:
    with cluster(tmp_path, 2, snapshots=0.5) as nodes:
        one, two = nodes.nodes
        restart_with(nodes, size=_NOTHING)
        ann, bob = Talker(one, "ann"), Talker(two, "bob")
        for talker in (ann, bob):
            talker.start()
        wait(ann, lambda: stored(nodes).first > 50)
        assert two.end() == 0
        left = position(two)
        now = position(one)
        wait(ann, lambda: position(one) > now + 100)
        assert stored(nodes).first <= left + 1
        two.start()
        cat = Talker(two, "cat")
        cat.start()
        wait(ann, lambda: stored(nodes).first > left + 1)
        check(nodes, ann, bob, cat)


def test_a_node_that_was_off_for_too_long_reports_it_and_is_made_from_another(tmp_path: Path) -> None:
    with cluster(tmp_path, 2, snapshots=0.5) as nodes:
        one, two = nodes.nodes
        restart_with(nodes, keep=_MOMENT)
        ann = Talker(one, "ann")
        ann.start()
        ann.wait_for_more()
        assert two.end() == 0
        left = position(two)
        wait(ann, lambda: stored(nodes).first > left + 1)
        two.start(ready=False)
        assert two.process
        assert two.process.wait(PATIENCE) == 2
        line = two.errors.read_text(encoding="utf-8").splitlines()[-1]
        assert f"this node has only those up to {left}: it was off for too long: delete" in line
        assert position(two) == left, "nothing is changed"
        restart_with(nodes, keep=24.0)  # otherwise the log is trimmed faster than the next file is copied
        ann.wait_until_lost()
        two.make_from(one)
        two.start()
        bob, cat = Talker(two, "bob"), Talker(one, "cat")
        for talker in (bob, cat):
            talker.start()
            talker.wait_for_more()
        check(nodes, ann, bob, cat)
