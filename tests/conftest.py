"""What tests of the server share: a real server on a free port, in a thread with a gevent hub of its own."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue
from typing import Protocol, TypeVar

import hypothesis
import pytest
from gevent.hub import get_hub

from greenchat.config.options import Address, Connections, ListenerOptions, Options, Storage, Throttle
from greenchat.config.settings import Settings
from greenchat.server.app import App
from greenchat.server.net.stream import TlsAcceptor

# how long an example takes says more of the machine than of us
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

T = TypeVar("T")
Target = tuple[str, int]


@pytest.fixture(autouse=True)
def _umask_stays() -> Iterator[None]:
    """Give the tests' process its umask back: `main` of each program narrows it."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


class Serve(Protocol):
    """Starts a server with these settings and returns its address."""

    def __call__(self, settings: Settings | None = None, options: Options | None = None) -> Target: ...


class ServerThread:
    """An App in a thread. `call` runs a function inside it and returns what that returns."""

    def __init__(self, settings: Settings, options: Options, tls: TlsAcceptor | None = None) -> None:
        self._tls = tls
        self._started: Queue[Target | BaseException] = Queue()
        self._settings = settings
        self._options = options
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        address = self._started.get(timeout=20)
        if isinstance(address, BaseException):
            raise address
        self.address = address

    def _run(self) -> None:
        try:
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
        """Run something inside the server's thread, between two turns."""
        answers: Queue[T] = Queue()
        self._calls.put(lambda: answers.put(function(self.app)))
        self._wake.send()
        return answers.get(timeout=20)

    def stop(self) -> None:
        """End it and wait until it has."""
        if self._thread.is_alive():
            self.call(lambda app: app.stop("The test is over"))
            self._thread.join(20)
            assert not self._thread.is_alive()


class StartServer(Protocol):
    """Starts a server and returns the thread that it runs in."""

    def __call__(self, settings: Settings, options: Options, tls: TlsAcceptor | None = None) -> ServerThread: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--screenshots DIR`: where tests of the web page leave pictures of it."""
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
    """Start a server on a free port; it takes commands as fast as they come unless the options say otherwise."""

    def start(settings: Settings | None = None, options: Options | None = None) -> Target:
        return start_server(settings or Settings(), options or quick_options(tmp_path)).address

    return start


@pytest.fixture
def server(serve: Serve) -> Target:
    """The address of a server with the default settings."""
    return serve()


def quick_options(data: Path) -> Options:
    """A free port, no throttle, and little patience with clients that don't close at the end."""
    return Options(
        listen=(ListenerOptions(Address("127.0.0.1", 0)),),
        connections=Connections(close_timeout=0.3),
        data=data,
        throttle=Throttle(commands=0),
        storage=Storage(persistent=False),
    )
