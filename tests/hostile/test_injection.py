"""No text of a user becomes a second line, or an invalid one, for anybody, on any path into the server."""

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.file import ConfigError, load
from greenchat.config.options import Address, Email
from greenchat.config.settings import AccountSettings, Settings
from tests import irc
from tests.conftest import StartServer, Target, quick_options
from tests.hostile.world import check_line
from tests.irc import Client
from tests.opers import WITH_OPERS, become_oper
from tests.patience import PATIENCE
from tests.smtp import mail_server
from tests.world import World

_CAPS = (
    "batch server-time message-tags echo-message labeled-response setname draft/chathistory account-tag"
    " draft/multiline draft/relaymsg draft/metadata-2 draft/event-playback standard-replies"
)
_EVIL = [*"\r\0\v\f\x1c\x1d\x1e\x85\u2028\u2029\x08\x7f", "\0\r", "\x1b[2J"]
_FORGED = ":root!r@h PRIVMSG victim :forged"

# {} marks the place of the hostile character and a forged line.
_PATHS = [
    "NICK a{}",
    "USER a{} 0 * :x",
    "USER a 0 * :real{}",
    "PRIVMSG victim :hi{}",
    "PRIVMSG #room :hi{}",
    "PRIVMSG #room{} :hi",
    "NOTICE victim :hi{}",
    "@+draft/react=hi{} TAGMSG #room",
    "@+a=\\r\\n{} PRIVMSG #room :tagged",
    "@label=a{} PRIVMSG #room :hi",
    "@+na{}me=x PRIVMSG #room :hi",
    "JOIN #room{}",
    "PART #room :bye{}",
    "TOPIC #room :topic{}",
    "MODE #room +k key{}",
    "MODE #room +b ban{}!*@*",
    "MODE #room +f #for{}ward",
    "KICK #room victim :out{}",
    "INVITE victim #room{}",
    "KNOCK #room :let me in{}",
    "AWAY :gone{}",
    "SETNAME :name{}",
    "RENAME #room #moved{} :why{}",
    "REDACT #room id :why{}",
    "WHOIS a{}",
    "WHO a{}",
    "MONITOR + a{}",
    "PING :token{}",
    "CAP REQ :cap{}",
    "REGISTER * * pass{}",
    "AUTHENTICATE PL{}AIN",
    "CHATHISTORY LATEST #room{} * 5",
    "SEARCH text=a{}",
    "MARKREAD #room{}",
    "KILL victim :why{}",
    "WALLOPS :all{}",
    "QUIT :bye{}",
    "WEBIRC pass gate{} host 192.0.2.1",
    "METADATA * SET key :value{}",
    "METADATA * SET ke{}y :value",
    "METADATA #room SET key :value{}",
    "METADATA #room{} LIST",
    "METADATA * SUB ke{}y",
    "RELAYMSG #room evil/x{} :hi",
    "RELAYMSG #room evil/x :hi{}",
    "@+a=b{} RELAYMSG #room evil/x :hi",
    "BATCH +1 draft/multiline #room\r\n@batch=1 PRIVMSG #room :one{}\r\n"
    "@batch=1;draft/multiline-concat PRIVMSG #room :two{}\r\nBATCH -1",
    "BATCH +1{} draft/multiline #room{}",
    "UBAN ADD nobody{}!*@* 1d why",
    "UBAN ADD nobody!*@* 1d why{}",
    "UBAN DEL nobody{}",
    "SAJOIN victim #room{}",
    "SAPART victim #room :out{}",
    "SANICK watcher w{}",
    "SAMODE #room +I key{}!*@*",
    "REMOVE victim #room :out{}",
    "ACCEPT a{}",
    "CLOAK SHOW a{}",
    "AUDIT 5 a{}",
    "STATS a{}",
    "HELP a{}",
    "OPER ro{}ot secret{}",
    "PASS a{}",
    "VERIFY a{} code{}",
    "REGISTER acc{}ount * secret-words",
    "REGISTER * a{}@b.example secret-words",
    "NICKSERV REGISTER pass{} mail{}",
    "NICKSERV REGISTER secret-words a{}@b.example",
    "NICKSERV IDENTIFY ev{}il secret-words",
    "NICKSERV INFO ev{}il",
    "NICKSERV SET a{} b{}",
    "NICKSERV GHOST a{}",
    "NICKSERV CERT ADD a{}",
    "NICKSERV SAREGISTER a{} secret-words",
    "NICKSERV a{}",
    "CHANSERV INFO #room{}",
    "CHANSERV REGISTER #room{}",
    "CHANSERV AMODE #room +o a{}",
    "CHANSERV TRANSFER #room a{}",
    "CHANSERV a{}",
    "PRIVMSG HistServ :PLAY #room a{}",
    "PRIVMSG HistServ :DELETE #room a{}",
    "PRIVMSG HistServ :FORGET a{}",
    "PRIVMSG *playback :PLAY #room{} 0",
    "{}",
]


