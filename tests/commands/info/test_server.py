"""Queries about the server."""

from dataclasses import replace

import pytest

from greenchat import __version__
from greenchat.config.about import About
from greenchat.config.settings import Admin, Settings
from tests.conftest import Serve, Target
from tests.irc import Client, people
from tests.opers import WITH_OPERS, become_oper

NAME = "greenchat.local"


def params(client: Client, line: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return the parameters of the answers, without the client's nick."""
    return [(message.command, message.params[1:]) for message in client.run(line)]


# MOTD: https://modern.ircdocs.horse/#motd-message


def test_motd_has_its_lines_and_ends(serve: Serve) -> None:
    """ "If the MOTD can be found, one RPL_MOTDSTART numeric is returned, followed by one or more RPL_MOTD numeric, then
    one RPL_ENDOFMOTD numeric." """
    with Client(serve(Settings(about=About(motd=("Welcome!", "", "Be kind."))))) as alice:
        alice.send("NICK alice", "USER a 0 * :a")
        at_welcome = alice.until("376")[-5:]
        for messages in at_welcome, alice.run("MOTD"), alice.run(f"MOTD {NAME}"):
            assert [(message.command, message.params[1:]) for message in messages] == [
                ("375", (f"- {NAME} Message of the day -",)),
                ("372", ("- Welcome!",)),
                ("372", ("- ",)),
                ("372", ("- Be kind.",)),
                ("376", ("End of /MOTD command.",)),
            ]


def test_the_default_motd(server: Target) -> None:
    with Client(server, "alice") as alice:
        assert "372" in alice.commands("MOTD")


def test_without_a_motd(serve: Serve) -> None:
    """ "If the MOTD does not exist or could not be found, the ERR_NOMOTD numeric is returned." """
    with Client(serve(Settings(about=About(motd=()))), "alice") as alice:
        assert params(alice, "MOTD") == [("422", ("MOTD File is missing",))]


@pytest.mark.parametrize("command", ["MOTD", "VERSION", "TIME", "ADMIN", "INFO", "STATS u"])
def test_unknown_servers_are_refused(server: Target, command: str) -> None:
    """ "If <target> is given and a matching server cannot be found, the server will respond with the ERR_NOSUCHSERVER
    numeric and the command will fail." """
    with Client(server, "alice") as alice:
        assert params(alice, f"{command} irc.example.org") == [("402", ("irc.example.org", "No such server"))]


@pytest.mark.parametrize("target", [NAME, "*.local", "GREENCHAT.*", "green????.local", "alice"])
@pytest.mark.parametrize(("command", "numeric"), [("VERSION", "351"), ("TIME", "391"), ("MOTD", "375")])
def test_this_server_may_be_the_target(server: Target, command: str, numeric: str, target: str) -> None:
    """ "Wildcards are allowed in the <target> parameter"; "If <target> is a client, the information for the server that
    client is connected to is requested." """
    with Client(server, "alice") as alice:
        assert alice.commands(f"{command} {target}")[0] == numeric


# LUSERS: https://modern.ircdocs.horse/#lusers-message


def test_lusers_counts_users(serve: Serve) -> None:
    """ "Servers MUST reply with RPL_LUSERCLIENT and RPL_LUSERME, and SHOULD also include all those defined below." """
    address = serve(WITH_OPERS)
    with people(address, "alice", "bob", "carol", channel="#lobby") as (alice, bob, carol), Client(address) as nobody:
        nobody.run("PING x")
        bob.run("MODE bob +i")
        become_oper(carol)
        assert params(alice, "LUSERS") == [
            ("251", ("There are 2 users and 1 invisible on 1 servers",)),
            ("252", ("1", "operator(s) online")),
            ("253", ("1", "unknown connection(s)")),
            ("254", ("1", "channels formed")),
            ("255", ("I have 3 clients and 0 servers",)),
            ("265", ("3", "3", "Current local users 3, max 3")),
            ("266", ("3", "3", "Current global users 3, max 3")),
        ]


def test_lusers_leaves_out_what_is_zero(server: Target) -> None:
    """ "<ops> is a positive integer": without operators the line is left out."""
    with Client(server, "alice") as alice:
        assert alice.commands("LUSERS") == ["251", "255", "265", "266"]


def test_lusers_does_not_count_ending_connections(server: Target) -> None:
    """ "<connections> ... currently in an unknown state": a connection that is ending has none."""
    with people(server, "alice", "bob", channel="#a") as (alice, bob):
        bob.send("QUIT")
        alice.expect("QUIT")
        assert alice.commands("LUSERS") == ["251", "254", "255", "265", "266"]


def test_lusers_uses_the_plural_for_one(server: Target) -> None:
    """ "<client> :There are <u> users and <i> invisible on <s> servers", "<client> :I have <c> clients and <s>
    servers": no sentence allows other texts for these two."""
    with Client(server, "alice") as alice:
        texts = [reply[-1] for _, reply in params(alice, "LUSERS")]
        assert texts[:2] == ["There are 1 users and 0 invisible on 1 servers", "I have 1 clients and 0 servers"]


def test_lusers_tells_the_maximum(server: Target) -> None:
    with Client(server, "alice") as alice:
        with Client(server, "bob") as bob:
            bob.send("QUIT")
            bob.until_end()
        while params(alice, "LUSERS")[-1] != ("266", ("1", "2", "Current global users 1, max 2")):
            pass


# VERSION, TIME, ADMIN, INFO, LINKS


def test_version_tells_version_and_isupport(server: Target) -> None:
    """ "Upon receiving a VERSION command, the given server SHOULD respond with one RPL_VERSION reply and one or more
    RPL_ISUPPORT replies." """
    with Client(server, "alice") as alice:
        first, *rest = alice.run("VERSION")
        assert first.params == ("alice", f"greenchat-{__version__}", NAME, "greenchat, group chat for the terminal")
        assert rest
        assert {message.command for message in rest} == {"005"}


def test_time_as_a_timestamp_and_as_text(server: Target) -> None:
    """ "<client> <server> [<timestamp> [<TS offset>]] :<human-readable time>" """
    with Client(server, "alice", caps="server-time") as alice:
        (answer,) = alice.run("TIME")
        name, timestamp, words = answer.params[1:]
        assert (answer.command, name) == ("391", NAME)
        assert int(timestamp) > 1_700_000_000
        assert words.endswith(" UTC")
        hour = answer.tags["time"][11:19]
        assert hour in words


def test_admin_tells_the_configured_contacts(serve: Serve) -> None:
    """ "the given server SHOULD respond with the RPL_ADMINME, RPL_ADMINLOC1, RPL_ADMINLOC2, and RPL_ADMINEMAIL
    replies" """
    admin = Admin("a small machine in Berlin", "the green club", "<root@example.org>")
    with Client(serve(Settings(admin=admin)), "alice") as alice:
        assert params(alice, "ADMIN") == [
            ("256", (NAME, "Administrative info")),
            ("257", ("a small machine in Berlin",)),
            ("258", ("the green club",)),
            ("259", ("<root@example.org>",)),
        ]


@pytest.mark.parametrize("admin", [Admin(), Admin(email="<root@example.org>")])
def test_admin_always_has_four_lines(serve: Serve, admin: Admin) -> None:
    """ "a server is expected to use replies RPL_ADMINME through to RPL_ADMINEMAIL and provide a text message with
    each": RFC 2812, section 5.1."""
    with Client(serve(Settings(admin=admin)), "alice") as alice:
        answers = alice.run("ADMIN")
        assert [message.command for message in answers] == ["256", "257", "258", "259"]
        assert all(message.params[-1] for message in answers)


def test_info_has_its_end(server: Target) -> None:
    """ "the server will respond with zero or more RPL_INFO replies, followed by one RPL_ENDOFINFO numeric." """
    with Client(server, "alice") as alice:
        *lines, end = alice.run("INFO")
        assert {message.command for message in lines} == {"371"}
        assert any(f"greenchat-{__version__}" in message.params[1] for message in lines)
        assert (end.command, end.params) == ("374", ("alice", "End of INFO list"))


def test_links_lists_this_server(server: Target) -> None:
    """ "a server MUST send replies back using zero or more RPL_LINKS messages and mark the end of the list using a
    RPL_ENDOFLINKS message." """
    with Client(server, "alice") as alice:
        assert params(alice, "LINKS") == [
            ("364", (NAME, NAME, "0 greenchat, group chat for the terminal")),
            ("365", ("*", "End of /LINKS list")),
        ]


def test_map_lists_this_server(server: Target) -> None:
    """As InspIRCd and UnrealIRCd: 006 is RPL_MAP, 007 RPL_MAPEND."""
    with Client(server, "alice") as alice:
        assert params(alice, "MAP") == [("006", (f"{NAME} (1 user)",)), ("007", ("End of /MAP",))]
        with Client(server, "bob"):
            assert params(alice, "MAP")[0] == ("006", (f"{NAME} (2 users)",))


def test_new_users_get_the_configured_modes(serve: Serve) -> None:
    with Client(serve(replace(Settings(), new_modes=replace(Settings().new_modes, user_flags="iw")))) as alice:
        alice.send("NICK alice", "USER a 0 * :a")
        messages = alice.until("376")
        assert [message.params for message in messages if message.command == "MODE"] in ([], [("alice", "+iw")])
        assert params(alice, "MODE alice") == [("221", ("+iw",))]


def test_links_with_a_mask(server: Target) -> None:
    """RFC 2812, 3.4.5: "<mask> is used to limit the list of servers which are returned to those which match"."""
    with Client(server, "alice") as alice:
        assert alice.commands("LINKS *.nowhere") == ["365"]
        assert [message.params[1] for message in alice.run("LINKS *re*")][-1] == "*re*"
        assert alice.commands("LINKS *") == alice.commands("LINKS * *") == ["364", "365"]
        assert alice.commands("LINKS nowhere.example *") == ["402"]
