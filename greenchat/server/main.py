"""greenchat-server: reads the command line and the configuration file, and starts the server.

What needs gevent is in `launch`, imported late, so that --help and --version do not wait for it.
"""

import argparse
import dataclasses
import os
import sys
from ipaddress import ip_address
from pathlib import Path

from greenchat import __version__
from greenchat.cli import Parser, called
from greenchat.config.file import Config, ConfigError, load
from greenchat.config.options import DEFAULT_ADDRESS, NOT_GIVEN, Address, ListenerOptions, Options

_EPILOG = """\
Without options it serves on 127.0.0.1:9090 and needs nothing else.

  greenchat-server --listen :9090                  for other machines too
  greenchat-server --print-config > server.toml    a configuration with every key, explained
  greenchat-server --config server.toml            use it; kill -HUP reads it again
  greenchat-server hash-password                   the hash of a password, for operators
  nohup greenchat-server &                         stay when the terminal is closed

  greenchat-server adduser NAME        make an account, also while the server runs; asks for its password
  greenchat-server backup FILE         save all that is remembered, also while the server runs
  greenchat-server restore FILE        put a backup in the place of what is there, which is moved aside
  greenchat-server export [CHANNEL]    write the history as JSON, an object a line
  greenchat-server check               say what is wrong with the database, if anything is
"""


_UPKEEP = ("backup", "restore", "export", "check")
_COMMANDS = ("hash-password", "adduser", *_UPKEEP)


class UsageError(Exception):
    """Something that the person who starts the server has to change; its text is one clear line."""


def main(arguments: list[str] | None = None) -> int:
    """Run the server. 0 after a clean end, 2 where it could not start."""
    given = _parser().parse_intermixed_args(arguments)
    try:
        if given.command in _UPKEEP:
            return _keep_up(given)
        if given.command == "adduser":
            return _add_user(given)
        if given.arguments:
            raise UsageError(f"{given.arguments[0]!r} is one parameter too many; --help tells more")
        if given.command == "hash-password":
            return _hash_password()
        if given.print_config:
            return _print_config()
        return _serve(given)
    except (UsageError, ConfigError) as error:
        print(f"greenchat-server: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="greenchat-server",
        description="Group chat for the terminal: serves greenchat, any IRC client, and nc, all on one port.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("command", nargs="?", choices=_COMMANDS, help="instead of serving; see below")
    parser.add_argument("arguments", nargs="*", metavar="FILE | CHANNEL | NAME", help="what the command is to work on")
    parser.add_argument(
        "--listen",
        metavar="[HOST]:PORT",
        action="append",
        type=_address,
        help=f"where to listen, repeatable; :PORT is every interface, port 0 any free one (default {DEFAULT_ADDRESS})",
    )
    parser.add_argument("--data", metavar="DIR", type=Path, help="where history is kept (default: the XDG data folder)")
    parser.add_argument("--config", metavar="FILE", type=Path, help="a configuration file; what is given here wins")
    parser.add_argument("--print-config", action="store_true", help="write a configuration with every key and end")
    parser.add_argument(
        "--tls",
        action="store_true",
        help="speak TLS on the same ports too, with a certificate made on the first start unless the file names one",
    )
    parser.add_argument("--debug", action="store_true", help="log everything that happens")
    parser.add_argument("--version", action="version", version=f"greenchat {__version__}")
    return parser


def _address(text: str) -> Address:
    try:
        return Address.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _print_config() -> int:
    from greenchat.config.example import example

    print(example(), end="")
    return 0


def _hash_password() -> int:
    import secrets

    from greenchat.values.passwords import hash_password

    print(hash_password(_ask_password(), secrets.token_bytes(16)))
    return 0


def _ask_password() -> str:
    """Twice and unseen at a terminal, else a line of standard input. Raises UsageError."""
    import getpass

    if sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Once more: ") != password:
            raise UsageError("the two passwords differ")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise UsageError("an empty password is none")
    return password


def _add_user(given: argparse.Namespace) -> int:
    from greenchat.server.data.adduser import add_user, check_name
    from greenchat.storage.interface import StoreError

    if len(given.arguments) != 1:
        raise UsageError("adduser needs the name of the account")
    name = given.arguments[0]
    config = _configuration(given)
    try:
        check_name(name, config)
        add_user(name, _ask_password(), config)
    except StoreError as error:
        raise UsageError(str(error)) from error
    print(f"{name} can log in now")
    return 0


def _keep_up(given: argparse.Namespace) -> int:
    from greenchat.server.data.backup_commands import run
    from greenchat.storage.interface import StoreError

    try:
        code = run(given.command, given.arguments, _configuration(given), sys.stdout)
        sys.stdout.flush()
    except StoreError as error:
        raise UsageError(str(error)) from error
    except BrokenPipeError:
        # `export | head`: who reads it has enough. Python would try to write the rest once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _serve(given: argparse.Namespace) -> int:
    config = _configuration(given)
    from greenchat.server import launch  # late: it takes gevent along

    def greet(addresses: list[Address], fingerprint: str) -> None:
        _greet(addresses, config.options, fingerprint)

    try:
        return launch.serve(config, greet, lambda: _configuration(given))
    except launch.CannotStartError as error:
        raise UsageError(str(error)) from error


def _configuration(given: argparse.Namespace) -> Config:
    """The file, and what the command line says against it. Raises ConfigError or UsageError."""
    config = load(given.config) if given.config else Config()
    options = config.options
    if given.listen:
        options = dataclasses.replace(options, listen=tuple(ListenerOptions(address) for address in given.listen))
    options = dataclasses.replace(options, data=_data_folder(given.data or options.data))
    if given.tls and not options.tls.is_given:
        options = dataclasses.replace(options, tls=dataclasses.replace(options.tls, self_signed=True))
    if given.debug:
        options = dataclasses.replace(options, log=dataclasses.replace(options.log, level="debug"))
    return dataclasses.replace(config, options=options)


def _data_folder(wish: Path) -> Path:
    if wish == NOT_GIVEN:
        base = os.environ.get("XDG_DATA_HOME")
        wish = (Path(base) if base else Path.home() / ".local/share") / "greenchat"
    try:
        wish.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"can't create the data folder {wish}: {error.strerror}. Choose one with --data") from error
    if not os.access(wish, os.W_OK | os.X_OK):
        raise UsageError(f"can't write to the data folder {wish}. Choose another with --data")
    return wish


def _greet(addresses: list[Address], options: Options, fingerprint: str) -> None:
    for address in addresses:
        print(f"greenchat {__version__} is listening on {address}")
    first = addresses[0]
    is_local = first.host == DEFAULT_ADDRESS.host or ip_address(first.host).is_unspecified
    host = "localhost" if is_local else first.host
    client = called("greenchat")
    where = "" if (host, first.port) == ("localhost", DEFAULT_ADDRESS.port) else f" {host}:{first.port}"
    print(f"Join it with  {client}{where}  in another terminal,  nc {host} {first.port},  or any IRC client there.")
    if fingerprint:
        print(f"TLS works on the same port:  {client} ircs://{host}:{first.port}  and asks whether to trust this:")
        print(fingerprint)
    print(f"Data is kept in {options.data}. Ctrl-C stops it.", flush=True)
