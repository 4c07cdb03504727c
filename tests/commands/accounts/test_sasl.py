"""Every way of logging in. https://ircv3.net/specs/extensions/sasl-3.1 and sasl-3.2"""

import hashlib
import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.commands.accounts.login import verifier_of
from greenchat.config.settings import Settings
from greenchat.protocol.sasl import chunks, format_plain
from greenchat.protocol.scram import ClientExchange, ScramError
from greenchat.server.app import App
from greenchat.server.net.certificate import ensure_certificate
from greenchat.server.net.tls import Tls
from tests.commands.logins import QUICK, _response, authenticate, register, scram, scram_proof
from tests.conftest import Serve, StartServer, Target, quick_options
from tests.irc import Client
from tests.opers import WITH_OPERS, become_oper


@pytest.fixture
def server(serve: Serve) -> Target:
    """Make password hashes cheap, as only a test may."""
    return serve(Settings(accounts=QUICK))


def test_sasl_is_offered_with_its_mechanisms(server: Target) -> None:
    """ "The value, if present, MUST be a comma (`,`) separated list of SASL authentication mechanisms." """
    with Client(server) as client:
        client.send("CAP LS 302")
        assert "sasl=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512" in client.expect("CAP").params[-1].split()


def test_plain_before_registration(server: Target) -> None:
    register(server, "alice")
    with Client(server) as client:
        client.send("CAP LS 302", "NICK alice", "USER a 0 * :a", "CAP REQ :sasl")
        assert authenticate(client, "PLAIN", format_plain("alice", "sesame open")).command == "903"
        client.send("CAP END")
        client.expect("001")
        assert "330" in {message.command for message in client.run("WHOIS alice")}


def test_sasl_plain_ignores_case_in_the_name_only(server: Target) -> None:
    register(server, "alice")
    with Client(server, "bob") as bob:
        assert authenticate(bob, "PLAIN", format_plain("alice", "sesame Open")).command == "904"
        assert authenticate(bob, "PLAIN", format_plain("nobody", "sesame open")).command == "904"
        assert authenticate(bob, "PLAIN", b"bob\0alice\0sesame open").command == "904"
        assert authenticate(bob, "PLAIN", b"\0alice\0sesame open\0").command == "904"
        assert authenticate(bob, "PLAIN", format_plain("ALICE", "sesame open")).command == "903"


def test_scram(server: Target) -> None:
    register(server, "alice")
    with Client(server, "bob") as bob:
        assert scram(bob, "alice", "wrong").command == "904"
        assert scram(bob, "nobody", "wrong").command == "904"
        assert scram(bob, "alice", "sesame open").command == "903"
        assert any(m.command == "330" for m in bob.run("WHOIS bob"))


@pytest.mark.parametrize(
    "changes",
    [
        ["NS PASSWD sesame-open sesame-shut"],
        ["NS DROP alice sesame-open", "NS ERASE alice", "REGISTER alice * :sesame-shut"],
    ],
)
def test_scram_proof_of_an_old_password_is_refused(serve: Serve, changes: list[str]) -> None:
    """Neither after the password was changed nor after another user registered the name of a deleted account."""
    server = serve(replace(WITH_OPERS, accounts=QUICK))
    with Client(server, "alice") as alice, Client(server, "mallory") as mallory:
        become_oper(alice)
        alice.send("REGISTER * * :sesame-open")
        alice.expect("REGISTER")
        scram_proof(mallory, "alice", "sesame-open")
        for line in changes:
            alice.send(line)
            answer = alice.expect("NOTICE", "REGISTER")
            assert answer.command == "NOTICE" or answer.params[0] == "SUCCESS"
        mallory.send("AUTHENTICATE +")
        assert mallory.expect("903", "904").command == "904"


def test_scram_does_not_reveal_whether_an_account_exists(server: Target) -> None:
    """The salt for an account that doesn't exist stays the same, as that of a real account does."""
    register(server, "alice")

    def challenge(name: str) -> tuple[str, ...]:
        with Client(server) as client:
            client.send("CAP REQ :sasl", "AUTHENTICATE SCRAM-SHA-256")
            exchange = ClientExchange(name, "x", "nonce")
            client.expect("AUTHENTICATE")
            client.send(*[f"AUTHENTICATE {chunk}" for chunk in chunks(exchange.first().encode())])
            first = _response(client)
            with pytest.raises(ScramError):
                exchange.check("v=AAAA")
            return tuple(first.split(",")[1:])

    assert challenge("nobody") == challenge("nobody")
    assert challenge("nobody") != challenge("nobody2")
    assert challenge("nobody")[1] == challenge("alice")[1]


def test_scram_sha_512(server: Target) -> None:
    register(server, "alice")
    with Client(server, "bob") as bob, Client(server, "eve") as eve:
        assert scram(bob, "alice", "sesame open", "SCRAM-SHA-512").command == "903"
        refused = scram(eve, "alice", "open sesame", "SCRAM-SHA-512")
        unknown = scram(eve, "nobody", "open sesame", "SCRAM-SHA-512")
        assert (refused.command, refused.params[-1]) == (unknown.command, unknown.params[-1])
        assert refused.command == "904"


@pytest.mark.parametrize("hash_name", ["sha256", "sha512"])
def test_keys_of_a_missing_account_cannot_be_computed(
    start_server: StartServer, tmp_path: Path, hash_name: str
) -> None:
    """RFC 5802, section 3: anyone who knows a ClientKey whose hash is the StoredKey can authenticate."""
    server = start_server(Settings(), quick_options(tmp_path))
    made_up = server.call(lambda app: app.run_step(lambda ctx: verifier_of(ctx, None, "nobody", hash_name)))
    shown = hashlib.new(hash_name, made_up.salt).digest()  # made of what every client is shown
    assert shown not in (made_up.stored_key, made_up.server_key)


