"""The store of passwords on this machine: the system's keyring, or a file of the user's own."""

import contextlib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Protocol

from greenchat.client.state.credentials import Credentials
from greenchat.client.state.paths import locked_folder, write_whole

SERVICE = "greenchat"


class CredentialStore(Protocol):
    """A store of credentials, by the server's HOST:PORT and the wanted nickname.

    By the nick, so that a user with another nick is not logged in to an account unasked.
    """

    def get(self, server: str, nick: str) -> Credentials | None:
        """Return the credentials of a nickname on a server."""

    def put(self, server: str, nick: str, credentials: Credentials) -> str:
        """Store the credentials; return where, as text for the user. Raises OSError."""

    def forget(self, server: str, nick: str) -> None:
        """Delete the credentials. Raises OSError."""


class FileVault(CredentialStore):
    """A store of credentials in one JSON file, written whole, with mode 0600 from the start."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, server: str, nick: str) -> Credentials | None:
        """Return the credentials of a nickname on a server; None also if the file can't be read."""
        return _find(self._read().get, server, nick)

    def put(self, server: str, nick: str, credentials: Credentials) -> str:
        """Store the credentials. Raises OSError."""
        with locked_folder(self._path.parent):
            self._write(self._read() | {_name(server, nick): _document(credentials)})
        return f"{self._path}, which only you can read"

    def forget(self, server: str, nick: str) -> None:
        """Delete the credentials. Raises OSError."""
        with locked_folder(self._path.parent):
            stored = self._read()
            removed = [name for name in _names(stored.get, server, nick) if stored.pop(name, None) is not None]
            if removed:
                self._write(stored)

    def _read(self) -> dict[str, object]:
        try:
            data = self._path.read_bytes()
        except OSError:
            return {}  # most users have no account, and need no json
        import json

        try:
            document = json.loads(data)
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}

    def _write(self, stored: dict[str, object]) -> None:
        import json

        write_whole(self._path, json.dumps(stored, indent=1))


class Keyring(CredentialStore):
    """The system's keyring. Raises ImportError if no keyring works."""

    def __init__(self) -> None:
        keyring = import_module("keyring")  # optional, and not a dependency
        if keyring.get_keyring().priority < 1:
            raise ImportError("no usable keyring")
        self._keyring = keyring
        self._error: type[Exception] = import_module("keyring.errors").KeyringError

    def get(self, server: str, nick: str) -> Credentials | None:
        """Return the credentials of a nickname on a server; None also if the keyring stays locked."""
        return _find(self._read, server, nick)

    def put(self, server: str, nick: str, credentials: Credentials) -> str:
        """Store the credentials. Raises OSError."""
        import json

        try:
            self._keyring.set_password(SERVICE, _name(server, nick), json.dumps(_document(credentials)))
        except self._error as error:
            raise OSError(f"the keyring refused: {error}") from error
        return "the system's keyring"

    def forget(self, server: str, nick: str) -> None:
        """Delete the credentials."""
        for name in _names(self._read, server, nick):
            with contextlib.suppress(self._error):  # there were none
                self._keyring.delete_password(SERVICE, name)

    def _read(self, name: str) -> object:
        import json

        try:
            text = self._keyring.get_password(SERVICE, name)
            return json.loads(text) if text else None
        except (self._error, ValueError):
            return None


class Vault:
    """The user's credentials: in the system's keyring if there is one, otherwise in a file in this folder.

    A list beside the file names what is in the keyring. Loading a keyring takes as long as the rest of the start, and
    it may ask the user for a password of its own, so it is asked only for what it holds.
    """

    def __init__(self, folder: Path) -> None:
        self._file = FileVault(folder / "credentials.json")
        self._list = folder / "in-keyring"

    def is_in_keyring(self, server: str, nick: str) -> bool:
        """Whether `get` asks the keyring, which may take until the user has unlocked it."""
        return _name(server, nick) in self._listed()

    def get(self, server: str, nick: str) -> Credentials | None:
        """Return the credentials of a nickname on a server; None also if the keyring stays locked."""
        if self.is_in_keyring(server, nick) and (keyring := _keyring()):
            return keyring.get(server, nick)
        return self._file.get(server, nick)

    def put(self, server: str, nick: str, credentials: Credentials) -> str:
        """Store the credentials; return where, as text for the user. Raises OSError."""
        keyring = _keyring()
        if keyring is None:
            return self._file.put(server, nick, credentials)
        place = keyring.put(server, nick, credentials)
        self._note(self._listed() | {_name(server, nick)})
        self._file.forget(server, nick)
        return place

    def forget(self, server: str, nick: str) -> None:
        """Delete the credentials. Raises OSError."""
        if self.is_in_keyring(server, nick):
            if keyring := _keyring():
                keyring.forget(server, nick)
            self._note(self._listed() - {_name(server, nick)})
        self._file.forget(server, nick)

    def _listed(self) -> set[str]:
        try:
            return set(self._list.read_text(encoding="utf-8").split("\n")) - {""}
        except (OSError, UnicodeDecodeError):
            return set()  # most users have none

    def _note(self, names: set[str]) -> None:
        self._list.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._list.write_text("".join(f"{name}\n" for name in sorted(names)), encoding="utf-8")


def _keyring() -> Keyring | None:
    try:
        return Keyring()
    except ImportError:
        return None


def _name(server: str, nick: str) -> str:
    return f"{nick.lower()}@{server}"


def _names(read: Callable[[str], object], server: str, nick: str) -> list[str]:
    """Return the keys under which a nickname's credentials may be, including old ones by server only (for its
    account).
    """
    before = _parse(read(server))
    return [_name(server, nick), *([server] if before and before.account.lower() == nick.lower() else [])]


def _find(read: Callable[[str], object], server: str, nick: str) -> Credentials | None:
    candidates = (_parse(read(name)) for name in _names(read, server, nick))
    return next((credentials for credentials in candidates if credentials), None)


def _document(credentials: Credentials) -> dict[str, str]:
    return {"account": credentials.account, "password": credentials.password}


def _parse(document: object) -> Credentials | None:
    match document:
        case {"account": str(account), "password": str(password)}:
            return Credentials(account, password)
    return None
