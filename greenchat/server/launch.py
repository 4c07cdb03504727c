"""The server process: its start from a configuration, its log, signals, and end."""

import gc
import logging
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import gevent

from greenchat import __version__
from greenchat.chat.continuity.snapshot import SnapshotError
from greenchat.commands.core.audit_log import tell_operators
from greenchat.commands.core.process import HandoverError
from greenchat.config.file import Config
from greenchat.config.options import Address
from greenchat.config.warnings import advice
from greenchat.server import stand_in, terminal
from greenchat.server.app import App
from greenchat.server.control.requests import answer
from greenchat.server.control.service import ControlService
from greenchat.server.data.recording import RecordingError
from greenchat.server.data.scheduled_backups import ScheduledBackups
from greenchat.server.early_signals import caught, hold
from greenchat.server.handover.takeover import Takeover
from greenchat.server.handover.upgrade import Upgrade, command_line
from greenchat.server.handover.wire import HandoverLink, refuse
from greenchat.server.log_files import start_log
from greenchat.server.net.listener import CannotListenError
from greenchat.server.net.sts import with_policy
from greenchat.server.net.tls_acceptor import load_tls
from greenchat.server.nodes.member import NodeMember
from greenchat.server.nodes.node_config import NodeConfig
from greenchat.server.nodes.node_start import NodeError
from greenchat.server.programs import require_programs
from greenchat.server.reload import find_accounts
from greenchat.server.systemd import Notifier, handed_over
from greenchat.storage.interface import StoreError
from greenchat.values.names import MissingPackageError

log = logging.getLogger(__name__)

_LAST_SIGNALS = 0.01  # seconds: the loop handles them in its next run
_LOOK_AT_CERTIFICATE_EVERY = 60.0  # seconds
_TOGETHER = 0.1  # seconds in which several signals count as one


class CannotStartError(Exception):
    """The server can't start; the text says why in one line."""


def serve(
    config: Config,
    greet: Callable[[list[Address], str], None],
    read_config: Callable[[], Config],
    record: Path | None = None,
    node_config: NodeConfig | None = None,
) -> int:
    """Serve until a signal or an operator stops the server; return the exit code.

    greet: called with the addresses that it listens on, and the fingerprint of its certificate ("" without TLS).
    read_config: reads the configuration again. record: a new file that records every change of the state.
    node_config: of this process, if it is one of several nodes. Raises CannotStartError and ConfigError.
    """
    options = config.options
    try:
        start_log(options.log)
    except OSError as error:
        raise CannotStartError(f"can't write the log {options.log.file}: {error.strerror}") from error
    _allow_many_descriptors()
    _collect_rarely()
    notifier = Notifier()
    link = HandoverLink.inherited()
    takeover = Takeover(link) if link else None
    opened = list(handed_over())
    for sock in opened:
        sock.setblocking(False)
    try:
        require_programs(config)
        tls = load_tls(options.tls, options.data, config.settings.name)
        settings = with_policy(config.settings, options.listen, tls, time.time_ns() // 1_000_000)
        inherited = takeover.receive(config) if takeover else None
        member = NodeMember(node_config) if node_config else None
        app = App(settings, options, tls, read_config, inherited, member)
        if member:
            member.join(app, app, settings)
            find_accounts(app.store, app.new_context())  # made by `adduser` while the node was off
        if record and inherited is None:
            app.record(record)
        if inherited and inherited.is_activated:
            opened = [sock for each in inherited.listening.values() for sock in each]
        addresses = app.listen(opened, {} if inherited is None or opened else inherited.listening)
        if takeover and inherited:
            app.take_over(inherited)
            takeover.accept()
            if record:
                _go_on_recording(app, record)
            app.continue_serving(inherited, settings)
    except HandoverError as error:
        refuse(str(error), needs_restart=error.needs_restart)
        raise CannotStartError(str(error)) from error
    except (MissingPackageError, NodeError, StoreError, RecordingError, SnapshotError) as error:
        raise CannotStartError(str(error)) from error
    except CannotListenError as error:
        raise CannotStartError(f"{error}; choose another address with --listen") from error
    ends_with_terminal = terminal.ends_with_terminal()
    ending = _Ending(app, notifier)

    def hang_up() -> None:
        if ends_with_terminal and terminal.is_gone():
            ending.begin()
        else:
            notifier.reloading()
            app.reload("SIGHUP")
            notifier.ready()

    def resume() -> None:
        """Check the terminal again after Ctrl-Z and `bg`, or `fg`."""
        nonlocal ends_with_terminal
        if not terminal.is_gone():
            ends_with_terminal = terminal.ends_with_terminal()

    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, ending.ask, number)
    gevent.signal_handler(signal.SIGHUP, hang_up)
    gevent.signal_handler(signal.SIGCONT, resume)
    early = caught()
    if signal.SIGTERM in early:
        ending.begin()
    elif signal.SIGHUP in early:  # `adduser` sends it, and its account may have come too late for the start
        hang_up()
    control = ControlService(app.folder, partial(answer, app))
    if options.storage.persistent:  # otherwise the folder is temporary, and no command can find it
        control.start()
    if node_config is None:
        on_handover, end = partial(_tell_of_successor, control, notifier, ending), partial(_end, notifier)
        upgrade = Upgrade(app, is_activated=bool(opened), on_handover=on_handover, end=end)
        app.upgrade = upgrade.begin
        gevent.signal_handler(signal.SIGUSR2, _upgrade, upgrade)
    else:
        gevent.signal_handler(signal.SIGUSR2, app.restart, "SIGUSR2", "The server is restarting")
    if node_config:
        node_config.report_ready()
    if inherited is None and (node_config is None or not node_config.has_supervisor):
        greet(addresses, tls.fingerprint if tls else "")
    warning = tls.date_warning(app.now()) if tls else ""
    if warning:
        log.warning("%s", warning)
    for line in advice(config, addresses, is_root=os.geteuid() == 0):
        log.warning("%s", line)
    backups = ScheduledBackups(app.folder, lambda: app.options.backup, partial(_tell_operators, app), time.time)
    if options.storage.persistent:
        backups.start()
    notifier.ready()
    helpers = [gevent.spawn(_keep_alive, notifier), gevent.spawn(_renew_certificate, app)]
    app.run()
    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    gevent.killall(helpers)
    backups.stop()
    control.close()
    if app.shutdown.is_restarting:
        hold(was_ignored=former is signal.SIG_IGN)
        gevent.sleep(_LAST_SIGNALS)  # earlier signals count: SIGTERM during a restart ends the server
    if app.shutdown.is_restarting:
        os.execv(sys.executable, [sys.executable, *command_line(sys.orig_argv[1:], goes_on=False)])
    return app.shutdown.code