def test_an_account_older_than_sha_512_gets_it_with_its_next_password(
    start_server: StartServer, tmp_path: Path
) -> None:
    running = start_server(Settings(accounts=QUICK), quick_options(tmp_path))
    register(running.address, "alice")

    def age(app: App) -> None:
        account = app.network.accounts.get("alice")
        assert account
        app.network.accounts.put(replace(account, verifier_512=""))

    running.call(age)
    with Client(running.address, "bob") as bob:
        assert "log in once with PLAIN" in scram(bob, "alice", "sesame open", "SCRAM-SHA-512").params[-1]
        assert authenticate(bob, "PLAIN", format_plain("alice", "wrong")).command == "904"
        assert scram(bob, "alice", "sesame open", "SCRAM-SHA-512").command == "904"
        assert authenticate(bob, "PLAIN", format_plain("alice", "sesame open")).command == "903"
        assert scram(bob, "alice", "sesame open", "SCRAM-SHA-512").command == "903"
        assert scram(bob, "alice", "sesame open").command == "903"
        messages = bob.run('NS PASSWD "sesame open" "another sesame"')
        assert any("was changed" in message.params[-1] for message in messages) or bob.expect("NOTICE")
        assert scram(bob, "alice", "another sesame", "SCRAM-SHA-512").command == "903"
        assert scram(bob, "alice", "sesame open", "SCRAM-SHA-512").command == "904"


def test_long_passwords_take_several_chunks(server: Target) -> None:
    password = "x" * 300
    register(server, "alice", password)
    with Client(server, "bob") as bob:
        assert authenticate(bob, "PLAIN", format_plain("alice", password)).command == "903"
        assert authenticate(bob, "PLAIN", b"\0alice\0" + b"x" * 20_000).command == "904"
        bob.sync()


def test_a_too_long_chunk_is_refused(server: Target) -> None:
    """ERR_SASLTOOLONG: "Indicates that the AUTHENTICATE command failed because the client sent an AUTHENTICATE command
    that was too long (i.e. the parameter longer than 400 bytes)"."""
    with Client(server, "bob", caps="sasl") as bob:
        bob.run("AUTHENTICATE PLAIN")
        assert bob.commands("AUTHENTICATE " + "A" * 401) == ["905"]


def test_unknown_mechanisms_and_aborting(server: Target) -> None:
    with Client(server, "bob", caps="sasl") as bob:
        assert bob.commands("AUTHENTICATE DH-AES") == ["908", "904"]
        assert bob.commands("AUTHENTICATE PLAIN", "AUTHENTICATE *") == ["AUTHENTICATE", "906"]
        assert bob.commands("AUTHENTICATE EXTERNAL", "AUTHENTICATE +") == ["AUTHENTICATE", "904"]
        assert bob.commands("AUTHENTICATE PLAIN", "AUTHENTICATE !!!") == ["AUTHENTICATE", "904"]


@pytest.mark.parametrize("order", [(0, 2, 1), (0, 1, 2)])
def test_registration_during_sasl_aborts_sasl(server: Target, order: tuple[int, ...]) -> None:
    """ "If the client completes registration (with CAP END, NICK, USER and any other necessary messages) while the SASL
    authentication is still in progress, the server SHOULD abort it and send a 906 numeric, then register the client
    without authentication": https://ircv3.net/specs/extensions/sasl-3.1"""
    with Client(server) as bob:
        lines = ["CAP REQ sasl"], ["CAP END"], ["AUTHENTICATE PLAIN", "NICK bob", "USER b 0 * :b"]
        bob.send(*(line for number in order for line in lines[number]))
        bob.expect("AUTHENTICATE")
        assert [message.command for message in bob.until("001")] == ["906", "001"]
        bob.until("376")
        # nothing is left of the exchange: a response that arrives now is not the name of a mechanism
        assert bob.commands("AUTHENTICATE AGJvYgBzZXNhbWU=") == ["908", "904"]


def test_password_guessing_is_throttled(serve: Serve, tmp_path: Path) -> None:
    options = quick_options(tmp_path)
    address = serve(Settings(accounts=QUICK), replace(options, throttle=replace(options.throttle, logins=3)))
    register(address, "alice")
    with Client(address, "eve") as eve:
        for _ in range(3):
            assert "try again" not in authenticate(eve, "PLAIN", format_plain("alice", "guess")).params[-1]
        assert "try again in" in authenticate(eve, "PLAIN", format_plain("alice", "sesame open")).params[-1]
        eve.send("PRIVMSG NickServ :IDENTIFY alice sesame open")
        assert "try again in" in eve.expect("NOTICE").params[-1]


def test_external(start_server: StartServer, tmp_path: Path) -> None:
    certificate = ensure_certificate(tmp_path / "server", "greenchat.local", ["localhost"])
    running = start_server(Settings(accounts=QUICK), quick_options(tmp_path), Tls(*certificate))
    context = ssl.create_default_context(cafile=certificate[0])
    context.load_cert_chain(*ensure_certificate(tmp_path / "client", "alice", []))
    with Client(running.address, "alice", tls=context) as alice:
        assert authenticate(alice, "EXTERNAL", b"").command == "904"
        alice.send("REGISTER * * :sesame open", "NS CERT ADD")
        assert alice.expect("NOTICE").params[-1] == "Certificate added"
    with Client(running.address, "other", tls=context) as other:
        assert authenticate(other, "EXTERNAL", b"bob").command == "904"
        assert authenticate(other, "EXTERNAL", b"alice").command == "903"
