"""Logging in, registering, and the questions where a nick or a channel requires an account."""

import base64

import pytest

from greenchat.client.irc import hidden_words, login
from greenchat.client.state.address import ServerAddress
from greenchat.client.state.credentials import SERVER, Credentials
from greenchat.client.state.effects import ForgetCredentials, Reconnect, SaveCredentials
from greenchat.protocol import caps
from greenchat.protocol.sasl import parse_plain
from greenchat.protocol.scram import ServerExchange, make_verifier
from tests.client.world import World

SECRET = "correct horse"


@pytest.fixture
def member(world: World) -> World:
    """Make a client that knows the password of alice's account."""
    world.network.login.credentials = Credentials("alice", SECRET)
    world.connect()
    world.sent()
    return world


def decoded(line: str) -> str:
    return base64.b64decode(line.removeprefix("AUTHENTICATE ")).decode()


def encoded(text: str) -> str:
    return "AUTHENTICATE " + base64.b64encode(text.encode()).decode()


def scram(world: World, password: str = SECRET) -> ServerExchange:
    """Play the server's side of SCRAM up to its last message."""
    world.feed("AUTHENTICATE +")
    [first] = world.sent()
    exchange = ServerExchange(decoded(first), "server-nonce")
    assert exchange.username == "alice"
    world.feed(encoded(exchange.first(make_verifier(password, b"salt" * 4, 4096))))
    return exchange


def test_scram_comes_first_and_registration_waits_for_it(member: World) -> None:
    member.feed(":srv CAP * LS :sasl=PLAIN,EXTERNAL,SCRAM-SHA-256", ":srv CAP * ACK :sasl")
    assert member.sent() == ["CAP REQ sasl", "AUTHENTICATE SCRAM-SHA-256"]
    exchange = scram(member)
    [final] = member.sent()
    member.feed(encoded(exchange.final(decoded(final))))
    assert member.sent() == ["AUTHENTICATE +"]
    member.feed(":srv 900 * *!*@* alice :You are now logged in as alice", ":srv 903 * :SASL authentication successful")
    assert member.sent() == ["CAP END"]
    assert member.network.login.account == "alice"
    assert SECRET not in "".join(member.shown(""))


CODE = ":srv FAIL AUTHENTICATE CODE_REQUIRED :The code of your authenticator app is needed"


def test_the_code_of_a_second_factor_is_asked_for_after_the_password(member: World) -> None:
    """Registration does not wait for the code: the user is a guest until it is entered."""
    member.network.address = ServerAddress("irc.example", 6697, tls=True)
    member.feed(":srv CAP * LS :sasl=PLAIN,SCRAM-SHA-256", ":srv CAP * ACK :sasl")
    member.sent()
    member.feed(CODE, ":srv 904 * :The code of your authenticator app is needed")
    assert member.sent() == ["CAP END"]
    member.feed(":srv 001 alice :Welcome", ":srv 376 alice :End")
    assert not any("AUTHENTICATE" in line for line in member.sent()), "it is not tried again without the code"
    assert "The code for alice" in member.screen()[-1]
    member.type("123456\n")
    assert member.sent() == ["AUTHENTICATE PLAIN"]
    member.feed("AUTHENTICATE +")
    [response] = member.sent()
    assert parse_plain(base64.b64decode(response.split()[1])) == ("", "alice", f"{SECRET} 123456")
    member.feed(":srv FAIL AUTHENTICATE CODE_INVALID :That code is not valid", ":srv 904 alice :That code is not valid")
    member.type("654321\n")
    member.feed("AUTHENTICATE +")
    assert member.sent()[0] == "AUTHENTICATE PLAIN"
    member.feed(":srv 900 alice alice!a@b alice :You are now logged in as alice", ":srv 903 alice :ok")
    assert member.network.login.account == "alice"
    assert member.network.login.credentials == Credentials("alice", SECRET), "the code is not kept"


def test_a_code_is_sent_over_secure_connections_only(member: World) -> None:
    member.network.address = ServerAddress("irc.example", 6667)
    member.feed(":srv CAP * LS :sasl=PLAIN,SCRAM-SHA-256", ":srv CAP * ACK :sasl", CODE, ":srv 904 * :needed")
    member.feed(":srv 001 alice :Welcome", ":srv 376 alice :End")
    member.sent()
    member.type("123456\n")
    assert member.sent() == []
    assert "could be read" in member.shown("")[-1]


