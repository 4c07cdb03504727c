"""Accounts: registration, every way of logging in, and what an account protects.

https://ircv3.net/specs/extensions/account-registration, sasl-3.1 and sasl-3.2
"""

import hashlib
import secrets
import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.commands.accounts.login import verifier_of
from greenchat.config.options import Options
from greenchat.config.settings import AccountSettings, Settings
from greenchat.protocol.message import Message
from greenchat.protocol.sasl import Collector, chunks, format_plain
from greenchat.protocol.scram import HASHES, ClientExchange, ScramError
from greenchat.server.app import App
from greenchat.server.net.certificate import ensure_certificate
from greenchat.server.net.tls import Tls
from tests.conftest import Serve, StartServer, Target, quick_options
from tests.irc import Client, people
from tests.opers import WITH_OPERS, become_oper

QUICK = AccountSettings(iterations=4096)


@pytest.fixture
def server(serve: Serve) -> Target:
    """Make password hashes cheap, as only a test may."""
    return serve(Settings(accounts=QUICK))


def persistent(tmp_path: Path) -> Options:
    """Return options for a store that survives the server."""
    options = quick_options(tmp_path)
    return replace(options, storage=replace(options.storage, persistent=True))


def register(address: Target, nick: str, password: str = "sesame open") -> None:
    """Register an account, then disconnect."""
    with Client(address, nick) as client:
        client.send(f"REGISTER * * :{password}")
        assert client.expect("REGISTER", "FAIL").params[:2] == ("SUCCESS", nick)
        client.send("QUIT")
        client.until_end()


def authenticate(client: Client, mechanism: str, response: bytes) -> Message:
    """Send the response of one SASL step and return the server's answer."""
    client.send("CAP REQ :sasl", f"AUTHENTICATE {mechanism}")
    assert client.expect("AUTHENTICATE", "904").params == ("+",)
    client.send(*[f"AUTHENTICATE {chunk}" for chunk in chunks(response)])
    return client.expect("903", "904", "905", "906")


def scram(client: Client, name: str, password: str, mechanism: str = "SCRAM-SHA-256") -> Message:
    """Run the SCRAM exchange; raise ScramError if the server can't prove that it knows the password, too."""
    answer = scram_proof(client, name, password, mechanism)
    if answer.command == "904":
        return answer
    client.send("AUTHENTICATE +")
    return client.expect("903", "904")


def scram_proof(client: Client, name: str, password: str, mechanism: str = "SCRAM-SHA-256") -> Message:
    """Run the SCRAM exchange up to the server's signature, which the client has only to acknowledge."""
    exchange = ClientExchange(name, password, secrets.token_hex(8), HASHES[mechanism])
    client.send("CAP REQ :sasl", f"AUTHENTICATE {mechanism}")
    client.expect("AUTHENTICATE")
    client.send(*[f"AUTHENTICATE {chunk}" for chunk in chunks(exchange.first().encode())])
    first = _response(client)
    client.send(*[f"AUTHENTICATE {chunk}" for chunk in chunks(exchange.final(first).encode())])
    answer = client.expect("AUTHENTICATE", "904")
    if answer.command == "904":
        return answer
    final = Collector().feed(answer.params[0])
    assert final is not None
    exchange.check(final.decode())
    return answer


def _response(client: Client) -> str:
    collector = Collector()
    while (response := collector.feed(client.expect("AUTHENTICATE").params[0])) is None:
        pass
    return response.decode()


