"""RPL_ISUPPORT is complete and true: the server behaves as each token announces.
https://modern.ircdocs.horse/#rplisupport-parameters
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from greenchat.commands.catalog import COMMANDS
from greenchat.commands.info import isupport
from greenchat.config.about import About
from greenchat.config.settings import History, Limits, Settings
from greenchat.protocol.framing import BODY_LIMIT
from greenchat.protocol.isupport import TOKENS_A_LINE, parse_tokens
from greenchat.protocol.message import Message
from greenchat.server.app import App
from tests.conftest import Serve, StartServer, Target, quick_options
from tests.irc import Client

SMALL = Settings(
    about=About(network="Example", icon="https://example.org/icon.svg"),
    denied_tags=("typing",),
    history=History(page=3),
    limits=Limits(
        nick=9,
        username=8,
        realname=12,
        channel=10,
        topic=20,
        accept=2,
        away=15,
        kick=11,
        key=6,
        channels=5,
        targets=2,
        modes=3,
        list_entries=4,
        monitor=3,
    ),
)


def announced(client: Client) -> dict[str, str | None]:
    tokens: dict[str, str | None] = {}
    for message in client.run("ISUPPORT"):
        assert message.command == "005"
        tokens |= parse_tokens(message.params[1:-1])
    return tokens


def commands(messages: list[Message]) -> list[str]:
    return [message.command for message in messages]


@dataclass(frozen=True, slots=True)
class Stage:
    """A channel #a with an operator, `op`, and a member, bob."""

    op: Client
    bob: Client

    def rejoin(self) -> None:
        """Let bob join #a again."""
        self.bob.join("#a")
        self.op.sync()


Probe = Callable[[Stage, str], None]


@pytest.fixture
def stage(serve: Serve) -> Iterator[Stage]:
    address = serve(SMALL)
    with Client(address, "alice", caps="message-tags") as alice, Client(address, "bob") as bob:
        alice.join("#a")
        stage = Stage(alice, bob)
        stage.rejoin()
        yield stage


def cut_to(line: str, command: str, place: int) -> Probe:
    """Probe a limit of length: a text of that length comes back whole, a longer one cut."""

    def probe(stage: Stage, value: str) -> None:
        for size in int(value), int(value) + 1:
            stage.op.send(line.format("x" * size))
            assert stage.op.expect(command).params[place] == "x" * int(value)

    return probe


def refused(line: str, *numerics: str) -> Probe:
    """Probe a limit of length: only a longer text is answered by one of these numerics."""

    def probe(stage: Stage, value: str) -> None:
        assert not set(numerics) & set(stage.op.commands(line.format("x" * int(value))))
        assert set(numerics) & set(stage.op.commands(line.format("x" * (int(value) + 1))))

    return probe


def many(line: str, separator: str, words: str, numeric: str) -> Probe:
    """Probe a limit of number: only one word more is answered by the numeric."""

    def probe(stage: Stage, value: str) -> None:
        count = int(value.rpartition(":")[2])
        for number in count, count + 1:
            wanted = separator.join(words.format(index) for index in range(number))
            assert (numeric in stage.op.commands(line.format(wanted))) is (number > count)

    return probe


def known(*names: str) -> Probe:
    def probe(stage: Stage, _: str) -> None:
        assert COMMANDS.keys() >= set(names)

    return probe


def equal_to(expected: str) -> Probe:
    def probe(stage: Stage, value: str) -> None:
        assert value == expected

    return probe


