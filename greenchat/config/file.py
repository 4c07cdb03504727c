"""The configuration file: one TOML file fills `Settings` (the chat) and `Options` (the process).

The keys are the fields of those dataclasses; see `config.key`. Checks across keys are here.
"""

import dataclasses
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR

from greenchat.config import validators
from greenchat.config.about import GREETING
from greenchat.config.options import NOT_GIVEN, Options, TlsFiles
from greenchat.config.schema import Table, WrongKeyError, entries, read, refuse_unknown
from greenchat.config.settings import CLOAK_LENGTH, Settings

_LONGEST_ADDRESS = 55  # characters: of IPv6, with the name of an interface behind it
# Python's messages for frequent mistakes, and what to do.
_MISTAKES = {
    "Invalid value": "a string needs quotes",
    "Illegal character '\\n'": "a string must end on the same line, with a quote",
    "Cannot overwrite": "a key can be set only once",
    "Cannot declare": "a [table] can be defined only once",
}


class ConfigError(Exception):
    """The file can't be used; the text is one line with the file, the key and the reason."""


@dataclass(frozen=True, slots=True)
class Config:
    """All that can be configured."""

    settings: Settings = dataclasses.field(default_factory=Settings)
    options: Options = dataclasses.field(default_factory=Options)
    file: str = ""


def load(file: Path) -> Config:
    """Read a configuration file. Raises ConfigError."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8-sig"))  # editors of Windows begin with a byte-order mark
        return dataclasses.replace(parse(table, folder=file.absolute().parent), file=str(file))
    except OSError as error:
        raise ConfigError(f"can't read the configuration file {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: not UTF-8: save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        what = next((f": {advice}" for text, advice in _MISTAKES.items() if str(error).startswith(text)), "")
        raise ConfigError(f"{file}: {error}{what}") from error
    except ValueError as error:  # of keys, see WrongKeyError
        raise ConfigError(f"{file}: {error}") from error


def parse(table: Table, *, folder: Path) -> Config:
    """Return a configuration from the file's table. Raises WrongKeyError."""
    of_settings, of_options = entries(Settings), entries(Options)
    refuse_unknown(table, of_settings | of_options)
    settings = read(Settings, {name: table[name] for name in of_settings if name in table}, folder=folder)
    options = read(Options, {name: table[name] for name in of_options if name in table}, folder=folder)
    _check_opers(settings)
    _check_listeners(options)
    if CLOAK_LENGTH + len(settings.cloak.suffix) > settings.limits.host:
        raise WrongKeyError("cloak.suffix", "makes hosts longer than limits.host")
    if not settings.cloak.enabled and settings.limits.host < _LONGEST_ADDRESS:
        reason = f"must be at least {_LONGEST_ADDRESS} if cloak.enabled is false, so that every address fits"
        raise WrongKeyError("limits.host", reason)
    _check_tls(options.tls)
    _check_cluster(options)
    if settings.webirc.hosts and not settings.webirc.password:
        raise WrongKeyError("webirc.password", "must be set if webirc.hosts is set")
    for name in settings.external:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9./_-]{0,31}", name):
            raise WrongKeyError(f"external.{name}", "must be named with letters, digits and . / _ -, at most 32")
    for name in ("audience", "keys") if settings.providers.bearer.issuer else ():
        if not getattr(settings.providers.bearer, name):
            raise WrongKeyError(f"bearer.{name}", "must be set if bearer.issuer is set")
    _check_outside(settings)
    if options.motd_file != NOT_GIVEN:
        if settings.about.motd not in ((), GREETING):
            raise WrongKeyError("motd_file", "cannot be set together with motd")
        about = dataclasses.replace(settings.about, motd=_read_motd(options.motd_file))
        settings = dataclasses.replace(settings, about=about)
    return Config(settings, options)


