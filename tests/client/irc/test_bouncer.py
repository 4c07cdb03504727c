"""Bouncers: soju's networks, each over a connection that is bound to it, and what ZNC plays back.

https://codeberg.org/emersion/soju/src/branch/master/doc/ext/bouncer-networks.md
"""

from base64 import b64encode

import pytest

from greenchat.client.irc import network_setup, windows
from greenchat.client.irc.bouncer import MOST
from greenchat.client.state.address import ServerAddress
from greenchat.client.state.credentials import Credentials
from greenchat.client.state.effects import Connect, Disconnect, Reconnect
from greenchat.client.state.events import Connected, Received
from greenchat.client.state.model import ClientNetwork
from greenchat.client.state.saved_networks import SavedNetwork
from greenchat.protocol import caps
from greenchat.protocol.message import Message, format_tags, parse, parse_tags
from tests.client.world import World

CAPS = "batch echo-message server-time message-tags soju.im/bouncer-networks soju.im/bouncer-networks-notify"


class Soju:
    """A bouncer that implements the specification, for a client without sockets."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.networks = {
            "42": {"name": "Libera", "host": "irc.libera.chat", "state": "connected"},
            "43": {"name": "My Own", "host": "irc.example", "state": "disconnected", "error": "no route"},
        }
        self.bound: dict[ClientNetwork, str] = {}
        self.held: dict[ClientNetwork, set[str]] = {}
        self.sent: list[tuple[str, tuple[str, ...]]] = []
        self.joined: list[str] = []

    def run(self) -> None:
        """Answer until there is nothing left to send or do."""
        model = self.world.model
        while model.effects or any(network.outgoing for network in model.networks):
            while model.effects:
                match model.effects.popleft():
                    case Connect(network):
                        self.held[network] = set()
                        self.world.console.on_network(network, Connected(), self.world.now)
            for network in list(model.networks):
                while network.outgoing:
                    self.answer(network, network.outgoing.popleft())

    def tell(self, network: ClientNetwork, *lines: str) -> None:
        for line in lines:
            self.world.console.on_network(network, Received(parse(line)), self.world.now)

    def answer(self, network: ClientNetwork, message: Message) -> None:
        match message.command, message.params:
            case "CAP", ("LS", *_):
                self.tell(network, f":soju CAP * LS :{CAPS}")
            case "CAP", ("REQ", names):
                self.held[network] |= set(names.split())
                self.tell(network, f":soju CAP * ACK :{names}")
            case "CAP", ("END",):
                self.welcome(network)
            case "BOUNCER", ("BIND", netid):
                self.bound[network] = netid
            case "BOUNCER", (subcommand, *rest):
                self.order(network, subcommand, rest)
            case "JOIN", (channels, *_):
                self.joined += [channels] if network in self.bound else []
            case "PRIVMSG", params:
                self.sent.append((self.bound[network], params))
            case _:
                pass

    def welcome(self, network: ClientNetwork) -> None:
        netid = self.bound.get(network, "")
        self.tell(
            network, ":soju 001 alice :Welcome", f":soju 005 alice BOUNCER_NETID{'=' + netid if netid else ''} :are"
        )
        self.tell(network, ":soju 422 alice :No MOTD")
        if netid:
            self.tell(network, ":alice!a@h JOIN #tea", ":soju 353 alice = #tea :alice bob", ":soju 366 alice #tea :End")
        elif "soju.im/bouncer-networks-notify" in self.held[network]:
            # "the server MUST send an initial batch of `BOUNCER NETWORK` messages with the current list of network"
            self.tell(network, ":soju BATCH +n soju.im/bouncer-networks")
            for each, attributes in self.networks.items():
                self.tell(network, f"@batch=n :soju BOUNCER NETWORK {each} {format_tags(attributes)}")
            self.tell(network, ":soju BATCH -n")

    def order(self, network: ClientNetwork, subcommand: str, rest: list[str]) -> None:
        netid = "44" if subcommand == "ADDNETWORK" else rest[0]
        attributes = "*" if subcommand == "DELNETWORK" else rest[-1]
        if subcommand == "DELNETWORK":
            del self.networks[netid]
        else:
            self.networks.setdefault(netid, {}).update(parse_tags(attributes))
        # "the bouncer MUST broadcast a `BOUNCER NETWORK` message with the updated attributes to all connected clients"
        self.tell(network, f":soju BOUNCER NETWORK {netid} {attributes}", f":soju BOUNCER {subcommand} {netid}")


@pytest.fixture
def soju() -> Soju:
    world = World(12, 90)
    world.network.login.credentials = Credentials("alice", "secret")
    soju = Soju(world)
    world.model.effects.append(Connect(world.network))
    soju.run()
    return soju


def names(soju: Soju) -> list[str]:
    return [network.name for network in soju.world.model.networks]


def test_each_network_of_the_bouncer_becomes_one_here(soju: Soju) -> None:
    assert names(soju) == ["net", "Libera", "My Own"]
    _, libera, own = soju.world.model.networks
    assert soju.bound == {libera: "42", own: "43"}
    assert libera.login.credentials == Credentials("alice", "secret")
    assert libera.find("#tea")
    # only the connection to the bouncer itself follows the list: bound ones would receive it again
    assert "soju.im/bouncer-networks-notify" not in soju.held[libera]
    assert any("not connected to My Own: no route" in line.text for line in own.status.lines)


def test_the_bouncer_decides_the_nick_of_each_network(soju: Soju) -> None:
    """The bouncer keeps the nick that the user set there; asking for another one would be a fight with it."""
    libera = soju.world.model.networks[1]
    soju.tell(libera, ":soju 001 ada_ :Welcome")
    assert (libera.nicks.current, libera.nicks.wanted) == ("ada_", "ada_")
    assert soju.world.network.nicks.wanted == "alice"


def test_the_windows_of_each_network_are_restored(soju: Soju) -> None:
    libera = soju.world.model.networks[1]
    for name, number in (("#tea", 7), ("bob", 9), ("#detached", 11)):
        soju.world.model.move(soju.world.model.open(libera, name), number)
    again = Soju(World(12, 90))
    again.world.model.former_windows = windows.to_json(soju.world.model)
    again.world.model.effects.append(Connect(again.world.network))
    again.run()
    assert {(buffer.number, buffer.name) for buffer in again.world.model.networks[1].buffers.values()} >= {
        (7, "#tea"),
        (9, "bob"),
        (11, "#detached"),
    }
    assert list(again.world.model.networks[1].channels) == ["#tea"], "the channel that the bouncer is in"
    assert again.joined == [], "no JOIN: the bouncer knows its channels, one may be detached"


def test_a_network_chosen_by_the_account_is_one_of_the_bouncers(world: World) -> None:
    """`ada/libera` as the account binds the connection, which BOUNCER_NETID tells: detached channels stay detached."""
    network = world.network
    network.saved = SavedNetwork("libera", account="ada/libera", channels=["#kept"])
    network.channels.clear()
    network.show_on_join.clear()
    for name in ("#detached", "#kept"):
        network.want(name)
        world.model.open(network, name)
    world.type("/join #now\n")
    world.connect()
    world.feed(":soju 001 ada_ :Welcome", ":soju 005 ada_ BOUNCER_NETID=42 :are supported", ":soju 422 ada_ :No MOTD")
    assert [line for line in world.sent() if line.startswith(("JOIN", "NICK"))][1:] == ["JOIN #kept,#now"]
    world.feed(":ada_!a@h JOIN #now")
    assert (network.nicks.current, network.nicks.wanted) == ("ada_", "ada_")
    world.feed(":ada_!a@h PART #now", ":soju 422 ada_ :No MOTD")
    assert [line for line in world.sent() if line.startswith("JOIN")] == ["JOIN #kept"]


def test_windows_of_the_bouncers_networks_get_their_places_on_the_screen_back(soju: Soju) -> None:
    model = soju.world.model
    _, libera, own = model.networks
    for network in (libera, own):
        window = network.find("#tea")
        assert window
        model.show(window)
    left = libera.find("#tea")
    assert left
    model.splits.add_right(left, model.current)
    again = Soju(World(12, 90))
    again.world.model.former_windows = windows.to_json(model)
    again.world.model.effects.append(Connect(again.world.network))
    again.run()
    shown = [[buffer.network.name for buffer in column] for column in again.world.model.splits.columns]
    assert (shown, again.world.model.current.network.name) == ([["My Own"], ["Libera"]], "My Own")


def test_windows_restored_late_do_not_take_the_focus(soju: Soju) -> None:
    window = soju.world.model.networks[1].find("#tea")
    assert window
    soju.world.model.show(window)
    again = Soju(World(12, 90))
    again.world.model.former_windows = windows.to_json(soju.world.model)
    again.world.type("hello")
    again.world.model.effects.append(Connect(again.world.network))
    again.run()
    assert again.world.model.current is again.world.network.status
    assert again.world.model.networks[1].find("#tea")


def test_a_message_goes_to_the_network_of_its_window(soju: Soju) -> None:
    _, libera, own = soju.world.model.networks
    for network, text in ((libera, "hello libera"), (own, "hello own")):
        window = network.find("#tea")
        assert window
        soju.world.model.show(window)
        soju.world.type(f"{text}\n")
        soju.run()
    assert soju.sent == [("42", ("#tea", "hello libera")), ("43", ("#tea", "hello own"))]
    assert libera.storage_key != own.storage_key  # otherwise they would share an archive


def test_networks_are_added_changed_and_removed(soju: Soju) -> None:
    world = soju.world
    world.type("/bouncer add OFTC irc.oftc.net\n")
    soju.run()
    assert names(soju) == ["net", "Libera", "My Own", "OFTC"]
    assert soju.networks["44"] == {"name": "OFTC", "host": "irc.oftc.net", "tls": "1"}
    world.type("/bouncer set oftc name Open and Free\n")
    soju.run()
    assert names(soju)[-1] == "Open and Free"
    world.type("/bouncer remove libera\n")
    while world.network.outgoing:
        soju.answer(world.network, world.network.outgoing.popleft())
    libera = world.model.networks[1]
    assert list(world.model.effects) == [Disconnect(libera)]
    assert libera.link.leaving
    world.type("/bouncer\n")
    lines = [line for line in world.shown("") if "irc." in line]
    assert lines[-2:] == ["- My Own: irc.example disconnected", "- Open and Free: irc.oftc.net"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("/bouncer remove nowhere", "The bouncer has no network nowhere. /bouncer lists them."),
        ("/bouncer set libera colour green", "The fields of a bouncer's network are name, host,"),
        ("/bouncer add OFTC", "Usage: /bouncer add NAME HOST"),
        ("/bouncer add OFTC irc.oftc.net:port", "irc.oftc.net:port: port is not a port number"),
    ],
)
def test_errors_are_reported(soju: Soju, typed: str, expected: str) -> None:
    soju.world.type(f"{typed}\n")
    assert soju.world.shown("")[-1].startswith(f"! {expected}")


def test_a_server_that_is_not_a_bouncer_opens_no_networks(tea: World) -> None:
    """ "The `soju.im/bouncer-networks` capability MUST be negotiated." """
    tea.feed(":srv BOUNCER NETWORK 1 name=more")
    assert len(tea.model.networks) == 1


def test_a_bouncer_opens_a_limited_number_of_connections(soju: Soju) -> None:
    for number in range(200):
        soju.tell(soju.world.network, f":soju BOUNCER NETWORK n{number} name=net{number}")
    assert len(soju.world.model.networks) == 1 + MOST


def test_another_server_is_not_a_bouncer(tea: World) -> None:
    tea.type("/bouncer\n")
    assert tea.shown()[-1] == "! This server is not a bouncer, or does not list its networks."


def test_a_bouncer_that_requires_an_account_is_asked_about_a_password(world: World) -> None:
    """soju refuses connections without one: a single hidden question, not a refusal every few seconds."""
    world.network.saved = SavedNetwork("home", account="ada")
    world.connect()
    world.feed(":soju FAIL * ACCOUNT_REQUIRED :Authentication required", "ERROR :Authentication required")
    assert world.network.link.leaving
    world.lose()
    assert world.console.hides_input
    assert "Password of ada on net" in world.console.asked
    world.type("secret\n")
    assert world.network.login.credentials == Credentials("ada", "secret")
    assert list(world.model.effects) == [Connect(world.network)]
    assert not world.network.link.leaving


@pytest.fixture
def znc() -> World:
    """Make a saved network behind ZNC."""
    world = World()
    saved = SavedNetwork("home")
    for name, value in {"addresses": "localhost:6667", "account": "ada/libera", "login": "pass"}.items():
        saved.set(name, value)
    network = network_setup.make(saved, "alice", "")
    world.model.add_network(network)
    world.model.remove_network(world.network)
    world.network = network
    return world


def test_znc_gets_user_and_password_by_pass(znc: World) -> None:
    znc.network.login.credentials = Credentials("ada/libera", "secret")
    znc.connect()
    assert znc.sent()[:2] == ["CAP LS 302", "PASS ada/libera:secret"]
    znc.feed(":znc CAP * LS :sasl=PLAIN batch")
    assert not any("sasl" in line for line in znc.sent())


def test_after_a_wrong_password_it_is_asked_for_again(znc: World) -> None:
    znc.connect()
    znc.feed(":irc.znc.in 464 alice :Invalid Password")
    assert "Password of ada/libera on home" in znc.console.asked
    znc.type("secret\n")
    assert list(znc.model.effects) == [Reconnect(znc.network, "to log in")]
    znc.lose()
    znc.connect()
    assert "PASS ada/libera:secret" in znc.sent()


def test_any_server_may_require_a_password(world: World) -> None:
    world.connect()
    world.feed(":srv 464 * :Password incorrect")
    assert "Password of net" in world.console.asked
    world.type("open sesame\n")
    world.lose()
    world.connect()
    assert "PASS :open sesame" in world.sent()
    assert not world.model.questions


def test_the_users_password_is_not_sent_over_the_network_without_tls(znc: World) -> None:
    znc.network.address = znc.network.address.__class__("bnc.example", 6667)
    znc.network.login.credentials = Credentials("ada/libera", "secret")
    znc.connect()
    assert not any("secret" in line for line in znc.sent())


def test_znc_is_asked_once_for_what_was_missed(world: World) -> None:
    """https://wiki.znc.in/Playback: `PLAY <buffer(s)> [from] [to]`, seconds since 1970 with milliseconds."""
    world.come_in("znc.in/playback server-time batch znc.in/self-message")
    assert "PRIVMSG *playback :PLAY * 0.000" in world.sent()
    world.feed(":alice!a@h PRIVMSG *playback :PLAY * 0.000")  # its echo opens no conversation
    assert world.network.find("*playback") is None
    tea = world.join()
    played = [
        ":irc.znc.in BATCH +p znc.in/playback #tea",
        "@batch=p;time=2026-09-21T10:00:00.500Z :bob!b@h PRIVMSG #tea :earlier",
        "@batch=p;time=2026-09-21T10:00:01.500Z :alice!a@h PRIVMSG #tea :my own",
        ":irc.znc.in BATCH -p",
    ]
    world.feed(*played)
    assert [line.text for line in tea.lines if line.nick in ("alice", "bob")][:2] == ["earlier", "my own"]
    world.feed(*played)  # as when two clients ask at once
    assert sum(line.text == "earlier" for line in tea.lines) == 1
    world.lose()
    world.come_in("znc.in/playback server-time batch")
    assert "PRIVMSG *playback :PLAY * 1789984801.501" in world.sent()