def test_a_server_that_does_not_know_the_password_is_not_trusted(member: World) -> None:
    member.feed(":srv CAP * LS :sasl=SCRAM-SHA-256", ":srv CAP * ACK :sasl")
    member.sent()
    scram(member)
    member.sent()
    member.feed(encoded("v=" + base64.b64encode(b"x" * 32).decode()))
    assert member.sent() == ["AUTHENTICATE *"]
    assert "it is not what it seems" in member.shown("")[-1]
    member.feed(":srv 906 * :SASL authentication aborted")
    assert member.sent() == ["CAP END"]


def test_plain_is_used_over_secure_connections_only(member: World) -> None:
    member.feed(":srv CAP * LS :sasl=PLAIN", ":srv CAP * ACK :sasl")
    assert member.sent() == ["CAP REQ sasl", "CAP END"]
    assert member.shown("")[-1] == "! Not logged in: without TLS the password could be read. Connect with TLS."


@pytest.mark.parametrize("address", [ServerAddress("irc.example", 6697, tls=True), ServerAddress("127.0.0.1", 9090)])
def test_plain_over_tls_and_to_this_machine(world: World, address: ServerAddress) -> None:
    world.network.address = address
    world.network.login.credentials = Credentials("alice", SECRET)
    world.connect()
    world.feed(":srv CAP * LS :sasl=PLAIN", ":srv CAP * ACK :sasl", "AUTHENTICATE +")
    *_, start, response = world.sent()
    assert start == "AUTHENTICATE PLAIN"
    assert parse_plain(base64.b64decode(response.split()[1])) == ("", "alice", SECRET)


def test_after_an_unknown_mechanism_the_next_is_tried(world: World) -> None:
    world.network.address = ServerAddress("irc.example", 6697, tls=True)
    world.network.login.credentials = Credentials("alice", SECRET)
    world.connect()
    world.feed(":srv CAP * LS :sasl", ":srv CAP * ACK :sasl", ":srv 908 * PLAIN :are available", ":srv 904 * :failed")
    assert world.sent()[-2:] == ["AUTHENTICATE SCRAM-SHA-256", "AUTHENTICATE PLAIN"]


def test_a_certificate_is_tried_first(world: World) -> None:
    world.network.address = ServerAddress("irc.example", 6697, tls=True)
    world.network.login.certificate = "/home/alice/cert.pem"
    world.connect()
    world.feed(":srv CAP * LS :sasl=PLAIN,EXTERNAL", ":srv CAP * ACK :sasl", "AUTHENTICATE +")
    assert world.sent()[-2:] == ["AUTHENTICATE EXTERNAL", "AUTHENTICATE +"]


def test_after_a_wrong_password_it_is_asked_for_again(member: World) -> None:
    member.feed(":srv CAP * LS :sasl=SCRAM-SHA-256", ":srv CAP * ACK :sasl")
    member.sent()
    scram(member)
    member.feed(":srv 904 * :SASL authentication failed")
    assert member.sent()[-1] == "CAP END"
    assert "retry/leave?" in member.screen()[-1]
    member.feed(":srv 001 alice :Welcome", ":srv 422 alice :No MOTD")
    member.sent()
    member.type("r\n")
    member.type("right this time\n")
    assert member.sent() == ["AUTHENTICATE SCRAM-SHA-256"]
    assert not any("right this time" in row for row in member.screen())


def test_a_mistyped_password_is_typed_again_hidden(tea: World) -> None:
    tea.network.caps.held |= caps.SASL
    tea.type("/login\nhunter3\n")
    tea.feed(":srv 904 alice :SASL authentication failed")
    assert tea.shown()[-1] == "! The server did not accept the password of alice (SASL authentication failed)."
    tea.sent()
    tea.type("hunter2")
    assert tea.screen()[-1] == "Password of alice:"
    tea.press("Enter")
    assert tea.sent() == ["AUTHENTICATE SCRAM-SHA-256"]
    tea.feed(":srv 904 alice :SASL authentication failed")
    tea.press("Escape")
    assert tea.screen()[-1] == "[#tea]"


def test_the_password_is_never_shown(tea: World) -> None:
    tea.network.caps.offered["sasl"] = "SCRAM-SHA-256"
    tea.type("/login\n")
    tea.type("hunter2")
    assert tea.screen()[-1] == "Password of alice:"
    tea.press("Enter")
    assert tea.sent() == ["CAP REQ sasl"]
    assert tea.network.login.credentials == Credentials("alice", "hunter2")
    assert "hunter2" not in repr(tea.network.login.credentials)
    assert tea.console.editor.history == ("/login",)
    assert not any("hunter2" in line for line in tea.shown() + tea.shown(""))


