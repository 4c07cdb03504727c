"""What tests of the page share: two browsers for all tests of a process, and a server of its own for each test."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import pytest

from greenchat.config.options import Address, Connections, ListenerOptions, Storage, Throttle
from greenchat.config.settings import Settings
from greenchat.config.web import Web
from tests.conftest import ServerThread, quick_options
from tests.ports import ReservedPort
from tests.web import browser as browsers
from tests.web.browser import Browser


@dataclass(slots=True)
class Site:
    """A server with the page; it keeps its port and its data when it is started again."""

    settings: Settings
    folder: Path
    web: Web
    connections: Connections = field(default_factory=Connections)
    throttle: Throttle = field(default_factory=lambda: Throttle(commands=0))
    thread: ServerThread | None = None
    _reserved: ReservedPort = field(default_factory=ReservedPort)

    def start(self) -> None:
        """Listen."""
        self.folder.mkdir(exist_ok=True)
        options = replace(
            quick_options(self.folder),
            listen=(ListenerOptions(Address("127.0.0.1", self.port)),),
            storage=Storage(persistent=True),
            web=self.web,
            throttle=self.throttle,
            connections=replace(self.connections, close_timeout=0.3),
        )
        self.thread = ServerThread(self.settings, options)

    def stop(self) -> None:
        """End it."""
        if self.thread:
            self.thread.stop()
            self.thread = None

    def close(self) -> None:
        """End it for good."""
        self.stop()
        self._reserved.close()

    @property
    def port(self) -> int:
        """Of 127.0.0.1."""
        return self._reserved.number

    @property
    def target(self) -> tuple[str, int]:
        """For tests.irc.Client."""
        return "127.0.0.1", self.port

    def address(self, path: str = "#tea") -> str:
        """Where the page is. localhost, since browsers trust that as they do https."""
        return f"http://localhost:{self.port}{self.web.base}{path}"


class MakeSite(Protocol):
    """Starts a server with these settings."""

    def __call__(
        self, settings: Settings | None = None, web: Web | None = None, connections: Connections | None = None
    ) -> Site: ...


@pytest.fixture
def make_site(tmp_path: Path) -> Iterator[MakeSite]:
    """Start servers; they end with the test."""
    made: list[Site] = []

    def make(settings: Settings | None = None, web: Web | None = None, connections: Connections | None = None) -> Site:
        folder = tmp_path / f"site{len(made)}"
        made.append(Site(settings or Settings(), folder, web or Web(), connections or Connections()))
        made[-1].start()
        return made[-1]

    yield make
    for site in made:
        site.close()


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    """A server with the default settings."""
    return make_site()


@pytest.fixture(scope="session")
def _first() -> Iterator[Browser]:
    with browsers.opened() as found:
        yield found


@pytest.fixture(scope="session")
def _second() -> Iterator[Browser]:
    with browsers.opened() as found:
        yield found


@pytest.fixture
def browser(_first: Browser) -> Iterator[Browser]:
    """A browser, as if it were new."""
    yield _renewed(_first)
    _finish(_first)


@pytest.fixture
def other(_second: Browser) -> Iterator[Browser]:
    """Somebody else's."""
    yield _renewed(_second)
    _finish(_second)


@pytest.fixture
def worker(browser: Browser) -> Iterator[None]:
    """Let the page in the first browser have its service worker, as users have it."""
    browser.worker(True)
    yield
    browser.worker(False)


def _renewed(found: Browser) -> Browser:
    found.size(*browsers.WIDE)
    found.media()
    found.errors()
    return found


def _finish(found: Browser) -> None:
    """Leave the page, and see that nothing on it was broken: no error, nothing refused by its policy."""
    errors = found.errors()
    found.forget()
    found.open("about:blank")
    assert errors == []


class Shoot(Protocol):
    """Takes a picture of a browser under this name."""

    def __call__(self, found: Browser, name: str) -> None: ...


@pytest.fixture
def shoot(request: pytest.FixtureRequest) -> Shoot:
    """Take pictures where `--screenshots DIR` asks for them."""
    folder = request.config.getoption("--screenshots")

    def take(found: Browser, name: str) -> None:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            found.driver.save_screenshot(str(Path(folder) / f"{name}.png"))

    return take