def every_mode(stage: Stage, value: str) -> None:
    """Probe that each announced letter is known, and takes a parameter exactly where its type says so."""
    lists, always, setting, flags = value.split(",")
    parameters = {"k": "key", "l": "5", "f": "#b", "W": "9:10", "d": "5", "j": "9:10"}
    stage.op.join("#b")
    for letter in always + setting:
        assert commands(stage.op.run(f"MODE #a +{letter} {parameters[letter]}")) == ["MODE"], letter
    for letter in setting:
        assert commands(stage.op.run(f"MODE #a -{letter}")) == ["MODE"], letter
    for letter in lists:
        (changed,) = stage.op.run(f"MODE #a +{letter} x!*@*")
        assert changed.params[1:] == (f"+{letter}", "x!*@*")
        assert len(stage.op.run(f"MODE #a {letter}")) == 2, letter
    for letter in flags.replace("O", ""):  # except for the mode of IRC operators
        sign = "-" if letter in "nt" else "+"
        (changed,) = stage.op.run(f"MODE #a {sign}{letter}")
        assert changed.params == ("#a", sign + letter), letter
    assert stage.op.commands("MODE #a +O") == ["481"]
    unknown = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") - set(value) - set("qaohv")
    assert all(commands(stage.op.run(f"MODE #a +{letter}")) == ["472"] for letter in unknown)


def every_prefix(stage: Stage, value: str) -> None:
    modes, symbols = value[1:].split(")")
    assert len(modes) == len(symbols)
    for letter, symbol in zip(modes, symbols, strict=True):
        assert "472" not in stage.op.commands(f"MODE #a +{letter} bob")
        if letter not in "qa":  # the modes of founders
            (names,) = [message for message in stage.op.run("NAMES #a") if message.command == "353"]
            assert f"{symbol}bob" in names.params[-1].split()
            stage.op.run(f"MODE #a -{letter} bob")


def every_status(stage: Stage, value: str) -> None:
    for symbol in value:
        assert stage.op.run(f"PRIVMSG {symbol}#a :hi") == []
    assert stage.op.commands("PRIVMSG !#a :hi") == ["401"]


def every_targmax(stage: Stage, value: str) -> None:
    limits = dict(pair.split(":") for pair in value.split(","))
    assert limits.keys() <= COMMANDS.keys()
    assert {name for name, limit in limits.items() if limit == "2"} == {"PRIVMSG", "NOTICE", "TAGMSG", "WHOIS"}
    for name, refusal in ("PRIVMSG", ["407"]), ("TAGMSG", ["407"]), ("NOTICE", []):
        assert stage.op.commands(f"{name} bob,alice,carol :x") == refusal
    asked = [
        message.params[1] for message in stage.op.run("WHOIS bob,alice,carol") if message.command in ("311", "401")
    ]
    assert asked == ["bob", "alice"]
    if limits.get("USERHOST"):
        (found,) = stage.op.run("USERHOST " + "alice " * (int(limits["USERHOST"]) + 1))
        assert len(found.params[1].split()) == int(limits["USERHOST"])
    # without a number: "there is no maximum number of targets for that command"
    some = [f"#t{number}" for number in range(4)]
    assert stage.op.commands(f"JOIN {','.join(some)}").count("366") == 4
    assert stage.op.commands(f"LIST {','.join(some)}").count("322") == 4
    assert stage.op.commands(f"NAMES {','.join(some)}").count("366") == 4
    assert stage.op.commands(f"PART {','.join(some)}") == ["PART"] * 4
    assert len(stage.op.commands("KICK #a " + ",".join(f"n{number}" for number in range(6)))) == 6


def case_folded(stage: Stage, value: str) -> None:
    assert value == "ascii"  # all clients know ascii, and it is right for nicks and channels here
    assert stage.op.commands("PRIVMSG BOB :hi", "PRIVMSG #A :hi") == []
    assert stage.op.commands("NICK BOB") == ["433"]


def utf8_folded(stage: Stage, value: str) -> None:
    """Ergo announces PRECIS so: two spellings of a name in any script are the same."""
    assert value == "rfc8265"
    assert stage.bob.commands("NICK Анна")[0] == "NICK"
    stage.op.sync()
    assert stage.op.commands("PRIVMSG АННА :hi") == []
    assert stage.op.commands("NICK анна") == ["433"]
    stage.bob.run("NICK bob")


def maxlist(stage: Stage, value: str) -> None:
    """ "the maximum number of entries that all of the modes in <modes>, combined, may set on a channel"."""
    letters, _, limit = value.partition(":")
    entries = [(letters[number % len(letters)], f"n{number}!*@*") for number in range(int(limit))]
    for letter, mask in entries:
        assert commands(stage.op.run(f"MODE #a +{letter} {mask}")) == ["MODE"]
    for letter in letters:
        assert commands(stage.op.run(f"MODE #a +{letter} more!*@*")) == ["478"]


