"""Fixtures of all tests of the server: a real server on a free port, in a thread with a gevent hub of its own."""

from tests import temporary_files, worker_end  # noqa: F401  # before all else, as they ask for

# isort: split
import gc
import os
import signal
import threading
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from queue import Queue
from typing import Protocol, TypeVar

import hypothesis
import pytest
from _pytest.runner import runtestprotocol
from gevent.hub import get_hub

from greenchat.config.options import Address, Connections, ListenerOptions, Options, Storage, Throttle
from greenchat.config.settings import AccountSettings, Settings
from greenchat.server.app import App
from greenchat.server.net.stream import TlsAcceptor
from tests import databases
from tests.patience import PATIENCE

# how long an example takes says more of the machine than of us
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

T = TypeVar("T")
Target = tuple[str, int]
_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCHLD)


@pytest.fixture(autouse=True)
def _process_stays() -> Iterator[None]:
    """Restore what `main` of each program changes of the process, which is that of the tests here: the umask is
    narrowed, and signals are handled, or ignored at the end.

    Programs started by later tests inherit ignored signals.
    """
    umask = os.umask(0o022)
    os.umask(umask)
    handlers = [(number, signal.getsignal(number)) for number in _SIGNALS]
    yield
    os.umask(umask)
    for number, handler in handlers:
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)


class Serve(Protocol):
    """Starts a server with these settings and returns its address."""

    def __call__(self, settings: Settings | None = None, options: Options | None = None) -> Target: ...


def cheap_passwords(settings: Settings, iterations: int = 4096) -> Settings:
    """Return settings with few iterations for passwords, unless a test chose their number.

    4096 is the minimum of RFC 7677, section 4: a client that obeys it refuses fewer.
    """
    if settings.accounts.iterations != AccountSettings().iterations:
        return settings
    return replace(settings, accounts=replace(settings.accounts, iterations=iterations))


class ServerThread:
    """An App in a thread. `call` runs a function inside it and returns its result."""

    def __init__(self, settings: Settings, options: Options, tls: TlsAcceptor | None = None) -> None:
        self._tls = tls
        self._started: Queue[Target | BaseException] = Queue()
        self._settings = cheap_passwords(settings)
        self._options = options
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        address = self._started.get(timeout=PATIENCE)
        if isinstance(address, BaseException):
            raise address
        self.address = address

    def _run(self) -> None:
        try:
            with databases.copied():
                self.app = App(self._settings, self._options, self._tls)
            self._wake = get_hub().loop.async_()
            self._wake.start(self._run_calls)
            self._calls: Queue[Callable[[], None]] = Queue()
            first = self.app.listen()[0]
        except BaseException as error:
            self._started.put(error)
            raise
        self._started.put((first.host, first.port))
        self.app.run()
        self._wake.stop()
        self._wake.close()
        get_hub().destroy(destroy_loop=True)

    def _run_calls(self) -> None:
        while not self._calls.empty():
            self._calls.get()()

    def call(self, function: Callable[[App], T]) -> T:
        """Run a function in the server's thread, between two turns, and return its result."""
        answers: Queue[T] = Queue()
        self._calls.put(lambda: answers.put(function(self.app)))
        self._wake.send()
        return answers.get(timeout=PATIENCE)

    def stop(self) -> None:
        """Stop the server and wait until it has ended."""
        if self._thread.is_alive():
            self.call(lambda app: app.stop("The test is over"))
            self._thread.join(PATIENCE)
            assert not self._thread.is_alive()


class StartServer(Protocol):
    """Starts a server and returns the thread that it runs in."""

    def __call__(self, settings: Settings, options: Options, tls: TlsAcceptor | None = None) -> ServerThread: ...