def test_register_logs_in_and_announces_it(server: Target) -> None:
    """ "Afterward, the client is assumed to be authenticated to the <account> as if it used SASL." """
    with people(server, "alice", "bob", channel="#lobby", caps="account-notify") as (alice, bob):
        alice.send("REGISTER * alice@example.org :sesame open")
        assert alice.expect("REGISTER").params[:2] == ("SUCCESS", "alice")
        assert alice.expect("900").params[1:3] == (f"alice!~alice@{'127.0.0.1'}", "alice")
        assert bob.expect("ACCOUNT").params == ("alice",)
        assert [m.params for m in bob.run("WHOIS alice") if m.command == "330"] == [
            ("bob", "alice", "alice", "is logged in as")
        ]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("REGISTER * * :short", "WEAK_PASSWORD"),
        (f"REGISTER * * :{'x' * 301}", "UNACCEPTABLE_PASSWORD"),
        ("REGISTER * nonsense :sesame open", "INVALID_EMAIL"),
        ("REGISTER bob * :sesame open", "ACCOUNT_EXISTS"),
        ("REGISTER taken * :sesame open", "ACCOUNT_EXISTS"),
        ("REGISTER TAKEN * :sesame open", "ACCOUNT_EXISTS"),
        ("REGISTER #a * :sesame open", "BAD_ACCOUNT_NAME"),
        ("REGISTER NickServ * :sesame open", "BAD_ACCOUNT_NAME"),
        ("VERIFY taken 1234", "INVALID_CODE"),
    ],
)
def test_invalid_registrations_are_refused(server: Target, line: str, code: str) -> None:
    register(server, "taken")
    with people(server, "alice", "bob") as (alice, _):
        alice.send(line)
        assert alice.expect("FAIL").params[1] == code


def test_before_the_connection_is_complete(serve: Serve) -> None:
    """ "before-connect - if present, indicates the server supports early registration" """
    early = serve(Settings(accounts=QUICK))
    late = serve(Settings(accounts=replace(QUICK, before_connect=False)))
    with Client(early) as client:
        client.send("CAP LS 302", "REGISTER * * :sesame open")
        assert "before-connect" in client.expect("CAP").params[-1]
        assert client.expect("FAIL").params[:2] == ("REGISTER", "NEED_NICK")
        client.send("NICK alice", "REGISTER * * :sesame open")
        assert client.expect("REGISTER").params[0] == "SUCCESS"
    with Client(late) as client:
        client.send("CAP LS 302", "NICK alice", "REGISTER * * :sesame open")
        assert "before-connect" not in client.expect("CAP").params[-1]
        assert client.expect("FAIL").params[1] == "COMPLETE_CONNECTION_REQUIRED"


def test_registering_twice_is_refused(server: Target) -> None:
    with Client(server, "alice") as alice:
        alice.send("REGISTER * * :sesame open", "REGISTER other * :sesame open")
        assert alice.expect("REGISTER").params[0] == "SUCCESS"
        assert alice.expect("FAIL").params[1] == "ALREADY_AUTHENTICATED"


def test_only_one_of_two_concurrent_registrations_of_a_name_succeeds(server: Target) -> None:
    with people(server, "alice", "bob") as (alice, bob):
        for client in alice, bob:
            client.send("REGISTER carol * :sesame open")
        outcomes = sorted(client.expect("REGISTER", "FAIL").command for client in (alice, bob))
        assert outcomes == ["FAIL", "REGISTER"]


def test_registration_can_be_switched_off(serve: Serve) -> None:
    address = serve(Settings(accounts=replace(QUICK, registration=False)))
    with Client(address, "alice") as alice:
        alice.send("REGISTER * * :sesame open")
        assert alice.expect("FAIL").params[1] == "TEMPORARILY_UNAVAILABLE"
        assert not any("draft/account-registration" in m.params[-1] for m in alice.run("CAP LS 302"))


def test_registration_can_require_a_code(start_server: StartServer, tmp_path: Path) -> None:
    settings = Settings(accounts=replace(QUICK, verify=True))
    running = start_server(settings, quick_options(tmp_path))
    with Client(running.address, "alice") as alice:
        alice.send("REGISTER * * :sesame open")
        assert alice.expect("REGISTER").params[:2] == ("VERIFICATION_REQUIRED", "alice")
        assert authenticate(alice, "PLAIN", format_plain("alice", "sesame open")).command == "904"
        alice.send("VERIFY alice wrong")
        assert alice.expect("FAIL").params[1] == "INVALID_CODE"
        account = running.call(lambda app: app.network.accounts.get("alice"))
        assert account
        alice.send(f"VERIFY alice {account.code}")
        assert alice.expect("VERIFY").params[:2] == ("SUCCESS", "alice")
        assert alice.expect("900")


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