def variable_modes(stage: Stage, value: str) -> None:
    masks = [f"n{number}!*@*" for number in range(int(value) + 1)]
    (changed,) = [
        message
        for message in stage.op.run(f"MODE #a +{'b' * len(masks)} {' '.join(masks)}")
        if message.command == "MODE"
    ]
    assert changed.params == ("#a", "+" + "b" * int(value), *masks[:-1])


def chathistory(stage: Stage, value: str) -> None:
    stage.op.run(*[f"PRIVMSG #a :{number}" for number in range(int(value) + 2)])
    stage.op.run("CAP REQ :draft/chathistory batch")
    answers = stage.op.run(f"CHATHISTORY LATEST #a * {int(value) + 1}")
    assert sum(message.command == "PRIVMSG" for message in answers) == int(value)


def bot(stage: Stage, value: str) -> None:
    assert stage.op.run(f"MODE alice +{value}")[0].params == ("alice", "+" + value)
    (line,) = [message for message in stage.op.run("WHO alice") if message.command == "352"]
    assert value in line.params[6]


def denied(stage: Stage, value: str) -> None:
    stage.op.run("CAP REQ echo-message")
    (echo,) = stage.op.run(f"@+{value}=1;+other=2 PRIVMSG #a :hi")
    assert "+other" in echo.tags
    assert f"+{value}" not in echo.tags


def username(stage: Stage, value: str) -> None:
    address = stage.op.sock.getpeername()
    with Client(address) as client:
        client.send("NICK carol", f"USER {'u' * 30} 0 * :{'r' * 30}", "WHOIS carol")
        line = client.expect("311")
        assert line.params[2] == "~" + "u" * (int(value) - 1)
        assert line.params[5] == "r" * 12


def host(stage: Stage, value: str) -> None:
    (line,) = [message for message in stage.op.run("WHOIS alice") if message.command == "311"]
    assert len(line.params[3]) <= int(value)


def utf8only(stage: Stage, _: str) -> None:
    stage.op.send_raw(b"PRIVMSG #a :\xff\r\n")
    assert [(message.command, message.params[1]) for message in stage.op.sync()] == [("FAIL", "INVALID_UTF8")]


def awaylen(stage: Stage, value: str) -> None:
    for size in int(value), int(value) + 1:
        stage.op.run(f"AWAY :{'x' * size}")
        assert stage.bob.run("PRIVMSG alice :hi")[-1].params[2] == "x" * int(value)


def chanlimit(stage: Stage, value: str) -> None:
    more = int(value.removeprefix("#:")) - 1
    assert "405" not in stage.op.commands("JOIN " + ",".join(f"#c{number}" for number in range(more)))
    assert stage.op.commands("JOIN #more") == ["405"]


def channellen(stage: Stage, value: str) -> None:
    assert stage.op.join("#" + "c" * (int(value) - 1))
    assert stage.op.commands("JOIN #" + "c" * int(value)) in (["403"], ["476"])


def chantypes(stage: Stage, value: str) -> None:
    assert value == "#"
    assert stage.op.commands("JOIN &new", "JOIN +new", "JOIN !new") == ["403"] * 3


def extban(stage: Stage, value: str) -> None:
    """ "If <prefix> does not exist then the server does not require a prefix for extbans"."""
    prefix, letters = value.split(",")
    for letter in letters:
        (changed,) = stage.op.run(f"MODE #a +b {prefix}{letter}:x")
        assert changed.params[1] == "+b"
        assert changed.params[2].startswith(f"{letter}:x")


def account_extban(stage: Stage, value: str) -> None:
    for word in value.split(","):
        (changed,) = stage.op.run(f"MODE #a +b {word}:someone")
        assert changed.params[1:] == ("+b", f"{word}:someone")


def list_mode(stage: Stage, value: str) -> None:
    (changed,) = stage.op.run(f"MODE #a +{value} x!*@*")
    assert changed.params[1:] == ("+" + value, "x!*@*")


