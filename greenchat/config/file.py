"""The configuration file: one TOML file fills `Settings` (the chat) and `Options` (the process).

The keys are the fields of those dataclasses; see `config.key`. Checks across keys are here.
"""

import dataclasses
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from greenchat.config import validators
from greenchat.config.options import NOT_GIVEN, Options, TlsFiles
from greenchat.config.schema import Table, WrongKeyError, entries, read, refuse_unknown
from greenchat.config.settings import CLOAK_LENGTH, GREETING, Settings

_LONGEST_ADDRESS = 55  # characters: of IPv6, with the name of an interface behind it


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
    except ValueError as error:  # from TOML, UTF-8, or a WrongKeyError
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
        reason = f"must be at least {_LONGEST_ADDRESS} where cloak.enabled is false, so that every address fits"
        raise WrongKeyError("limits.host", reason)
    _check_tls(options.tls)
    if settings.webirc.hosts and not settings.webirc.password:
        raise WrongKeyError("webirc.password", "must be set where webirc.hosts is")
    for name in settings.external:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9./_-]{0,31}", name):
            raise WrongKeyError(f"external.{name}", "must be named with letters, digits and . / _ -, at most 32")
    for name in ("audience", "keys") if settings.bearer.issuer else ():
        if not getattr(settings.bearer, name):
            raise WrongKeyError(f"bearer.{name}", "must be set where bearer.issuer is")
    if options.motd_file != NOT_GIVEN:
        if settings.motd not in ((), GREETING):
            raise WrongKeyError("motd_file", "cannot be set together with motd")
        settings = dataclasses.replace(settings, motd=_read_motd(options.motd_file))
    return Config(settings, options)


def _check_tls(files: TlsFiles) -> None:
    has_key = files.key != NOT_GIVEN
    if files.certificate != NOT_GIVEN and files.certificate.is_dir():
        if has_key:
            raise WrongKeyError("tls.key", "must be left out where certificate is a folder: the key is in there too")
    elif (files.certificate != NOT_GIVEN) != has_key:
        raise WrongKeyError("tls", "certificate and key belong together")


def _check_opers(settings: Settings) -> None:
    for name, oper in settings.opers.items():
        if not (oper.password or oper.certificate or oper.account):
            raise WrongKeyError(f"opers.{name}.password", "must be set where neither certificate nor account is")
        if oper.class_ not in settings.classes:
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
