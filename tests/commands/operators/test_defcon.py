"""DEFCON: refusing new users and accounts, level by level."""

from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.file import Config
from greenchat.config.options import Storage
from greenchat.config.settings import WebIrc
from greenchat.server.reload import apply
from greenchat.values.addresses import network
from tests.commands.devices import make_account
from tests.conftest import ServerThread, StartServer, quick_options
from tests.irc import Client
from tests.opers import WITH_OPERS, become_oper

SETTINGS = replace(WITH_OPERS, webirc=WebIrc((network("127.0.0.1"),), "hunter2"))


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> ServerThread:
    """Start a server whose clients may state another address."""
    return start_server(SETTINGS, quick_options(tmp_path))


@pytest.fixture
def root(server: ServerThread) -> Client:
    return become_oper(Client(server.address, "root"))


def outcome_of_connecting(server: ServerThread, host: str) -> str:
    """Return the outcome of connecting as a guest from this address: the last numeric of the welcome, or the text of
    the ERROR.
    """
    with Client(server.address) as client:
        client.send(f"WEBIRC hunter2 web x {host}", "NICK guest", "USER guest 0 * :Guest")
        return client.expect("422", "376", "ERROR").params[-1]


def test_defcon_needs_the_right(server: ServerThread) -> None:
    with Client(server.address, "alice") as alice:
        assert alice.commands("DEFCON") == ["481"]
        become_oper(alice, "helper")
        assert alice.commands("DEFCON 1") == ["723"]


def test_the_level_is_shown_and_announced(server: ServerThread, root: Client) -> None:
    with become_oper(Client(server.address, "local"), "local") as other:
        root.sync()
        assert [m.params[1] for m in root.run("DEFCON")] == ["DEFCON 5: no restrictions"]
        root.run("DEFCON 4")
        assert [m.params[1] for m in other.sync()] == ["*** root set DEFCON 4: no registrations of accounts"]
    with Client(server.address, "late") as late:
        late.send("OPER local secret")
        late.expect("381")
        assert "DEFCON 4: no registrations of accounts" in [m.params[-1] for m in late.sync()]


@pytest.mark.parametrize("level", ["0", "6", "x", "-1", "05", "1 1x"])
def test_bad_input(root: Client, level: str) -> None:
    answers = root.commands(f"DEFCON {level}")
    assert answers[0] == ("NOTICE" if level == "1 1x" else "400")


def test_4_no_accounts(server: ServerThread, root: Client) -> None:
    root.run("DEFCON 4")
    with Client(server.address, "alice") as alice:
        assert alice.run("REGISTER * * :sesame open")[0].params[:2] == ("REGISTER", "TEMPORARILY_UNAVAILABLE")
        assert "900" not in alice.commands("PRIVMSG NickServ :REGISTER sesame-open")
        root.run("DEFCON 5")
        alice.send("REGISTER * * :sesame open")
        assert alice.expect("REGISTER", "FAIL").params[0] == "SUCCESS"


def test_3_no_channels(server: ServerThread, root: Client) -> None:
    with Client(server.address, "alice") as alice:
        alice.send("REGISTER * * :sesame open")
        alice.expect("900")
        alice.join("#a")
        root.run("DEFCON 3")
        answer = alice.run("PRIVMSG ChanServ :REGISTER #a")[-1]
        assert answer.params[-1] == "Channels can't be registered at the moment"
    assert outcome_of_connecting(server, "203.0.113.1") == "End of /MOTD command."


def test_2_only_with_an_account_or_from_this_machine(server: ServerThread, root: Client) -> None:
    make_account(server.address, "alice")
    root.run("DEFCON 2")
    assert outcome_of_connecting(server, "203.0.113.1").startswith("This server currently requires an account")
    assert outcome_of_connecting(server, "127.0.0.1") == "End of /MOTD command."
    with Client(server.address) as alice:
        alice.send("WEBIRC hunter2 web x 203.0.113.1", "CAP REQ sasl", "NICK alice", "USER alice 0 * :A")
        alice.send("AUTHENTICATE PLAIN", "AUTHENTICATE AGFsaWNlAHNlc2FtZSBvcGVu", "CAP END")
        alice.expect("376")