def _check_outside(settings: Settings) -> None:
    for name in ("url", "client_id") if settings.providers.oidc.issuer else ():
        if not getattr(settings.providers.oidc, name):
            raise WrongKeyError(f"oidc.{name}", "must be set if oidc.issuer is set")
    script, ldap = settings.providers.auth_script, settings.providers.ldap
    if script.command and script.url:
        raise WrongKeyError("auth_script.url", "cannot be set together with auth_script.command")
    if ldap.is_on and script.is_on:
        raise WrongKeyError("ldap.url", "cannot be set together with auth_script")
    if ldap.is_on and bool(ldap.dn) == bool(ldap.base):
        raise WrongKeyError("ldap.dn", "or ldap.base must be set (but not both) if ldap.url is set")
    if ldap.starttls and ldap.url.startswith("ldaps:"):
        raise WrongKeyError("ldap.starttls", "is for ldap:// only; ldaps:// is already encrypted")


def _check_tls(files: TlsFiles) -> None:
    has_key = files.key != NOT_GIVEN
    if files.certificate != NOT_GIVEN and _is_folder(files.certificate):
        if has_key:
            raise WrongKeyError("tls.key", "must be empty if certificate is a folder, which contains the key")
    elif has_key and files.certificate == NOT_GIVEN:
        raise WrongKeyError("tls", "certificate and key must be set together")
    elif files.certificate != NOT_GIVEN and not has_key:
        reason = (
            f"certificate and key must both be set, unless certificate is a folder, but {files.certificate} is not a"
            " folder"
        )
        raise WrongKeyError("tls", reason)


def _is_folder(path: Path) -> bool:
    """Whether a path is a folder. Raises WrongKeyError if that can't be read, like certbot's for other users."""
    try:
        return S_ISDIR(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise WrongKeyError("tls.certificate", f"{path}: {error.strerror}") from None


def _check_cluster(options: Options) -> None:
    cluster = options.cluster
    if bool(cluster.node) != bool(cluster.engine):
        raise WrongKeyError("cluster", "node and engine must be set together")
    if not cluster.log:
        raise WrongKeyError("cluster.log", "must not be empty")
    if bool(cluster.user) != bool(cluster.password):
        raise WrongKeyError("cluster", "user and password must be set together")
    if cluster.token and cluster.user:
        raise WrongKeyError("cluster.token", "cannot be set together with user")
    if (cluster.certificate != NOT_GIVEN) != (cluster.key != NOT_GIVEN):
        raise WrongKeyError("cluster", "certificate and key must be set together")
    if cluster.replicas not in (1, 3, 5):
        raise WrongKeyError("cluster.replicas", f"must be 1, 3 or 5, not {cluster.replicas}")
    if cluster.engine_timeout <= cluster.patience:
        raise WrongKeyError("cluster.engine_timeout", "must be more than patience")
    if cluster.node and not options.storage.persistent:
        raise WrongKeyError("storage.persistent", "must be true for a node, which stores the whole history")


def _check_opers(settings: Settings) -> None:
    for name, oper in settings.staff.opers.items():
        if not (oper.password or oper.certificate or oper.account):
            raise WrongKeyError(f"opers.{name}.password", "must be set unless certificate or account is set")
        if oper.class_ not in settings.staff.classes:
            raise WrongKeyError(f"opers.{name}.class", f"there is no class {oper.class_!r}")


def _check_listeners(options: Options) -> None:
    seen = set()
    for number, listener in enumerate(options.listen, 1):
        path = f"listen[{number}]"
        if listener.address in seen and listener.address.port:
            raise WrongKeyError(f"{path}.address", f"{listener.address} is listed twice")
        seen.add(listener.address)
        if listener.tls == "must" and not options.tls.is_given:
            raise WrongKeyError(f"{path}.tls", "needs a certificate: see [tls]")
    if not options.listen:
        raise WrongKeyError("listen", "must have at least one address")


def _read_motd(file: Path) -> tuple[str, ...]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise WrongKeyError("motd_file", f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise WrongKeyError("motd_file", f"{file} is not valid UTF-8") from error
    for number, line in enumerate(lines, 1):
        try:
            validators.line(line)
        except ValueError as error:
            raise WrongKeyError("motd_file", f"line {number} of {file} {error}") from None
    return tuple(lines)
