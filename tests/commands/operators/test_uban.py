"""UBAN and its aliases: who is banned, when, and with which reason."""

from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.chat.protection.server_bans import ServerBan, parse_target
from greenchat.config.options import Options, Storage
from greenchat.config.settings import WebIrc
from greenchat.protocol.sasl import chunks, format_plain
from greenchat.values.addresses import network
from tests.commands.devices import device, make_account
from tests.commands.state_changes import run_as_user
from tests.conftest import ServerThread, StartServer, Target, quick_options
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


def connect_from(address: Target, nick: str, host: str) -> Client:
    """Start connecting from this address."""
    client = Client(address)
    client.send(f"WEBIRC hunter2 web x {host}", f"NICK {nick}", f"USER {nick} 0 * :{nick}")
    return client


def arrive(address: Target, nick: str, host: str) -> Client:
    client = connect_from(address, nick, host)
    client.until("376", "422")
    return client


def last_words(client: Client) -> str:
    *_, message = client.until_end()
    assert message.command == "ERROR"
    return message.params[0]


def notices(client: Client, line: str) -> list[str]:
    return [m.params[1] for m in client.run(line) if m.command == "NOTICE" and not m.params[1].startswith("***")]


@pytest.mark.parametrize("line", ["UBAN LIST", "KLINE a@b", "DLINE 192.0.2.1", "UNKLINE a@b", "UNDLINE 192.0.2.1"])
def test_uban_needs_the_right(server: ServerThread, line: str) -> None:
    with Client(server.address, "alice") as alice:
        assert alice.commands(line) == ["481"]
        become_oper(alice, "helper")
        assert alice.commands(line) == ["723"]


@pytest.mark.parametrize("target", ["192.0.2.7", "192.0.2.0/24", "*@192.0.2.*", "bob*!*@*", "*!~bob@*"])
def test_a_ban_disconnects_users_and_refuses_them(server: ServerThread, root: Client, target: str) -> None:
    with arrive(server.address, "bob", "192.0.2.7") as bob, arrive(server.address, "carol", "198.51.100.1") as carol:
        bob.join("#a")
        carol.join("#a")
        answer = notices(root, f"UBAN ADD {target} 1h too much spam")
        (banned,) = server.call(lambda app: [ban.target.text for ban in app.network.protection.bans])
        assert answer == [f"{banned} is banned for 1h; 1 connection ended"]
        messages = bob.until_end()
        assert [m.params[-1] for m in messages if m.command == "465"] == [
            "You are banned from this server: too much spam"
        ]
        assert messages[-1].params[0].endswith("(You are banned from this server: too much spam)")
        assert [(m.nick, m.params) for m in carol.sync() if m.command == "QUIT"] == [("bob", ("Banned",))]
    with connect_from(server.address, "bob", "192.0.2.7") as again:
        assert "You are banned from this server: too much spam" in last_words(again)


def test_a_closing_connection_quits_at_once(server: ServerThread, root: Client) -> None:
    """Only the node of the connection knows that it is closing: it must not act differently from the others."""
    with arrive(server.address, "eve", "192.0.2.7") as eve:
        eve.join("#a")
        root.join("#a")
        run_as_user(server, "eve", lambda _, user: setattr(user.sessions[0], "closing", "WebSocket: protocol error"))
        assert "QUIT" in [message.command for message in root.run("UBAN ADD 192.0.2.7 1h")]
        assert "ERROR" in [message.command for message in eve.until_end()]


def test_a_banned_address_is_refused_before_its_first_line(server: ServerThread, root: Client) -> None:
    """With the reason of the ban."""
    server.call(lambda app: app.network.protection.bans.put(ServerBan(parse_target("127.0.0.1"), "root", 0, 0, "out")))
    with Client(server.address) as refused:
        assert last_words(refused) == "You are banned from this server: out"
    assert root.commands("PING x") == ["PONG"]


