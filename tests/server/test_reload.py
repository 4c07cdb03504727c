"""REHASH and SIGHUP: what can change does, nobody is disconnected, and what can't is named."""

import dataclasses
import socket
import ssl
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from greenchat.config.external_auth import AuthScript
from greenchat.config.file import Config, ConfigError
from greenchat.config.groups import build, flat_values
from greenchat.config.options import Address, ListenerOptions, Options, Throttle, TlsFiles
from greenchat.config.settings import Settings
from greenchat.server.net.certificate import ensure_certificate
from tests.conftest import ServerThread, StartServer, quick_options
from tests.irc import Client, people
from tests.opers import WITH_OPERS, become_oper
from tests.patience import PATIENCE

Configure = Callable[..., None]


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> ServerThread:
    return start_server(WITH_OPERS, quick_options(tmp_path))


@pytest.fixture
def configure(server: ServerThread, tmp_path: Path) -> Configure:
    """Set what the next reload reads: settings and options that differ from those of the start."""

    def write_next(error: str = "", options: Options | None = None, **settings: object) -> None:
        def read() -> Config:
            if error:
                raise ConfigError(error)
            changed = build(Settings, flat_values(WITH_OPERS) | settings)
            return Config(changed, options or quick_options(tmp_path), "/etc/greenchat.toml")

        server.call(lambda app: setattr(app, "_read_config", read))

    return write_next


def test_rehash_takes_effect_before_its_answer(server: ServerThread, configure: Configure) -> None:
    """ "Sent to an operator which has just successfully issued a REHASH command": <client> <config file> :Rehashing."""
    with people(server.address, "alice", "bob", channel="#lobby") as (alice, bob):
        become_oper(alice)
        configure(motd=("new",), description="another")
        alice.send("REHASH", "MOTD")
        assert alice.expect("382").params == ("alice", "/etc/greenchat.toml", "Rehashing")
        assert alice.expect("372").params == ("alice", "- new")
        assert [message.command for message in bob.run("PRIVMSG #lobby :still here")] == []


def test_keys_that_need_a_restart_are_named_and_kept(
    server: ServerThread, configure: Configure, tmp_path: Path
) -> None:
    with Client(server.address, "alice") as alice, Client(server.address, "bob") as bob:
        become_oper(alice)
        become_oper(bob)
        bob.run("MODE bob -s")
        alice.sync()
        configure(
            name="other.example.org",
            casemapping="rfc1459",
            options=dataclasses.replace(quick_options(tmp_path), data=tmp_path / "elsewhere"),
        )
        alice.send("REHASH")
        notices = [alice.expect("NOTICE").params[1] for _ in range(4)]
        assert notices == [
            "*** alice reloaded the configuration",
            "*** name: a change needs a restart",
            "*** casemapping: a change needs a restart",
            "*** data: a change needs a restart",
        ]
        assert [m.params[1] for m in bob.run("REHASH") if m.command == "NOTICE"] == [
            "name: a change needs a restart",
            "casemapping: a change needs a restart",
            "data: a change needs a restart",
        ]
        assert alice.run("VERSION")[0].source == "greenchat.local"


def test_an_invalid_file_changes_nothing_and_is_explained(server: ServerThread, configure: Configure) -> None:
    with Client(server.address, "alice") as alice:
        become_oper(alice)
        configure(error="server.toml: motd: must be a list, not a number")
        alice.send("REHASH")
        refusal = alice.expect("400")
        assert refusal.params == (
            "alice",
            "REHASH",
            "The configuration was not changed: server.toml: motd: must be a list, not a number",
        )
        assert "382" not in [message.command for message in alice.sync()]


def test_a_missing_certificate_changes_nothing(server: ServerThread, configure: Configure, tmp_path: Path) -> None:
    """In particular not the program that is asked for passwords."""
    files = TlsFiles(tmp_path / "nothing.pem", tmp_path / "nothing.key")
    with Client(server.address, "alice") as alice:
        become_oper(alice)
        options = dataclasses.replace(quick_options(tmp_path), tls=files)
        configure(options=options, auth_script=AuthScript(command=sys.executable))
        alice.send("REHASH")
        assert alice.expect("400").params[-1].startswith("The configuration was not changed: tls: ")
    assert server.call(lambda app: app.external_auth.check("alice", "secret", "127.0.0.1")) is None, (
        "no script is called"
    )


def test_a_missing_program_changes_nothing(server: ServerThread, configure: Configure, tmp_path: Path) -> None:
    """Otherwise it would be noticed at the first login only."""
    with Client(server.address, "alice") as alice:
        become_oper(alice)
        configure(auth_script=AuthScript(command=f"{tmp_path / 'nothing'} --all"))
        alice.send("REHASH")
        refusal = alice.expect("400").params[-1]
    assert (
        refusal
        == f"The configuration was not changed: auth_script.command: the program {tmp_path / 'nothing'} is not there"
    )
    assert server.call(lambda app: app.external_auth.check("alice", "secret", "127.0.0.1")) is None, (
        "no script is called"
    )