def test_a_nick_is_reserved_for_its_account(server: Target) -> None:
    register(server, "alice")
    with Client(server, "eve") as eve:
        refusal = eve.run("NICK Alice")[0]
        assert (refusal.command, refusal.params[1]) == ("433", "Alice")
        assert "log in" in refusal.params[-1]
        authenticate(eve, "PLAIN", format_plain("alice", "sesame open"))
        eve.sync()
        assert eve.run("NICK Alice")[0].params == ("Alice",)
    with Client(server) as stranger:
        stranger.send("NICK alice", "USER x 0 * :x")
        assert stranger.expect("433", "001").command == "433"
        stranger.send("NICK eve2")
        stranger.expect("001")


def test_two_connections_of_one_account(server: Target) -> None:
    """Each connection sees what the other sends and receives; a QUIT at one is not a QUIT of the user."""
    register(server, "alice")
    with people(server, "bob", channel="#lobby") as (bob,), Client(server) as laptop, Client(server) as phone:
        for device in laptop, phone:
            device.send("CAP LS 302", "NICK alice", "USER a 0 * :a", "CAP REQ :echo-message")
            assert authenticate(device, "PLAIN", format_plain("alice", "sesame open")).command == "903"
            device.send("CAP END")
            device.expect("001")
            if device is laptop:
                laptop.join("#lobby")
                bob.expect("JOIN")
        assert phone.expect("JOIN").params[0] == "#lobby"
        phone.expect("366")
        phone.sync()
        laptop.send("PRIVMSG #lobby :from the laptop")
        for hearer in bob, phone, laptop:
            assert hearer.expect("PRIVMSG").params[1] == "from the laptop"
        phone.send("PRIVMSG bob :psst")
        for hearer in bob, phone, laptop:
            message = hearer.expect("PRIVMSG")
            assert (message.nick, message.params[1]) == ("alice", "psst")
        bob.send("PRIVMSG alice :yes?")
        for hearer in phone, laptop:
            assert hearer.expect("PRIVMSG").params[1] == "yes?"
        phone.send("QUIT")
        phone.until_end()
        assert bob.sync() == []
        laptop.send("QUIT")
        assert bob.expect("QUIT").nick == "alice"


def test_accounts_survive_a_restart(start_server: StartServer, tmp_path: Path) -> None:
    options = persistent(tmp_path)
    settings = Settings(accounts=QUICK)
    first = start_server(settings, options)
    register(first.address, "alice")
    first.stop()
    second = start_server(settings, options)
    with Client(second.address, "bob") as bob:
        assert authenticate(bob, "PLAIN", format_plain("alice", "sesame open")).command == "903"


def test_nickserv_for_clients_without_sasl(server: Target) -> None:
    with Client(server, "alice") as alice:
        alice.send("PRIVMSG NickServ :REGISTER open-sesame a@example.org")
        assert "now registered to you" in alice.expect("NOTICE").params[-1]
        assert alice.expect("900").params[2] == "alice"
        for line, answer in [
            ("NS INFO", "Account alice"),
            ("NS VERIFY alice 00000000", "already logged in"),
            ("NS LOGOUT 99", "no other connection"),
            ("NS LOGOUT OTHERS", "0 other connections"),
            ("NS GHOST alice", "your own nickname: 0 other connections"),
            ("NS INFO nobody", "no such account"),
            ("NICKSERV LOGOUT", "logged out"),
            ("NS LOGOUT", "not logged in"),
            ("NS IDENTIFY wrong", "Wrong password"),
            ("NS IDENTIFY alice open-sesame", "logged in as alice"),
            ("NS PASSWD wrong new-password", "The old password is wrong"),
            ("NS PASSWD open-sesame short", "at least"),
            ("NS PASSWD open-sesame new-password", "changed"),
            ("NS SESSIONS", "alice!"),
            ("NS CERT LIST", "No certificates"),
            ("NS CERT ADD zz", "64 hexadecimal digits"),
            (f"NS CERT ADD {'AB:' * 31}AB", "You can add only the certificate of this connection"),
            (f"NS CERT DEL {'ab' * 32}", "does not have that certificate"),
            ("NS EMAIL x new-password", "not a valid email address"),
            ("NS EMAIL a@example.net wrong", "Wrong password"),
            ("NS EMAIL a@example.net new-password", "now a@example.net"),
            ("NS SENDPASS alice", "a mail was sent to it"),
            ("NS RESETPASS alice 00 new-password-2", "That code is not valid"),
            ("NS SETPASS alice new-password-3", "Unknown command"),
            ("NS SAREGISTER bob password", "Unknown command"),
            ("NS DROP bob new-password", "your own account"),
            ("NS DROP alice wrong", "Wrong password"),
            ("NS DROP alice new-password", "The account alice was deleted"),
            ("NS REGISTER", "Usage: REGISTER <password> [<email>]"),
            ("NS NONSENSE", "Unknown command"),
            ("NS HELP IDENTIFY", "Usage: IDENTIFY"),
            ("NS HELP NONSENSE", "No help available on"),
            ("NS", "NickServ registers nicknames"),
            ("NOTICE NickServ :IDENTIFY x", ""),
        ]:
            texts = [message.params[-1] for message in alice.run(line) if message.command == "NOTICE"]
            assert any(answer in text for text in texts) or (not answer and not texts), (line, texts)


