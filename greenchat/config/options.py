"""What an operator may decide about the process: addresses, the data folder, and how clients are kept in bounds.

A field with a `Key` is a key of the configuration file, as in `chat.settings`.
"""

from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

from greenchat.config import validators
from greenchat.config.key import Key
from greenchat.config.web import Metrics, Web
from greenchat.protocol import first_bytes
from greenchat.values import addresses
from greenchat.values.addresses import IpNetwork


@dataclass(frozen=True, slots=True)
class Address:
    """An address to listen on. host "" means every interface; port 0 any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host or "*"
        return f"{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @classmethod
    def parse(cls, text: str) -> "Address":
        """`[HOST]:PORT`. Raises ValueError."""
        host, colon, port = text.rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        if (
            not colon
            or not port.isascii()
            or not port.isdigit()
            or int(port) > 65535
            or (":" in host and not bracketed)
        ):
            raise ValueError(f"{text!r} is not [HOST]:PORT, as in 127.0.0.1:9090, [::1]:9090 or :9090")
        return cls("" if host == "*" else host.strip("[]"), int(port))


DEFAULT_ADDRESS = Address("127.0.0.1", 9090)
NOT_GIVEN = Path()

_LOCAL = (addresses.network("127.0.0.0/8"), addresses.network("::1/128"))


@dataclass(frozen=True, slots=True)
class ListenerOptions:
    """An address and the protocols served there."""

    address: Annotated[Address, Key("[HOST]:PORT; :PORT is every interface, port 0 any free one", parse=Address.parse)]
    kind: Annotated[str, Key("auto finds out what each client speaks", choices=first_bytes.CHOICES)] = "auto"
    prompt: Annotated[
        str,
        Key(
            "for plain text, when a client is asked for its name: after the grace, now, or never (those who send"
            " it unasked and get who~text)",
            choices=("grace", "now", "tilde"),
        ),
    ] = "grace"
    prompt_text: Annotated[
        str,
        Key(
            "for plain text, what asks for the name; empty: NICK, without anything behind it, which is what programs"
            " wait for",
            parse=validators.line,
        ),
    ] = ""
    charset: Annotated[
        str,
        Key(
            "for plain text, what clients are sent: ascii for programs that die of anything else",
            choices=("utf-8", "ascii"),
        ),
    ] = "utf-8"
    tls: Annotated[
        str,
        Key(
            "whether clients may begin TLS, must, or can't; [tls] has the certificate", choices=("may", "must", "never")
        ),
    ] = "may"
    proxy: Annotated[
        tuple[IpNetwork, ...],
        Key(
            "the proxies in front of it: each must send a PROXY header (v1 or v2) or, before HTTP, X-Forwarded-For or"
            " Forwarded; others are refused",
            parse=addresses.network,
        ),
    ] = ()


@dataclass(frozen=True, slots=True)
class Connections:
    """The limits on connections: how many there may be, and when they have to end. Times in seconds."""

    most: Annotated[int, Key("at once; 0: as many as the system allows", 0, 10_000_000)] = 0
    per_address: Annotated[int, Key("at once from one address; 0: no limit", 0, 1_000_000)] = 100
    per_minute: Annotated[int, Key("new ones from one address in a minute; 0: no limit", 0, 1_000_000)] = 120
    per_network: Annotated[
        int, Key("new ones from one network (/24, of IPv6 /48) in a minute; 0: no limit", 0, 1_000_000)
    ] = 600
    exempt: Annotated[tuple[IpNetwork, ...], Key("addresses that these limits spare", parse=addresses.network)] = _LOCAL
    sendq: Annotated[int, Key("bytes that may wait for one slow client", 16 * 1024, 1 << 30)] = 1024 * 1024
    sendq_total: Annotated[
        int, Key("bytes that may wait for all slow clients; beyond that the slowest go; 0: no limit", 0, 1 << 40)
    ] = 256 * 1024 * 1024
    register_timeout: Annotated[float, Key("seconds to give a nickname", 1, 3600)] = 60.0
    ping_after: Annotated[float, Key("seconds of silence before a PING", 1, 86400)] = 120.0
    ping_timeout: Annotated[float, Key("seconds to answer it", 1, 3600)] = 60.0
    close_timeout: Annotated[float, Key("seconds to take our last words", 0.1, 4)] = 3.0


@dataclass(frozen=True, slots=True)
class PlainText:
    """Clients that are no IRC clients: nc, telnet, simple socket programs. Times in seconds."""

    grace: Annotated[float, Key("seconds of silence before a new client is asked for its name", 0.01, 10)] = 0.4
    name_timeout: Annotated[float, Key("seconds to give it: a dialog may be open", 1, 86400)] = 600.0
    prompts: Annotated[int, Key("clients that may be asked at once; one more, and the oldest is dropped", 1)] = 4096


@dataclass(frozen=True, slots=True)
class Throttle:
    """The limits on the pace of one client. 0 switches a throttle off."""

    commands: Annotated[float, Key("lines a second; faster ones wait; 0: no limit", 0, 1_000_000)] = 20.0
    burst: Annotated[int, Key("lines at once before that", 1, 1_000_000)] = 100
    newcomer_burst: Annotated[
        int, Key("lines at once from who has just come; it grows to burst with time, or by a login", 1, 1_000_000)
    ] = 20
    unread: Annotated[
        int,
        Key("bytes that a client may send ahead of its time; more, for two seconds, end it; 0: no limit", 0, 1 << 30),
    ] = 32 * 1024
    registrations: Annotated[
        int,
        Key(
            "accounts from one address, but this machine, or with one mailbox in ten minutes; 0: no limit", 0, 1_000_000
        ),
    ] = 5
    logins: Annotated[
        int,
        Key("wrong passwords in ten minutes from one address, or for one account; 0: no limit", 0, 1_000_000),
    ] = 10


@dataclass(frozen=True, slots=True)
class Email:
    """The way to send mail: the codes that confirm the address with which an account was registered."""

    sender: Annotated[
        str,
        Key(
            "whom it comes from, like greenchat@example.org; empty: none is sent, and addresses are not confirmed",
            parse=validators.mailbox,
        ),
    ] = ""
    server: Annotated[Address, Key("the SMTP server, HOST:PORT", parse=Address.parse)] = Address("localhost", 25)
    security: Annotated[
        str,
        Key("how to speak to it: at once with TLS, by STARTTLS, or unencrypted", choices=("tls", "starttls", "none")),
    ] = "none"
    user: Annotated[str, Key("as whom to log in there; empty: not at all")] = ""
    password: Annotated[str, Key("with which password")] = ""
    command: Annotated[
        str, Key('a command that takes the mail, instead of a server, like "/usr/sbin/sendmail -t -i"')
    ] = ""
    timeout: Annotated[float, Key("seconds that it may take", 1, 300)] = 20.0


@dataclass(frozen=True, slots=True)
class Storage:
    """The place of history, accounts and channels, and how safely and how long they are kept."""

    persistent: Annotated[bool, Key("keep it in the data folder; false: forget all at the end", restart=True)] = True
    durability: Annotated[
        str,
        Key(
            "what no message that anybody saw is lost by: the end of the process, however sudden, or a power cut too",
            choices=("process", "power"),
            restart=True,
        ),
    ] = "process"
    keep_days: Annotated[float, Key("days that history is kept; 0: for ever", 0, 100_000, restart=True)] = 0.0
    keep_per_channel: Annotated[int, Key("messages and events kept of each channel; 0: all", 0, restart=True)] = 0
    keep_unregistered: Annotated[
        int, Key("messages and events kept of each channel that is registered to nobody; 0: all", 0, restart=True)
    ] = 100_000
    keep_total: Annotated[int, Key("messages and events kept of all, which is about 2 GB; 0: all", 0, restart=True)] = (
        10_000_000
    )


@dataclass(frozen=True, slots=True)
class BackupOptions:
    """Backups on a schedule. Each is checked after it was written."""

    every: Annotated[float, Key("hours between two backups; 0: none", 0, 8760)] = 0.0
    keep: Annotated[int, Key("how many are kept", 1, 10_000)] = 7
    folder: Annotated[Path, Key("where; empty: the folder backups in the data folder")] = field(default_factory=Path)


@dataclass(frozen=True, slots=True)
class Log:
    """The log of the server itself."""

    level: Annotated[str, Key("how much", choices=("debug", "info", "warning", "error"))] = "info"
    file: Annotated[Path, Key("where; empty: standard error", restart=True)] = field(default_factory=Path)
    format: Annotated[
        str, Key("lines for people, or a JSON object each for programs", choices=("text", "json"), restart=True)
    ] = "text"


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The certificate that is shown to clients who begin TLS; without one they are refused."""

    certificate: Annotated[Path, Key("the certificate and its chain (PEM); empty: no TLS")] = field(
        default_factory=Path
    )
    key: Annotated[Path, Key("its private key (PEM)")] = field(default_factory=Path)
    self_signed: Annotated[bool, Key("if there is none: make one in the data folder")] = False

    @property
    def is_given(self) -> bool:
        """Whether there is a certificate, or is to be one."""
        return self.certificate != NOT_GIVEN or self.self_signed


