"""The store of passwords."""

import stat
import sys
from pathlib import Path
from types import ModuleType

import pytest

from greenchat.client.archive.vault import FileVault, Keyring, Vault
from greenchat.client.state.credentials import Credentials

ADA = Credentials("ada", "sécret")


def test_only_the_owner_can_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "data" / "credentials.json"
    vault = FileVault(path)
    assert vault.get("irc.example:6697", "ada") is None
    vault.put("irc.example:6697", "ada", ADA)
    vault.put("other:1", "eve", Credentials("eve", "x"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert FileVault(path).get("irc.example:6697", "Ada") == ADA
    vault.forget("irc.example:6697", "ADA")
    assert vault.get("irc.example:6697", "ada") is None
    assert vault.get("other:1", "eve") == Credentials("eve", "x")
    assert b"s\\u00e9cret" not in path.read_bytes()


def test_passwords_belong_to_a_nick(tmp_path: Path) -> None:
    vault = FileVault(tmp_path / "credentials.json")
    vault.put("irc.example:6697", "ada_phone", ADA)
    assert vault.get("irc.example:6697", "ada_phone") == ADA
    assert vault.get("irc.example:6697", "ada") is None
    assert vault.get("irc.example:6697", "eve") is None
    vault.forget("irc.example:6697", "eve")
    assert vault.get("irc.example:6697", "ada_phone") == ADA


def test_an_old_entry_by_server_belongs_to_its_account(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    path.write_text('{"a:1": {"account": "ada", "password": "s\\u00e9cret"}}')
    vault = FileVault(path)
    assert vault.get("a:1", "eve") is None
    vault.forget("a:1", "eve")
    assert vault.get("a:1", "Ada") == ADA
    vault.forget("a:1", "ada")
    assert vault.get("a:1", "ada") is None
    assert path.read_text() == "{}"


def test_a_file_that_others_can_read_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    path.write_text("{}")
    path.chmod(0o644)
    (tmp_path / "credentials.new").write_text("left over")
    FileVault(path).put("a:1", "ada", ADA)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("broken", ["", "[]", '{"a:1": 3}', '{"a:1": {"account": "ada"}}', "\xff"])
def test_a_broken_file_counts_as_empty(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "credentials.json"
    path.write_bytes(broken.encode("latin-1"))
    assert FileVault(path).get("a:1", "ada") is None
    FileVault(path).forget("a:1", "ada")
    FileVault(path).put("a:1", "ada", ADA)
    assert FileVault(path).get("a:1", "ada") == ADA


def test_repr_does_not_show_the_password() -> None:
    assert "cret" not in repr(ADA)


class FakeKeyring(ModuleType):
    """The part of the package `keyring` that the client uses."""

    def __init__(self, priority: float) -> None:
        super().__init__("keyring")
        self.priority = priority
        self.passwords: dict[tuple[str, str], str] = {}
        self.KeyringError = RuntimeError

    def get_keyring(self) -> "FakeKeyring":
        return self

    def get_password(self, service: str, name: str) -> str | None:
        return self.passwords.get((service, name))

    def set_password(self, service: str, name: str, password: str) -> None:
        self.passwords[service, name] = password

    def delete_password(self, service: str, name: str) -> None:
        if (service, name) not in self.passwords:
            raise RuntimeError("no such password")
        del self.passwords[service, name]


def test_passwords_are_stored_in_the_keyring(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ring = FakeKeyring(5)
    monkeypatch.setitem(sys.modules, "keyring", ring)
    monkeypatch.setitem(sys.modules, "keyring.errors", ring)
    keyring = Keyring()
    keyring.forget("a:1", "ada")
    assert keyring.put("a:1", "ada", ADA) == "the system's keyring"
    assert keyring.get("a:1", "ada") == ADA
    keyring.forget("a:1", "ada")
    assert keyring.get("a:1", "ada") is None
    ring.passwords["greenchat", "a:1"] = '{"account": "ada", "password": "old"}'
    assert keyring.get("a:1", "eve") is None
    assert keyring.get("a:1", "ada") == Credentials("ada", "old")
    keyring.forget("a:1", "ada")
    assert ring.passwords == {}


def test_the_keyring_is_loaded_only_for_passwords_that_it_holds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Loading it takes longer than the rest of the start, and it may prompt for a password of its own."""
    monkeypatch.setitem(sys.modules, "keyring", None)  # importing it raises
    (tmp_path / "credentials.json").write_text('{"ada@a:1": {"account": "ada", "password": "s\\u00e9cret"}}')
    vault = Vault(tmp_path)
    assert vault.get("a:1", "ada") == ADA
    assert not vault.is_in_keyring("a:1", "ada")

    ring = FakeKeyring(5)
    monkeypatch.setitem(sys.modules, "keyring", ring)
    monkeypatch.setitem(sys.modules, "keyring.errors", ring)
    assert vault.put("a:1", "Ada", ADA) == "the system's keyring"
    assert vault.is_in_keyring("a:1", "ada")
    assert vault.get("a:1", "ada") == ADA
    assert (tmp_path / "credentials.json").read_text() == "{}"
    assert "cret" not in (tmp_path / "in-keyring").read_text()
    assert not vault.is_in_keyring("a:1", "eve")
    vault.forget("a:1", "ada")
    assert not vault.is_in_keyring("a:1", "ada")
    assert ring.passwords == {}
    assert Vault(tmp_path).get("a:1", "ada") is None


def test_without_a_usable_keyring_passwords_are_stored_in_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", FakeKeyring(0))
    assert Vault(tmp_path).put("a:1", "ada", ADA) == f"{tmp_path / 'credentials.json'}, which only you can read"
    assert Vault(tmp_path).get("a:1", "ada") == ADA
