"""The user's login on a server: the account and its password, where these are stored, and the state of the login.

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


@record(slots=True, eq=False)
class Login:
    """The user's account on the server, and the security of the connection.

    credentials: for this and every later connection. certificate: the path of the client certificate with its key. pin:
    the fingerprint of the server's trusted certificate. only_tls: whether STS forbids accepting an invalid certificate.
    account: the one we are logged in to. keep: whether to offer saving the credentials after a login. email: of a new
    account. password_typed: whether one was typed while online; it may work for more than this connection.
    reconnecting: whether we end the connection to reconnect at once, with a password or by TLS. announced: the account
    of the last login that was shown. silent_rejoins: folded channels whose rejoin is not shown. resume_token: lets a
    guest continue after an upgrade of the server. password_error: the shown error of the password command.
    server_password: the parameter of PASS, for servers with a connection password. upstream: an account on the network
    behind a bouncer, of this connection only. registering: whether an account is being registered with these
    credentials. code_wanted: why the server requires a code of an authenticator app, for which the user is asked.
    """

    credentials: Credentials | None = None
    upstream: Credentials | None = None
    certificate: str = ""
    pin: str = ""
    only_tls: bool = False
    account: str = ""
    attempt: Attempt | None = None
    keep: bool = False
    email: str = ""
    registering: bool = False
    password_typed: bool = False
    reconnecting: bool = False
    resume_token: str = ""
    announced: str = ""
    code_wanted: str = ""
    password_error: str = ""
    server_password: str = field(default="", repr=False)
    silent_rejoins: set[str] = field(default_factory=set)

    def reset(self) -> None:
        """Prepare for a new connection."""
        self.attempt = None
        self.account = ""
        self.upstream = None
        self.password_typed = self.registering = False

    def use(self, credentials: Credentials | None, *, keep: bool) -> None:
        """Log in with these credentials from now on. keep: whether to offer saving them."""
        self.credentials = credentials
        self.keep = keep

    def use_upstream(self, credentials: Credentials | None) -> None:
        """Log in with these credentials behind the bouncer, which saves them itself."""
        self.upstream = credentials
        self.keep = False

    def use_server_password(self, password: str) -> None:
        """Send this parameter of PASS from now on, and offer to save it."""
        self.server_password = password
        self.keep = True

    def use_like(self, other: "Login") -> None:
        """Use the credentials of another connection, to the same server."""
        self.credentials = other.credentials
        self.server_password = other.server_password
        self.certificate = other.certificate
        self.pin = other.pin

    def forget_passwords(self) -> tuple[Credentials | None, str]:
        """Forget the credentials and the connection password, and return them."""
        passwords = self.credentials, self.server_password
        self.credentials = None
        self.server_password = ""
        return passwords

    def forget_server(self) -> None:
        """Forget what belongs to another server: the credentials, and the certificate that was trusted."""
        self.credentials = None
        self.pin = ""

    def apply_trust(self, *, only_tls: bool, pin: str) -> None:
        """Apply the stored decisions about the server. pin: used unless there is one already."""
        self.only_tls = only_tls
        self.pin = self.pin or pin

    def begin_attempt(self, mechanisms: list[str], code: str = "") -> str:
        """Begin a SASL exchange with the first of these mechanisms, and return it."""
        self.attempt = Attempt(mechanisms[0], mechanisms[1:], code=code)
        return mechanisms[0]

    def end_attempt(self) -> None:
        """End the SASL exchange."""
        self.attempt = None

    def require_code(self, reason: str) -> None:
        """Note that the login needs a code of an authenticator app, too."""
        self.attempt = None
        self.code_wanted = reason

    def succeed(self, account: str) -> None:
        """Note that we are logged in."""
        self.account = account
        self.attempt = None
        self.code_wanted = ""

    def log_out(self) -> None:
        """Note that we are logged out."""
        self.account = self.announced = ""

    def begin_registration(self, email: str) -> None:
        """Note that an account is being registered with the credentials."""
        self.email = email
        self.registering = True

    def take_password_typed(self) -> bool:
        """Return `password_typed`, and reset it."""
        password_typed, self.password_typed = self.password_typed, False
        return password_typed

    def take_reconnecting(self) -> bool:
        """Return `reconnecting`, and reset it."""
        reconnecting, self.reconnecting = self.reconnecting, False
        return reconnecting