def test_znc_tells_its_nick_after_the_welcome(world: World) -> None:
    """ZNC welcomes a client under the client's own nick, then sends a NICK; nobody has taken anything."""
    world.connect()
    offered = "server-time znc.in/server-time-iso znc.in/self-message batch"
    world.feed(f":irc.znc.in CAP * LS :{offered}", ":irc.znc.in CAP * ACK :server-time znc.in/self-message batch")
    world.feed(":irc.example 001 alice :Welcome", ":alice!a@h NICK :ada_", ":irc.example 376 ada_ :End of MOTD")
    assert (world.network.nicks.current, world.network.nicks.wanted) == ("ada_", "ada_")
    assert world.shown("")[-1] == "* You are now known as ada_"
    world.feed(":ada_!a@h NICK :guest7")
    assert world.shown("")[-1] == "! The server changed your nickname to guest7. Use /nick to choose another one."


def test_a_server_with_capabilities_of_znc_is_not_a_bouncer(world: World) -> None:
    """Such as greenchat-server: it keeps no nick, so the client still asks for the wanted one."""
    world.connect()
    world.feed(":srv CAP * LS :znc.in/playback znc.in/self-message batch", ":srv CAP * ACK :znc.in/self-message batch")
    world.feed(":srv 001 alice_ :Welcome", ":srv 376 alice_ :End of MOTD", ":srv 005 alice_ NETWORK=x :are supported")
    assert (world.network.nicks.current, world.network.nicks.wanted) == ("alice_", "alice")