def kicklen(stage: Stage, value: str) -> None:
    for size in int(value), int(value) + 1:
        (kick,) = stage.op.run(f"KICK #a bob :{'x' * size}")
        assert kick.params[2] == "x" * int(value)
        stage.rejoin()


def namelen(stage: Stage, value: str) -> None:
    stage.op.run("CAP REQ setname")
    assert stage.op.commands(f"SETNAME :{'x' * int(value)}") == ["SETNAME"]
    assert stage.op.commands(f"SETNAME :{'x' * (int(value) + 1)}") == ["FAIL"]


def forward(stage: Stage, value: str) -> None:
    stage.op.join("#b")
    assert stage.op.run(f"MODE #a +{value} #b")[0].params == ("#a", "+" + value, "#b")


def knock(stage: Stage, _: str) -> None:
    stage.op.run("MODE #a +i", "KICK #a bob")
    stage.bob.sync()
    assert stage.bob.commands("KNOCK #a") == ["711"]
    assert commands(stage.op.sync()) == ["710"]


def whox(stage: Stage, _: str) -> None:
    assert stage.op.commands("WHO alice %n") == ["354", "315"]


def accept(stage: Stage, value: str) -> None:
    assert value == "2"
    assert stage.op.commands("ACCEPT alice,bob") == []
    with Client(stage.op.sock.getpeername(), "third"):
        assert stage.op.commands("ACCEPT third") == ["456"]


def callerid(stage: Stage, value: str) -> None:
    stage.op.run(f"MODE alice +{value}")
    assert stage.bob.commands("PRIVMSG alice :hello")[0] == "716"


PROBES: dict[str, Probe] = {
    "ACCEPT": accept,
    "ACCOUNTEXTBAN": account_extban,
    "AWAYLEN": awaylen,
    "BOT": bot,
    "CALLERID": callerid,
    "CASEMAPPING": case_folded,
    "CHANLIMIT": chanlimit,
    "CHANMODES": every_mode,
    "CHANNELLEN": channellen,
    "CHANTYPES": chantypes,
    "CHATHISTORY": chathistory,
    "CLIENTTAGDENY": denied,
    "ELIST": equal_to("CMNTU"),  # channels/test_names_list_search.py tests each
    "EXCEPTS": list_mode,
    "EXTBAN": extban,
    "FORWARD": forward,
    "HOSTLEN": host,
    "INVEX": list_mode,
    "KEYLEN": refused("MODE #a +k {}", "696", "525"),
    "KICKLEN": kicklen,
    "KNOCK": knock,
    "MAXLIST": maxlist,
    "MAXTARGETS": many("PRIVMSG {} :x", ",", "n{}", "407"),
    "MODES": variable_modes,
    "MONITOR": many("MONITOR + {}", ",", "n{}", "734"),
    "MSGREFTYPES": equal_to("msgid,timestamp"),  # test_chathistory.py tests both
    "NAMELEN": namelen,
    "NETWORK": equal_to("Example"),
    "NICKLEN": refused("NICK {}", "432"),
    "PREFIX": every_prefix,
    "SAFELIST": known("LIST"),  # tests/hostile/test_long_answers.py tests long lists
    "STATUSMSG": every_status,
    "TARGMAX": every_targmax,
    "TOPICLEN": cut_to("TOPIC #a :{}", "TOPIC", 1),
    "USERLEN": username,
    "UTF8MAPPING": utf8_folded,
    "UTF8ONLY": utf8only,
    "WHOX": whox,
    "draft/ICON": equal_to("https://example.org/icon.svg"),
}


def test_every_announced_token_is_probed(serve: Serve) -> None:
    with Client(serve(SMALL), "alice") as alice:
        assert announced(alice).keys() == PROBES.keys()


@pytest.mark.parametrize("token", PROBES)
def test_each_token_is_true(stage: Stage, token: str) -> None:
    value = announced(stage.op)[token]
    assert value is not None
    PROBES[token](stage, value)


NASTY = Settings(name="a" * 59 + ".org", about=About(network="a=b\\c é" * 8, icon="https://example.org/" + "x" * 290))


