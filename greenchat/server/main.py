"""greenchat-server: reads the command line, prepares the process, serves."""

import argparse
import logging
import os
import signal
import sys
from ipaddress import ip_address
from pathlib import Path

from .. import __version__
from .options import DEFAULT_ADDRESS, Address


class UsageError(Exception):
    """Something that the person who starts the server has to change; its text is one clear line."""


def main(arguments: list[str] | None = None) -> int:
    """Run the server. 0 after a clean end, 2 where it could not start."""
    given = _parser().parse_args(arguments)
    try:
        return _serve(given)
    except UsageError as error:
        print(f"greenchat-server: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="greenchat-server",
        description="Group chat for the terminal: serves greenchat, any IRC client, and nc, all on one port.",
        epilog="Without options it serves on 127.0.0.1:9090 and needs nothing else.",
    )
    parser.add_argument(
        "--listen",
        metavar="[HOST]:PORT",
        action="append",
        type=_address,
        help=f"where to listen, repeatable; :PORT is every interface, port 0 any free one (default {DEFAULT_ADDRESS})",
    )
    parser.add_argument("--data", metavar="DIR", type=Path, help="where history is kept (default: the XDG data folder)")
    parser.add_argument("--debug", action="store_true", help="log everything that happens")
    parser.add_argument("--version", action="version", version=f"greenchat {__version__}")
    return parser


def _address(text: str) -> Address:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not [HOST]:PORT, as in 127.0.0.1:9090 or :9090")
    return Address(host.strip("[]"), int(port))


def _serve(given: argparse.Namespace) -> int:
    # Late, so that --help and --version do not wait for gevent.
    import gevent

    from ..chat.settings import Settings
    from .app import App
    from .options import Options

    logging.basicConfig(
        level=logging.DEBUG if given.debug else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    data = _data_folder(given.data)
    app = App(Settings(), Options(listen=tuple(given.listen or (DEFAULT_ADDRESS,)), data=data))
    try:
        addresses = app.listen()
    except OSError as error:
        raise UsageError(f"can't listen: {error.strerror or error}. Choose another address with --listen") from error
    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, app.stop, "The server is shutting down")
    _greet(addresses, data)
    app.run()
    return 0


def _data_folder(wish: Path | None) -> Path:
    if wish is None:
        base = os.environ.get("XDG_DATA_HOME")
        wish = (Path(base) if base else Path.home() / ".local/share") / "greenchat"
    try:
        wish.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"can't create the data folder {wish}: {error.strerror}. Choose one with --data") from error
    if not os.access(wish, os.W_OK | os.X_OK):
        raise UsageError(f"can't write to the data folder {wish}. Choose another with --data")
    return wish


def _greet(addresses: list[Address], data: Path) -> None:
    for address in addresses:
        print(f"greenchat {__version__} is listening on {address}")
    first = addresses[0]
    is_local = first.host == DEFAULT_ADDRESS.host or ip_address(first.host).is_unspecified
    host = "localhost" if is_local else first.host
    client = (
        "greenchat" if (host, first.port) == ("localhost", DEFAULT_ADDRESS.port) else f"greenchat {host}:{first.port}"
    )
    print(f"Join it with  {client}  in another terminal,  nc {host} {first.port},  or any IRC client on that port.")
    print(f"Data is kept in {data}. Ctrl-C stops it.", flush=True)