def test_with_chathistory_there_is_no_playback(world: World) -> None:
    world.connect()
    world.feed(":srv CAP * LS :znc.in/playback draft/chathistory batch server-time")
    assert [line for line in world.sent() if "REQ" in line] == ["CAP REQ :batch server-time draft/chathistory"]


def test_messages_of_another_client_behind_the_bouncer_are_shown_as_our_own(world: World) -> None:
    """znc.in/self-message: without it ZNC does not send our own private messages."""
    world.welcome("znc.in/self-message")
    world.feed(":alice!a@h PRIVMSG bob :said on the phone")
    assert world.shown("bob") == ["alice: said on the phone"]
    assert world.model.open(world.network, "bob").lines[-1].own


SASL = f"{CAPS} sasl=PLAIN"


def test_a_bouncer_with_accounts_only_gets_the_password_by_sasl() -> None:
    """doc/ext/account-required.md: "it indicates that the connection to the server cannot be completed unless the
    clients authenticates, typically via SASL"."""
    world = World()
    world.network.address = ServerAddress("127.0.0.1", 6667)
    world.connect()
    world.feed(f":soju CAP * LS :{SASL} soju.im/account-required")
    assert not [line for line in world.sent() if line.startswith(("CAP REQ", "CAP END", "PASS"))]
    world.type("pw\n")
    assert [type(each) for each in world.model.effects] == [Reconnect]
    world.lose("to log in")
    assert not [line for line in world.shown("") if "Can't connect" in line]
    world.connect()
    world.feed(f":soju CAP * LS :{SASL} soju.im/account-required")
    asked = next(line for line in world.sent() if line.startswith("CAP REQ"))
    assert "sasl" in asked
    assert "account-required" not in asked
    world.feed(f":soju CAP * ACK {asked.removeprefix('CAP REQ ')}")
    assert "AUTHENTICATE PLAIN" in world.sent()


