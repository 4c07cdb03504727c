"""greenchat: reads the command line, asks for what is missing, and runs the client."""

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from greenchat import __version__
from greenchat.client.address import DEFAULT_CHANNEL, DEFAULT_PORT, AddressError, Destination, parse_destination
from greenchat.client.app import App, Kept, milliseconds
from greenchat.client.console import Console
from greenchat.client.credentials import system_vault
from greenchat.client.model import Model, Network
from greenchat.client.settings import SettingError, load, save
from greenchat.client.style import Size
from greenchat.client.theme import ASCII_GLYPHS, DARK, LIGHT, Theme
from greenchat.client.trust import Trust

WRONG_USE = 2
INTERRUPTED = 130


class UsageError(Exception):
    """Something that the user has to change; its text is one clear line."""


def main(arguments: list[str] | None = None) -> int:
    """Run the client. 0 after a clean end, 2 where it could not start, 1 after a bug of ours."""
    given = _parser().parse_args(arguments)
    try:
        return _start(given)
    except UsageError as error:
        print(f"greenchat: {error}", file=sys.stderr)
        return WRONG_USE
    except (KeyboardInterrupt, EOFError):
        print()
        return INTERRUPTED


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Ends the process with 2."""
        self.exit(WRONG_USE, f"{self.prog}: {message}; --help tells more\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="greenchat",
        allow_abbrev=False,
        description="Chat in the terminal, with people on a greenchat server or any other IRC server.",
        epilog="In the chat, /help shows the commands.",
    )
    parser.add_argument(
        "destination",
        nargs="?",
        default="",
        metavar="[NICK@]HOST[:PORT][/#channel]",
        help=f"where to go, also as irc://... or ircs://... (default localhost:{DEFAULT_PORT}/{DEFAULT_CHANNEL})",
    )
    parser.add_argument("--serve", action="store_true", help="start a server on this machine and join it")
    parser.add_argument(
        "--nick", default="", metavar="NAME", help="what to be called (default: the last one, asked for)"
    )
    parser.add_argument(
        "--certificate", default="", metavar="FILE.pem", help="your own, with its key, to log in with (needs TLS)"
    )
    parser.add_argument("--plain", action="store_true", help="lines instead of a screen: for screen readers, scripts")
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII only")
    parser.add_argument("--light", action="store_true", help="colours for a light terminal")
    parser.add_argument("--no-archive", action="store_true", help="keep nothing of what is said on this machine")
    parser.add_argument("--version", action="version", version=f"greenchat {__version__}")
    return parser


def _start(given: argparse.Namespace) -> int:
    try:
        destination = parse_destination(given.destination)
    except AddressError as error:
        raise UsageError(str(error)) from error
    if not given.plain and not (os.isatty(0) and os.isatty(1)):
        raise UsageError("input and output must be a terminal; --plain does without")
    nick = given.nick or destination.nick or _ask_for_nick()
    if not nick or any(letter in nick for letter in " ,*?!@:#\t"):
        raise UsageError(f"{nick!r} is no nickname: no spaces, and none of  , * ? ! @ : #")
    _remember_nick(nick)

    if not given.serve and os.isatty(0) and destination.is_local and not destination.address.tls:
        given.serve = _offers_server(destination)
    if not given.serve:
        return _chat(destination, nick, given, notes=())
    from greenchat.client.local_server import LocalServer, ServerError, answers

    if not destination.is_local:
        raise UsageError("--serve starts a server on this machine; name no other host with it")
    if answers(destination.address):
        note = f"A server was running on {destination.address} already; this is it."
        return _chat(destination, nick, given, notes=(note,))
    try:
        server = LocalServer(destination.address, state_folder() / "server.log")
    except ServerError as error:
        raise UsageError(f"the server did not start: {error}") from error
    try:
        note = f"Your server listens on {server.address}. It ends when you leave; greenchat-server runs one that stays."
        here = Destination(server.address, nick, destination.channels)
        return _chat(here, nick, given, notes=(note,))
    finally:
        server.stop()


def _chat(destination: Destination, nick: str, given: argparse.Namespace, notes: tuple[str, ...]) -> int:
    from greenchat.client.said import Kind, Line

    network = Network(destination.address.host, destination.address, nick, identity=os.urandom(9).hex())
    network.certificate = given.certificate
    model = Model(network)
    settings = config_folder() / "client.toml"
    try:
        model.settings = load(settings)
    except SettingError as error:
        raise UsageError(str(error)) from error
    kept = Kept(
        system_vault(data_folder()),
        Trust(data_folder() / "trust.json"),
        lambda: save(model.settings, settings),
        _report,
        config_folder() / "plugins",
        data_folder() / "logs",
    )
    model.asks = os.isatty(0)
    for channel in destination.channels:
        # Its window is there at once: what is typed while we connect waits in it.
        network.want(channel)
        model.show(model.open(network, channel))
    for note in notes:
        model.add(network.status, Line(milliseconds(), Kind.INFO, note))
    console = Console(model, Size(24, 80), _theme(given))
    try:
        if given.plain:
            _run_plain(console, kept)
        else:
            _run_on_screen(console, kept, keeps=not given.no_archive)
    except UsageError:
        raise
    except Exception:
        print(f"greenchat: a bug ended it; the details are in {_report('crash')}", file=sys.stderr)
        return 1
    return 0


def _run_plain(console: Console, kept: Kept) -> None:
    from greenchat.client.plain import LineInput, PlainScreen

    App(console, PlainScreen(console), LineInput(), kept, patient=True).run()


def _run_on_screen(console: Console, kept: Kept, *, keeps: bool) -> None:
    from greenchat.client.keys import Decoder
    from greenchat.client.screen import Screen, TerminalError

    try:
        with Screen() as screen:
            console.size = screen.size
            app = App(console, screen, Decoder(), kept)
            if keeps:
                app.remember(data_folder() / "talk.sqlite3")
            app.run()
    except TerminalError as error:
        raise UsageError(f"this terminal can't be drawn on (TERM={os.environ.get('TERM', '')}): {error}") from error


def _theme(given: argparse.Namespace) -> Theme:
    theme = LIGHT if given.light or _terminal_is_light() else DARK
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    return theme if unicode and not given.ascii else replace(theme, glyphs=ASCII_GLYPHS)


def _ask_for_nick() -> str:
    last = _last_nick()
    return input(f"Nickname [{last}]: " if last else "Nickname: ").strip() or last


def _offers_server(destination: Destination) -> bool:
    from greenchat.client.local_server import answers

    if answers(destination.address):
        return False
    answer = input(f"Nothing answers on {destination.address}. Start a server there? [Y/n] ").strip().lower()
    if answer not in ("", "y", "yes"):
        raise UsageError("nobody to talk to. Name another host: greenchat HOST[:PORT]")
    return True


def state_folder() -> Path:
    """Where the client keeps what it remembers: $XDG_STATE_HOME/greenchat."""
    base = os.environ.get("XDG_STATE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".local/state") / "greenchat"


def config_folder() -> Path:
    """Where the settings are: $XDG_CONFIG_HOME/greenchat."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".config") / "greenchat"


def data_folder() -> Path:
    """Where the client keeps what the user would miss: $XDG_DATA_HOME/greenchat-client."""
    base = os.environ.get("XDG_DATA_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".local/share") / "greenchat-client"


def _last_nick() -> str:
    try:
        return (state_folder() / "nickname").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _remember_nick(nick: str) -> None:
    try:
        state_folder().mkdir(parents=True, exist_ok=True)
        (state_folder() / "nickname").write_text(nick + "\n", encoding="utf-8")
    except OSError:
        pass  # then it is asked for without a suggestion


def _terminal_is_light() -> bool:
    """rxvt, Konsole and others tell their colours as `foreground;background`."""
    return os.environ.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15")


def _report(name: str) -> Path:
    from greenchat.client import report

    return report.write(state_folder(), name)
