"""Requests to a node about a name or a secret that another node gave to a client, also while the node is behind."""

import base64
import dataclasses
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from re import search

from greenchat.server.nodes.access import Access
from greenchat.server.nodes.log import _PATIENCE
from tests.features.nodes.test_files import shared
from tests.http_client import Http, WebSocket
from tests.irc import Client
from tests.server.http.test_session_cookie import cookie, ticket
from tests.server.nodes.cluster import Cluster, cluster
from tests.server.nodes.nats import NEEDED
from tests.server.nodes.proxy import Proxy

pytestmark = NEEDED

_CONFIG = "[files]\nenabled = true\n[accounts]\niterations = 4096\n"
_DELAY = 0.1  # seconds: longer than an answer takes


@contextmanager
def second_is_behind(folder: Path) -> Iterator[Cluster]:
    """Start two nodes, the second of which reads everything late."""
    with cluster(folder, 2, more=_CONFIG) as nodes:
        proxy = Proxy(nodes.engine[0].port)
        shared(nodes)
        second = nodes.nodes[1]
        assert second.end() == 0
        second.node_config = dataclasses.replace(second.node_config, engine=Access((proxy.url,)))
        second.start()
        proxy.delay = _DELAY
        try:
            yield nodes
        finally:
            proxy.close()


def made(client: Client, line: str, pattern: str) -> str:
    """Return what a service shows once."""
    found = search(pattern, "\n".join(message.params[-1] for message in client.run(line)))
    assert found
    return found[1]


def test_what_one_node_has_given_is_valid_at_another_one_at_once(tmp_path: Path) -> None:
    with second_is_behind(tmp_path) as nodes:
        one, other = nodes.nodes
        owner = "Basic " + base64.b64encode(b"ann:sesame open").decode()
        with one.client("ann") as ann, Http(one.address) as near, Http(other.address) as far:
            ann.send("REGISTER * * :sesame open")
            ann.expect("900")
            ann.join("#dev")
            ann.run("CS REGISTER #dev")
            path = json.loads(near.get("/files", "POST", b"x", Authorization=owner).body)["path"]
            assert far.get(path).body == b"x"
            bot = "Bearer " + made(ann, "NS TOKEN CREATE BOT read,say", r"once\): (\S+)")
            assert far.get("/api/v1/whoami", Authorization=bot).status == 200
            said = json.dumps({"target": "#dev", "text": "rain"}).encode()
            assert (
                near.get("/api/v1/say", "POST", said, Authorization=bot, Content_Type="application/json").status == 200
            )
            assert b"rain" in far.get("/api/v1/history?target=%23dev", Authorization=bot).body
            secret = made(ann, "NS TOKEN CREATE HOOK #dev", r"hooks/(\S+)")
            body = json.dumps({"text": "built"}).encode()
            assert far.get(f"/hooks/{secret}", "POST", body, Content_Type="application/json").status == 200
            ann.quit()


def test_a_browser_stays_signed_in_wherever_its_requests_arrive(tmp_path: Path) -> None:
    with second_is_behind(tmp_path) as nodes:
        one, other = nodes.nodes
        with WebSocket(one.address) as page, Http(one.address) as near, Http(other.address) as far:
            page.register("ann")
            page.say("REGISTER * * :sesame open")
            page.until("900")
            body = json.dumps({"ticket": ticket(page)}).encode()
            signed_in = cookie(far.get("/session", "POST", body, Content_Type="application/json"))
            assert json.loads(near.get("/session", Cookie=signed_in).body) == {"account": "ann"}
            body = json.dumps({"ticket": ticket(page)}).encode()
            signed_in = cookie(near.get("/session", "POST", body, Content_Type="application/json"))
            with WebSocket(other.address, Cookie=signed_in) as again:
                again.say("CAP LS 302", "CAP REQ sasl", "AUTHENTICATE EXTERNAL")
                assert again.until("AUTHENTICATE", "904", "908")[-1].command == "AUTHENTICATE"
                again.say("AUTHENTICATE +")
                assert again.until("903", "904")[-1].command == "903"


def test_a_new_password_is_valid_at_another_node_at_once(tmp_path: Path) -> None:
    with second_is_behind(tmp_path) as nodes:
        one, other = nodes.nodes
        changes = {"sesame open": "REGISTER * * :sesame open", "sesame_shut": 'NS PASSWD "sesame open" sesame_shut'}
        with one.client("ann") as ann:
            for password, change in changes.items():
                ann.run(change)
                with Client(other.address) as elsewhere:
                    given = base64.b64encode(f"\0ann\0{password}".encode()).decode()
                    elsewhere.send("CAP REQ sasl", "AUTHENTICATE PLAIN", f"AUTHENTICATE {given}")
                    assert elsewhere.until("903", "904")[-1].command == "903", password
            ann.quit()


def test_a_new_guest_can_continue_at_another_node_at_once(tmp_path: Path) -> None:
    lines = ("CAP LS 302", "CAP REQ :greenchat/resume", "NICK bob", "USER bob 0 * :bob", "CAP END")
    with second_is_behind(tmp_path) as nodes:
        one, other = nodes.nodes
        with Client(one.address) as bob, Client(other.address) as again:
            bob.send(*lines)
            token = bob.expect("RESUME").params[0]
            again.send(f"RESUME {token}", *(line.replace("NICK bob", "NICK bob_") for line in lines))
            assert again.expect("001").params[0] == "bob"


def test_an_unknown_name_is_answered_soon(tmp_path: Path) -> None:
    with cluster(tmp_path, 2, more=_CONFIG) as nodes, Http(nodes.nodes[1].address) as far:
        times = [time.monotonic()]
        assert far.get("/files/" + "a" * 22).status == 404
        times.append(time.monotonic())
        assert far.get("/session", Cookie="greenchat=unknown").body == b'{"account":null}\n'
        times.append(time.monotonic())
        assert far.get("/api/v1/whoami", Authorization="Bearer unknown").status == 401
        times.append(time.monotonic())
        assert max(after - before for before, after in pairwise(times)) < _PATIENCE
