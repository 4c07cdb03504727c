"""What handlers may ask of the process that they run in."""

from dataclasses import dataclass
from typing import Protocol

from greenchat.chat.user import Session
from greenchat.storage.log import Log


@dataclass(frozen=True, slots=True)
class Reloaded:
    """The outcome of reading the configuration again.

    file: its name, "" without one. error: why all stays as it was, "" where it did not fail.
    notes: what to know where it worked: keys that need a restart, addresses that can't be listened on.
    """

    file: str
    error: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Port:
    """An address on which it listens.

    serves: what there is, in words. proxies: the only addresses that may connect, none where everybody may.
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


class AuditError(Exception):
    """The audit log can't be read; the text says why."""


class Audit(Protocol):
    """A log of people's acts: lines that are kept."""

    def write(self, line: str) -> None:
        """Add a line, without waiting until that is done."""

    def read(self, count: int, text: str) -> list[str] | AuditError:
        """The last lines that hold a text, the oldest first. Slow; from any thread."""


class Mail(Protocol):
    """Mail to people who are not connected."""

    @property
    def is_on(self) -> bool:
        """Whether there is a way to send any."""

    def send(self, to: str, subject: str, text: str) -> bool:
        """Send a mail; whether that worked. Slow; from any thread."""


class Process(Protocol):
    """The process."""

    @property
    def log(self) -> Log:
        """The log that puts acts in order."""

    def random(self, count: int) -> bytes:
        """So many bytes that nobody can guess."""

    @property
    def audit(self) -> Audit:
        """The log of operators' acts."""

    @property
    def moderation(self) -> Audit:
        """The log of members' acts in their channels and with their accounts."""

    @property
    def mail(self) -> Mail:
        """The mail to people who are not connected."""

    def stop(self, reason: str) -> None:
        """Close all listeners and connections and end."""

    def restart(self, reason: str) -> None:
        """As stop, and then start anew with the same command line."""

    def reload(self, who: str) -> Reloaded:
        """Read the configuration again; what it changes is in force when this returns. who: is told to operators."""

    def relocate(self, session: Session, host: str) -> str:
        """A session comes from this IP address, as its gateway says: "" or why there is no room for it."""

    def ports(self) -> list[Port]:
        """Return the ports that the server listens on."""

    @property
    def connection_rules(self) -> ConnectionRules:
        """The rules for connections."""
