"""Push: what is sent to a device, when, and when not. The device of these tests decrypts what it receives."""

import base64
import hmac
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from greenchat.config.options import Storage
from greenchat.config.outbound import Outbound, Push
from greenchat.config.settings import AccountSettings, Settings
from greenchat.protocol.message import Message, parse
from greenchat.server.app import App
from greenchat.server.fetch import system_trust
from greenchat.values.addresses import network
from tests.conftest import ServerThread, StartServer, quick_options
from tests.http_recorder import HttpRecorder, Post, http_recorder
from tests.irc import Client, people

CAPS = "draft/webpush message-tags server-time account-tag echo-message"
Start = Callable[..., ServerThread]


class Device:
    """A browser's subscription: a key, a secret, and an endpoint."""

    def __init__(self, recorder: HttpRecorder, path: str = "/one") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.secret = bytes(range(16))
        self.endpoint = recorder.url + path
        self.point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    @property
    def keys(self) -> str:
        """The keys as WEBPUSH REGISTER takes them."""
        return f"p256dh={encoded(self.point)};auth={encoded(self.secret)}"

    def read(self, post: Post) -> Message:
        """Decrypt a push: RFC 8291, section 3.4, from the receiver's side."""
        assert post.fields["content-encoding"] == "aes128gcm"
        body = post.body
        salt, size, own = body[:16], int.from_bytes(body[16:20], "big"), body[21 : 21 + body[20]]
        assert len(body) <= size == 4096
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), own))
        prk = hmac.digest(self.secret, shared, "sha256")
        material = hmac.digest(prk, b"WebPush: info\0" + self.point + own + b"\x01", "sha256")
        prk = hmac.digest(salt, material, "sha256")
        key = hmac.digest(prk, b"Content-Encoding: aes128gcm\0\x01", "sha256")[:16]
        nonce = hmac.digest(prk, b"Content-Encoding: nonce\0\x01", "sha256")[:12]
        text = AESGCM(key).decrypt(nonce, body[86:], None)
        assert text.endswith(b"\x02")
        return parse(text[:-1].decode())


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.fixture
def recorder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpRecorder]:
    with http_recorder(tmp_path / "box") as found:
        monkeypatch.setenv("SSL_CERT_FILE", str(found.certificate))
        system_trust.cache_clear()  # it is read again
        yield found
        system_trust.cache_clear()


@pytest.fixture
def start(start_server: StartServer, tmp_path: Path) -> Start:
    def starting(*, persistent: bool = False, **rules: Any) -> ServerThread:
        given: dict[str, Any] = {"enabled": True, "quiet": 0, "contact": "mailto:me@example.org"}
        given["networks"] = (network("127.0.0.1"),)
        settings = Settings(accounts=AccountSettings(iterations=4096), outbound=Outbound(push=Push(**given | rules)))
        return start_server(settings, replace(quick_options(tmp_path), storage=Storage(persistent=persistent)))

    return starting


@pytest.fixture
def server(start: Start, recorder: HttpRecorder) -> ServerThread:
    return start()


def register(client: Client) -> None:
    client.send("REGISTER * * :sesame open")
    client.expect("900")
    client.run("NS SET ALWAYS-ON on")


@pytest.fixture
def alice(server: ServerThread) -> Iterator[Client]:
    with people(server.address, "alice", caps=CAPS) as (client,):
        register(client)
        client.join("#dev")
        yield client


def subscribe(client: Client, device: Device) -> None:
    (answer,) = client.run(f"WEBPUSH REGISTER {device.endpoint} {device.keys}")
    assert (answer.command, answer.params) == ("WEBPUSH", ("REGISTER", device.endpoint))


def subscriptions(server: ServerThread) -> list[str]:
    return server.call(lambda app: [each.endpoint for each in app.network.account_data.pushes])


def until_pushed(server: ServerThread) -> None:
    """Wait until the outcome of every push is noted: the device has received it before the server has the answer."""
    while server.call(lambda app: bool(app.notifications.push and app.notifications.push._waiting)):
        pass