def _go_on_recording(app: App, path: Path) -> None:
    """Continue the recording of the previous process; if that fails, go on without one."""
    try:
        app.record(path, goes_on=True)
    except RecordingError as error:
        log.error("the recording ends here: %s", error)


def _upgrade(upgrade: Upgrade) -> None:
    with suppress(HandoverError):  # which the log and the operators are told
        upgrade.begin("SIGUSR2")


def _tell_of_successor(control: ControlService, notifier: Notifier, ending: "_Ending", pid: int, version: str) -> None:
    ending.successor = pid
    notifier.replaced(pid)
    control.answer_all({"pid": pid, "version": version, "was": __version__})


def _end(notifier: Notifier, successor: int) -> None:
    """End the process; if a parent waits for it, become the stand-in of the new one instead."""
    if not notifier.is_there and stand_in.VARIABLE not in os.environ:
        stand_in.replace_process(successor)


def _tell_operators(app: App, text: str) -> None:
    app.run_step(lambda ctx: tell_operators(ctx, text))


def _keep_alive(notifier: Notifier) -> None:
    """Keep the watchdog of systemd quiet as long as the loop runs."""
    while notifier.period:
        notifier.alive()
        gevent.sleep(notifier.period)


def _renew_certificate(app: App) -> None:
    """Load renewed files of the certificate: ACME clients need not notify us."""
    while True:
        gevent.sleep(_LOOK_AT_CERTIFICATE_EVERY)
        result = app.tls.renew(app.now()) if app.tls else ""
        if result:
            log.warning("%s", result)
            _tell_operators(app, result)


class _Ending:
    """The first SIGINT or SIGTERM stops the server properly, the second at once.

    successor: the process that has taken over, which is to end in this one's place; 0 without one.

    Signals that come together count as one: prctl(2) sends PR_SET_PDEATHSIG again for each thread of a parent that is
    killed.
    """

    def __init__(self, app: App, notifier: Notifier) -> None:
        self._app = app
        self._notifier = notifier
        self._asked = 0.0  # when it was asked for, on the monotonic clock; 0: never
        self.successor = 0

    def ask(self, number: int) -> None:
        """Handle a signal: the first stops the server properly, the second at once."""
        if self.successor:  # the signal came while this process handed over; Ctrl-C has reached both
            if number == signal.SIGTERM:
                stand_in.forward(self.successor, number)
        elif not self._asked:
            if sys.stderr.isatty():  # confirms that Ctrl-C was noticed
                sys.stderr.write("\nStopping; press Ctrl-C again to stop at once\n")
            self.begin()
        elif time.monotonic() - self._asked > _TOGETHER:
            os._exit(128 + signal.SIGINT)

    def begin(self) -> None:
        """Stop the server properly; further calls change nothing."""
        self._asked = self._asked or time.monotonic()
        self._app.shutdown.is_restarting = False  # a signal during a restart is meant to end the server
        self._notifier.stopping()
        self._app.stop("The server is shutting down")


def _collect_rarely() -> None:
    """Collect garbage from now on, but rarely, and exempt what was loaded at the start.

    Nearly all objects, including all messages, are freed by their reference count. Looking for cycles after every 700
    objects took 8 % of the time (greenchat-bench rooms --flight 900), and a full collection with ten thousand clients
    stops the chat for a moment.
    """
    gc.collect()  # what remained, frozen, would lie between all later objects: a tenth of a fan-out's time
    gc.freeze()
    gc.enable()
    gc.set_threshold(50_000, 20, 100)


def _allow_many_descriptors() -> None:
    """Raise the limit of descriptors, one for each client, as far as the system allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
