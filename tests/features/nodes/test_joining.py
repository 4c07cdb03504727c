"""A machine becomes a node from what another one has put into the engine's object store: no file is copied by hand."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from greenchat.server.nodes.access import Access
from greenchat.server.nodes.engine import Engine
from greenchat.server.nodes.engine_errors import EngineError
from greenchat.server.nodes.object_store import ObjectStore
from tests.features.nodes.test_machines import machines
from tests.server.nodes.machines import Machine
from tests.server.nodes.nats import NEEDED, Nats, nats
from tests.server.nodes.talkers import Talker, check

pytestmark = NEEDED

PUBLISH = ("cluster", "publish")
JOIN = ("cluster", "join")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    """Start a server for all tests that do not harm it; each uses a log of its own."""
    with nats(tmp_path_factory.mktemp("engine")) as (server,):
        yield server


def test_machines_join_through_the_engine(tmp_path: Path, engine: Nats) -> None:
    """While clients talk."""
    one, two, three = (Machine(tmp_path, name, [engine], log="talk") for name in ("oslo", "rome", "york"))
    with machines(one, two, three):
        one.do("cluster", "init")
        one.start()
        ann = Talker(one, "ann")
        ann.start()
        ann.wait_for_more()
        assert "the engine has no backup of a node of the log talk: run " in two.refused(*JOIN)
        assert "for 24 hours" in one.do(*PUBLISH)
        ann.wait_for_more()
        for machine in (two, three):
            assert "This is now a node, at entry " in machine.do(*JOIN)
            machine.start()
        for machine in (one, two, three):
            assert sorted(path.name for path in machine.folder.glob("greenchat.*ed")) == [], "nothing is left"
        talkers = [ann, Talker(two, "bob"), Talker(three, "cat")]
        for talker in talkers[1:]:
            talker.start()
            talker.wait_for_more()
        check(type("Cluster", (), {"nodes": [one, two, three]}), *talkers)  # type: ignore[arg-type]  # all it asks for


def test_a_node_that_was_off_for_too_long_joins_through_the_engine(tmp_path: Path, engine: Nats) -> None:
    one, two = (Machine(tmp_path, name, [engine], log="off") for name in ("one", "two"))
    with machines(one, two):
        one.do("cluster", "init")
        one.start()
        one.do(*PUBLISH)
        two.do(*JOIN)
        two.start()
        assert two.end() == 0
        with one.client("ann") as ann:
            ann.join("#a")
            ann.quit()
        trim(engine, "off")
        assert "it was off for too long" in two.refusal()
        assert "the backup that the engine has is too old: it ends at entry " in two.refused(*JOIN)
        assert one.end() == 0
        one.do(*PUBLISH)  # also from a node that does not run
        one.start()
        assert "greenchat.db.replaced-1" in two.do(*JOIN)
        two.start()
        assert [machine.end() for machine in (one, two)] == [0, 0]


def stored_files(machine: Machine) -> list[bytes]:
    return [(machine.folder / name).read_bytes() for name in ("greenchat.db", "greenchat.state")]


def trim(engine: Nats, log: str) -> None:
    """Remove all entries of a log but the last."""
    with closing(Engine(Access((engine.url,)), "test")) as link:
        stored = link.find_log(log)
        assert stored
        link.trim(log, stored.last)


def test_errors_are_one_line(tmp_path: Path, engine: Nats) -> None:
    one, two = (Machine(tmp_path, name, [engine], log="mistakes") for name in ("one", "two"))
    with machines(one, two):
        assert one.refused(*PUBLISH).startswith("the engine has no log mistakes")
        one.do("cluster", "init")
        assert "does not belong to a log" in two.refused(*PUBLISH)
        one.do(*PUBLISH)
        two.do(*JOIN)
        two.start()
        assert "uses the data folder" in two.refused(*JOIN)
        assert two.end() == 0
        before = stored_files(two)
        with closing(Engine(Access((engine.url,)), "test")) as link:
            place = link.request("$JS.API.STREAM.INFO.OBJ_mistakes", b"")["state"]["first_seq"]
            link.request("$JS.API.STREAM.MSG.DELETE.OBJ_mistakes", json.dumps({"seq": place}).encode())
        assert "can't be used (the engine has deleted parts of it): run `cluster publish` again" in two.refused(*JOIN)
        assert stored_files(two) == before, "nothing is changed"
        one.do(*PUBLISH)
        two.do(*JOIN)


def test_a_backup_of_before_a_rebase_is_refused(tmp_path: Path, engine: Nats) -> None:
    one, two = (Machine(tmp_path, name, [engine], log="anew") for name in ("one", "two"))
    with machines(one, two):
        one.do("cluster", "init")
        one.do(*PUBLISH)
        with closing(Engine(Access((engine.url,)), "test")) as link:
            link.delete_log("anew")
        one.do("cluster", "rebase")
        assert "does not belong to the engine's log anew" in two.refused(*JOIN)
        assert not (two.folder / "greenchat.db").exists()
        one.do(*PUBLISH)
        two.do(*JOIN)


def test_a_bucket_of_another_program_is_left_alone(tmp_path: Path, engine: Nats) -> None:
    one = Machine(tmp_path, "one", [engine], log="theirs")
    with machines(one), closing(Engine(Access((engine.url,)), "test")) as link:
        one.do("cluster", "init")
        theirs = {"name": "OBJ_theirs", "subjects": ["$O.theirs.>"]}
        made = link.request("$JS.API.STREAM.CREATE.OBJ_theirs", json.dumps(theirs).encode())
        for words in (PUBLISH, JOIN):
            assert one.refused(*words) == "the bucket theirs is not one of greenchat; name another log"
        assert link.request("$JS.API.STREAM.INFO.OBJ_theirs", b"")["config"] == made["config"]


def test_objects_of_all_sizes(tmp_path: Path, engine: Nats) -> None:
    """Each is read back as written, a new one replaces the old, and what is left of the old one is deleted."""
    piece = 512 * 1024
    for size in (0, 1, piece, piece + 1, 20 * piece):
        file, again = tmp_path / "file", tmp_path / "again"
        file.write_bytes(bytes(range(251)) * (size // 251) + b"x" * (size % 251))
        with closing(Engine(Access((engine.url,)), "test")) as link:
            store = ObjectStore(link, "sizes")
            store.open(60, replicas=1)
            store.put("it", file, {"size": str(size)})
            stored = store.find("it")
            assert stored
            assert (stored.size, stored.metadata) == (size, {"size": str(size)})
            assert store.find("another") is None
            store.get(stored, again)
        assert again.read_bytes() == file.read_bytes()
    with closing(Engine(Access((engine.url,)), "test")) as link:
        state = link.request("$JS.API.STREAM.INFO.OBJ_sizes", b"")["state"]
        assert state["messages"] == 20 + 1


def test_a_damaged_object_and_one_without_room(tmp_path: Path, engine: Nats) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"whole")
    with closing(Engine(Access((engine.url,)), "test")) as link:
        store = ObjectStore(link, "damage")
        store.open(60, replicas=1)
        store.put("it", file, {})
        stored = store.find("it")
        assert stored
        with pytest.raises(EngineError, match=r"can't write .*: No such file"):
            store.get(stored, tmp_path / "nowhere" / "file")
        link.request("$JS.API.STREAM.PURGE.OBJ_damage", json.dumps({"filter": f"$O.damage.C.{stored.key}"}).encode())
        link.request(f"$O.damage.C.{stored.key}", b"whale")
        with pytest.raises(EngineError, match="it is damaged"):
            store.get(stored, tmp_path / "copy")


def test_a_file_that_grows_beyond_the_disk(engine: Nats, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 100_000)
    with closing(Engine(Access((engine.url,)), "test")) as link:
        store = ObjectStore(link, "full")
        store.open(60, replicas=1)
        store.put("it", file, {})
        stored = store.find("it")
        assert stored
        with pytest.raises(EngineError, match="can't write /dev/full: No space left on device"):
            store.get(stored, Path("/dev/full"))