def test_after_a_wrong_sasl_password_it_is_asked_for_once() -> None:
    world = World()
    world.network.address = ServerAddress("127.0.0.1", 6667)
    world.network.login.credentials = Credentials("alice", "wrong")
    world.connect()
    world.feed(f":soju CAP * LS :{SASL} soju.im/account-required", ":soju CAP * ACK :sasl")
    world.feed("AUTHENTICATE +", ":soju 904 * :Authentication failed", ":soju 464 * :Authentication required")
    assert "CAP END" not in world.sent()
    assert (len(world.model.questions), world.console.hides_input) == (0, True)
    assert [line for line in world.shown("") if line.startswith("!")] == ["! net did not accept the password of alice."]


def test_the_bouncers_password_is_not_sent_to_networks_behind_it(soju: Soju) -> None:
    """After the welcome soju passes AUTHENTICATE on to the network, and messages to NickServ, too."""
    libera = soju.world.model.networks[1]
    libera.address = ServerAddress("127.0.0.1", 6667)
    libera.login.credentials = Credentials("alice", "secret of the bouncer")
    libera.caps.held |= caps.SASL
    for line in (":soju CAP alice NEW :sasl=PLAIN", ":soju CAP alice ACK :sasl", ":soju 422 alice :No MOTD"):
        soju.tell(libera, line)
    soju.tell(libera, "AUTHENTICATE +")
    lines = [message.format() for message in libera.outgoing]
    assert not [line for line in lines if "AUTHENTICATE" in line or "IDENTIFY" in line]


