"""Certificates that the user trusts, and servers that require TLS."""

import stat
from pathlib import Path

import pytest

from greenchat.client.irc import unsent
from greenchat.client.irc.trust import Trust
from greenchat.client.state.address import ServerAddress
from greenchat.client.state.effects import Connect, PinCertificate, Reconnect, RequireTls
from greenchat.client.state.events import Untrusted
from tests.client.world import World

OLD, NEW = "ab" * 32, "cd" * 32
SECURE = ServerAddress("irc.example", 6697, tls=True)


def test_trusted_certificates_are_saved(tmp_path: Path) -> None:
    path = tmp_path / "data" / "trust.json"
    trust = Trust(path)
    trust.trust(SECURE, OLD)
    assert Trust(path).pin(SECURE) == OLD
    assert Trust(path).pin(ServerAddress("irc.example", 6698, tls=True)) == ""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_host_with_sts_gets_tls_until_the_policy_expires(tmp_path: Path) -> None:
    path = tmp_path / "trust.json"
    Trust(path).require_tls(SECURE, until=1000)
    trust = Trust(path)
    assert trust.secured(ServerAddress("irc.example", 6667), 999) == SECURE
    assert trust.secured(ServerAddress("irc.example", 6667), 1000) is None
    assert trust.secured(ServerAddress("other.example", 6667), 999) is None
    assert trust.is_secured(SECURE, 999)


@pytest.mark.parametrize("broken", ["", "[]", '{"pins": 3, "sts": {"a": 1, "b": ["x", 1]}}', '{"pins": {"a:1": 2}}'])
def test_a_broken_file_counts_as_empty(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "trust.json"
    path.write_text(broken)
    trust = Trust(path)
    assert trust.pin(ServerAddress("a", 1)) == ""
    assert trust.secured(ServerAddress("b", 1), 0) is None


def untrusted(world: World, fingerprint: str) -> None:
    world.console.on_network(world.network, Untrusted(fingerprint, "self-signed certificate"), world.now)
    world.lose("self-signed certificate")


def test_the_fingerprint_is_asked_about_the_first_time(world: World) -> None:
    untrusted(world, OLD)
    assert world.network.link.leaving  # no attempt before the answer
    shown = world.shown("")
    half = ":".join(["AB"] * 16)
    assert shown[1] == f"! {half}:\n{half}"
    assert world.screen()[-1] == "trust/leave?"
    world.type("trust\n")
    assert list(world.model.effects) == [PinCertificate(world.network, OLD), Connect(world.network)]
    assert world.network.login.pin == OLD


def test_an_invalid_answer_is_refused(world: World) -> None:
    untrusted(world, OLD)
    assert "trust: this certificate from now on; leave: " in world.screen()[-2]
    world.type("yes\n")
    shown = "".join(world.screen()[-3:])
    assert shown == " 'yes' is not an answer. Type trust or leave; Escape is leave.trust/leave?"


def test_leaving_pins_nothing(world: World) -> None:
    untrusted(world, OLD)
    world.press("Escape")
    assert not world.model.effects
    assert world.network.login.pin == ""


def test_a_changed_certificate_needs_a_whole_word(world: World) -> None:
    world.network.login.pin = OLD
    untrusted(world, NEW)
    shown = "\n".join(world.shown(""))
    assert "HAS CHANGED" in shown
    assert "AB:AB" in shown
    assert "CD:CD" in shown
    world.type("t\n")
    assert not world.model.effects  # a letter is not enough
    world.type("trust\n")
    assert list(world.model.effects) == [PinCertificate(world.network, NEW), Connect(world.network)]


def test_a_script_trusts_no_certificate(world: World) -> None:
    world.model.is_interactive = False
    untrusted(world, OLD)
    assert not world.model.effects
    assert world.network.link.leaving


def test_sts_switches_to_tls_before_anything_is_sent(world: World) -> None:
    world.connect()
    world.sent()
    # "the client MUST NOT perform any further IRC commands on the insecure connection"
    world.feed(":srv CAP * LS :multi-prefix sts=port=6697,duration=300")
    assert world.sent() == []
    assert world.network.address == SECURE
    assert list(world.model.effects) == [Reconnect(world.network, "to switch to TLS")]
    untrusted(world, OLD)
    assert not world.model.questions  # "Clients MUST NOT allow users to override certificate failures"
    assert world.screen()[-1] == "[net]"


def test_sts_is_saved_over_tls_only(world: World) -> None:
    world.network.address = SECURE
    world.connect()
    world.feed(":srv CAP * LS :sts=port=6697,duration=300")
    assert list(world.model.effects) == [RequireTls(world.network, 300)]


@pytest.mark.parametrize("value", ["", "=duration=300", "=port=x", "=port=0", "=port=99999"])
def test_invalid_sts_policies_change_nothing(world: World, value: str) -> None:
    world.connect()
    world.sent()
    world.feed(f":srv CAP * LS :multi-prefix sts{value}")
    assert world.sent() == ["CAP REQ multi-prefix"]


def test_two_clients_keep_each_others_entries(tmp_path: Path) -> None:
    one, two = Trust(tmp_path / "trust.json"), Trust(tmp_path / "trust.json")
    first, second = ServerAddress("a.example", 6697, tls=True), ServerAddress("b.example", 6697, tls=True)
    one.trust(first, "aa")
    two.trust(second, "bb")
    one.require_tls(first, 2000)
    again = Trust(tmp_path / "trust.json")
    assert (again.pin(first), again.pin(second), again.is_secured(first, 1000)) == ("aa", "bb", True)


def test_a_script_is_told_what_a_user_has_to_do(world: World) -> None:
    world.model.is_interactive = False
    untrusted(world, OLD)
    world.console.ask(world.now)
    outcome = unsent.outcome(world.model)
    assert outcome.startswith(
        f"{world.network.address} has a certificate that is not trusted here (self-signed certificate)."
    )
    assert outcome.endswith("Connect once without --plain, to compare its fingerprint and trust it")
    assert not world.model.effects