@dataclass(frozen=True, slots=True)
class Options:
    """The process. A path that is not given is NOT_GIVEN."""

    data: Annotated[Path, Key("where history is kept; empty: the XDG data folder", restart=True)] = field(
        default_factory=Path
    )
    motd_file: Annotated[Path, Key("a file with the message of the day, instead of motd")] = field(default_factory=Path)
    listen: Annotated[tuple[ListenerOptions, ...], Key("Where to listen: a table for each address.")] = (
        ListenerOptions(DEFAULT_ADDRESS),
    )
    tls: Annotated[TlsFiles, Key("Encryption, on the same ports: the first byte of a client decides.")] = field(
        default_factory=TlsFiles
    )
    connections: Annotated[Connections, Key("How many clients there may be, and when they have to end.")] = field(
        default_factory=Connections
    )
    plain: Annotated[PlainText, Key("Plain text: nc, telnet and simple socket programs, who join the lobby.")] = field(
        default_factory=PlainText
    )
    web: Annotated[Web, Key("The page for browsers, and what else is served by HTTP, on the same ports.")] = field(
        default_factory=Web
    )
    metrics: Annotated[Metrics, Key("Figures for Prometheus, at /metrics of the page.")] = field(
        default_factory=Metrics
    )
    throttle: Annotated[Throttle, Key("How fast one client may act.")] = field(default_factory=Throttle)
    email: Annotated[Email, Key("Mail with codes for those who register an account and give an address.")] = field(
        default_factory=Email
    )
    storage: Annotated[Storage, Key("How history is kept.")] = field(default_factory=Storage)
    backup: Annotated[BackupOptions, Key("Backups on a schedule.")] = field(default_factory=BackupOptions)
    log: Annotated[Log, Key("What the server writes about itself.")] = field(default_factory=Log)