def test_private_messages_and_highlights_are_pushed(
    server: ServerThread, alice: Client, recorder: HttpRecorder
) -> None:
    device = Device(recorder)
    subscribe(alice, device)
    with people(server.address, "bob", caps="message-tags draft/multiline batch") as (bob,):
        bob.join("#dev")
        bob.run("PRIVMSG alice :psst", "PRIVMSG #dev :nobody in particular", "PRIVMSG #dev :Alice: look!")
        bob.run("TAGMSG alice", "PRIVMSG #dev :malice and alicette", "NOTICE #dev :(alice)")
        messages = [alice.expect("PRIVMSG"), alice.expect("PRIVMSG"), alice.expect("PRIVMSG")]
        read = [device.read(recorder.take()) for _ in range(3)]
    assert [each.params for each in read] == [("alice", "psst"), ("#dev", "Alice: look!"), ("#dev", "(alice)")]
    # "Servers MUST NOT drop the `msgid` tag if present"
    assert read[0].tags["msgid"] == messages[0].tags["msgid"]
    assert read[0].source == messages[0].source
    assert recorder.is_empty()


def test_headers_for_the_push_service(server: ServerThread, alice: Client, recorder: HttpRecorder) -> None:
    subscribe(alice, Device(recorder, "/path?x=1"))
    (message,) = alice.run("WEBPUSH VAPIDPUBKEY")
    tokens = {token for line in alice.run("VERSION") for token in line.params}
    assert f"VAPID={message.params[1]}" in tokens
    with people(server.address, "bob") as (bob,):
        bob.run("PRIVMSG alice :hi")
    post = recorder.take()
    assert post.path == "/path?x=1"
    assert (post.fields["ttl"], post.fields["urgency"]) == ("86400", "high")
    # "The server MUST use the VAPID public key sent as a reply to the `VAPIDPUBKEY` subcommand"
    assert post.fields["authorization"].endswith(f", k={message.params[1]}")


def test_the_key_survives_a_restart(start: Start, recorder: HttpRecorder) -> None:
    server = start(persistent=True)
    device = Device(recorder)
    with people(server.address, "alice", caps=CAPS) as (alice,):
        register(alice)
        before = alice.run("WEBPUSH VAPIDPUBKEY")[0].params
        subscribe(alice, device)
    server.stop()
    again = start(persistent=True)
    with people(again.address, "bob", caps=CAPS) as (bob,):
        assert bob.run("WEBPUSH VAPIDPUBKEY")[0].params == before
        bob.run("PRIVMSG alice :you are not here, and still")
        assert device.read(recorder.take()).params[1] == "you are not here, and still"


def test_no_push_while_another_device_is_in_use(start: Start, recorder: HttpRecorder) -> None:
    server = start(quiet=3600)
    device = Device(recorder)
    with people(server.address, "alice", "bob", caps=CAPS) as (alice, bob):
        register(alice)
        alice.join("#dev")
        subscribe(alice, device)
        alice.run("PRIVMSG #dev :I am here")
        bob.run("PRIVMSG alice :not pushed")
        alice.run("AWAY :tea")
        bob.run("PRIVMSG alice :pushed")
        assert device.read(recorder.take()).params[1] == "pushed"
        assert recorder.is_empty()


def test_dead_endpoints_of_many_do_not_delay_others(start: Start, recorder: HttpRecorder) -> None:
    """Dead endpoints accept the connection and stay silent: each holds a thread for a minute."""
    server, device, names = start(timeout=60), Device(recorder), [f"eve{number}" for number in range(12)]
    with (
        socket.create_server(("127.0.0.1", 0), backlog=100) as dead,
        people(server.address, "alice", "bob", *names, caps=CAPS) as (alice, bob, *others),
    ):
        register(alice)
        subscribe(alice, device)
        bob.run("PRIVMSG alice :first")
        assert device.read(recorder.take()).params[1] == "first"
        for other in others:
            register(other)
            other.run(f"WEBPUSH REGISTER https://127.0.0.1:{dead.getsockname()[1]}/{other.nick} {device.keys}")
        assert len(subscriptions(server)) == 13
        bob.run(*[f"PRIVMSG {name} :x" for name in names], "PRIVMSG alice :second")
        assert device.read(recorder.take()).params[1] == "second"