_HERE = Path(__file__).parent
_FOLDERS = {
    name: place for place, name in enumerate(("web", "hostile", "features", "server", "bench"))
}  # the slow ones


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Return the number of processes of `-n auto`: more than processors if these are few, since tests also wait.

    Not many more: the begin and the end of each take five seconds of CPU.
    """
    cores = len(os.sched_getaffinity(0))
    return min(3 * cores, 8) if cores < 4 else None


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile a part of the tests in each of several processes, all at the same time.

    All of them collect in the same order: without compiled files each would compile everything.
    Programs that are started here must not inherit that Ctrl-C is ignored, as it is for background jobs of a shell.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    worker = getattr(session.config, "workerinput", None)
    if worker is None:
        return
    worker_end.end_at_once()
    places = [Path(argument.partition("::")[0]) for argument in session.config.args]
    modules = sorted({module for place in places for module in place.rglob("test_*.py")})
    number, count = int(worker["workerid"].removeprefix("gw")), worker["workercount"]
    with _no_garbage():
        for module in modules[number::count]:
            name = ".".join(module.resolve().relative_to(_HERE.parent).with_suffix("").parts)
            with suppress(Exception, pytest.skip.Exception), warnings.catch_warnings():  # collection reports these
                warnings.simplefilter("ignore")
                import_module(name)


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Collect no garbage while modules are loaded: there is none, and it takes a quarter of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect the tests, but no garbage."""
    with _no_garbage():
        return (yield)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run the slowest tests first, so that no process works alone at the end.

    With worksteal each process begins with an equal part of the list, and every second one with tests that wait for
    long: meanwhile the processors are busy with tests of the others.
    """
    if not hasattr(config, "workerinput"):  # there is only one process
        return
    items.sort(key=lambda item: _FOLDERS.get(item.path.relative_to(_HERE).parts[0], len(_FOLDERS)))
    first = [item for item in items if item.get_closest_marker("long")]
    others = [item for item in items if not item.get_closest_marker("long")]
    workers: int = config.workerinput["workercount"]
    waiting = (workers + 1) // 2
    left = len(items)
    items.clear()
    for worker in range(workers):
        own = first[worker // 2 :: waiting] if (workers - worker) % 2 else []
        size = left // (workers - worker)
        left -= size
        items += own + others[: size - len(own)]
        del others[: size - len(own)]


def pytest_collection_finish() -> None:
    """Collect garbage of the tests only: with all loaded modules it would take longer than what some tests measure.

    And as rarely as the server does, which runs here in threads (greenchat/server/launch.py): it was a twentieth of
    the work.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Let a worker of xdist report of a test what is counted: the call, and a failed or skipped set-up or teardown.

    Usually it reports its begin, each phase and its end: seven messages to a process that ignores most, and half a
    millisecond of CPU.
    """
    if not hasattr(item.config, "workerinput") or item.config.option.durations is not None:
        return None
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if report.when == "call" or not report.passed:
            item.ihook.pytest_runtest_logreport(report=report)
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Collect no garbage at the end of a process of xdist: pytest looks for errors so, which nobody would read."""
    if config.getoption("dist", "no") != "no" or hasattr(config, "workerinput"):
        gc.freeze()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--screenshots DIR`: where tests of the web page store pictures of it."""
    parser.addoption("--screenshots", metavar="DIR", default="", help="where tests of the web page leave pictures")


@pytest.fixture
def start_server() -> Iterator[StartServer]:
    """Start servers; they end with the test."""
    servers: list[ServerThread] = []

    def start(settings: Settings, options: Options, tls: TlsAcceptor | None = None) -> ServerThread:
        servers.append(ServerThread(settings, options, tls))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def serve(start_server: StartServer, tmp_path: Path) -> Serve:
    """Start a server on a free port; it executes commands as fast as they arrive, unless the options say otherwise."""

    def start(settings: Settings | None = None, options: Options | None = None) -> Target:
        return start_server(settings or Settings(), options or quick_options(tmp_path)).address

    return start


@pytest.fixture
def server(serve: Serve) -> Target:
    """Return the address of a server with the default settings."""
    return serve()


_QUICK = Options(
    listen=(ListenerOptions(Address("127.0.0.1", 0)),),
    connections=Connections(close_timeout=0.3),
    throttle=Throttle(commands=0),
    storage=Storage(persistent=False),
)


def quick_options(data: Path) -> Options:
    """Return options with a free port, no throttle, and a short wait for clients that do not close at the end."""
    return replace(_QUICK, data=data)
