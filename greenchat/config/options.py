"""The options of the process: addresses, the data folder, and the limits on clients.

A field with a `Key` is a key of the configuration file, as in `config.settings`.
"""

from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

from greenchat.config import validators
from greenchat.config.blocklists import BlocklistOptions
from greenchat.config.cluster import Cluster
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
        """Return the address written as `[HOST]:PORT`. Raises ValueError."""
        host, colon, port = text.rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        if not colon or not port.isascii() or not port.isdigit() or (":" in host and not bracketed):
            raise ValueError(f"{text!r} is not [HOST]:PORT, as in 127.0.0.1:9090, [::1]:9090 or :9090")
        if int(port) > 65535:
            raise ValueError(f"{text!r}: {port} is not a port number (0 to 65535)")
        return cls("" if host == "*" else host.strip("[]"), int(port))


DEFAULT_ADDRESS = Address("127.0.0.1", 9090)
NOT_GIVEN = Path()

_LOCAL = (addresses.network("127.0.0.0/8"), addresses.network("::1/128"))


@dataclass(frozen=True, slots=True)
class ListenerOptions:
    """An address and the protocols served there."""

    address: Annotated[Address, Key("[HOST]:PORT; :PORT is every interface, port 0 any free one", parse=Address.parse)]
    kind: Annotated[str, Key("the protocol; auto detects it for each client", choices=first_bytes.CHOICES)] = "auto"
    prompt: Annotated[
        str,
        Key(
            "for plain text, when to ask a client for its name: after the grace, now, or never (for programs that"
            " send it unasked and read who~text)",
            choices=("grace", "now", "tilde"),
        ),
    ] = "grace"
    prompt_text: Annotated[
        str,
        Key(
            "for plain text, the prompt for the name; empty: NICK without a newline, which programs wait for",
            parse=validators.line,
        ),
    ] = ""
    charset: Annotated[
        str,
        Key(
            "for plain text, the encoding sent to clients; ascii is for programs that fail on anything else",
            choices=("utf-8", "ascii"),
        ),
    ] = "utf-8"
    tls: Annotated[
        str,
        Key("whether TLS is optional, required or off; [tls] sets the certificate", choices=("may", "must", "never")),
    ] = "may"
    proxy: Annotated[
        tuple[IpNetwork, ...],
        Key(
            "addresses of proxies in front of the server, which must send a PROXY header (v1 or v2) or, with HTTP,"
            " X-Forwarded-For or Forwarded; other clients are refused",
            parse=addresses.network,
        ),
    ] = ()


@dataclass(frozen=True, slots=True)
class Connections:
    """The limits on connections: their numbers, and timeouts in seconds."""

    most: Annotated[int, Key("connections at once; 0: as many as the system allows", 0, 10_000_000)] = 0
    per_address: Annotated[int, Key("connections at once from one address; 0: no limit", 0, 1_000_000)] = 100
    per_minute: Annotated[int, Key("new connections per minute from one address; 0: no limit", 0, 1_000_000)] = 120
    per_network: Annotated[
        int, Key("new connections per minute from one network (/24, IPv6 /48); 0: no limit", 0, 1_000_000)
    ] = 600
    exempt: Annotated[tuple[IpNetwork, ...], Key("addresses exempt from these limits", parse=addresses.network)] = (
        _LOCAL
    )
    sendq: Annotated[int, Key("maximum bytes queued for one client", 16 * 1024, 1 << 30)] = 1024 * 1024
    sendq_total: Annotated[
        int, Key("maximum bytes queued for all clients; above it the slowest are disconnected; 0: no limit", 0, 1 << 40)
    ] = 256 * 1024 * 1024
    register_timeout: Annotated[float, Key("seconds for a new client to register", 1, 3600)] = 60.0
    ping_after: Annotated[float, Key("seconds of silence before a PING", 1, 86400)] = 120.0
    ping_timeout: Annotated[float, Key("seconds for the answer to the PING", 1, 3600)] = 60.0
    close_timeout: Annotated[float, Key("seconds to send the last lines to a client before closing", 0.1, 4)] = 3.0
    grace: Annotated[
        float,
        Key("seconds that users keep their nick and channels after a lost connection or a restart", 0, 3600),
    ] = 60.0


