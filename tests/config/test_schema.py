"""Keys of the configuration that no other test covers: each has the effect that the example describes."""

import tomllib
from pathlib import Path
from time import time

import pytest

from greenchat.config.file import Config, ConfigError, load, parse
from tests.commands.devices import log_in
from tests.conftest import StartServer, quick_options
from tests.irc import Client, people

PASSWORD = "sesame open"


def config(text: str) -> Config:
    return parse(tomllib.loads(text), folder=Path("/nowhere"))


@pytest.mark.parametrize(("allowed", "answer"), [("true", "REGISTER"), ("false", "FAIL")])
def test_custom_names(start_server: StartServer, tmp_path: Path, allowed: str, answer: str) -> None:
    """ "allow account names other than the nickname"."""
    settings = config(f"[accounts]\ncustom_names = {allowed}").settings
    with Client(start_server(settings, quick_options(tmp_path)).address, "alice") as alice:
        alice.send(f"REGISTER liddell * :{PASSWORD}")
        assert alice.expect("REGISTER", "FAIL").command == answer
        offers = " ".join(line.params[-1] for line in alice.run("CAP LS 302"))
        assert ("custom-account-name" in offers) is (allowed == "true")


def test_email_required(start_server: StartServer, tmp_path: Path) -> None:
    """ "require an email address"."""
    settings = config("[accounts]\nemail_required = true").settings
    with Client(start_server(settings, quick_options(tmp_path)).address, "alice") as alice:
        alice.send(f"REGISTER * * :{PASSWORD}")
        assert alice.expect("REGISTER", "FAIL").command == "FAIL"
        alice.send(f"REGISTER * alice@example.org :{PASSWORD}")
        assert alice.expect("REGISTER", "FAIL").command == "REGISTER"


@pytest.mark.parametrize(("allowed", "answer"), [("true", "001"), ("false", "433")])
def test_multiclient(start_server: StartServer, tmp_path: Path, allowed: str, answer: str) -> None:
    """ "let connections that log in to one account share a nickname"."""
    settings = config(f"[accounts]\nmulticlient = {allowed}").settings
    address = start_server(settings, quick_options(tmp_path)).address
    with Client(address, "alice") as laptop, Client(address) as phone:
        laptop.send(f"REGISTER * * :{PASSWORD}")
        laptop.expect("REGISTER")
        phone.send("CAP LS 302", "CAP REQ sasl", "NICK alice", "USER a 0 * :A")
        log_in(phone, "alice")
        phone.expect("903")
        phone.send("CAP END")
        assert phone.expect("001", "433").command == answer


def test_lobby(start_server: StartServer, tmp_path: Path) -> None:
    """ "the channel of the plain-text clients"."""
    settings = config("lobby = '#bar'").settings
    address = start_server(settings, quick_options(tmp_path)).address
    with Client(address, "alice") as alice, Client(address) as nc:
        alice.join("#bar")
        nc.send_raw(b"bob\nhello\n")
        assert alice.expect("PRIVMSG").params == ("#bar", "hello")


@pytest.mark.parametrize(("most", "found"), [(0, ["406", "369"]), (1, ["314", "312", "369"])])
def test_whowas(start_server: StartServer, tmp_path: Path, most: int, found: list[str]) -> None:
    """ "former users kept for WHOWAS"."""
    settings = config(f"[limits]\nwhowas = {most}").settings
    with Client(start_server(settings, quick_options(tmp_path)).address, "a") as alice:
        alice.run("NICK b", "NICK c")
        assert alice.commands("WHOWAS a") == ["406", "369"]
        assert alice.commands("WHOWAS b") == found


def test_redact_window(start_server: StartServer, tmp_path: Path) -> None:
    """ "seconds in which what was said can be taken back"."""
    settings = config("[history]\nredact_window = 10").settings
    server = start_server(settings, quick_options(tmp_path))
    caps = "draft/message-redaction echo-message message-tags"
    with people(server.address, "bob", "alice", caps=caps, channel="#a") as (_, alice):
        first, second = (alice.run(f"PRIVMSG #a :{text}")[0].tags["msgid"] for text in "12")
        assert alice.commands(f"REDACT #a {first}") == ["REDACT"]
        server.call(lambda app: setattr(app, "now", lambda: int(time() * 1000) + 11_000))
        assert alice.run(f"REDACT #a {second}")[0].params[:2] == ("REDACT", "REDACT_WINDOW_EXPIRED")


def test_self_signed(tmp_path: Path) -> None:
    """ "without a certificate, make a self-signed one in the data folder"."""
    file = tmp_path / "server.toml"
    file.write_text("[tls]\nself_signed = true\n")
    assert load(file).options.tls.is_given
    file.write_text("[tls]\nself_signed = false\n")
    assert not load(file).options.tls.is_given


def test_host(tmp_path: Path) -> None:
    """HOSTLEN is true: hosts that are shown without a cloak must fit."""
    file = tmp_path / "server.toml"
    file.write_text("[limits]\nhost = 40\n[cloak]\nenabled = false\n")
    with pytest.raises(ConfigError, match=r"limits\.host: must be at least 55 if cloak\.enabled is false"):
        load(file)
