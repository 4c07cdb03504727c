"""The interface of the server process for handlers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from greenchat.chat.user import Session
from greenchat.storage.log import Log


@dataclass(frozen=True, slots=True)
class Reloaded:
    """The outcome of a reload of the configuration.

    file: its name, "" without one. error: why nothing has changed, "" if it did not fail.
    notes: after success, keys that need a restart, and addresses that can't be listened on.
    """

    file: str
    error: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Port:
    """An address that the server listens on.

    serves: the protocols, for people. proxies: the only addresses that may connect, none if all may.
    """

    address: str
    number: int
    serves: str
    proxies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConnectionRules:
    """Rules for when to ping a client and when to drop it.

    ping_after: seconds of silence. sendq: bytes that may wait for one client.
    """

    ping_after: float
    sendq: int


class HandoverError(Exception):
    """No other process can take over; the text says why. needs_restart: whether a restart is needed instead."""

    def __init__(self, text: str, *, needs_restart: bool = False) -> None:
        super().__init__(text)
        self.needs_restart = needs_restart


class AuditError(Exception):
    """The audit log can't be read; the text says why."""


class Audit(Protocol):
    """A log of actions."""

    def write(self, line: str) -> None:
        """Add a line, without waiting for the disk."""

    def read(self, count: int, text: str) -> list[str] | AuditError:
        """Return the last lines that contain a text, the oldest first. Slow; from any thread."""


class Mail(Protocol):
    """Mail to users."""

    @property
    def is_on(self) -> bool:
        """Whether mail can be sent."""

    def send(self, to: str, subject: str, text: str) -> bool:
        """Send a mail; return whether that worked. Slow; from any thread."""


class BadTokenError(Exception):
    """A bearer token is not valid, or can't be checked; the text says why, for a log."""


class BearerTokens(Protocol):
    """Tokens of an identity provider."""

    def claims(self, token: str, now: int, address: str) -> Mapping[str, Any] | BadTokenError:
        """Return the claims of a token, if it is valid now (ms since the epoch).

        address: the client's IP address, for the log. Slow; from any thread.
        """


class ExternalAuthError(Exception):
    """An external password service could not check a login; the text says why, for the log."""


class ExternalAuth(Protocol):
    """External password services: a program, a directory."""

    def check(self, name: str, password: str, address: str) -> str | ExternalAuthError | None:
        """Return the name of the account with this password, None if it is wrong.

        address: the client's IP address. Slow; from any thread.
        """


class Process(Protocol):
    """The server process, as handlers see it."""

    @property
    def log(self) -> Log:
        """The log that orders acts."""

    def random(self, count: int) -> bytes:
        """Return `count` random bytes from a cryptographic source."""

    @property
    def audit(self) -> Audit:
        """The log of operators' actions."""

    @property
    def moderation(self) -> Audit:
        """The log of members' actions in their channels and with their accounts."""

    @property
    def mail(self) -> Mail:
        """The mailer."""

    @property
    def bearer(self) -> BearerTokens:
        """The tokens of the identity provider."""

    @property
    def external_auth(self) -> ExternalAuth:
        """External services that check passwords."""

    def stop(self, reason: str) -> None:
        """Close all listeners and connections and end."""

    def restart(self, who: str, reason: str) -> None:
        """Replace this process by a new one with the same command line. who: the operator.

        If that is not possible, stop with this reason and restart.
        """

    def reload(self, who: str) -> Reloaded:
        """Reload the configuration; its changes are in force when this returns. who: reported to operators."""

    def relocate(self, session: Session, host: str) -> str:
        """Move a session to the IP address that its gateway reports; return "", or why that address may not connect."""

    def ports(self) -> list[Port]:
        """Return the ports that the server listens on."""

    @property
    def connection_rules(self) -> ConnectionRules:
        """The rules for connections."""