@pytest.mark.parametrize("settings", [Settings(), SMALL, NASTY])
def test_lines_keep_to_their_limits_of_length(serve: Serve, settings: Settings) -> None:
    """ "<1-13 tokens> :are supported by this server"; values are ASCII without spaces and equal signs."""
    settings = replace(settings, limits=replace(settings.limits, nick=32))
    with Client(serve(settings)) as client:
        client.send("NICK " + "n" * 32, "USER a 0 * :A")
        lines = [message for message in client.until("376", "422") if message.command == "005"]
        for message in lines:
            assert message.params[0] == "n" * 32
            assert message.params[-1] == "are supported by this server"
            tokens = message.params[1:-1]
            assert 1 <= len(tokens) <= TOKENS_A_LINE
            assert len(message.format().encode()) + 2 <= BODY_LIMIT
            for token in tokens:
                name, _, value = token.partition("=")
                assert name.isascii()
                assert name == name.upper() or name == "draft/ICON"
                assert value.isascii()
                assert value.isprintable()
                assert not set(value) & set("= ")
        names = [token.partition("=")[0] for message in lines for token in message.params[1:-1]]
        assert len(set(names)) == len(names)
        assert parse_tokens(token for message in lines for token in message.params[1:-1])["NICKLEN"] == "32"


def test_the_network_name_is_the_configured_one(serve: Serve) -> None:
    with Client(serve(Settings(about=About(network="a=b\\c"))), "alice") as alice:
        assert announced(alice)["NETWORK"] == "a=b\\c"


def test_isupport_before_registration(server: Target) -> None:
    """draft/extended-isupport: "When the capability is enabled by the client, the server MUST accept ISUPPORT commands
    before connection registration completes"."""
    with Client(server) as client:
        assert client.commands("NICK alice", "ISUPPORT") == ["451"]
        client.run("CAP REQ draft/extended-isupport")
        lines = client.run("ISUPPORT")
        assert set(commands(lines)) == {"005"}
        assert lines[0].params[0] == "alice"


@pytest.mark.parametrize("wishes", ["batch draft/extended-isupport", "draft/extended-isupport batch"])
def test_in_a_batch(server: Target, wishes: str) -> None:
    """ "The server MUST NOT send any unbatched RPL_ISUPPORT message while both of these capabilities are enabled. The
    order in which the capabilities are enabled is not significant"."""
    with Client(server) as client:
        for wish in wishes.split():
            client.run(f"CAP REQ {wish}")
        client.send("NICK alice", "USER a 0 * :A", "CAP END")
        welcome = client.until("376", "422")
        for messages in welcome, client.run("VERSION"), client.run("ISUPPORT"):
            start, *held, end = [message for message in messages if message.command in ("005", "BATCH")]
            assert (start.params[0][0], start.params[1:]) == ("+", ("draft/isupport",))
            assert end.params == ("-" + start.params[0][1:],)
            assert all(message.tags == {"batch": start.params[0][1:]} for message in held)
            assert set(commands(held)) == {"005"}


def test_without_batch_the_lines_come_bare(server: Target) -> None:
    with Client(server, "alice", caps="draft/extended-isupport") as alice:
        assert set(alice.commands("ISUPPORT")) == {"005"}


def test_the_tokens_are_made_again_only_after_a_change(
    start_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Settings] = []
    make = isupport.tokens

    def note(settings: Settings) -> list[str]:
        made.append(settings)
        return make(settings)

    monkeypatch.setattr(isupport, "tokens", note)
    running = start_server(Settings(), quick_options(tmp_path))
    with Client(running.address, "alice") as alice, Client(running.address, "bobby") as bobby:
        before = announced(alice)
        assert before == announced(bobby)
        assert len(made) == 1
        changed = replace(running.call(lambda app: app.network.settings), about=About(network="Other"))
        running.call(lambda app: app.network.configure(changed))
        assert announced(alice) == announced(bobby) == before | {"NETWORK": "Other"}
        assert len(made) == 2

        def show_key(app: App) -> None:
            app.network.local.vapid = "key"

        running.call(show_key)
        assert announced(alice)["VAPID"] == "key"