def test_logging_in_behind_a_bouncer_keeps_its_password(soju: Soju) -> None:
    libera = soju.world.model.networks[1]
    libera.address = ServerAddress("127.0.0.1", 6667)
    libera.login.credentials = Credentials("alice", "secret")
    libera.caps.held |= caps.SASL
    libera.caps.offered["sasl"] = "PLAIN"
    soju.world.model.show(libera.status)
    soju.world.type("/login ada\nhers\n")
    assert [message.format() for message in libera.outgoing] == ["AUTHENTICATE PLAIN"]
    soju.tell(libera, "AUTHENTICATE +")
    assert libera.outgoing[-1].format() == "AUTHENTICATE " + b64encode(b"\0ada\0hers").decode()
    soju.tell(libera, ":soju 900 alice alice!a@h ada :You are now logged in", ":soju 903 alice :SASL successful")
    assert libera.login.credentials == Credentials("alice", "secret")
    assert not soju.world.model.questions
    soju.world.type("/logout\n")
    assert libera.login.credentials == Credentials("alice", "secret")


def test_a_connection_bound_by_its_account_opens_no_other_networks() -> None:
    """`ada/libera` as the account: "Its optional value is the network ID bound for the current connection"."""
    world = World()
    world.come_in(CAPS)
    world.feed(":soju 005 alice BOUNCER_NETID=42 :are supported", ":soju BOUNCER NETWORK 43 name=OFTC")
    assert world.model.networks == [world.network]


