"""Accounts with stored passwords: in the system's keyring, or in a file that only its owner can read.

Passwords are never in the configuration, the input history, or a log. The keyring is used if the package `keyring` (the
extra `keyring`) is installed and has a backend, otherwise a JSON file with mode 0600 in the data folder. If nothing is
stored, the setting `password.command` can name a program that prints the password.
"""

from typing import Protocol

from greenchat.records import field, record

SERVER = "*"  # instead of an account: the connection password of a server; it is no valid nickname


@record(frozen=True, slots=True)
class Credentials:
    """An account on a server. The password is in no repr, and so in no traceback."""

    account: str
    password: str = field(repr=False)


class PayloadChunks(Protocol):
    """Joins the chunks of the server's payload."""

    def feed(self, chunk: str) -> bytes | None:
        """Take a chunk, and return the whole payload after the last one."""


class Proof(Protocol):
    """The client's side of SCRAM."""

    def first(self) -> str:
        """Return the client's first message."""

    def final(self, server_first: str) -> str:
        """Return the client's second message."""

    def check(self, server_final: str) -> None:
        """Check that the server knows the password, too. Raises ValueError."""


@record(slots=True, eq=False)
class Attempt:
    """A SASL exchange. others: the mechanisms to try next if the server does not know this one.

    step: the number of sent responses. code: of an authenticator app, appended to the password.
    """

    mechanism: str
    others: list[str]
    exchange: Proof | None = None
    collector: PayloadChunks | None = None
    step: int = 0
    code: str = ""