def test_a_working_password_is_saved_if_the_user_wants(tea: World) -> None:
    tea.network.caps.held |= caps.SASL
    tea.type("/login\nhunter2\n")
    tea.feed(":srv 900 alice alice!a@h alice :You are now logged in")
    tea.type("yes\n")
    assert list(tea.model.effects) == [SaveCredentials(tea.network, Credentials("alice", "hunter2"))]
    tea.type("/logout\n")
    assert tea.model.effects[-1] == ForgetCredentials(tea.network, ("alice", "alice", "*"))
    assert tea.sent()[-1] == "PRIVMSG NickServ :LOGOUT"
    assert tea.network.login.credentials is None


def test_nick_and_channels_follow_the_login(world: World) -> None:
    world.connect()
    world.feed(":srv 433 * alice :That nickname is registered: log in to its account first", ":srv 001 alice_ :Welcome")
    world.feed(":srv 422 alice_ :No MOTD")
    assert "login/other/wait?" in world.screen()[-1]
    assert world.shown("")[-1] == "! The name alice belongs to an account."
    world.feed(":srv 477 alice_ #tea :Cannot join channel (+R)")
    world.network.caps.held |= caps.SASL
    world.type("login\nhunter2\n")
    world.sent()
    world.feed(":srv 900 alice_ alice_!a@h alice :You are now logged in")
    assert world.sent() == ["NICK alice", "JOIN #tea"]


def test_a_command_is_executed_during_a_question(world: World) -> None:
    world.connect()
    world.feed(":srv 433 * alice :Nickname is already in use", ":srv 001 alice_ :Welcome", ":srv 422 alice_ :No MOTD")
    assert world.screen()[-1] == "login/other/wait?"
    world.sent()
    world.type("/whois bob\n")
    assert world.sent() == ["WHOIS bob bob"]
    assert world.screen()[-1] == "[net]"


def log_in_as_guest(world: World, account: str = "alice") -> None:
    """Let alice, whose nick another device has, register as alice_ and type the password of her account."""
    world.connect()
    world.feed(":srv CAP * LS :sasl=SCRAM-SHA-256 echo-message", ":srv CAP * ACK :echo-message")
    world.feed(":srv 433 * alice :Nickname is already in use", ":srv 001 alice_ :Welcome", ":srv 422 alice_ :No MOTD")
    world.press("Escape")
    world.feed(":alice_!a@h JOIN #tea", ":srv 366 alice_ #tea :End")
    world.type(f"/login {account}\nhunter2\n")
    world.feed(":srv CAP alice_ ACK :sasl")
    world.sent()
    world.feed(f":srv 900 alice_ alice_!a@h {account} :You are now logged in")
    world.press("Escape")  # not to be saved


def test_a_nick_of_another_device_is_shared_by_reconnecting(world: World) -> None:
    log_in_as_guest(world)
    assert world.sent() == ["NICK alice"]
    world.type("said meanwhile\n")
    world.type("a draft")
    world.sent()
    world.feed(":srv 433 alice_ alice :Nickname is already in use")
    assert world.sent() == ["QUIT :Changing the nickname back to alice"]
    assert list(world.model.effects) == [Reconnect(world.network, "to get the nickname alice back")]
    world.lose()
    world.connect()
    assert "NICK alice" in world.sent()
    world.feed(":srv CAP * LS :sasl=SCRAM-SHA-256", ":srv CAP * ACK :sasl")
    assert world.sent()[-1] == "AUTHENTICATE SCRAM-SHA-256"
    world.feed(":srv 900 * *!*@* alice :You are now logged in as alice", ":srv 903 * :Success")
    world.feed(":srv 001 alice :Welcome", ":alice!a@h JOIN #tea", ":srv 366 alice #tea :End", ":srv 422 alice :No MOTD")
    assert "PRIVMSG #tea :said meanwhile" in world.sent()
    assert world.screen()[-1] == "[#tea] a draft"
    assert not any(line.startswith("! Connection lost") for line in world.shown())
    assert not world.model.questions


def test_reconnecting_is_tried_once(world: World) -> None:
    log_in_as_guest(world)
    world.feed(":srv 433 alice_ alice :Nickname is already in use")
    world.model.effects.clear()
    world.sent()
    world.feed(":srv 731 alice_ :alice", ":srv 433 alice_ alice :Nickname is already in use")
    assert world.sent() == ["NICK alice"]
    assert not world.model.effects


