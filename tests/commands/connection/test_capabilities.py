"""CAP: https://ircv3.net/specs/extensions/capability-negotiation."""

from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from greenchat.chat.acts import VERSION
from greenchat.chat.outbox import Dirty, Outbox
from greenchat.chat.user import Registration, Session
from greenchat.commands.connection.capabilities import announce_capabilities, offered
from greenchat.commands.info.isupport import announce_isupport
from greenchat.config.settings import Limits, Settings, Sts
from greenchat.protocol.caps import CAPABILITIES, Capability
from greenchat.protocol.message import Message
from greenchat.server.app import App
from tests.conftest import Serve, StartServer, Target, quick_options
from tests.irc import Client

LONG_NAME = "a" * 59 + ".org"
_SWITCHED_ON = {"sts", "draft/webpush"}  # only where the configuration does
LISTED = [name for name, row in CAPABILITIES.items() if name not in _SWITCHED_ON and row.served]


def caps_of(messages: list[Message], subcommand: str) -> list[str]:
    """Return the capabilities of an answer of one or more lines."""
    *more, last = [message.params for message in messages]
    assert all(params[1:3] == (subcommand, "*") for params in more)
    assert last[1:-1] == (subcommand,)
    return " ".join(params[-1] for params in [*more, last]).split()


def names_of(messages: list[Message], subcommand: str) -> list[str]:
    """Return the names in an answer, without values."""
    return [capability.partition("=")[0] for capability in caps_of(messages, subcommand)]


def test_ls_marks_all_lines_but_the_last_with_an_asterisk(serve: Serve) -> None:
    """ "all but the last reply MUST have a parameter containing only an asterisk (*) preceding the capability list"."""
    with Client(serve(Settings(limits=Limits(nick=64), name=f"{'a' * 60}.b"))) as client:
        client.send("NICK " + "n" * 64)
        answer = client.run("CAP LS 302")
        assert len(answer) > 1
        assert names_of(answer, "LS") == LISTED
        for name in LISTED:
            client.run(f"CAP REQ {name}")
        answer = client.run("CAP LIST")
        assert len(answer) > 1
        # two drafts of one extension: a session can have one of them
        assert caps_of(answer, "LIST") == [name for name in LISTED if name != "draft/metadata-3"]


@pytest.mark.parametrize("line", ["CAP LS", "CAP LS 301", "CAP LS x", "cap ls", "CAP LS :", "CAP LS -302", "CAP LS ²"])
def test_before_302_there_is_one_line_without_values(serve: Serve, line: str) -> None:
    """ "If a client has not indicated support for CAP LS 302 features, the server MUST NOT send these new features"."""
    with Client(serve(Settings(sts=Sts(port=6697)))) as client:
        (answer,) = client.run(line)
        assert answer.params[:2] == ("*", "LS")
        names = answer.params[2].split()
        assert names == [name for name in LISTED if name != "draft/multiline"][: len(names)]
        assert "server-time" in names
        assert not any("=" in name for name in names)


def test_every_ratified_capability_fits_the_one_line(serve: Serve) -> None:
    with Client(serve(Settings(name=LONG_NAME))) as client:
        client.send("NICK " + "n" * 32)
        (answer,) = client.run("CAP LS")
        missing = set(LISTED) - set(answer.params[2].split())
        assert all("/" in capability for capability in missing)  # drafts, and those of vendors


@pytest.mark.parametrize("version", ["302", "303", "307", "99999999999999999999"])
def test_a_higher_version_is_treated_as_302(serve: Serve, version: str) -> None:
    """ "if a server supports 302 and 303 features, and a client sends version 304, the server would enable those"."""
    with Client(serve(Settings(sts=Sts(port=6697)))) as client:
        assert "sts=port=6697" in caps_of(client.run(f"CAP LS {version}"), "LS")


def test_a_lower_version_gets_its_form_of_answer_but_does_not_downgrade(serve: Serve) -> None:
    """ "servers SHOULD return a CAP LS reply consistent with the request's version, but keep storing the original
    (higher) version"."""
    with Client(serve(Settings(sts=Sts(port=6697)))) as client:
        client.run("CAP LS 302")
        (answer,) = client.run("CAP LS")
        assert answer.params[1] == "LS"
        assert "=" not in answer.params[2]
        assert "sts" not in answer.params[2].split()
        assert client.run("CAP REQ -cap-notify")[0].params[1] == "NAK"


def test_registration_waits_for_cap_end(server: Target) -> None:
    """ "Upon receiving either a CAP LS or CAP REQ command during connection registration, the server MUST not complete
    registration until the client sends a CAP END command"."""
    for line in "CAP LS 302", "CAP REQ :server-time", "CAP REQ :no-such-thing":
        with Client(server) as client:
            client.run(line)
            assert client.commands("NICK alice", "USER a 0 * :A") == []
            client.send("CAP END")
            assert client.read().command == "001"


