"""A server of the engine dies while a shell command uses it: the command waits for the next leader."""

from contextlib import closing
from pathlib import Path

from greenchat.server.nodes.access import Access
from greenchat.server.nodes.engine import STARTING, Engine
from greenchat.server.nodes.object_store import ObjectStore
from tests.server.nodes.nats import NEEDED, nats

pytestmark = NEEDED


def test_a_command_survives_the_leader(tmp_path: Path) -> None:
    file, copy = tmp_path / "backup", tmp_path / "copy"
    file.write_bytes(b"0123456789abcdef" * 70_000)  # three pieces
    with nats(tmp_path, 3) as servers:
        with closing(Engine(Access((servers[0].url,)), "test", starting=STARTING)) as engine:
            store = ObjectStore(engine, "files")
            store.open(3600.0, replicas=3)
            leader = int(engine.request("$JS.API.STREAM.INFO.OBJ_files", b"")["cluster"]["leader"][1:])
        others = [server for number, server in enumerate(servers) if number != leader]
        with closing(Engine(Access((others[0].url,)), "test", starting=60.0)) as engine:
            servers[leader].process.kill()  # the engine still knows it as the subscriber of the pieces
            store = ObjectStore(engine, "files")
            store.put("backup", file, {"node": "oslo"})
        with closing(Engine(Access((others[1].url,)), "test", starting=60.0)) as engine:
            store = ObjectStore(engine, "files")
            stored = store.find("backup")
            assert stored is not None
            assert (stored.pieces, dict(stored.metadata)) == (3, {"node": "oslo"})
            store.get(stored, copy)
    assert copy.read_bytes() == file.read_bytes()
