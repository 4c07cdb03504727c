"""DNS blocklists, with a name server of the test's own and clients whose address a proxy names."""

import base64
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from greenchat.config.blocklists import BlocklistOptions, Zone
from greenchat.config.options import Address, ListenerOptions, Options
from greenchat.config.settings import Settings, WebIrc
from greenchat.server.net.blocklists import Blocklists, Listing, query_name
from greenchat.values.addresses import network
from tests.conftest import StartServer, Target, quick_options
from tests.http_client import WebSocket
from tests.irc import Client
from tests.patience import PATIENCE

ZONE = "bl.example.org"
BAD, GOOD = "8.8.4.4", "9.9.9.9"


class NameServer:
    """Answers queries from a table of (name, type) to text; other names do not exist. asked: the names."""

    def __init__(self, answers: dict[tuple[str, str], str], *, silent: bool = False) -> None:
        self._answers = answers
        self._silent = silent
        self.asked: list[str] = []
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind(("127.0.0.1", 0))
        self.address = "{}:{}".format(*self._sock.getsockname())
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            data, peer = self._sock.recvfrom(4096)
            if data == b"end":
                return
            query = dns.message.from_wire(data)
            question = query.question[0]
            name, kind = question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)
            self.asked.append(f"{name} {kind}")
            if self._silent:
                continue
            answer = dns.message.make_response(query)
            answer.flags |= dns.flags.RA
            text = self._answers.get((name, kind))
            if text:
                answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, text))
            elif not any(known == name for known, _ in self._answers):
                answer.set_rcode(dns.rcode.NXDOMAIN)
            self._sock.sendto(answer.to_wire(), peer)

    def close(self) -> None:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"end", self._sock.getsockname())
        self._thread.join(PATIENCE)
        self._sock.close()


@pytest.fixture
def server() -> Iterator[NameServer]:
    name = query_name(BAD, ZONE)
    made = NameServer({(name, "A"): "127.0.0.5", (name, "TXT"): '"Open proxy: see http://example.org/"'})
    yield made
    made.close()


def options_of(server: NameServer, **changes: Any) -> BlocklistOptions:
    return replace(BlocklistOptions((Zone(ZONE),), resolver=server.address, timeout=PATIENCE), **changes)


def look_up(options: BlocklistOptions, *hosts: str) -> list[Listing | None]:
    lists = Blocklists(lambda: options, lambda: (network("192.0.0.0/8"),))
    found = [lists.look_up(host) for host in hosts]
    lists.close()
    return found


def test_query_names() -> None:
    # RFC 5782, section 2.1: "the IPv4 address 192.0.2.99 ... 99.2.0.192.bad.example.com"
    assert query_name("192.0.2.99", "bad.example.com") == "99.2.0.192.bad.example.com"
    # section 2.4: "the address 2001:db8:1:2:3:4:567:89ab would be represented" by its nibbles, the last first
    assert query_name("2001:db8:1:2:3:4:567:89ab", "ugly.example.com") == (
        "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ugly.example.com"
    )


def test_a_listed_address(server: NameServer) -> None:
    listing = Listing(BAD, ZONE, "Open proxy: see http://example.org/")
    assert look_up(options_of(server), BAD, GOOD) == [listing, None]
    assert listing.reason == f"Your address {BAD} is listed by {ZONE} (Open proxy: see http://example.org/)"


def test_an_answer_is_cached(server: NameServer) -> None:
    assert len({str(each) for each in look_up(options_of(server), *[BAD] * 5)}) == 1
    assert len(server.asked) == 2  # A and TXT


def test_private_addresses_are_not_looked_up(server: NameServer) -> None:
    assert look_up(options_of(server), "127.0.0.1", "10.0.0.7", "::1", "192.1.2.3") == [None] * 4
    assert server.asked == []


@pytest.mark.parametrize(("answers", "is_listed"), [(("127.0.0.5",), True), (("127.0.0.3",), False)])
def test_answers_that_count(server: NameServer, answers: tuple[str, ...], is_listed: bool) -> None:
    options = options_of(server, zones=(Zone(ZONE, answers),))
    assert [each is not None for each in look_up(options, BAD)] == [is_listed]


def test_a_list_of_everything_is_ignored() -> None:
    # RFC 5782, section 2.1: the A record "conventionally has the value 127.0.0.2", and is in 127.0.0.0/8
    server = NameServer({(query_name(GOOD, ZONE), "A"): "203.0.113.7"})
    assert look_up(options_of(server), GOOD) == [None]
    server.close()