def test_own_messages_are_not_pushed(server: ServerThread, alice: Client, recorder: HttpRecorder) -> None:
    subscribe(alice, Device(recorder))
    alice.run("PRIVMSG alice :note to self", "PRIVMSG #dev :I, alice, think so")
    assert recorder.is_empty()


def test_channels_of_which_one_is_not_a_member(server: ServerThread, alice: Client, recorder: HttpRecorder) -> None:
    subscribe(alice, Device(recorder))
    with people(server.address, "bob") as (bob,):
        bob.join("#secret")
        bob.run("PRIVMSG #secret :do not tell alice")
    assert recorder.is_empty()


@pytest.mark.parametrize(("modes", "line"), [("", "@#ops :alice must not know"), ("+U", "#ops :a word on alice")])
def test_messages_to_ranks(server: ServerThread, alice: Client, recorder: HttpRecorder, modes: str, line: str) -> None:
    device = Device(recorder)
    subscribe(alice, device)
    with people(server.address, "bob", "carol", caps="message-tags") as (bob, carol):
        for client in (bob, carol, alice):
            client.join("#ops")
        bob.run(*[f"MODE #ops {modes}"] * bool(modes))
        # "only to the members of that channel with the given or higher status"
        (carol if modes else bob).run(f"PRIVMSG {line}")
        bob.run("MODE #ops +o alice", "PRIVMSG @#ops :but alice does now")
        assert device.read(recorder.take()).params == ("@#ops", "but alice does now")
    assert recorder.is_empty()


def test_unregister(server: ServerThread, alice: Client, recorder: HttpRecorder) -> None:
    device = Device(recorder)
    subscribe(alice, device)
    with people(server.address, "bob", caps=CAPS) as (bob,):
        bob.send("REGISTER * * :sesame open")
        bob.expect("900")
        bob.run(f"WEBPUSH UNREGISTER {device.endpoint}")
        assert subscriptions(server) == [device.endpoint], "bob does not own the subscription"
    assert alice.run(f"WEBPUSH UNREGISTER {device.endpoint}")[0].command == "WEBPUSH"
    # "Servers MUST silently ignore `UNREGISTER` commands for non-existing subscriptions"
    assert alice.run(f"WEBPUSH UNREGISTER {device.endpoint}")[0].command == "WEBPUSH"
    assert subscriptions(server) == []


@pytest.mark.parametrize(
    "line", ['NS PASSWD "sesame open" "another-7"', "NS LOGOUT OTHERS", "NS DROP alice sesame open"]
)
def test_when_a_subscription_ends(server: ServerThread, alice: Client, recorder: HttpRecorder, line: str) -> None:
    """Anyone who knew the password may have subscribed."""
    subscribe(alice, Device(recorder))
    alice.run(line)
    assert subscriptions(server) == []


@pytest.mark.parametrize(("status", "left"), [(410, 0), (404, 0), (201, 1), (500, 1), (429, 1), (301, 1)])
def test_the_answers_of_the_push_service(
    server: ServerThread, alice: Client, recorder: HttpRecorder, status: int, left: int
) -> None:
    subscribe(alice, Device(recorder))
    recorder.status = status
    with people(server.address, "bob") as (bob,):
        bob.run("PRIVMSG alice :one")
        recorder.take()
        until_pushed(server)
        assert len(subscriptions(server)) == left


def forget_pauses(app: App) -> None:
    assert app.notifications.push
    app.notifications.push._not_before.clear()


def test_a_subscription_that_keeps_failing_is_removed(
    server: ServerThread, alice: Client, recorder: HttpRecorder
) -> None:
    subscribe(alice, Device(recorder))
    recorder.status = 500
    with people(server.address, "bob") as (bob,):
        for number in range(8):
            bob.run(f"PRIVMSG alice :{number}")
            recorder.take()
            until_pushed(server)
            server.call(forget_pauses)
    assert subscriptions(server) == []