@dataclass(frozen=True, slots=True)
class PlainText:
    """The settings of plain-text clients: nc, telnet, simple socket programs. Times in seconds."""

    grace: Annotated[float, Key("seconds of silence before a new client is asked for a name", 0.01, 10)] = 0.4
    name_timeout: Annotated[float, Key("seconds to give a name", 1, 86400)] = 600.0
    prompts: Annotated[int, Key("maximum clients at the prompt; one more drops the oldest", 1)] = 4096


@dataclass(frozen=True, slots=True)
class Throttle:
    """The limits on the pace of one client. 0 switches a throttle off."""

    commands: Annotated[float, Key("lines per second; more are delayed; 0: no limit", 0, 1_000_000)] = 20.0
    burst: Annotated[int, Key("lines at once before the limit applies", 1, 1_000_000)] = 100
    newcomer_burst: Annotated[
        int, Key("lines at once from a new client; grows to burst with time, or by a login", 1, 1_000_000)
    ] = 20
    unread: Annotated[
        int,
        Key("bytes that a client may send ahead; more for two seconds closes the connection; 0: no limit", 0, 1 << 30),
    ] = 32 * 1024
    stored_per_connection: Annotated[
        int,
        Key(
            "KiB per minute that one connection may add to the history; 0: no limit (also for the next two; commands"
            " = 0 disables all three)",
            0,
            1_000_000,
        ),
    ] = 256
    stored_per_account: Annotated[int, Key("KiB per minute of one account, with all its connections", 0, 1_000_000)] = (
        512
    )
    stored_per_address: Annotated[
        int, Key("KiB per minute from one address (see connections for exempt addresses)", 0, 1_000_000)
    ] = 1024
    registrations: Annotated[
        int,
        Key("new accounts in ten minutes per address (except this machine) or mailbox; 0: no limit", 0, 1_000_000),
    ] = 5
    logins: Annotated[
        int,
        Key("wrong passwords in ten minutes per address or account; 0: no limit", 0, 1_000_000),
    ] = 10


@dataclass(frozen=True, slots=True)
class Email:
    """The settings of mail, which is used for codes that confirm the addresses of accounts."""

    sender: Annotated[
        str,
        Key(
            "the sender, like greenchat@example.org; empty: no mail is sent, and addresses are not confirmed",
            parse=validators.mailbox,
        ),
    ] = ""
    server: Annotated[Address, Key("the SMTP server, HOST:PORT", parse=Address.parse)] = Address("localhost", 25)
    security: Annotated[
        str,
        Key(
            "encryption of that connection: TLS from the start, STARTTLS, or none", choices=("tls", "starttls", "none")
        ),
    ] = "none"
    user: Annotated[str, Key("the user name to log in with; empty: no login")] = ""
    password: Annotated[str, Key("the password to log in with")] = ""
    command: Annotated[
        str,
        Key(
            'a command that sends mail, instead of an SMTP server, like "/usr/sbin/sendmail -t -i"',
            parse=validators.command,
        ),
    ] = ""
    timeout: Annotated[float, Key("timeout in seconds", 1, 300)] = 20.0


@dataclass(frozen=True, slots=True)
class Storage:
    """The storage of history, accounts and channels: its durability and retention."""

    persistent: Annotated[bool, Key("store the data on disk; false: lose it when the server stops", restart=True)] = (
        True
    )
    durability: Annotated[
        str,
        Key(
            "what a message that anybody has seen survives: process (the server being killed) or power (a power cut,"
            " too)",
            choices=("process", "power"),
            restart=True,
        ),
    ] = "process"
    keep_days: Annotated[float, Key("days to keep history; 0: forever", 0, 100_000, restart=True)] = 0.0
    keep_per_channel: Annotated[int, Key("messages and events to keep per channel; 0: all", 0, restart=True)] = 0
    keep_unregistered: Annotated[
        int, Key("messages and events to keep per channel that is not registered; 0: all", 0, restart=True)
    ] = 100_000
    keep_total: Annotated[
        int, Key("messages and events to keep in total; the default is about 2 GB; 0: all", 0, restart=True)
    ] = 10_000_000
    low_disk: Annotated[
        int,
        Key(
            "MiB of free disk space (at most 5 % of the disk) below which users without an account can't send"
            " messages and operators are warned; 0: never",
            0,
            1_000_000,
        ),
    ] = 256