def test_changed_isupport_tokens_are_sent(server: ServerThread, configure: Configure) -> None:
    """ "If the value of a parameter changes, the server SHOULD re-advertise the parameter with the new value in an
    RPL_ISUPPORT reply." """
    with Client(server.address, "alice") as alice, Client(server.address, "bob") as bob:
        become_oper(alice)
        configure(network="other", limits=dataclasses.replace(Settings().limits, topic=100))
        alice.send("REHASH")
        assert bob.expect("005").params[1:-1] == ("NETWORK=other", "TOPICLEN=100")


def test_a_removed_operator_loses_the_mode(server: ServerThread, configure: Configure) -> None:
    with Client(server.address, "alice") as alice, Client(server.address, "bob") as bob:
        become_oper(alice)
        become_oper(bob, "helper")
        configure(opers={"root": WITH_OPERS.staff.opers["root"]})
        alice.send("REHASH")
        assert bob.expect("MODE").params == ("bob", "-os")
        assert bob.commands("KILL alice :why") == ["481"]
        alice.expect("382")
        assert alice.commands("REHASH")[-1] == "382"


def test_listeners_are_added_and_removed_and_clients_stay(
    server: ServerThread, configure: Configure, tmp_path: Path
) -> None:
    second = ListenerOptions(Address("127.0.0.2", 0))
    with Client(server.address, "alice") as alice:
        become_oper(alice)
        (first,) = quick_options(tmp_path).listen
        configure(options=dataclasses.replace(quick_options(tmp_path), listen=(first, second)))
        alice.send("REHASH")
        alice.expect("382")
        opened = server.call(lambda app: [listener.bound for listener in app.listeners])
        assert [address.host for address in opened] == ["127.0.0.1", "127.0.0.2"]
        assert opened[0].port == server.address[1]
        with Client((opened[1].host, opened[1].port), "bob") as bob:
            configure(options=dataclasses.replace(quick_options(tmp_path), listen=(second,)))
            alice.send("REHASH")
            alice.expect("382")
            with pytest.raises(ConnectionRefusedError):
                Client(server.address)
            alice.send("PRIVMSG bob :the listener I came through is closed")
            assert bob.expect("PRIVMSG").nick == "alice"


def test_an_address_that_cannot_be_opened_is_named(server: ServerThread, configure: Configure, tmp_path: Path) -> None:
    with Client(server.address, "alice") as alice, socket.create_server(("127.0.0.1", 0)) as other:
        become_oper(alice)
        taken = Address("127.0.0.1", other.getsockname()[1])
        (first,) = quick_options(tmp_path).listen
        configure(options=dataclasses.replace(quick_options(tmp_path), listen=(first, ListenerOptions(taken))))
        alice.send("REHASH")
        notices = [message.params[1] for message in alice.until("382") if message.command == "NOTICE"]
        assert notices[-1] == f"*** can't listen on {taken}: another program is already listening there"


def test_throttles_change_for_connected_clients(server: ServerThread, configure: Configure, tmp_path: Path) -> None:
    with Client(server.address, "alice") as alice:
        become_oper(alice)
        options = dataclasses.replace(quick_options(tmp_path), throttle=Throttle(commands=0, logins=1))
        configure(options=options)
        alice.send("REHASH")
        alice.expect("382")
        assert alice.commands("OPER root wrong", "OPER root wrong")[-1] == "263"
        limits = server.call(lambda app: [connection.outbox.limit for connection in app.clients.connections])
        assert limits == [options.connections.sendq]


def test_a_new_certificate_is_used_from_then_on(server: ServerThread, configure: Configure, tmp_path: Path) -> None:
    def fingerprint() -> bytes:
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname = False
        trusting.verify_mode = ssl.CERT_NONE
        with trusting.wrap_socket(socket.create_connection(server.address, timeout=PATIENCE)) as sock:
            return sock.getpeercert(binary_form=True) or b""

    certificate, key = ensure_certificate(tmp_path / "first", "greenchat.local", [])
    options = dataclasses.replace(quick_options(tmp_path), tls=TlsFiles(certificate, key))
    with Client(server.address, "alice") as alice:
        become_oper(alice)
        configure(options=options)
        assert alice.commands("REHASH")[-1] == "382"
        first = fingerprint()
        other = ensure_certificate(tmp_path / "second", "greenchat.local", [])
        certificate.write_bytes(other[0].read_bytes())
        refusal = alice.run("REHASH")[-1]
        assert refusal.command == "400"
        assert refusal.params[2] == (
            f"The configuration was not changed: tls: {key} is not the private key (PEM, without a password) of"
            f" {certificate}"
        )
        assert fingerprint() == first
        key.write_bytes(other[1].read_bytes())
        assert alice.commands("REHASH")[-1] == "382"
        assert fingerprint() != first