def test_messages_to_services_are_echoed(server: Target) -> None:
    """ "If enabled, servers MUST send PRIVMSG and NOTICE messages back to the client that sent them":
    https://ircv3.net/specs/extensions/echo-message"""
    with Client(server, "alice", caps="echo-message message-tags labeled-response batch") as alice:
        echo, *answers = alice.run("@+x=y PRIVMSG nickserv@services :INFO nobody")
        assert (echo.source, echo.params) == ("alice!~alice@127.0.0.1", ("nickserv@services", "INFO nobody"))
        assert echo.tags["+x"] == "y"
        assert {message.command for message in answers} == {"NOTICE"}
        begin, echo, *answers, end = alice.run("@label=1 PRIVMSG NickServ :INFO nobody")
        assert (begin.tags["label"], echo.command, end.command) == ("1", "PRIVMSG", "BATCH")
        alice.run("CAP REQ -echo-message")
        assert set(alice.commands("PRIVMSG NickServ :INFO nobody")) == {"NOTICE"}


def test_typing_to_a_service_is_ignored(server: Target) -> None:
    """Clients send typing for whatever window is open: it must not cause an error."""
    with Client(server, "alice", caps="echo-message message-tags") as alice:
        (echo,) = alice.run("@+typing=active TAGMSG NickServ")
        assert (echo.command, echo.params, echo.tags["+typing"]) == ("TAGMSG", ("NickServ",), "active")
        alice.run("CAP REQ -echo-message")
        assert alice.run("@+typing=active TAGMSG NickServ") == []


@pytest.mark.parametrize("targets", ["NickServ,bob", "bob,nickserv@services", "#lobby,NickServ"])
def test_a_message_to_a_missing_service_is_not_shown_to_anyone(server: Target, targets: str) -> None:
    """ "No message delivered" (RFC 1459 of 407): the text may contain a password."""
    with people(server, "alice", "bob", channel="#lobby") as (alice, bob):
        (refusal,) = alice.run(f"PRIVMSG {targets} :IDENTIFY sesame-open")
        assert refusal.command == "407"
        alice.run("PRIVMSG bob :hello")
        assert bob.expect("PRIVMSG").params == ("bob", "hello")


def test_a_password_for_nickserv_is_sent_to_no_one_else(start_server: StartServer, tmp_path: Path) -> None:
    options = persistent(tmp_path)
    running = start_server(Settings(accounts=QUICK), options)
    with Client(running.address, "alice") as alice:
        alice.run("PRIVMSG NickServ :REGISTER secret-word-1", "PRIVMSG NickServ@services :IDENTIFY secret-word-2")
        alice.run("REGISTER * * :secret-word-3", "NS IDENTIFY secret-word-4")
        alice.run("PRIVMSG alice :this is kept")
    running.stop()
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert [path for path, data in files.items() if b"this is kept" in data]
    assert not [path for path, data in files.items() if b"secret-word" in data]