@dataclass(frozen=True, slots=True)
class BackupOptions:
    """Backups on a schedule. Each is checked after it was written."""

    every: Annotated[float, Key("hours between backups; 0: none", 0, 8760)] = 0.0
    keep: Annotated[int, Key("backups to keep", 1, 10_000)] = 7
    folder: Annotated[Path, Key("the folder of the backups; empty: backups in the data folder")] = field(
        default_factory=Path
    )


@dataclass(frozen=True, slots=True)
class LogOptions:
    """The log of the server itself."""

    level: Annotated[
        str,
        Key(
            "the minimum level; info: a line for each connection; debug: each command, without secrets and texts",
            choices=("debug", "info", "warning", "error"),
        ),
    ] = "info"
    file: Annotated[Path, Key("the file to log to; empty: standard error", restart=True)] = field(default_factory=Path)
    largest: Annotated[int, Key("MiB after which the file is rotated; 0: never", 0, 1_000_000, restart=True)] = 16
    daily: Annotated[bool, Key("also rotate the file every day (UTC)", restart=True)] = False
    keep: Annotated[int, Key("rotated files to keep, as FILE.1, FILE.2 ...", 0, 10_000, restart=True)] = 7
    format: Annotated[str, Key("text, or one JSON object per line", choices=("text", "json"), restart=True)] = "text"


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The certificate for TLS; without one TLS is refused."""

    certificate: Annotated[
        Path,
        Key(
            "the certificate and its chain (PEM), or an ACME client's folder (certbot's live/NAME, lego's"
            " certificates); empty: no TLS. Renewed files are loaded within two minutes"
        ),
    ] = field(default_factory=Path)
    key: Annotated[Path, Key("its private key (PEM); not needed with a folder")] = field(default_factory=Path)
    self_signed: Annotated[bool, Key("without a certificate, make a self-signed one in the data folder")] = False

    @property
    def is_given(self) -> bool:
        """Whether a certificate is configured or to be made."""
        return self.certificate != NOT_GIVEN or self.self_signed


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the process. A path that is not given is NOT_GIVEN."""

    data: Annotated[Path, Key("the data folder; empty: greenchat in the XDG data folder", restart=True)] = field(
        default_factory=Path
    )
    motd_file: Annotated[Path, Key("a file with the message of the day, instead of motd")] = field(default_factory=Path)
    listen: Annotated[tuple[ListenerOptions, ...], Key("Addresses to listen on, a table for each.")] = (
        ListenerOptions(DEFAULT_ADDRESS),
    )
    tls: Annotated[TlsFiles, Key("TLS, on the same ports: it is detected from a client's first byte.")] = field(
        default_factory=TlsFiles
    )
    connections: Annotated[Connections, Key("Limits on connections, and timeouts.")] = field(
        default_factory=Connections
    )
    dnsbl: Annotated[BlocklistOptions, Key("DNS blocklists: addresses known for abuse.")] = field(
        default_factory=BlocklistOptions
    )
    plain: Annotated[
        PlainText, Key("Plain-text clients (nc, telnet, simple socket programs); they join the lobby.")
    ] = field(default_factory=PlainText)
    web: Annotated[Web, Key("The web page and everything else over HTTP, on the same ports.")] = field(
        default_factory=Web
    )
    metrics: Annotated[Metrics, Key("Metrics for Prometheus, served at /metrics.")] = field(default_factory=Metrics)
    throttle: Annotated[Throttle, Key("Rate limits of one client.")] = field(default_factory=Throttle)
    email: Annotated[Email, Key("Mail, for the codes that confirm the addresses of new accounts.")] = field(
        default_factory=Email
    )
    storage: Annotated[Storage, Key("History, accounts and channels on disk.")] = field(default_factory=Storage)
    backup: Annotated[BackupOptions, Key("Backups on a schedule.")] = field(default_factory=BackupOptions)
    log: Annotated[LogOptions, Key("The server's log.")] = field(default_factory=LogOptions)
    cluster: Annotated[
        Cluster,
        Key("Nodes on several machines as one server: see greenchat-server cluster init and join.", restart=True),
    ] = field(default_factory=Cluster)
