"""The servers that can be measured: where they are, and a configuration that lets each run at full speed.

Flood limits off (or too high to matter), no lookups of names or idents, send queues of the same size, a long listen
queue if it can be configured: the work is compared, not the defaults.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

BINARY_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/usr/lib/inspircd")

# The modules that InspIRCd needs for "everything" clients. A missing one is left out.
INSPIRCD_MODULES = (
    "cap ircv3 ircv3_accounttag ircv3_batch ircv3_capnotify ircv3_chghost ircv3_ctctags ircv3_echomessage"
    " ircv3_invitenotify ircv3_labeledresponse ircv3_msgid ircv3_servertime monitor namesx services_account setname"
    " uhnames"
).split()


SENDQ = 16 * 1024 * 1024  # bytes that may wait for one client


_STORED_PER = ("connection", "account", "address")

UNLIMITED = 1_000_000  # lines a second from one client


class NotInstalledError(Exception):
    """A server can't be found or started; the text has its name and the searched places."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server's certificate and its key, as PEM files."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Setup:
    """The setup of a server. ping: seconds between its PINGs. folder: its own, empty one.

    rate: lines a second that one client may send. ngIRCd knows no such figure.
    """

    folder: Path
    port: int
    ping: int
    certificate: Certificate | None = None
    rate: int = UNLIMITED


def locate(program: str, place: str | None = None) -> Path:
    """Return the program: at `place` (a file, or the root of an unpacked package) if given, else on PATH or in the
    sbins.

    Raises NotInstalledError.
    """
    if place:
        given = Path(place)
        for candidate in (given, *(given / folder.lstrip("/") / program for folder in BINARY_FOLDERS), given / program):
            if candidate.is_file():
                return candidate
        raise NotInstalledError(f"no {program} at {place}")
    path = shutil.which(program) or next(
        (str(Path(folder, program)) for folder in BINARY_FOLDERS if Path(folder, program).is_file()), None
    )
    if not path:
        raise NotInstalledError(f"{program} is not installed: not on PATH nor in {', '.join(BINARY_FOLDERS)}")
    return Path(path)


def greenchat_config(setup: Setup) -> str:
    """Return our configuration: `greenchat-server --print-config` explains it. The throttle works, but out of reach."""
    tls = ""
    if setup.certificate:
        tls = f'[tls]\ncertificate = "{setup.certificate.certificate}"\nkey = "{setup.certificate.key}"\n'
    stored = "" if setup.rate != UNLIMITED else "".join(f"stored_per_{each} = 0\n" for each in _STORED_PER)
    return f"""[connections]
sendq = {SENDQ}
ping_after = {setup.ping}.0
[throttle]
commands = {setup.rate}.0
burst = {setup.rate}
{stored}{tls}"""


def ngircd_config(setup: Setup) -> str:
    """Return ngircd.conf(5)."""
    ssl = ""
    ports = f"Ports = {setup.port}"
    if setup.certificate:
        ports = "Ports = 0"
        ssl = (
            f"[SSL]\nCertFile = {setup.certificate.certificate}\nKeyFile = {setup.certificate.key}\n"
            f"Ports = {setup.port}\n"
        )
    return f"""[Global]
Name = ngircd.bench
Info = benchmark
Listen = 127.0.0.1
{ports}
MotdPhrase = benchmark
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxNickLength = 16
MaxPenaltyTime = 0
PingTimeout = {setup.ping}
PongTimeout = 60
[Options]
DNS = no
Ident = no
PAM = no
IncludeDir = {setup.folder}
{ssl}"""


def inspircd_config(setup: Setup, modules: Path) -> str:
    """Return inspircd.conf, version 3: https://docs.inspircd.org/3/configuration/."""
    loaded = [name for name in INSPIRCD_MODULES if (modules / f"m_{name}.so").exists()]
    bind = f'<bind address="127.0.0.1" port="{setup.port}" type="clients"'
    if setup.certificate:
        loaded.append("ssl_gnutls" if (modules / "m_ssl_gnutls.so").exists() else "ssl_openssl")
        provider = loaded[-1].removeprefix("ssl_")
        profile = (
            f'<sslprofile name="bench" provider="{provider}" certfile="{setup.certificate.certificate}"'
            f' keyfile="{setup.certificate.key}" requestclientcert="no">\n'
        )
        bind = f'{profile}{bind} sslprofile="bench"'
    folder = setup.folder
    fakelag = "no" if setup.rate == UNLIMITED else "yes"
    lines = [
        '<server name="inspircd.bench" description="benchmark" network="bench">',
        '<admin name="bench" nick="bench" email="bench@localhost">',
        f"{bind}>",
        f'<path configdir="{folder}" datadir="{folder}" logdir="{folder}" runtimedir="{folder}" moduledir="{modules}">',
        f'<connect name="all" allow="*" timeout="60" pingfreq="{setup.ping}" hardsendq="{SENDQ}" softsendq="{SENDQ}"'
        f' recvq="1M" threshold="{setup.rate}" commandrate="{setup.rate * 1000}" fakelag="{fakelag}"'
        ' localmax="1000000" globalmax="1000000"'
        ' maxconnwarn="no" resolvehostnames="no" maxchans="100" limit="1000000">',
        '<performance netbuffersize="65534" somaxconn="4096" softlimit="1000000" clonesonconnect="no"'
        ' quietbursts="yes">',
        '<options defaultmodes="nt">',
        f'<pid file="{folder}/inspircd.pid">',
        '<log method="file" type="*" level="default" target="inspircd.log">',
        *(f'<module name="{name}">' for name in loaded),
    ]
    return "\n".join(lines) + "\n"
