"""Fixtures of tests of the page: two browsers for all tests of a process, and a server of its own for each test.

All servers have the same address, so that the caches of the browsers help; what the page stores is deleted.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import pytest

from greenchat.config.options import Address, Connections, ListenerOptions, PlainText, Storage, Throttle
from greenchat.config.settings import Settings
from greenchat.config.web import Web
from tests.conftest import ServerThread, quick_options
from tests.ports import reserved_port
from tests.web import browser as browsers
from tests.web.browser import Browser


@dataclass(slots=True)
class Site:
    """A server with the page; it keeps its port and its data over a restart."""

    settings: Settings
    folder: Path
    port: int  # on 127.0.0.1
    web: Web
    connections: Connections = field(default_factory=Connections)
    throttle: Throttle = field(default_factory=lambda: Throttle(commands=0))
    thread: ServerThread | None = None

    def start(self) -> None:
        """Start the server."""
        self.folder.mkdir(exist_ok=True)
        options = replace(
            quick_options(self.folder),
            listen=(ListenerOptions(Address("127.0.0.1", self.port)),),
            storage=Storage(persistent=True),
            web=self.web,
            throttle=self.throttle,
            connections=replace(self.connections, close_timeout=0.3),
            # Chromium opens spare connections; one on which it sends nothing counts as a plain-text client
            plain=PlainText(name_timeout=1.0),
        )
        self.thread = ServerThread(self.settings, options)

    def stop(self) -> None:
        """Stop the server."""
        if self.thread:
            self.thread.stop()
            self.thread = None

    @property
    def target(self) -> tuple[str, int]:
        """The address for tests.irc.Client."""
        return "127.0.0.1", self.port

    def address(self, path: str = "#tea") -> str:
        """Return the URL of the page. localhost, since browsers trust it as they do https."""
        return f"http://localhost:{self.port}{self.web.base}{path}"


class MakeSite(Protocol):
    """Starts the server of a test with these settings."""

    def __call__(
        self, settings: Settings | None = None, web: Web | None = None, connections: Connections | None = None
    ) -> Site: ...


@pytest.fixture(scope="session")
def _port() -> Iterator[int]:
    """Reserve the port of all servers."""
    with reserved_port() as port:
        yield port


@pytest.fixture
def make_site(tmp_path: Path, _port: int) -> Iterator[MakeSite]:
    """Start a server; it ends with the test."""
    made: list[Site] = []

    def make(settings: Settings | None = None, web: Web | None = None, connections: Connections | None = None) -> Site:
        made.append(Site(settings or Settings(), tmp_path / "site", _port, web or Web(), connections or Connections()))
        made[-1].start()
        return made[-1]

    yield make
    for site in made:
        site.stop()


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    """Start a server with the default settings."""
    return make_site()


@pytest.fixture(scope="session")
def _first() -> Iterator[Browser]:
    with browsers.opened() as found:
        yield found


@pytest.fixture(scope="session")
def _second() -> Iterator[Browser]:
    with browsers.opened() as found:
        yield found


@pytest.fixture(scope="session")
def _complete() -> Iterator[Browser]:
    with browsers.opened(complete=True) as found:
        found.worker(True)
        yield found


@pytest.fixture
def browser(_first: Browser, _port: int) -> Iterator[Browser]:
    """Return a browser in the state of a new one."""
    yield _renewed(_first)
    _finish(_first, _port)


@pytest.fixture
def other(_second: Browser, _port: int) -> Iterator[Browser]:
    """Return the browser of another user."""
    yield _renewed(_second)
    _finish(_second, _port)


@pytest.fixture
def complete(_complete: Browser, _port: int) -> Iterator[Browser]:
    """Return a browser that has notifications and can install the page, in the state of a new one.

    The page has its service worker in it.
    """
    yield _renewed(_complete)
    _finish(_complete, _port)


@pytest.fixture
def worker(browser: Browser) -> Iterator[None]:
    """Let the page in the first browser have its service worker, as it does for users."""
    browser.worker(True)
    yield
    browser.worker(False)


def _renewed(found: Browser) -> Browser:
    found.size(*browsers.WIDE)
    found.media()
    found.errors()
    return found


def _finish(found: Browser, port: int) -> None:
    """Leave the page, and check that nothing on it was broken: no error, nothing refused by its policy."""
    errors = found.errors()
    found.forget(f"http://localhost:{port}")
    assert errors == []


class Shoot(Protocol):
    """Takes a picture of a browser under this name."""

    def __call__(self, found: Browser, name: str) -> None: ...


@pytest.fixture
def shoot(request: pytest.FixtureRequest) -> Shoot:
    """Take pictures if `--screenshots DIR` asks for them."""
    folder = request.config.getoption("--screenshots")

    def take(found: Browser, name: str) -> None:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            found.driver.save_screenshot(str(Path(folder) / f"{name}.png"))

    return take