def test_private_conversations_stored_by_the_bouncer_are_fetched_at_the_start() -> None:
    """https://ircv3.net/specs/extensions/chathistory: TARGETS are those "which have history between two timestamps"."""
    world = World()
    world.network.bouncer.bound = "42"
    world.come_in(f"{CAPS} draft/chathistory draft/read-marker")
    assert [line for line in world.sent() if line.startswith("CHATHISTORY TARGETS timestamp=")]


def test_the_outcome_of_a_command_is_shown_in_its_window(soju: Soju) -> None:
    window = soju.world.model.networks[1].find("#tea")
    assert window
    soju.world.model.show(window)
    soju.tell(soju.world.network, ":soju BOUNCER ADDNETWORK 44")
    soju.tell(soju.world.network, ":soju FAIL BOUNCER INVALID_ATTRIBUTE ADDNETWORK * port :Invalid attribute value")
    assert [line.text for line in window.lines][-2:] == [
        "The bouncer has added the network.",
        "BOUNCER ADDNETWORK * port: Invalid attribute value",
    ]


def test_a_wrong_password_of_znc_is_reported_as_wrong() -> None:
    world = World()
    world.network.address = ServerAddress("127.0.0.1", 6667)
    world.network.saved = SavedNetwork("znc", ["127.0.0.1:6667"], account="ada/libera", login="pass")
    for given, expected in (("", "requires an account"), ("wrong", "did not accept the password of")):
        world.network.login.credentials = Credentials("ada/libera", given) if given else None
        world.network.link.leaving = False
        world.connect()
        assert [line for line in world.sent() if line.startswith("PASS")] == [f"PASS ada/libera:{given}"] * bool(given)
        world.feed(":irc.znc.in 464 alice :Invalid Password")
        assert expected in world.shown("")[-1]
        world.press("Escape")
        world.lose()


