"""The main loop: waits for the terminal and the wake-up pipe together, and handles each event.

The thread of each connection puts its events in one queue and writes one byte into the pipe; signals arrive through the
same pipe (`signal.set_wakeup_fd`), because Python would restart the waiting after a signal and see a resize seconds
late.
"""

import contextlib
import gc
import os
import queue
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from greenchat.client.archive.archiver import Archiver
from greenchat.client.archive.logs import Logs
from greenchat.client.console import Console
from greenchat.client.effect_runner import EffectRunner, Stores
from greenchat.client.irc import login, typing, unsent
from greenchat.client.net.connection import NetworkConnection, SuspendDetector
from greenchat.client.net.transport import Transport
from greenchat.client.plugins.manager import Plugins
from greenchat.client.programs.pictures import Pictures
from greenchat.client.programs.processes import Processes
from greenchat.client.programs.transfers import Transfers
from greenchat.client.state.address import ServerAddress
from greenchat.client.state.credentials import SERVER
from greenchat.client.state.events import (
    Attributes,
    CellSize,
    CursorReported,
    DrawsPictures,
    NetworkEvent,
    PasswordFound,
    PasswordNotFound,
    Resized,
    TerminalBackground,
    TerminalEvent,
)
from greenchat.client.state.lines import Line, LineKind
from greenchat.client.state.model import ClientNetwork
from greenchat.client.state.network import Buffer
from greenchat.client.state.session_state import LinkState
from greenchat.client.terminal.key_decoder import ESCAPE_SECONDS
from greenchat.client.terminal.surface import Input, Surface
from greenchat.client.text.times import milliseconds

CHANGED = (
    "greenchat was upgraded while it was running, and {} was skipped. Press Ctrl-C twice to leave, then start it"
    " again. The details are in {}"
)
LEAVE_SECONDS = 1.5
TURN_SECONDS = 0.004  # for network events in a turn; then keys are handled and the screen is painted
SWITCH_SECONDS = 0.001  # how long a busy thread may keep the interpreter from the one that draws