class _Wire:
    """A client that checks each line that it receives."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._rest = b""

    def until(self, token: str) -> list[str]:
        """Return all lines up to the answer to a PING, after checking each."""
        self.client.send(f"PING {token}")
        lines: list[str] = []
        while not (lines and " PONG " in lines[-1] and lines[-1].endswith(token)):
            while b"\r\n" not in self._rest:
                data = self.client.sock.recv(65536)
                if not data:
                    return lines
                self._rest += data
            line, _, self._rest = self._rest.partition(b"\r\n")
            message = check_line(line)
            assert message.source != "root!r@h", line
            lines.append(line.decode())
        return lines


_SETTINGS = replace(WITH_OPERS, accounts=AccountSettings(reserve_nicks=False, iterations=1))


@pytest.fixture
def address(start_server: StartServer, tmp_path: Path) -> Target:
    """Return the address of a server with operators."""
    return start_server(_SETTINGS, quick_options(tmp_path)).address


@pytest.mark.parametrize("path", _PATHS)
def test_a_line_stays_one_line(tmp_path: Path, path: str) -> None:
    with World(_SETTINGS, quick_options(tmp_path)) as world:
        _check_path(world, path)


@pytest.mark.parametrize("path", ["PRIVMSG #room :hi{}", "NICK a{}", "@label=a{} PRIVMSG #room :hi", "{}"])
def test_a_line_stays_one_line_in_a_socket(address: Target, path: str) -> None:
    _check_path(address, path)


def _check_path(address: irc.Target, path: str) -> None:
    """Send a line with each hostile character from a client of its own, while two others read."""
    with Client(address, "victim", caps=_CAPS) as victim, Client(address, "watcher") as watcher:
        wires = [_Wire(victim), _Wire(watcher)]
        victim.join("#room")
        watcher.join("#room")
        for number, evil in enumerate(_EVIL):
            with Client(address) as attacker:
                wire = _Wire(attacker)
                if number % 2 or not path.startswith("USER"):
                    attacker.register("evil", caps=_CAPS if number % 3 else "")
                    become_oper(attacker)
                    attacker.join("#room")
                attacker.send_raw(path.replace("{}", evil + _FORGED).encode() + b"\r\n")
                attacker.send("WHOIS evil", "MODE #room b")
                wire.until("a")
                for each in wires:
                    each.client.send("WHOIS evil", "WHO *", "TOPIC #room", "WHOWAS evil", "NAMES #room", "LIST")
                    if not any(" KILL " in line for line in each.until("b")):
                        continue
                    each.client.close()
                    return  # the victim was killed, with one line


@pytest.mark.parametrize("evil", _EVIL)
@pytest.mark.parametrize("key", ["motd", "description", "network", "admin.location", "name", "opers.root.title"])
def test_a_configuration_cannot_break_lines(tmp_path: Path, key: str, evil: str) -> None:
    """Texts that are sent unchanged are refused when they are read, or sent in one line."""
    text = json.dumps(f"text{evil}{_FORGED}")
    table, _, name = key.rpartition(".")
    value = f"[{text}]" if key == "motd" else text
    hashed = WITH_OPERS.staff.opers["root"].password
    rest = f'class = "a"\npassword = "{hashed}"\n[classes.a]\nrights = []\n' if table == "opers.root" else ""
    file = tmp_path / "server.toml"
    file.write_text((f"[{table}]\n" if table else "") + f"{name} = {value}\n{rest}", encoding="utf-8")
    try:
        settings: Settings = load(file).settings
    except ConfigError:
        return
    assert evil not in ("\r", "\0", "\0\r")
    about = settings.about
    shown = (*about.motd, about.description, about.network, settings.admin.location, settings.name)
    assert not {"\r", "\n", "\0"} & set("".join((*shown, *(oper.title for oper in settings.staff.opers.values()))))


def test_a_motd_file_is_split_at_its_lines_only(start_server: StartServer, tmp_path: Path) -> None:
    file = tmp_path / "motd.txt"
    file.write_bytes(b"one\ntwo\r\nthree")
    config = tmp_path / "server.toml"
    config.write_text(f"motd_file = {json.dumps(str(file))}\n")
    server = start_server(load(config).settings, quick_options(tmp_path))
    with Client(server.address, "reader") as reader:
        motd = [message.params[1] for message in reader.run("MOTD") if message.command == "372"]
    assert [line.removeprefix("- ") for line in motd] == ["one", "two", "three"]


def test_plain_text_cannot_break_lines(address: Target) -> None:
    with Client(address, "watcher", caps=_CAPS) as watcher:
        wire = _Wire(watcher)
        watcher.join("#lobby")
        for number, evil in enumerate(_EVIL):
            with Client(address) as plain:
                name = f"plain{number}{evil}".encode()
                plain.send_raw(
                    name + b"\nhello" + evil.encode() + _FORGED.encode() + b"\n/me x" + evil.encode() + b"\n"
                )
                plain.send_raw(b"/nick q" + evil.encode() + _FORGED.encode() + b"\n/quit bye" + evil.encode() + b"\n")
                output = b""
                with suppress(ConnectionResetError):  # the end of a client of another protocol, see PlainOutbox
                    while data := plain.sock.recv(4096):
                        output += data
            if "\0" in evil and b"joined" not in output:
                assert output in (b"", b"Goodbye: that was not text\n")  # binary input is not a name
                continue
            assert any(" JOIN " in line for line in wire.until(f"p{number}"))


@pytest.mark.parametrize("evil", ["\r", "\r ", *"\x85\u2028\v\f\x1c\x1d\x1e"])
def test_mail_has_the_intended_headers_only(start_server: StartServer, tmp_path: Path, evil: str) -> None:
    """Neither a user's address nor the network's name can add another one."""
    name = f"Chat{evil.replace(chr(13), '')}Bcc: x@y.example"
    settings = replace(WITH_OPERS, about=replace(WITH_OPERS.about, network=name))
    with mail_server("alice@example.org") as mailbox:
        email = Email(sender="greenchat@example.org", server=Address("127.0.0.1", mailbox.port), timeout=PATIENCE)
        server = start_server(settings, replace(quick_options(tmp_path), email=email))
        with Client(server.address, "alice") as alice:
            for address in f"alice@example.org{evil}Bcc:x@y.example", f"{evil}alice@example.org", f"a{evil}@b.example":
                assert set(alice.commands(f"REGISTER * {address} :sesame open")) <= {"FAIL", "400"}
            alice.send("REGISTER * alice@example.org :sesame open")
            assert alice.expect("REGISTER", "FAIL").params[0] == "VERIFICATION_REQUIRED"
            mail = mailbox.mail()
    assert {header.lower() for header in mail} <= {
        *("from", "to", "subject", "date", "message-id", "auto-submitted", "mime-version"),
        *("content-type", "content-transfer-encoding"),
    }
    assert mail["To"] == "alice@example.org"
    assert mailbox.mails.empty()