def test_for_the_nick_of_another_account_the_client_does_not_reconnect(world: World) -> None:
    log_in_as_guest(world, account="ada")
    world.feed(":srv 433 alice_ alice :Nickname belongs to an account")
    assert world.sent() == ["NICK alice"]
    assert not world.model.effects


def test_choosing_another_nick(world: World) -> None:
    world.connect()
    world.feed(":srv 433 * alice :Nickname is already in use", ":srv 001 alice_ :Welcome", ":srv 422 alice_ :No MOTD")
    world.sent()
    world.type("other\nada\n")
    assert world.sent() == ["NICK ada"]
    world.feed(":alice_!a@h NICK ada")
    assert world.network.nicks.wanted == "ada"


def test_a_reserved_nick_is_not_waited_for(world: World) -> None:
    world.connect()
    refusal = "That name is kept for those who run this server"
    world.feed(f":srv 433 * alice :{refusal}", ":srv 001 alice_ :Welcome", ":srv 422 alice_ :No MOTD")
    assert f"! The name alice can't be used here ({refusal})." in world.shown("")
    assert world.screen()[-1] == "login/other/keep?"
    world.type("keep\n")
    assert not world.model.questions
    assert world.network.nicks.current == "alice_"


def test_after_a_lost_connection_the_former_nick_is_not_asked_about(world: World) -> None:
    world.welcome()
    world.feed("PING x")
    world.lose()
    world.connect()
    world.feed(":srv 433 * alice :Nickname is already in use", ":srv 001 alice_ :Welcome", ":srv 422 alice_ :No MOTD")
    assert not world.model.questions
    assert world.screen()[-1] == "[net]"


def test_a_channel_for_registered_users_asks_one_question(tea: World) -> None:
    tea.feed(":srv 477 alice #vip :Cannot join channel (+R)")
    assert "login/register/leave?" in tea.screen()[-1]
    assert tea.shown()[-1] == "! #vip requires an account."
    tea.network.want("#vip")
    tea.press("Escape")
    assert "#vip" not in tea.network.channels
    assert tea.screen()[-1] == "[#tea]"


def test_a_channel_key_is_asked_for(tea: World) -> None:
    tea.feed(":srv 475 alice #vip :Cannot join channel (+k)")
    tea.type("sesame\n")
    assert tea.sent() == ["JOIN #vip sesame"]
    assert tea.network.channels["#vip"] == "sesame"


def test_registering_asks_for_the_password_twice(tea: World) -> None:
    tea.network.address = ServerAddress("irc.example", 6697, tls=True)
    tea.network.caps.offered["draft/account-registration"] = ""
    tea.type("/register\nhunter22\nhunter23\n")
    assert tea.shown()[-1] == "! The passwords differ."
    assert tea.screen()[-1].startswith("Choose a password for alice:")  # what is typed next is not sent to the channel
    tea.type("hunter23")
    assert "hunter" not in tea.screen()[-1]
    tea.press("Escape")
    assert tea.sent() == []
    tea.type("/register ada@example.org\nhunter22\nhunter23\nhunter22\nhunter22\n")
    # "REGISTER <account> {<email> | "*"} <password>"
    assert tea.sent() == ["REGISTER alice ada@example.org hunter22"]
    tea.feed(":srv REGISTER SUCCESS alice :The account is yours")
    assert tea.shown()[-1] == "- The account alice is yours now."


def test_after_a_refused_password_another_is_asked_for(tea: World) -> None:
    """account-registration: `FAIL REGISTER WEAK_PASSWORD <account> <message>`."""
    tea.network.address = ServerAddress("irc.example", 6697, tls=True)
    tea.network.caps.offered["draft/account-registration"] = ""
    tea.feed(":srv FAIL REGISTER WEAK_PASSWORD alice :Nobody asked")
    assert tea.screen()[-1].startswith("[#tea]")
    tea.type("/register ada@example.org\nshort\nshort\n")
    assert tea.sent() == ["REGISTER alice ada@example.org short"]
    tea.feed(":srv FAIL REGISTER WEAK_PASSWORD alice :The password is too short: at least 8 characters")
    assert tea.shown()[-1] == "! REGISTER alice: The password is too short: at least 8 characters"
    tea.type("hunter22\nhunter22\n")
    assert tea.sent() == ["REGISTER alice ada@example.org hunter22"]