@pytest.mark.parametrize("line", ["CAP LIST", "CAP FOO", "CAP END"])
def test_registration_does_not_wait_after_anything_else(server: Target, line: str) -> None:
    with Client(server) as client:
        client.send(line, "NICK alice", "USER a 0 * :A")
        assert client.expect("001")


def test_req_and_list(server: Target) -> None:
    with Client(server) as client:
        (answer,) = client.run("CAP LIST")
        assert answer.params == ("*", "LIST", "")  # "If no capabilities are enabled, an empty parameter must be sent"
        (answer,) = client.run("CAP REQ :multi-prefix server-time ")
        assert answer.params == ("*", "ACK", "multi-prefix server-time")
        (answer,) = client.run("CAP LIST")
        assert set(answer.params[2].split()) == {"multi-prefix", "server-time"}
        (answer,) = client.run("CAP REQ :-multi-prefix")
        assert answer.params == ("*", "ACK", "-multi-prefix")
        (answer,) = client.run("CAP LIST")
        assert answer.params[2] == "server-time"


@pytest.mark.parametrize(
    "wishes", ["server-time", "-multi-prefix", "server-time server-time", "server-time -server-time server-time", ""]
)
def test_requests_without_effect_are_granted(server: Target, wishes: str) -> None:
    """ "If a client requests a capability which is already enabled, or tries to disable a capability which is
    not enabled, the server MUST continue processing the REQ subcommand as though handling this capability was
    successful"."""
    with Client(server) as client:
        client.run("CAP REQ :server-time")
        (answer,) = client.run(f"CAP REQ :{wishes}")
        assert answer.params == ("*", "ACK", wishes)
        assert client.run("CAP LIST")[0].params[2] == "server-time"


@pytest.mark.parametrize(
    "wishes",
    ["foo", "server-time foo", "foo server-time", "-foo", "server-time=1", "--server-time", "SERVER-TIME", "sts", "-"],
)
def test_a_request_is_granted_whole_or_refused(serve: Serve, wishes: str) -> None:
    """ "The capability identifier set must be accepted as a whole, or rejected entirely". sts is never granted."""
    with Client(serve(Settings(sts=Sts(port=6697)))) as client:
        (answer,) = client.run(f"CAP REQ :{wishes}")
        assert answer.params == ("*", "NAK", wishes)
        assert client.run("CAP LIST")[0].params[2] == ""


def test_a_request_is_processed_left_to_right(server: Target) -> None:
    """ "The list of capabilities MUST be parsed and processed from left to right"."""
    with Client(server) as client:
        client.run("CAP REQ :batch -batch")
        assert client.run("CAP LIST")[0].params[2] == ""
        client.run("CAP REQ :-batch batch")
        assert client.run("CAP LIST")[0].params[2] == "batch"


def test_a_request_without_a_colon(server: Target) -> None:
    """As in the examples of draft/extended-isupport: `CAP REQ batch draft/extended-isupport`."""
    with Client(server) as client:
        assert client.run("CAP REQ batch server-time")[0].params[1:] == ("ACK", "batch server-time")


@pytest.mark.parametrize("verdict", ["ACK", "NAK"])
def test_a_too_long_answer_takes_several_lines(serve: Serve, verdict: str) -> None:
    """ "If an ACK reply originating from the server is spread across multiple lines, a client MUST NOT change
    capabilities until the last ACK of the set is received"."""
    wishes = ["-userhost-in-names"] * 25 + ["batch" if verdict == "ACK" else "x"]
    with Client(serve(Settings(name=LONG_NAME))) as client:
        answer = client.run("CAP REQ :" + " ".join(wishes))
        assert len(answer) == 2
        assert {message.params[1] for message in answer} == {verdict}
        assert " ".join(message.params[2] for message in answer).split() == wishes
        assert client.run("CAP LIST")[0].params[2] == ("batch" if verdict == "ACK" else "")


def test_cap_works_after_registration_too(server: Target) -> None:
    """ "The server MUST accept the CAP command at any time, including after registration"."""
    with Client(server, "alice") as alice:
        assert names_of(alice.run("CAP LS 302"), "LS") == LISTED
        (answer,) = alice.run("CAP REQ server-time")
        assert answer.params == ("alice", "ACK", "server-time")
        assert "time" in alice.run("LUSERS")[0].tags
        # "If the client is already registered, this command MUST be ignored by the server"
        assert alice.run("CAP END") == []
        alice.run("CAP REQ -server-time")
        assert not alice.run("LUSERS")[0].tags


