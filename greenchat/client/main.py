"""greenchat: reads the command line, asks for what is missing, and runs the client."""

import contextlib
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from greenchat.cli import WRONG_USE, UsageError, called
from greenchat.client.app import ClientApp
from greenchat.client.archive.vault import Vault
from greenchat.client.console import Console
from greenchat.client.effect_runner import Stores
from greenchat.client.input.join_screen import NICK, SERVER, InitialFields
from greenchat.client.irc import network_setup, offer_server, windows
from greenchat.client.irc.trust import Trust
from greenchat.client.state import options
from greenchat.client.state.address import ServerAddress
from greenchat.client.state.destination import (
    AddressError,
    Destination,
    is_channel,
    nick_problem,
    parse_destination,
)
from greenchat.client.state.model import ClientNetwork, Model
from greenchat.client.state.paths import (
    config_folder,
    data_folder,
    recall,
    recent_destinations,
    remember,
    remember_destination,
    state_folder,
)
from greenchat.client.state.saved_networks import SavedNetwork
from greenchat.client.state.settings import ClientSettings, SettingError, load, save
from greenchat.client.terminal.surface import speaks_unicode
from greenchat.client.text.style import Size
from greenchat.client.text.times import milliseconds
from greenchat.client.view.theme import Appearance
from greenchat.privacy import keep_private, narrow
from greenchat.records import replace

ServeHere = Callable[
    [ServerAddress], tuple[ServerAddress, str]
]  # starts a server; returns its address, and a reason if that failed

INTERRUPTED = 130
UNSENT = 3