class ClientApp:
    """The part of the client with file descriptors. `run` returns when the user leaves.

    patient: whether to wait at the end of the input until all of it was sent, for scripts. failure: what was
    not sent or answered, "" if everything was.
    """

    def __init__(
        self, console: Console, surface: Surface, decoder: Input, stores: Stores, *, patient: bool = False
    ) -> None:
        self._console = console
        self._surface = surface
        self._decoder = decoder
        self._patient = patient
        self._stores = stores
        self._inputs = [0]
        self._began_at = time.monotonic()
        self._ended_at = 0.0
        # lines of a script before it is connected; None afterwards, and without a script
        self._held: list[TerminalEvent] | None = [] if patient and not os.isatty(0) else None
        self.failure = ""
        self._signalled_mentions = 0
        self._events: queue.SimpleQueue[tuple[NetworkConnection, Transport, NetworkEvent]] = queue.SimpleQueue()
        self._wake_reader, self._wake_writer = os.pipe()
        os.set_blocking(self._wake_reader, False)
        os.set_blocking(self._wake_writer, False)
        self._connections: dict[ClientNetwork, NetworkConnection] = {}
        self._clocks = SuspendDetector()
        self._leaving = False
        self._has_new_size = False
        self._plugins = Plugins(console.model, stores.plugins, stores.report)
        self._archiver = Archiver(console.model)
        self._logs = Logs(console.model, stores.logs)
        self._processes = Processes(console.model)
        self._transfers = Transfers(console.model, self._wake, console.submitter.propose)
        self._pictures = Pictures(console.model, self._wake, self._transfers.connector, console.show_picture)
        self._effect_runner = EffectRunner(
            console,
            surface,
            stores,
            self._plugins,
            self._archiver,
            self._processes,
            self._transfers,
            self._pictures,
            self._connection,
        )

    def remember(self, path: Path) -> None:
        """Store messages in this file, and begin with those that it contains."""
        self._archiver.keep_in(path)

    def run(self) -> None:
        """Run until the user leaves, the terminal vanishes, or a signal ends it."""
        console = self._console
        sys.setswitchinterval(SWITCH_SECONDS)
        gc.freeze()  # objects of the start stay: collecting garbage among them would only delay keys
        gc.enable()
        signal.set_wakeup_fd(self._wake_writer, warn_on_full_buffer=False)
        for number in (signal.SIGWINCH, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, self._on_signal(number))
        self._surface.paint(console.frame(time.monotonic()))
        for network in console.model.networks:
            if not network.link.leaving:
                self._connection(network).connect()
        self._archiver.turn(time.monotonic(), milliseconds())
        self._plugins.run(time.monotonic(), milliseconds())
        self._plugins.start()
        try:
            while not self._leaving:
                self._surface.paint(console.frame(time.monotonic(), milliseconds()))
                self._turn()
            if self._patient:
                self._surface.paint(console.frame(time.monotonic(), milliseconds()))  # with the last events, too
        finally:
            signal.set_wakeup_fd(-1)
            self._processes.close()
            self._close_all()
            self._archiver.close(time.monotonic(), milliseconds())

    def _turn(self) -> None:
        console = self._console
        readable, _, _ = select.select(
            [*self._inputs, self._wake_reader, *self._processes.outputs], [], [], self._timeout()
        )
        if self._wake_reader in readable:
            self._drain_pipe()
        if self._has_new_size:
            self._resize()
        if 0 in readable:
            self._read_terminal()
        elif self._decoder.undecided:
            self._on_terminal(self._decoder.flush())
        self._drain_events()
        monotonic = time.monotonic()
        jumped = self._clocks.jumped(monotonic, time.time())
        for connection in self._connections.values():
            if jumped:
                connection.woke(monotonic)
            connection.tick(monotonic)
        if console.model.unseen_mentions != self._signalled_mentions:
            self._signalled_mentions = console.model.unseen_mentions
            if not console.model.focused:
                if console.model.settings.get("bell"):
                    self._surface.beep()
                if console.model.notification:
                    self._surface.notify(*console.model.notification)
        self._plugins.run(monotonic, milliseconds())
        self._archiver.turn(monotonic, milliseconds())
        self._logs.turn(milliseconds())
        self._processes.turn(monotonic, milliseconds())
        self._transfers.turn(milliseconds())
        self._pictures.turn(milliseconds())
        console.ask(milliseconds())
        if self._held is not None and not unsent.waits(console.model, monotonic - self._began_at):
            held, self._held = self._held, None
            self._on_terminal(held)
        self._effect_runner.run()
        if self._effect_runner.leaving:
            self._leave()
        if not self._inputs and not self._leaving and not (self._patient and self._waits()):
            self._leaving = True
            self.failure = unsent.outcome(console.model) or console.model.command_error * (not os.isatty(0))
        if console.redraw:
            console.redraw = False
            self._surface.redraw()
        if console.suspend:
            console.suspend = False
            self._surface.suspend()
            os.kill(os.getpid(), signal.SIGSTOP)
            self._surface.resume()
            self._resize()

    def _leave(self) -> None:
        """Quit at the user's request; a script's input ends with that."""
        if self._console.model.is_interactive or not self._patient:
            self._leaving = True
        elif self._inputs:
            self._inputs.clear()
            self._ended_at = time.monotonic()

    def _waits(self) -> bool:
        """Whether a script whose input has ended still waits for its lines to be sent, or for answers."""
        model, seconds = self._console.model, time.monotonic() - self._ended_at
        busy = self._processes.running or self._transfers.running or unsent.waits(model, seconds)
        return busy or not (os.isatty(0) or unsent.is_answered(model, seconds))

    def _timeout(self) -> float | None:
        if not self._events.empty() or self._plugins.busy:
            return 0.0
        monotonic = time.monotonic()
        deadlines = [
            deadline for each in self._connections.values() if (deadline := each.deadline(monotonic)) is not None
        ]
        if self._decoder.undecided:
            deadlines.append(monotonic + ESCAPE_SECONDS)
        deadlines += [each for each in (self._plugins.deadline, self._processes.deadline) if each is not None]
        if typing.who(self._console.model.current, milliseconds()):
            deadlines.append(monotonic + 1)  # to see it end
        if not self._inputs or self._held:
            deadlines.append(monotonic + 1)  # to give up at last
        return max(0.0, min(deadlines) - monotonic) if deadlines else None

    def _wake(self) -> None:
        """End the wait of the main loop; called from any thread."""
        with contextlib.suppress(BlockingIOError):  # full of wake-ups already
            os.write(self._wake_writer, b".")

    def _drain_pipe(self) -> None:
        try:
            while os.read(self._wake_reader, 4096):
                pass
        except BlockingIOError:
            pass

    def _read_terminal(self) -> None:
        try:
            data = os.read(0, 65536)
        except OSError:
            data = b""
        if data:
            self._on_terminal(self._decoder.feed(data))
        else:
            self._inputs.clear()  # the terminal is gone, or the script has ended
            self._ended_at = time.monotonic()
            self._on_terminal(self._decoder.flush())
            self._console.end_input(milliseconds())

    def _on_terminal(self, events: list[TerminalEvent]) -> None:
        if self._held is not None and not self._console.asked:
            self._held += events
            return
        for event in events:
            with self._guarded(self._console.model.current, "your last action"):
                match event:
                    case CursorReported() | Attributes() | CellSize() | DrawsPictures() as answer:
                        if self._surface.answered(answer):
                            self._console.appearance.wide = self._surface.wide
                            self._console.restyle()
                    case TerminalBackground(light):
                        if not self._console.appearance.sure:
                            self._console.appearance.light = light
                            self._console.restyle()
                    case _:
                        self._console.on_terminal(event, milliseconds())

    def _drain_events(self) -> None:
        end = time.monotonic() + TURN_SECONDS
        while time.monotonic() < end:
            try:
                connection, transport, event = self._events.get_nowait()
            except queue.Empty:
                return
            transport.took()
            if connection.wire is transport:
                connection.on_event(event, time.monotonic())
                with self._guarded(connection.network.status, "something from the server"):
                    self._console.on_network(connection.network, event, milliseconds())

    @contextlib.contextmanager
    def _guarded(self, buffer: Buffer, what: str) -> Iterator[None]:
        """Skip a message or a key if a bug is in the way: show one line, and store the details.

        A module that is imported late may be that of another version by then.
        """
        try:
            yield
        except ImportError:
            text = CHANGED.format(what, self._stores.report("crash"))
            self._console.model.add(buffer, Line(milliseconds(), LineKind.ERROR, text))
        except Exception:
            text = f"A bug in greenchat: {what} was skipped. The details are in {self._stores.report('crash')}"
            self._console.model.add(buffer, Line(milliseconds(), LineKind.ERROR, text))

    def _connection(self, network: ClientNetwork) -> NetworkConnection:
        if network not in self._connections:
            self._connections[network] = NetworkConnection(network, self._open_wire, _chance)
        if network.link.state is LinkState.OFFLINE:
            network.address = self._stores.trust.secured(network.address, milliseconds()) or network.address
            trust = self._stores.trust
            network.login.apply_trust(
                only_tls=trust.is_secured(network.address, milliseconds()), pin=trust.pin(network.address)
            )
            vault, server = self._stores.vault, str(network.address)
            for name in (SERVER, login.account_of(network)):
                if not vault.is_in_keyring(server, name) and (credentials := vault.get(server, name)):
                    login.use_saved(network, credentials)
        return self._connections[network]

    def _open_wire(self, address: ServerAddress, connection: NetworkConnection) -> Transport:
        def post(events: Sequence[NetworkEvent]) -> None:
            for event in events:
                self._events.put((connection, transport, event))
            self._wake()

        network = connection.network
        proxy = "" if address.is_local else str(self._console.model.settings.get("proxy"))
        if network.saved and network.saved.proxy:
            proxy = network.saved.proxy
        state = network.login
        find_password = None if state.credentials or state.server_password else self._password_finder(network)
        transport = Transport(
            address, post, pin=state.pin, certificate=state.certificate, proxy=proxy, find_password=find_password
        )
        return transport

    def _password_finder(self, network: ClientNetwork) -> Callable[[], NetworkEvent] | None:
        """Return a function that gets a network's password, from the keyring or the user's command, or None."""
        vault, server, nick = self._stores.vault, str(network.address), login.account_of(network)
        locked = next((name for name in (SERVER, nick) if vault.is_in_keyring(server, name)), None)
        if locked:
            return lambda: (
                PasswordFound(credentials)
                if (credentials := vault.get(server, locked))
                else PasswordNotFound("The keyring is locked. /login asks for your password.")
            )
        command = str(self._console.model.settings.get("password.command"))
        if not command:
            return None
        from greenchat.client.net import password_command  # late: few have one

        host, name = network.address.host, network.name
        return lambda: password_command.ask(command, nick, host=host, network=name)

    def _on_signal(self, number: signal.Signals) -> Callable[[int, object], None]:
        def handle(_number: int, _frame: object) -> None:
            if number is signal.SIGWINCH:
                self._has_new_size = True  # applied between two frames, not within one
            else:
                self._leaving = True

        return handle

    def _resize(self) -> None:
        self._has_new_size = False
        size = self._surface.size
        self._surface.resize(size)
        self._console.on_terminal(Resized(size), milliseconds())

    def _close_all(self) -> None:
        monotonic = time.monotonic()
        for network, connection in self._connections.items():
            if not network.link.leaving:
                network.link.leave()
                farewell = self._effect_runner.farewell
                network.send("QUIT", *([farewell] if farewell else []))
            connection.close("you left", monotonic)
        deadline = monotonic + LEAVE_SECONDS
        for connection in self._connections.values():
            if connection.wire:
                connection.wire.join(max(0.0, deadline - time.monotonic()))


def _chance() -> float:
    return int.from_bytes(os.urandom(2), "big") / 65536
