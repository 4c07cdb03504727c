"""OPER, and the commands of operators."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from greenchat.chat.user import TlsClient
from greenchat.commands.operators.shell import ShellError, kick
from greenchat.config.opers import Oper, OperClass
from greenchat.config.options import Throttle
from tests.commands.devices import device, make_account
from tests.commands.state_changes import log_in, run_as_user
from tests.conftest import Serve, StartServer, Target, quick_options
from tests.irc import Client, people
from tests.opers import HASH, WITH_OPERS, become_oper
from tests.world import World


@pytest.fixture
def with_opers(serve: Serve) -> Target:
    return serve(WITH_OPERS)


def notices(client: Client) -> list[str]:
    return [message.params[1] for message in client.sync() if message.command == "NOTICE"]


# OPER: https://modern.ircdocs.horse/#oper-message


def test_the_right_password_makes_an_operator(with_opers: Target) -> None:
    """ "the RPL_YOUREOPER message is sent to the user. The user will also receive a MODE message indicating their new
    user modes" """
    with Client(with_opers, "alice") as alice:
        alice.send("OPER root secret")
        assert alice.expect("381").params == ("alice", "You are now an IRC operator")
        mode = alice.expect("MODE")
        assert (mode.nick, mode.params) == ("alice", ("alice", "+os"))
        assert [m.params for m in alice.run("WHOIS alice") if m.command == "313"] == [
            ("alice", "alice", "is the administrator")
        ]


@pytest.mark.parametrize("attempt", ["root wrong", "nobody secret", "root :", "root :secret and more"])
def test_a_wrong_password_or_name_is_refused(with_opers: Target, attempt: str) -> None:
    """ "If the client does not send the correct password for the given name, the server replies with an
    ERR_PASSWDMISMATCH message and the request is not successful." """
    with Client(with_opers, "alice") as alice:
        alice.send(f"OPER {attempt}")
        assert alice.expect("464").params == ("alice", "Password incorrect")
        assert alice.run("MODE alice")[-1].params == ("alice", "+")


def test_a_wrong_host_is_refused(with_opers: Target) -> None:
    """ "If the client is not connecting from a valid host for the given name, the server replies with an
    ERR_NOOPERHOST message and the request is not successful." """
    with Client(with_opers, "alice") as alice:
        assert alice.commands("OPER elsewhere secret") == ["491"]
        become_oper(alice, "local")


def test_oper_needs_two_parameters(with_opers: Target) -> None:
    """ "Both parameters are required for the command to be successful." """
    with Client(with_opers, "alice") as alice:
        assert [message.params[:2] for message in alice.run("OPER root")] == [("alice", "OPER")]


def test_password_guessing_is_throttled(start_server: StartServer, tmp_path: Path) -> None:
    """ "When a server drops a command without processing it, this numeric MUST be sent to inform the client" (263);
    another connection from the same address gets it, too; a minute later both may try again.
    """
    server = start_server(WITH_OPERS, replace(quick_options(tmp_path), throttle=Throttle(commands=0, logins=2)))
    with Client(server.address, "alice") as alice, Client(server.address, "bob") as bob:
        assert alice.commands("OPER root wrong", "OPER root wrong") == ["464", "464"]
        assert [m.command for m in alice.run("OPER root secret")] == ["263"]
        refused = bob.run("OPER root secret")
        assert refused[0].command == "263"
        assert refused[0].params[1] == "OPER"
        server.call(lambda app: app.network.protection.logins.succeeded("127.0.0.1"))
        become_oper(bob)


def test_verifying_a_password_does_not_delay_others(with_opers: Target) -> None:
    with people(with_opers, "alice", "bob", "carol") as (alice, bob, carol):
        alice.send(*["OPER root wrong"] * 5)
        bob.send("PRIVMSG carol :hello")
        assert carol.expect("PRIVMSG").params[1] == "hello"
        assert [alice.expect("464").command for _ in range(5)] == ["464"] * 5


def test_removing_the_mode_ends_operator_privileges(with_opers: Target) -> None:
    with Client(with_opers, "alice") as alice:
        become_oper(alice)
        assert alice.run("MODE alice -o")[0].params == ("alice", "-os")
        assert alice.commands("KILL alice :why") == ["481"]


# rights


@pytest.mark.parametrize("line", ["KILL bob :why", "KILL", "WALLOPS :hello", "REHASH", "RESTART", "DIE", "STATS m"])
def test_users_are_refused(with_opers: Target, line: str) -> None:
    """ "Indicates that the command failed because the user is not an IRC operator." """
    with Client(with_opers, "alice") as alice:
        refusal = alice.run(line)[0]
        assert (refusal.command, refusal.params) == (
            "481",
            ("alice", "Permission Denied- You're not an IRC operator"),
        )