ZNC = "znc.in/server-time-iso znc.in/self-message znc.in/playback server-time batch"
JOINED = (":alice!a@h JOIN #tea", ":znc 353 alice = #tea :alice bob", ":znc 366 alice #tea :End")


def test_detached_channels_of_znc_stay_detached_after_a_reconnect(world: World) -> None:
    """https://wiki.znc.in/Detaching: "To re-attach, simply join the channel again"."""
    world.network.show_on_join.clear()
    world.welcome(ZNC)
    world.feed(*JOINED, ":alice!a@h JOIN #busy", ":znc 366 alice #busy :End")
    world.sent()
    world.lose()
    world.type("/window #busy\n")
    world.come_in(ZNC)
    world.feed(*JOINED)
    assert [line for line in world.sent() if line.startswith("JOIN")] == []
    world.type("hello?\n")
    assert world.shown("#busy")[-1] == "! You are not in #busy. Use /join #busy."
    world.press("C-u")
    world.type("/join #busy\n")
    assert [line for line in world.sent() if line.startswith("JOIN")] == ["JOIN #busy"]


def test_messages_typed_while_znc_is_unreachable_are_sent_later(world: World) -> None:
    world.network.show_on_join.clear()
    world.welcome(ZNC)
    world.feed(*JOINED)
    world.sent()
    world.lose()
    world.type("/window #tea\nstill there?\n")
    world.come_in(ZNC)
    world.feed(*JOINED)
    assert [line.partition(" ")[2] for line in world.sent() if "still there" in line] == ["#tea :still there?"]


def test_restored_windows_attach_no_channel_of_znc(znc: World) -> None:
    """ZNC knows its channels; channels that the user names, on the command line or by /join, are joined."""
    for name in ("#tea", "#busy"):
        znc.model.open(znc.network, name)
        znc.network.want(name)
    again = World()
    again.network.name = znc.network.name
    again.network.channels.clear()
    again.network.show_on_join.clear()
    windows.restore(again.model, windows.to_json(znc.model))
    again.network.ask_for("#named")
    again.come_in(ZNC)
    assert [line for line in again.sent() if line.startswith("JOIN")] == ["JOIN #named"]
    assert again.network.find("#busy"), "it has a window"


def test_on_other_servers_the_client_joins(world: World) -> None:
    world.network.show_on_join.clear()
    world.come_in("server-time batch znc.in/playback")
    assert [line for line in world.sent() if line.startswith("JOIN")] == ["JOIN #tea"]


def test_an_old_welcome_repeated_by_a_bouncer_does_not_set_the_clock(world: World) -> None:
    """ZNC sends its 001 with the time at which it connected itself: measured by it, the clock would be hours behind."""
    offered = "server-time batch znc.in/server-time-iso"
    before, now = "time=2026-09-21T04:13:20.000Z", "time=2026-09-21T14:13:20.000Z"
    world.connect()
    world.feed(f":irc.znc.in CAP * LS :{offered}", f"@{now} :irc.znc.in CAP alice ACK :server-time batch")
    world.feed(f"@{before} :ng.local 001 alice :Welcome", f"@{before} :ng.local 376 alice :End of MOTD")
    world.sent()
    world.feed("@time=2026-09-21T09:00:00.000Z :bob!b@h PRIVMSG alice :\x01VERSION\x01")
    assert world.network.link.skew == 0
    assert world.sent() == []
    world.feed(f"@{now} :bob!b@h PRIVMSG alice :\x01VERSION\x01")
    assert world.sent() != []
