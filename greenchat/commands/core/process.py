"""What handlers may ask of their process."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from greenchat.chat.user import Session
from greenchat.storage.log import Log


@dataclass(frozen=True, slots=True)
class Reloaded:
    """The outcome of a reload of the configuration.

    file: its name, "" without one. error: why nothing has changed, "" if it did not fail.
    notes: if it worked: keys that need a restart, addresses that can't be listened on.
    """

    file: str
    error: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Port:
    """An address that the server listens on.

    serves: the protocols, in words. proxies: the only addresses that may connect, none if everybody may.
    """

    address: str
    number: int
    serves: str
    proxies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConnectionRules:
    """ping_after: seconds of silence. sendq: bytes that may wait for one client."""

    ping_after: float
    sendq: int


class HandoverError(Exception):
    """No other process can take over; the text says why. needs_restart: only a restart would do."""

    def __init__(self, text: str, *, needs_restart: bool = False) -> None:
        super().__init__(text)
        self.needs_restart = needs_restart


class AuditError(Exception):
    """The audit log can't be read; the text says why."""


class Audit(Protocol):
    """A log of acts: lines that are kept."""

    def write(self, line: str) -> None:
        """Add a line, without waiting until that is done."""

    def read(self, count: int, text: str) -> list[str] | AuditError:
        """Return the last lines that contain a text, the oldest first. Slow; from any thread."""


class Mail(Protocol):
    """Mail to people who are not connected."""

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
        """Return what a token says, if it is valid now (ms since the epoch).

        address: the IP address of whoever gives it, for the log. Slow; from any thread.
        """


class OutsideError(Exception):
    """A question to whoever knows people's passwords could not be answered; the text says why, for a log."""


class Outside(Protocol):
    """Others who know people's passwords: a program, a directory."""

    def check(self, name: str, password: str, address: str) -> str | OutsideError | None:
        """Return the name of the account whose password it is, None if nobody says that it is right.

        address: the IP address of whoever gives it. Slow; from any thread.
        """


class Process(Protocol):
    """The process."""

    @property
    def log(self) -> Log:
        """The log that puts acts in order."""

    def random(self, count: int) -> bytes:
        """Return so many random bytes that nobody can guess."""

    @property
    def audit(self) -> Audit:
        """The log of operators' acts."""

    @property
    def moderation(self) -> Audit:
        """The log of members' acts in their channels and with their accounts."""

    @property
    def mail(self) -> Mail:
        """The mail to people who are not connected."""

    @property
    def bearer(self) -> BearerTokens:
        """The tokens of the identity provider."""

    @property
    def outside(self) -> Outside:
        """Others who know people's passwords."""

    def stop(self, reason: str) -> None:
        """Close all listeners and connections and end."""

    def restart(self, who: str, reason: str) -> None:
        """Replace this process by a new one with the same command line. who: wanted it.

        If only a restart would do, stop for this reason and start it then.
        """

    def reload(self, who: str) -> Reloaded:
        """Reload the configuration; its changes are in force when this returns. who: reported to operators."""

    def relocate(self, session: Session, host: str) -> str:
        """Move a session to the IP address that its gateway gives; return "" or why there is no room for it."""

    def ports(self) -> list[Port]:
        """Return the ports that the server listens on."""

    @property
    def connection_rules(self) -> ConnectionRules:
        """The rules for connections."""