@pytest.mark.parametrize(("line", "right"), [("WALLOPS :x", "wallops"), ("REHASH", "rehash"), ("DIE", "die")])
def test_an_operator_without_the_right_is_refused(with_opers: Target, line: str, right: str) -> None:
    """ "Sent by a server to alert an IRC operator that they they do not have the specific operator privilege required
    by this server/network to perform the command" """
    with Client(with_opers, "alice") as alice:
        become_oper(alice, "helper")
        refusal = alice.run(line)[0]
        assert (refusal.command, refusal.params) == ("723", ("alice", right, "Insufficient oper privileges."))


def test_a_withdrawn_right_is_gone_at_once(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(WITH_OPERS, quick_options(tmp_path))
    with Client(server.address, "alice") as alice:
        become_oper(alice, "helper")
        classes = {**WITH_OPERS.staff.classes, "helper": OperClass()}
        poorer = replace(WITH_OPERS, staff=replace(WITH_OPERS.staff, classes=classes))
        server.call(lambda app: setattr(app.network, "settings", poorer))
        assert alice.commands("KILL alice :why") == ["723"]


# KILL: https://modern.ircdocs.horse/#kill-message


def test_kill_ends_a_connection(with_opers: Target) -> None:
    """ "the client being killed receives the KILL message, and the <source> of the message SHOULD be the operator ...
    The user being killed and every user sharing a channel with them receives a QUIT message ... The user being killed
    then receives the ERROR message" """
    with people(with_opers, "alice", "bob", "carol", channel="#lobby") as (alice, bob, carol):
        become_oper(alice)
        alice.send("KILL bob :flooding again")
        kill, quit_, error = bob.until_end()[-3:]
        assert (kill.nick, kill.command, kill.params) == ("alice", "KILL", ("bob", "flooding again"))
        assert (quit_.nick, quit_.params) == ("bob", ("Killed (alice (flooding again))",))
        assert error.params == ("Closing Link: greenchat.local (Killed (alice (flooding again)))",)
        for witness in alice, carol:
            seen = witness.expect("QUIT")
            assert (seen.nick, seen.params) == ("bob", ("Killed (alice (flooding again))",))
        assert "QUIT" not in [message.command for message in carol.sync()]
        with Client(with_opers, "bob"):
            """ "Clients can rejoin instantly after this command is performed on them." """


@pytest.mark.parametrize(
    ("line", "numeric"),
    [("KILL nobody :why", "401"), ("KILL", "461"), ("KILL greenchat.local :why", "483"), ("KILL #lobby :x", "401")],
)
def test_kill_of_missing_nicks(with_opers: Target, line: str, numeric: str) -> None:
    with people(with_opers, "alice", "bob") as (alice, _):
        assert become_oper(alice).commands(line) == [numeric]


def test_a_kill_without_a_comment(with_opers: Target) -> None:
    """Modern requires a comment; many operators leave it out."""
    with people(with_opers, "alice", "bob") as (alice, bob):
        become_oper(alice).send("KILL bob")
        assert bob.expect("KILL").params == ("bob", "No reason given")


def test_an_operator_may_kill_oneself(with_opers: Target) -> None:
    with Client(with_opers, "alice", caps="labeled-response batch") as alice:
        become_oper(alice)
        alice.send("@label=x KILL alice :enough")
        assert [m.command for m in alice.until_end()] == ["BATCH", "KILL", "QUIT", "NOTICE", "ERROR", "BATCH"]


def test_lines_of_a_killed_client_are_not_executed(with_opers: Target) -> None:
    with people(with_opers, "alice", "bob", channel="#lobby") as (alice, bob):
        become_oper(alice)
        alice.send("KILL bob :why")
        bob.expect("ERROR")
        bob.send("PRIVMSG #lobby :I am still here")
        alice.expect("QUIT")
        assert "PRIVMSG" not in [message.command for message in alice.sync()]
        assert [message.command for message in bob.until_end()] == []


# WALLOPS: https://modern.ircdocs.horse/#wallops-message


def test_wallops_reach_users_with_mode_w(with_opers: Target) -> None:
    """ "The WALLOPS command is used to send a message to all currently connected users who have set the 'w' user mode
    for themselves." """
    with people(with_opers, "alice", "bob", "carol") as (alice, bob, carol):
        become_oper(alice)
        bob.run("MODE bob +w")
        alice.send("WALLOPS :the server restarts at eight")
        message = bob.expect("WALLOPS")
        assert (message.nick, message.params) == ("alice", ("the server restarts at eight",))
        assert carol.sync() == []


def test_wallops_without_a_text(with_opers: Target) -> None:
    """ "The <text> SHOULD be non-empty." """
    with Client(with_opers, "alice") as alice:
        assert become_oper(alice).commands("WALLOPS :", "WALLOPS") == ["461", "461"]


# Messages to all users: https://www.rfc-editor.org/rfc/rfc2812#section-3.3.1 (more in tests/specifications/rfc2812.txt)


def test_a_message_to_all_users(with_opers: Target) -> None:
    """ "the message is a broadcast sent to all clients on one or multiple servers", with echo and label as for other
    messages.
    """
    with (
        people(with_opers, "bob") as (bob,),
        Client(with_opers, "alice", caps="echo-message labeled-response batch") as alice,
    ):
        become_oper(alice)
        alice.send("@label=x NOTICE $greenchat.local,bob :It restarts at eight")
        echoes = alice.expect("BATCH"), alice.expect("NOTICE"), alice.expect("NOTICE"), alice.expect("BATCH")
        assert [echo.params[0] for echo in echoes[1:3]] == ["$greenchat.local", "bob"]
        assert [message.params for message in bob.sync()] == [
            ("$greenchat.local", "It restarts at eight"),
            ("bob", "It restarts at eight"),
        ]
        assert alice.commands("TAGMSG $greenchat.local") == ["421"]


# DIE and RESTART, and server notices


def test_die_ends_the_server(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(WITH_OPERS, quick_options(tmp_path))
    with people(server.address, "alice", "bob") as (alice, bob):
        become_oper(alice)
        alice.send("DIE")
        for client in alice, bob:
            assert client.expect("ERROR").params == ("The server was shut down by alice",)
        assert bob.until_end() == []


def test_restart_starts_the_server_again(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(WITH_OPERS, quick_options(tmp_path))
    with people(server.address, "alice") as (alice,):
        become_oper(alice)
        assert not server.app.shutdown.is_restarting
        alice.send("RESTART")
        assert alice.expect("ERROR").params == ("The server is being restarted by alice",)
        assert server.app.shutdown.is_restarting


def test_operators_are_told_of_what_others_do(with_opers: Target) -> None:
    with people(with_opers, "alice", "bob", "carol") as (alice, bob, carol):
        become_oper(alice)
        bob.run("OPER root wrong", "OPER elsewhere secret")
        become_oper(bob, "helper")
        bob.run("KILL carol :bye")
        assert notices(alice) == [
            "*** bob!~bob@127.0.0.1 failed to become operator root",
            "*** bob!~bob@127.0.0.1 tried to become operator elsewhere from a wrong host",
            "*** bob!~bob@127.0.0.1 is now operator helper of class helper",
            "*** bob killed carol!~carol@127.0.0.1 (bye)",
        ]
        alice.run("MODE alice -s")
        bob.run("OPER root wrong")
        assert notices(alice) == []
        assert carol.until_end()


KEYED = replace(
    WITH_OPERS,
    staff=replace(
        WITH_OPERS.staff,
        opers={
            "key": Oper("admin", certificate="ab" * 32),
            "owner": Oper("admin", account="Alice"),
            "both": Oper("admin", HASH, account="alice", certificate="ab" * 32),
        },
    ),
)


@pytest.mark.parametrize(
    ("line", "certificate", "account", "numeric"),
    [
        ("OPER key", "ab" * 32, "", "381"),
        ("OPER key", "cd" * 32, "", "464"),
        ("OPER key", "", "", "464"),
        ("OPER owner", "", "alice", "381"),
        ("OPER owner", "", "", "464"),
        ("OPER both secret", "ab" * 32, "alice", "381"),
        ("OPER both secret", "", "alice", "464"),
        ("OPER both", "ab" * 32, "alice", "461"),
        ("OPER nobody", "", "", "461"),
    ],
)
def test_operators_by_certificate_and_by_account(
    start_server: StartServer, tmp_path: Path, line: str, certificate: str, account: str, numeric: str
) -> None:
    """RFC 2812, 3.1.4, has a password only; a certificate is safer, and needs none."""
    server = start_server(KEYED, quick_options(tmp_path))
    with Client(server.address, "alice") as alice:
        if account:
            log_in(server, "alice", account)
            alice.sync()
        run_as_user(server, "alice", lambda _, user: setattr(user.sessions[0], "tls", TlsClient(certificate)))
        assert numeric in alice.commands(line)


@pytest.mark.parametrize("line", ["KILL bob :enough", "the shell's kick"])
def test_killing_an_absent_always_on_user_is_refused_with_advice(serve: Serve, line: str) -> None:
    """There is no connection to end, and the user would stay: the operator is told what to do instead."""
    address = serve(WITH_OPERS)
    make_account(address, "bob")
    bob = device(address, "bob")
    bob.until("376", "422")
    bob.run("NICKSERV SET ALWAYS-ON on", "JOIN #a")
    bob.quit()
    with Client(address, "root") as root:
        become_oper(root).join("#a")
        if line.startswith("KILL"):
            (answer,) = root.run(line)
            assert (answer.command, answer.params[1]) == ("400", "KILL")
            text = answer.params[-1]
        else:
            with pytest.raises(ShellError) as raised:
                cast(World, address).call(lambda app: app.run_step(lambda ctx: kick(ctx, "bob", "enough")))
            text = str(raised.value)
        assert text.endswith("ban the account a:bob")
        assert "bob" in root.run("NAMES #a")[0].params[-1]
        root.run("UBAN ADD a:bob 1h :enough")
        assert "bob" not in root.run("NAMES #a")[0].params[-1]