def test_a_dead_endpoint_does_not_delay_the_other_device(
    server: ServerThread, alice: Client, recorder: HttpRecorder, tmp_path: Path
) -> None:
    """One endpoint never answers; the account's other device gets everything at once."""
    recorder.gate.clear()
    subscribe(alice, Device(recorder, "/dead"))
    with people(server.address, "carol", "bob", caps=CAPS) as (carol, bob):
        register(carol)
        living = Device(recorder, "/living")
        subscribe(carol, living)
        for number in range(50):
            bob.run(f"PRIVMSG alice :{number}")
            alice.expect("PRIVMSG")
        bob.run("PRIVMSG carol :hello")
        paths = [recorder.take().path, recorder.take().path]
        assert paths == ["/dead", "/living"]
    recorder.gate.set()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("REGISTER", "INVALID_PARAMS"),
        ("REGISTER https://push.example/", "INVALID_PARAMS"),
        ("REGISTER http://push.example/ {keys}", "INVALID_PARAMS"),
        ("REGISTER https:// {keys}", "INVALID_PARAMS"),
        ("REGISTER https://push.example/" + "x" * 1100 + " {keys}", "INVALID_PARAMS"),
        ("REGISTER https://u:p@push.example/ {keys}", "INVALID_PARAMS"),
        ("REGISTER https://push.example/ p256dh=AAAA;auth=AAAA", "INVALID_PARAMS"),
        ("REGISTER https://push.example/ x", "INVALID_PARAMS"),
        ("UNREGISTER", "INVALID_PARAMS"),
        ("DANCE", "INVALID_PARAMS"),
    ],
)
def test_bad_input(server: ServerThread, alice: Client, recorder: HttpRecorder, words: str, code: str) -> None:
    (answer,) = alice.run(f"WEBPUSH {words.replace('{keys}', Device(recorder).keys)}"[:500])
    assert answer.command == "FAIL"
    assert answer.params[1] == code
    assert subscriptions(server) == []


def test_guests_cannot_subscribe(server: ServerThread, recorder: HttpRecorder) -> None:
    with people(server.address, "guest", caps=CAPS) as (guest,):
        (answer,) = guest.run(f"WEBPUSH REGISTER {Device(recorder).endpoint} {Device(recorder).keys}")
        assert answer.params[:2] == ("WEBPUSH", "ACCOUNT_REQUIRED")


def test_an_endpoint_is_registered_once(server: ServerThread, alice: Client, recorder: HttpRecorder) -> None:
    """ "Servers MUST replace any previous subscription with the same <endpoint>": only the last keys are used."""
    subscribe(alice, Device(recorder))
    device = Device(recorder)
    subscribe(alice, device)
    assert subscriptions(server) == [device.endpoint]
    with people(server.address, "bob") as (bob,):
        bob.run("PRIVMSG alice :hi")
    assert device.read(recorder.take()).params == ("alice", "hi")
    until_pushed(server)
    assert recorder.is_empty()


def test_the_oldest_subscription_is_removed_when_there_are_too_many(
    server: ServerThread, alice: Client, recorder: HttpRecorder
) -> None:
    for number in range(12):
        subscribe(alice, Device(recorder, f"/{number}"))
    assert subscriptions(server) == [f"{recorder.url}/{number}" for number in range(2, 12)]


def test_no_push_to_this_machine_unless_allowed(
    start: Start, recorder: HttpRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *rest, **more: found("127.0.0.1", *rest, **more))
    server, device = start(networks=()), Device(recorder)
    with people(server.address, "alice", "bob", caps=CAPS) as (alice, bob):
        register(alice)
        for place in device.endpoint, "https://192.168.1.1/x", "https://[::1/":
            (refused,) = alice.run(f"WEBPUSH REGISTER {place} {device.keys}")
            assert refused.params[:3] == ("WEBPUSH", "INVALID_PARAMS", "REGISTER")
        assert subscriptions(server) == []
        alice.run(f"WEBPUSH REGISTER https://a.name.that.leads.here:{recorder.server_address[1]}/ {device.keys}")
        assert len(subscriptions(server)) == 1
        bob.run("PRIVMSG alice :hi")
        assert recorder.is_empty()


def test_push_is_off_by_default(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(Settings(), quick_options(tmp_path))
    with people(server.address, "alice") as (alice,):
        offered = " ".join(line.params[-1] for line in alice.run("CAP LS 302"))
        assert "draft/webpush" not in offered
        assert not [token for line in alice.run("VERSION") for token in line.params if token.startswith("VAPID")]