def test_without_the_capability_registration_uses_nickserv(tea: World) -> None:
    tea.network.address = ServerAddress("irc.example", 6697, tls=True)
    tea.type("/register\nhunter22\nhunter22\n")
    assert tea.sent() == ["PRIVMSG NickServ :REGISTER hunter22"]
    tea.feed(":alice!a@h PRIVMSG NickServ :REGISTER hunter22")
    assert tea.network.find("NickServ") is None


def test_registering_requires_a_secure_connection(tea: World) -> None:
    tea.type("/register\nhunter22\nhunter22\n")
    assert tea.sent() == []
    assert "Connect with TLS" in tea.shown()[-1]


@pytest.mark.parametrize(
    ("line", "hidden"),
    [
        ("/msg NickServ IDENTIFY hunter2", True),
        ("/msg nickserv  register hunter2 a@b.c", True),
        ("/query NickServ@services identify hunter2", True),
        ("/ns identify hunter2", True),
        ("/quote PASS hunter2", True),
        ("/ns totp on hunter2", True),
        ("/msg NickServ SET EMAIL a@b.c hunter2", True),
        ("/msg NickServ HELP", False),
        ("/msg ChanServ REGISTER #tea", False),
        ("/msg NickServ IDENTIFY #hunter2", True),
        ("/msg ChanServ REGISTER #tea hunter2", True),
        ("/msg bob identify yourself", False),
        ("/msg", False),
        ("hello", False),
    ],
)
def test_lines_with_passwords_are_not_in_the_input_history(tea: World, line: str, hidden: bool) -> None:
    assert hidden_words.hides_line(line) is hidden
    tea.type(line + "\n")
    assert (line not in tea.console.editor.history) is hidden
    if "NickServ" in line and hidden:
        assert not any("hunter2" in each for buffer in tea.model.buffers for each in map(str, buffer.lines))


def test_a_script_is_not_asked_questions(tea: World) -> None:
    tea.model.is_interactive = False
    tea.network.want("#vip")
    tea.feed(":srv 477 alice #vip :Cannot join channel (+R)", ":srv 475 alice #key :Cannot join channel (+k)")
    assert "#vip" not in tea.network.channels
    assert tea.screen()[-1] == "[#tea]"


def test_a_question_does_not_take_the_line_being_typed(tea: World) -> None:
    tea.type("hello ev")
    tea.feed(":srv 477 alice #vip :Cannot join channel (+R)")
    tea.type("erybody\n")
    assert tea.screen()[-1] == "login/register/leave?"
    tea.press("Escape")
    assert tea.screen()[-1] == "[#tea] hello ev"


@pytest.mark.parametrize("tls", [True, False])
def test_the_password_of_a_server_is_saved_if_the_user_wants(world: World, tls: bool) -> None:
    """Like the password of a bouncer that is not among the saved networks; it is never sent automatically over an
    insecure connection.
    """
    network = world.network
    network.address = ServerAddress("bnc.example", 6697, tls=tls)
    world.connect()
    world.feed(":irc.znc.in 464 * :Password required")
    world.type("ada/libera:sesame\n")
    world.lose()
    world.model.effects.clear()
    world.come_in()
    assert "PASS ada/libera:sesame" in world.sent()
    assert (world.console.asked != "") is tls
    if not tls:
        login.use_saved(network, Credentials(SERVER, "open sesame"))
        assert network.login.server_password == "ada/libera:sesame"
        return
    assert "net accepted the password. Use it next time?" in world.console.asked
    world.type("yes\n")
    credentials = Credentials(SERVER, "ada/libera:sesame")
    assert list(world.model.effects) == [SaveCredentials(network, credentials)]
    world.type("/logout\n")
    assert network.login.server_password == ""
    login.use_saved(network, credentials)
    world.lose()
    world.come_in()
    assert "PASS ada/libera:sesame" in world.sent()
    assert world.console.asked == ""


@pytest.mark.parametrize("asked", [True, False])
def test_a_password_in_the_form_that_znc_prints(world: World, asked: bool) -> None:
    """ZNC: "To connect now, you can use /quote PASS <username>:<password>"."""
    world.connect()
    if asked:
        world.feed(":irc.znc.in 464 * :Password required")
    world.type("/quote PASS ada/libera:sesame\n")
    assert list(world.model.effects) == [Reconnect(world.network, "to log in")]
    assert not world.network.link.leaving
    world.lose()
    world.come_in()
    assert "PASS ada/libera:sesame" in world.sent()
    world.type("/quote PASS again\n")
    assert world.sent() == ["PASS again"]
    assert not any("sesame" in line for line in world.console.editor.history)