@pytest.mark.parametrize("code", ["127.255.255.252", "127.255.255.254", "127.255.255.255"])
def test_a_list_that_refuses_queries_is_ignored(code: str, caplog: pytest.LogCaptureFixture) -> None:
    # https://www.spamhaus.org/news/article/788/: "Those responses must not be interpreted as advisories" of its lists;
    # 254 is "Query via public/open resolver", 255 "Excessive number of queries"
    server = NameServer({(query_name(GOOD, ZONE), "A"): code})
    assert look_up(options_of(server), GOOD) == [None]
    assert f"{ZONE} refuses our queries: {code}" in caplog.text
    server.close()


def test_a_silent_list_refuses_nobody(caplog: pytest.LogCaptureFixture) -> None:
    server = NameServer({}, silent=True)
    assert look_up(options_of(server, timeout=0.3), BAD) == [None]
    assert "the DNS blocklist did not answer" in caplog.text
    server.close()


@pytest.mark.parametrize("text", ["nowhere", "bl.example.org=", "bl.example.org=x", "a b.org", "=127.0.0.2"])
def test_invalid_zones(text: str) -> None:
    with pytest.raises(ValueError, match=r"zone|answers"):
        Zone.parse(text)


def test_a_zone_is_written_back_unchanged() -> None:
    for text in (ZONE, f"{ZONE}=127.0.0.3,127.0.0.5"):
        assert str(Zone.parse(text)) == text


# on a real server, behind a proxy that names the addresses of clients


def start(start_server: StartServer, options: Options, dnsbl: BlocklistOptions) -> Target:
    listener = ListenerOptions(Address("127.0.0.1", 0), proxy=(network("127.0.0.1"),))
    settings = Settings(webirc=WebIrc(password="gate", hosts=(network(GOOD),)))
    return start_server(settings, replace(options, listen=(listener,), dnsbl=dnsbl)).address


def connect(address: Target, host: str, *lines: str) -> Client:
    client = Client(address)
    client.send_raw(f"PROXY TCP4 {host} 192.0.2.1 1 2\r\n".encode())
    client.send(*lines, "NICK alice", "USER a 0 * :a")
    return client


def last_words(client: Client) -> str:
    *_, message = client.until_end()
    assert message.command == "ERROR"
    return message.params[0]


def test_listed_clients_are_refused(start_server: StartServer, tmp_path: Path, server: NameServer) -> None:
    address = start(start_server, quick_options(tmp_path), options_of(server))
    with connect(address, BAD) as client:
        assert f"Your address {BAD} is listed by {ZONE}" in last_words(client)
    with connect(address, GOOD) as client:
        client.expect("376", "422")


def test_listed_clients_must_log_in(start_server: StartServer, tmp_path: Path, server: NameServer) -> None:
    address = start(start_server, quick_options(tmp_path), options_of(server, action="login"))
    with connect(address, GOOD) as client:
        client.expect("376", "422")
        client.send("REGISTER * * :sesame open")
        client.expect("900")
    with connect(address, BAD) as client:
        assert "log in with SASL to connect" in last_words(client)
    sasl = base64.b64encode(b"\0alice\0sesame open").decode()
    with connect(address, BAD, "CAP REQ sasl", "AUTHENTICATE PLAIN", f"AUTHENTICATE {sasl}", "CAP END") as client:
        client.expect("376", "422")


def test_listed_clients_are_only_reported(start_server: StartServer, tmp_path: Path, server: NameServer) -> None:
    address = start(start_server, quick_options(tmp_path), options_of(server, action="report"))
    with connect(address, BAD) as client:
        client.expect("376", "422")


def test_listed_users_of_a_gateway(start_server: StartServer, tmp_path: Path, server: NameServer) -> None:
    address = start(start_server, quick_options(tmp_path), options_of(server))
    with connect(address, GOOD, f"WEBIRC gate kiwi host.example.org {BAD}") as client:
        assert ZONE in last_words(client)


def test_listed_browsers_behind_a_proxy(start_server: StartServer, tmp_path: Path, server: NameServer) -> None:
    address = start(start_server, quick_options(tmp_path), options_of(server))
    with WebSocket(address, X_Forwarded_For=BAD) as browser:
        assert (browser.handshake.status, ZONE in browser.handshake.body.decode()) == (403, True)
    with WebSocket(address, X_Forwarded_For=GOOD) as browser:
        assert browser.handshake.status == 101


def test_listed_clients_cannot_register_an_account(
    start_server: StartServer, tmp_path: Path, server: NameServer
) -> None:
    address = start(start_server, quick_options(tmp_path), options_of(server, action="login"))
    with connect(address, BAD, "CAP REQ draft/account-registration", "NICK eve", "REGISTER * * :sesame open") as client:
        assert client.expect("FAIL").params[:2] == ("REGISTER", "TEMPORARILY_UNAVAILABLE")
        client.send("CAP END")
        assert "log in with SASL to connect" in last_words(client)