def test_an_account(server: ServerThread, root: Client) -> None:
    """All connections that are logged in to the account end, and logins to it are refused."""
    make_account(server.address, "mallory")
    with device(server.address, "mallory") as laptop, device(server.address, "mallory") as phone:
        laptop.until("376", "422")
        phone.until("376", "422")
        root.run("UBAN ADD mallory 0 enough")
        assert "enough" in last_words(laptop)
        assert "enough" in last_words(phone)
    with pytest.raises(AssertionError):
        device(server.address, "mallory")
    with Client(server.address, "other", caps="sasl") as other:
        other.send("AUTHENTICATE PLAIN")
        other.expect("AUTHENTICATE")
        other.send(*[f"AUTHENTICATE {chunk}" for chunk in chunks(format_plain("mallory", "sesame open"))])
        assert [m.command for m in other.until("903", "904")] == ["465", "904"]
    assert notices(root, "UBAN DEL MALLORY") == ["mallory is no longer banned"]
    device(server.address, "mallory").close()


def test_a_ban_on_an_account_removes_its_absent_always_on_user(start_server: StartServer, tmp_path: Path) -> None:
    settings = replace(SETTINGS, accounts=replace(SETTINGS.accounts, always_on="mandatory"))
    server = start_server(settings, quick_options(tmp_path))
    make_account(server.address, "mallory")
    assert server.call(lambda app: "mallory" in app.network.users)
    with become_oper(Client(server.address, "root")) as root:
        root.run("UBAN ADD mallory 0 enough")
    assert not server.call(lambda app: "mallory" in app.network.users)
    assert server.call(lambda app: app.store.documents("presence")) == {}


@pytest.mark.parametrize(
    ("target", "goes"),
    [("mal*!*@*", True), ("*!~mallory@*", True), ("*@198.51.100.?", True), ("198.51.100.7", False)],
)
def test_a_mask_removes_absent_always_on_users(
    start_server: StartServer, tmp_path: Path, target: str, goes: bool
) -> None:
    """The users leave and can't come back as long as the ban holds; an address alone no longer matches an absent
    user.
    """
    settings = replace(SETTINGS, accounts=replace(SETTINGS.accounts, always_on="mandatory"))
    server = start_server(settings, quick_options(tmp_path))
    with arrive(server.address, "mallory", "198.51.100.7") as mallory:
        mallory.send("NS REGISTER sesame-open")
        mallory.expect("900")
        mallory.join("#a")
        mallory.send("QUIT")
        mallory.until_end()
    with become_oper(Client(server.address, "root")) as root:
        root.join("#a")
        root.run(f"UBAN ADD {target} 0 enough")
        assert ("mallory" not in str(root.run("NAMES #a"))) is goes
        assert server.call(lambda app: bool(app.store.documents("presence"))) is not goes
    with connect_from(server.address, "mallory", "198.51.100.7") as again:
        assert "enough" in last_words(again)


def test_changing_to_a_banned_nick_disconnects(server: ServerThread, root: Client) -> None:
    root.run("UBAN ADD bad*!*@* 0 no such names")
    with Client(server.address, "good") as good:
        good.send("NICK badly")
        assert "no such names" in last_words(good)


def test_operators_are_exempt_and_cannot_ban_themselves(server: ServerThread, root: Client) -> None:
    with become_oper(Client(server.address, "helper"), "helper") as helper:
        root.sync()
        for target in "127.0.0.1", "127.0.0.0/8", "*!*@*", "root!*@*":
            (answer,) = root.run(f"UBAN ADD {target} oops")
            assert answer.params[-1] == "That ban would match you"
        root.run("UBAN ADD helper!*@* 0 x")
        assert helper.commands("PING x")[-1] == "PONG"
    assert notices(root, "UBAN LIST")[-1] == "1 ban"


