"""Uploaded files where nodes share their folder, as with `--nodes`."""

import base64
import json
import os
import time
from contextlib import ExitStack
from pathlib import Path

from greenchat.server.files.blobs import FOLDER
from tests.http_client import Http
from tests.server.nodes.cluster import Cluster, NodeProcess, cluster
from tests.server.nodes.nats import NEEDED
from tests.server.nodes.talkers import wait_until

pytestmark = NEEDED

_MIB = 1 << 20
_CONFIG = "[files]\nenabled = true\nguests = 100\n[accounts]\niterations = 4096\n"


def shared(nodes: Cluster) -> None:
    one, other = nodes.nodes
    (one.folder / FOLDER).mkdir()
    (other.folder / FOLDER).symlink_to(one.folder / FOLDER)


def begun(node: NodeProcess, first: bytes) -> Http:
    """Start an upload, of which the first half has arrived."""
    link = Http(node.address)
    link.send(f"POST /files HTTP/1.1\r\nHost: x\r\nContent-Length: {2 * len(first)}\r\n\r\n".encode() + first)
    return link


def ended(link: Http, rest: bytes) -> str:
    """Finish an upload; return the path of the file."""
    link.send(rest)
    answer = link.answer("POST")
    assert answer.status == 201, answer
    return str(json.loads(answer.body)["path"])


def fetched(node: NodeProcess, path: str) -> bytes:
    with Http(node.address) as link:
        return link.get(path).body


def wait_for_parts(node: NodeProcess, count: int) -> None:
    """Wait until so many incomplete uploads are on the disk."""
    parts = node.folder / FOLDER / "parts"
    wait_until(lambda: parts.is_dir() and sum(each.stat().st_size >= _MIB for each in parts.iterdir()) == count)


def test_two_uploads_at_the_same_time_are_two_files(tmp_path: Path) -> None:
    with cluster(tmp_path, 2, more=_CONFIG) as nodes, ExitStack() as links:
        shared(nodes)
        one, other = nodes.nodes
        first = links.enter_context(begun(one, b"a" * _MIB))
        wait_for_parts(one, 1)
        second = links.enter_context(begun(other, b"b" * _MIB))
        paths = ended(second, b"B" * _MIB), ended(first, b"A" * _MIB)
        for node in nodes.nodes:
            assert [fetched(node, path)[::_MIB] for path in paths] == [b"bB", b"aA"]


def test_a_recovering_node_deletes_no_file(tmp_path: Path) -> None:
    """Until it has caught up it does not know the files that came since its last snapshot, nor those uploaded on other
    nodes.
    """
    with cluster(tmp_path, 2, more=_CONFIG) as nodes, ExitStack() as links:
        shared(nodes)
        one, other = nodes.nodes
        path = ended(links.enter_context(begun(one, b"a")), b"A")
        under_way = links.enter_context(begun(other, b"b" * _MIB))
        wait_for_parts(other, 1)
        one.kill()
        one.start()
        assert fetched(one, path) == fetched(other, path) == b"aA"
        assert fetched(one, ended(under_way, b"B" * _MIB))[::_MIB] == b"bB"


def test_the_content_of_a_deleted_file_stays_while_another_node_may_use_it(tmp_path: Path) -> None:
    """Another node may have received the same content, whose file this node does not know yet."""
    with cluster(tmp_path, 2, more=_CONFIG) as nodes:
        shared(nodes)
        one, other = nodes.nodes
        with one.client("ann") as ann:
            ann.send("REGISTER * * :sesame open")
            ann.expect("900")
            ann.quit()
        owner = "Basic " + base64.b64encode(b"ann:sesame open").decode()
        with Http(one.address) as link:
            path = json.loads(link.get("/files", "POST", b"x", Authorization=owner).body)["path"]
            (content,) = (file for file in (one.folder / FOLDER).glob("??/*") if file.parent.name != "parts")
            assert link.get(path, "DELETE", Authorization=owner).status == 204
            began = time.monotonic()
            while time.monotonic() < began + 2:  # the sweeper looks every second
                assert link.get(path).status == 404
                time.sleep(0.05)
            assert content.read_bytes() == b"x"
            again = json.loads(link.get("/files", "POST", b"x", Authorization=owner).body)["path"]
            assert fetched(other, again) == b"x"
            assert link.get(again, "DELETE", Authorization=owner).status == 204
            os.utime(content, (1000, 1000))
            wait_until(lambda: not content.exists())