def test_with_standard_replies_a_guest_is_told_to_log_in(server: ServerThread, root: Client) -> None:
    """ "FAIL * ACCOUNT_REQUIRED <message>. Sent by the server in response to the end of connection registration (e.g.
    to `USER`, `NICK`, or `CAP END`) if connection registration cannot proceed unless the user logs into an account with
    SASL.": https://ircv3.net/specs/extensions/account-registration"""
    root.run("DEFCON 2")
    with Client(server.address) as guest:
        guest.send("WEBIRC hunter2 web x 203.0.113.1", "CAP REQ sasl", "NICK guest", "USER guest 0 * :G", "CAP END")
        assert guest.expect("FAIL").params[:2] == ("*", "ACCOUNT_REQUIRED")
        assert [message.command for message in guest.until_end()] == ["ERROR"]


def test_1_only_operators(server: ServerThread, root: Client) -> None:
    """The class of `elsewhere` comes from 192.0.2.*; root may come from anywhere, which lets in nobody else."""
    with Client(server.address, "alice") as alice:
        root.run("DEFCON 1")
        assert (
            outcome_of_connecting(server, "203.0.113.1")
            == "This server does not accept new connections at the moment: try again later"
        )
        assert (
            outcome_of_connecting(server, "192.0.2.9") != "End of /MOTD command."
        )  # a guest still, which level 2 refuses
        assert outcome_of_connecting(server, "127.0.0.1") == "End of /MOTD command."
        assert alice.commands("PING x")[-1] == "PONG"


def test_the_level_survives_a_restart(start_server: StartServer, tmp_path: Path) -> None:
    options = replace(quick_options(tmp_path), storage=Storage(persistent=True))
    server = start_server(SETTINGS, options)
    with become_oper(Client(server.address, "root")) as root:
        root.run("DEFCON 2")
    server.stop()
    again = start_server(SETTINGS, options)
    assert again.call(lambda app: app.network.protection.defcon) == 2
    assert outcome_of_connecting(again, "203.0.113.1").startswith("This server currently requires an account")


def test_registration_is_not_offered_while_it_is_refused(server: ServerThread, root: Client) -> None:
    """cap-notify: "the CAP NEW subcommand ... MUST be sent ... when new capabilities become available", "CAP DEL" when
    they are withdrawn; until then nobody can request it."""
    name = "draft/account-registration"
    with Client(server.address, "alice", caps=name) as alice, Client(server.address, "old") as old:
        root.run("DEFCON 4")
        assert [m.params[1:] for m in alice.sync()] == [("DEL", name)]
        assert old.sync() == []
        assert name not in str(alice.run("CAP LS 302"))
        assert [m.params[1:] for m in alice.run(f"CAP REQ {name}")] == [("NAK", name)]
        assert name not in str(alice.run("CAP LIST"))
        root.run("DEFCON 2")
        assert alice.sync() == []
        root.run("DEFCON 5")
        (back,) = alice.sync()
        assert back.params[1:] == ("NEW", f"{name}=before-connect,custom-account-name")
        assert [m.params[1] for m in alice.run(f"CAP REQ {name}")] == ["ACK"]


def test_a_reload_does_not_lift_the_level(server: ServerThread, root: Client) -> None:
    with Client(server.address, "alice", caps="draft/account-registration") as alice:
        root.run("DEFCON 4")
        alice.sync()
        server.call(lambda app: apply(app, Config(app.network.settings, app.options), app._context()))
        assert "CAP" not in alice.commands("PING x")


@pytest.mark.parametrize("level", [1, 2])
def test_an_operator_cannot_lock_themselves_out(server: ServerThread, level: int) -> None:
    """Operators who could not connect again at that level can't set it."""
    with Client(server.address) as far:
        far.send("WEBIRC hunter2 web x 198.51.100.7", "NICK far", "USER far 0 * :Far")
        far.until("376", "422")
        become_oper(far)
        (refusal,) = far.run(f"DEFCON {level}")
        assert refusal.command == "400"
        assert "lock you out" in refusal.params[-1]
        assert server.call(lambda app: app.network.protection.defcon) == 5
        assert far.commands("DEFCON 3")[0] == "NOTICE"