def test_list_and_info(server: ServerThread, root: Client) -> None:
    make_account(server.address, "mallory")
    for line in "192.0.2.0/24 1d spam", "bad*!*@* rude", "mallory":
        root.run(f"UBAN ADD {line}")
    *lines, end = notices(root, "UBAN LIST")
    assert end == "3 bans"
    assert [line.split(" by root, ")[0] for line in lines] == [
        "192.0.2.0/24 (address)",
        "bad*!*@* (mask)",
        "mallory (account)",
    ]
    assert lines[0].endswith(" left: spam")
    assert lines[1].endswith(" UTC: rude")
    assert lines[2].endswith(" UTC: No reason given")
    assert notices(root, "UBAN LIST mask")[-1] == "1 ban"
    assert notices(root, "UBAN INFO 192.0.2.9")[0].startswith("192.0.2.0/24 (address)")
    assert notices(root, "UBAN INFO 203.0.113.9") == ["No ban on 203.0.113.9"]
    assert notices(root, "UBAN INFO root")[0].endswith("comes from 127.0.0.1, account none")


def test_aliases_of_other_servers(server: ServerThread, root: Client) -> None:
    """Minutes before the mask as with Hybrid, a duration after the mask as with InspIRCd; STATS lists them."""
    root.run("KLINE 5 *@*.example.org :from five minutes", "KLINE bad@* 2h rude", "DLINE 192.0.2.0/24 :so")
    assert [(m.command, m.params[1], *m.params[3:]) for m in root.run("STATS k", "STATS d") if m.command != "219"] == [
        ("216", "*!*@*.example.org", "300", "root", "from five minutes"),
        ("216", "*!bad@*", "7200", "root", "rude"),
        ("225", "192.0.2.0/24", "0", "root", "so"),
    ]
    root.run("UNKLINE *@*.example.org", "UNKLINE bad@*", "UNDLINE 192.0.2.0/24")
    assert notices(root, "UBAN LIST") == ["0 bans"]


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("UBAN", "461"),
        ("UBAN ADD", "461"),
        ("UBAN DEL", "461"),
        ("UBAN INFO", "461"),
        ("UBAN FROB x", "400"),
        ("UBAN ADD 192.0.2.0/99", "400"),
        ("UBAN ADD :a b", "400"),
        ("UBAN ADD :", "400"),
        ("UBAN DEL nobody", "400"),
        ("DLINE bob", "400"),
        ("KLINE", "461"),
        ("KLINE 5", "NOTICE"),
        ("KLINE 5m", "NOTICE"),
        ("UNDLINE bob", "400"),
        ("UBAN ADD " + "x" * 300, "400"),
    ],
)
def test_bad_input(root: Client, line: str, command: str) -> None:
    assert root.commands(line)[0] == command


def test_a_long_reason_does_not_make_the_line_too_long(server: ServerThread, root: Client) -> None:
    with arrive(server.address, "bob", "192.0.2.7") as bob:
        root.run("UBAN ADD 192.0.2.7 0 :" + "ä" * 200)
        assert last_words(bob).count("ä") > 100


def test_bans_survive_a_restart_and_expire(start_server: StartServer, tmp_path: Path) -> None:
    options: Options = replace(quick_options(tmp_path), storage=Storage(persistent=True))
    first = start_server(SETTINGS, options)
    make_account(first.address, "mallory")
    with become_oper(Client(first.address, "root")) as root:
        root.run(
            "UBAN ADD 192.0.2.0/24 1d spam", "UBAN ADD mallory 0 enough", "UBAN ADD bad!*@* 1h x", "UBAN DEL bad!*@*"
        )
    kept = {ban.target.text: ban for ban in first.call(lambda app: list(app.network.protection.bans))}
    assert kept.keys() == {"192.0.2.0/24", "mallory"}
    first.stop()
    second = start_server(SETTINGS, options)
    assert {ban.target.text: ban for ban in second.call(lambda app: list(app.network.protection.bans))} == kept
    with become_oper(Client(second.address, "root")) as root:

        def finish_command(app: object) -> None:
            for ban in list(second.app.network.protection.bans):
                second.app.network.protection.bans.put(replace(ban, until=1))

        second.call(finish_command)
        message = {root.expect("NOTICE").params[1], root.expect("NOTICE").params[1]}
    assert message == {"*** The ban on 192.0.2.0/24 has expired: spam", "*** The ban on mallory has expired: enough"}
    second.stop()
    third = start_server(SETTINGS, options)
    assert third.call(lambda app: len(app.network.protection.bans)) == 0