@pytest.mark.parametrize("subcommand", ["FOO", "ACK", "NAK", "NEW", "DEL", "CLEAR", "*", "é"])
def test_unknown_subcommand(server: Target, subcommand: str) -> None:
    """ "Server: :example.org 410 * FOO :Invalid CAP command"."""
    with Client(server) as client:
        client.send("PING 1")
        client.read()
        (answer,) = client.run(f"CAP {subcommand}")
        assert (answer.command, answer.params) == ("410", ("*", subcommand, "Invalid CAP command"))
        client.run("NICK jw", "CAP LS")
        assert client.run("CAP FOO :x y")[0].params[:2] == ("jw", "FOO")


def test_cap_notify_comes_with_302(server: Target) -> None:
    """ "This capability MUST be implicitly enabled if the client requests CAP LS with a version of 302 or newer", and
    "servers MUST NOT disable the cap-notify capability" then."""
    with Client(server) as client:
        client.run("CAP LS 302")
        assert client.run("CAP LIST")[0].params[2] == "cap-notify"
        assert client.run("CAP REQ cap-notify")[0].params[1] == "ACK"
        assert client.run("CAP REQ :server-time -cap-notify")[0].params[1] == "NAK"
        assert client.run("CAP LIST")[0].params[2] == "cap-notify"


def test_cap_notify_without_302(server: Target) -> None:
    """ "Such clients MAY explicitly disable the capability, and servers MUST allow these clients to do so"."""
    with Client(server) as client:
        client.run("CAP LS", "CAP REQ cap-notify")
        assert client.run("CAP LIST")[0].params[2] == "cap-notify"
        assert client.run("CAP REQ -cap-notify")[0].params[1] == "ACK"
        assert client.run("CAP LIST")[0].params[2] == ""


def test_changes_are_announced_to_clients_with_cap_notify(start_server: StartServer, tmp_path: Path) -> None:
    """CAP NEW "signals that the server supports one or more new capabilities"; 005: "If the value of a parameter
    changes, the server SHOULD re-advertise the parameter with the new value", and "Tokens of the form -PARAMETER are
    used to negate a previously specified parameter". STS is never removed by CAP DEL."""
    settings = Settings(denied_tags=("typing",))
    changed = replace(settings, denied_tags=(), about=replace(settings.about, network="Other"), sts=Sts(port=6697))
    running = start_server(settings, quick_options(tmp_path))

    def change(app: App, after: Settings) -> None:
        before = app.network.settings
        app.network.configure(after)
        app.turn.begin()
        ctx = next(iter(app.clients.connections)).context(Message(""))
        for _ in chain(announce_capabilities(ctx, before), announce_isupport(ctx, before)):
            pass

    with Client(running.address, "old") as old, Client(running.address, "new", caps="server-time") as new:
        running.call(lambda app: change(app, changed))
        (message,) = old.sync()
        assert message.params[1:-1] == ("NETWORK=Other", "-CLIENTTAGDENY")
        cap, message = new.sync()
        assert cap.params == ("new", "NEW", "sts=port=6697")
        assert message.params[:-1] == ("new", "NETWORK=Other", "-CLIENTTAGDENY")
        running.call(lambda app: change(app, replace(changed, sts=Sts())))
        assert old.sync() == new.sync() == []


STS = [
    # "Servers MUST send this key to insecurely connected clients", and "this key to securely connected clients"
    (Sts(port=6697, duration=60), False, 302, "port=6697"),
    (Sts(port=6697, duration=60), True, 302, "duration=60"),
    (Sts(port=6697, duration=0, preload=True), True, 302, "duration=0,preload"),
    (Sts(port=6697), False, 301, None),  # "the capability has a REQUIRED value"
    (Sts(), False, 302, None),
    (Sts(), True, 302, None),
]


@pytest.mark.parametrize(("sts", "secure", "version", "value"), STS)
def test_sts(sts: Sts, secure: bool, version: int, value: str | None) -> None:
    """ "this capability MUST be made available as an optional configuration setting"."""
    session = Session(Outbox(Dirty()), "127.0.0.1", 0, secure=secure, registration=Registration(cap_version=version))
    assert offered(Settings(sts=sts), session, VERSION).get("sts") == value


def test_a_capability_of_a_later_epoch_is_not_offered_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node of an older version would refuse it, and have another state than the other nodes."""
    session = Session(Outbox(Dirty()), "127.0.0.1", 0, registration=Registration())
    before = offered(Settings(), session, VERSION)
    later = Capability("example.org/later", 1 << 57, "", wire=False, served=True, since=VERSION + 1)
    monkeypatch.setitem(CAPABILITIES, later.name, later)
    assert offered(Settings(), session, VERSION) == before
    assert offered(Settings(), session, VERSION + 1) == {**before, later.name: ""}