def main(arguments: list[str] | None = None) -> int:
    """Run the client.

    Returns 0 after a clean end, 1 after a bug of ours, 2 where it could not start, 3 where a script's input ended and
    not all of it could be sent or run.
    """
    keep_private()
    arguments = sys.argv[1:] if arguments is None else arguments
    imports = arguments[:1] == ["import"] and not any(word.startswith("-") for word in arguments)
    given = options.ClientOptions() if imports else options.parse(arguments)
    try:
        if imports:
            return _import(*arguments[1:])
        return _start(given)
    except UsageError as error:
        print(f"greenchat: {error}", file=sys.stderr)
        return WRONG_USE
    except (KeyboardInterrupt, EOFError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # another Ctrl-C would only interrupt the end
        print()
        return INTERRUPTED


def _import(client: str = "", *path: str) -> int:
    """Take over settings of another client. path: of its file or folder, at most one."""
    from greenchat.client.importing.imported import ForeignError
    from greenchat.client.slash.importing import take_over

    settings = config_folder() / "client.toml"
    try:
        if len(path) > 1:
            raise ForeignError("too many arguments; usage: greenchat import [irssi or weechat [FILE]]")
        loaded = load(settings)
        lines = take_over(loaded, client, "".join(path))
        save(loaded, settings)
    except (ForeignError, SettingError, OSError) as error:
        raise UsageError(str(error)) from error
    print("\n".join(lines))
    return 0


def _start(given: options.ClientOptions) -> int:
    for folder in (config_folder(), state_folder(), data_folder()):
        for narrowed in narrow(folder, lambda _: True):
            print(f"greenchat: warning: {narrowed}", file=sys.stderr)
    settings = config_folder() / "client.toml"
    try:
        loaded = load(settings)
        named = loaded.networks.get(given.destination)
        address = named.addresses[0] if named else _destination(given.destination, str(loaded.get("start")))
        destination = parse_destination(address)
    except (AddressError, SettingError) as error:
        raise UsageError(str(error)) from error
    if not given.plain and not (os.isatty(0) and os.isatty(1)):
        raise UsageError("input and output must be a terminal (or use --plain)")
    if given.serve and not destination.address.is_local:
        raise UsageError("--serve starts a server on this machine and can't be combined with another host")
    nick = given.nick or destination.nick or (_ask_for_nick() if given.plain else "")
    if (nick or given.plain) and (problem := nick_problem(nick)):
        raise UsageError(problem)
    autoconnected = [named] if named else []
    if not address and not given.serve:
        autoconnected = [each for each in loaded.networks.values() if each.autoconnect]
    says_all = bool(autoconnected or (nick and (address or given.serve or given.plain)))
    if says_all and not autoconnected:
        remember("nickname", nick)
        remember_destination(f"{destination.text}/{','.join(destination.channels)}".rstrip("/"))
    with _servers() as serve:
        note = ""
        if given.serve:
            destination, note = _served(destination, serve)
        console = _console(destination, nick or recall("nickname") or _user_name(), given, loaded, autoconnected)
        if autoconnected:
            windows.restore(console.model, console.model.former_windows)
        elif says_all:
            is_local = destination.address.is_local and not destination.address.tls
            console.model.network.link.offers_server = is_local and not given.serve
            _come_in(console.model, destination.channels)
            _note(console.model, note, milliseconds())
        else:
            _ask_where(console, destination, note, fixed=bool(address or given.serve))
        vault, trust = Vault(data_folder()), Trust(data_folder() / "trust.json")
        plugins, logs = config_folder() / "plugins", data_folder() / "logs"
        files = data_folder() / "files"
        stores = Stores(
            vault,
            trust,
            save=lambda: save(loaded, settings),
            load=lambda: loaded.take(load(settings)),
            report=_report,
            plugins=plugins,
            logs=logs,
            files=files,
            serve=lambda to: serve(to)[1],
        )
        return _chat(console, stores, given)


def _destination(given: str, start: str) -> str:
    """Return the destination: the given one, or the setting `start`. A channel alone is on that server, or on the last
    one that was named."""
    if not is_channel(given):
        return given or start
    server = parse_destination(start or recall("destination"))
    nick = f"{server.nick}@" if server.nick else ""
    scheme, sign, place = server.text.rpartition("://")
    return f"{scheme}{sign}{nick}{place}/{given}"


def _console(
    destination: Destination,
    nick: str,
    given: options.ClientOptions,
    settings: ClientSettings,
    saved_networks: Sequence[SavedNetwork],
) -> Console:
    identity = os.urandom(9).hex()
    networks = [network_setup.make(each, nick or "guest", identity) for each in saved_networks]
    if not networks:
        networks = [ClientNetwork(destination.address.host, destination.address, nick, identity=identity)]
        networks[0].login.certificate = given.certificate
    model = Model(networks[0])
    for network in networks[1:]:
        model.add_network(network)
    model.settings = settings
    model.former_windows = recall("windows")
    model.is_interactive = os.isatty(0)
    model.has_screen = not given.plain
    return Console(model, Size(24, 80), _appearance(given))


def _come_in(model: Model, channels: tuple[str, ...]) -> None:
    """Open the channels' windows at once: what is typed while connecting waits in them."""
    for channel in channels:
        model.network.ask_for(channel)
        model.show(model.open(model.network, channel))


def _note(model: Model, text: str, now: int) -> None:
    if text:
        model.tell(text, now)


def _ask_where(console: Console, destination: Destination, note: str, *, fixed: bool) -> None:
    """Begin with the join screen, filled with the last answers. note: shown in the window behind it. fixed: whether
    the server is known."""
    network = console.model.network
    network.link.leave()  # do not connect before the user wants it
    last = recall("destination")
    channel = ",".join(destination.channels) if fixed else ""
    server = destination.text if fixed else last.partition("#")[0].rstrip("/") or destination.text
    if not fixed and "#" in last:
        channel = "#" + last.partition("#")[2]

    def chosen(channels: str, now: int) -> None:
        _note(console.model, note, now)
        joined = f"{Destination(network.address, network.nicks.wanted).text}/{channels}"
        if (joined, network.nicks.wanted) == (last, recall("nickname")):
            return
        remember("nickname", network.nicks.wanted)
        remember_destination(joined)
        scheme, sign, rest = joined.rpartition("://")
        command = f"{called('greenchat')} {scheme}{sign}{network.nicks.wanted}@{rest}"
        _note(console.model, f"To come straight here next time: {command}", now)
        if not last:
            from greenchat.client.slash import tour  # late: needed once

            tour.begin(console.model, now)

    plan = InitialFields(server, network.nicks.current, channel, tuple(recent_destinations()))
    console.ask_where(plan, NICK if fixed else SERVER, chosen)


def _served(destination: Destination, serve: ServeHere) -> tuple[Destination, str]:
    """Return a server for this session, and the message to the user about it."""
    from greenchat.client.net.local_server import answers

    if answers(destination.address):
        return destination, f"A server is already running on {destination.address}; you have joined it."
    address, problem = serve(destination.address)
    if problem:
        raise UsageError(f"the server did not start: {problem}")
    return replace(destination, address=address), offer_server.started(address)


@contextmanager
def _servers() -> Iterator[ServeHere]:
    """Return the starter of servers on this machine; they end with the session."""
    with ExitStack() as started:

        def serve(address: ServerAddress) -> tuple[ServerAddress, str]:
            from greenchat.client.net.local_server import LocalServer, ServerError

            try:
                server = LocalServer(address, state_folder() / "server.log")
            except ServerError as error:
                return address, str(error)
            started.callback(server.stop)
            return server.address, ""

        yield serve


def _chat(console: Console, stores: Stores, given: options.ClientOptions) -> int:
    try:
        if given.plain:
            return _run_plain(console, stores)
        _run_on_screen(console, stores, keeps=not given.no_archive)
    except UsageError:
        raise
    except Exception:
        print(f"greenchat: ended because of a bug; the details are in {_report('crash')}", file=sys.stderr)
        return 1
    return 0


def _run_plain(console: Console, stores: Stores) -> int:
    from greenchat.client.line_mode import LineInput, PlainScreen

    screen = PlainScreen(console)
    app = ClientApp(console, screen, LineInput(), stores, patient=True)
    app.run()
    screen.finish()
    if app.failure:
        print(f"greenchat: {app.failure}", file=sys.stderr)
    return UNSENT if app.failure else 0


def _run_on_screen(console: Console, stores: Stores, *, keeps: bool) -> None:
    from greenchat.client.terminal.key_decoder import Decoder
    from greenchat.client.terminal.screen import Screen, TerminalError

    try:
        with Screen(str(console.model.settings.get("colours"))) as screen:
            console.appearance.depth = screen.depth
            console.restyle()
            console.size = screen.size
            app = ClientApp(console, screen, Decoder(), stores)
            screen.mouse(bool(console.model.settings.get("mouse")))
            if keeps:
                app.remember(data_folder() / "talk.sqlite3")
            app.run()
            remember("windows", windows.to_json(console.model, recall("windows")))
    except TerminalError as error:
        raise UsageError(_cannot_draw(str(error))) from error


def _cannot_draw(reason: str) -> str:
    """Return advice for a terminal that can't be drawn on, as one line."""
    term = os.environ.get("TERM", "")
    if "setupterm" in reason:  # https://docs.python.org/3/library/curses.html#curses.setupterm
        return (
            f"unknown terminal {term or '(TERM is not set)'}: try TERM=xterm-256color greenchat, or greenchat --plain"
        )
    return f"this terminal can't be drawn on (TERM={term}): {reason}"


def _appearance(given: options.ClientOptions) -> Appearance:
    ascii_only = given.ascii or not speaks_unicode()
    return Appearance(ascii=ascii_only, light=given.light or _terminal_is_light(), sure=given.light, wanted=given.theme)


_NOBODY = frozenset(
    {"root", "admin", "administrator", "nobody"}
)  # not a person, and greenchat-server keeps these names


def _user_name() -> str:
    """Return a nickname to propose: from the name of the system's user or of who became root, or else a guest's."""
    import pwd

    names = [os.environ.get(each, "") for each in ("USER", "LOGNAME", "SUDO_USER", "DOAS_USER")]
    with contextlib.suppress(KeyError):  # as in some containers: nobody has this number
        names.insert(2, pwd.getpwuid(os.getuid()).pw_name)
    for name in names:
        # DOMAIN\ada and ada@domain are names in directories; few servers accept anything but letters, digits, - and _
        short = re.sub(r"[^\w-]+", "_", name.rpartition("\\")[2].partition("@")[0]).lstrip("0123456789-").strip("_")
        if short and short.lower() not in _NOBODY:
            return short
    return f"guest{1000 + int.from_bytes(os.urandom(2), 'big') % 9000}"


def _ask_for_nick() -> str:
    last = recall("nickname") or _user_name()
    try:
        question = f"Nickname [{last}]: " if last else "Nickname: "
        return input(question if sys.stdin.isatty() else "").strip() or last
    except EOFError:
        if sys.stdin.isatty():
            print()
        raise UsageError("no nickname in the input; give one with --nick") from None


def _terminal_is_light() -> bool:
    """Whether the background is light: rxvt, Konsole and others report their colours as `foreground;background`."""
    return os.environ.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15")


def _report(name: str) -> Path:
    from greenchat.client.state import crash_report

    return crash_report.write(state_folder(), name)
