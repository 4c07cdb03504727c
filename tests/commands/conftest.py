"""Fixtures for tests of commands: servers without sockets, and real servers for tests about connections."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from greenchat.config.options import Options
from greenchat.config.settings import Settings
from tests.conftest import StartServer, cheap_passwords, quick_options
from tests.irc import Target
from tests.world import World


class StartWorld(Protocol):
    """Makes a server without sockets."""

    def __call__(self, settings: Settings, options: Options) -> World: ...


@pytest.fixture
def start_world() -> Iterator[StartWorld]:
    """Make servers without sockets; they end with the test."""
    worlds: list[World] = []

    def start(settings: Settings, options: Options) -> World:
        worlds.append(World(settings, options))
        return worlds[-1]

    yield start
    for world in worlds:
        world.stop()


@pytest.fixture
def serve(start_server: StartServer, tmp_path: Path) -> Iterator[Callable[..., Target]]:
    """Return a function that makes servers without sockets; given options, it starts a real server."""
    worlds: list[World] = []

    def start(settings: Settings | None = None, options: Options | None = None) -> Target:
        if options:
            return start_server(settings or Settings(), options).address
        worlds.append(World(cheap_passwords(settings or Settings(), 1), quick_options(tmp_path)))
        return worlds[-1]

    yield start
    for world in worlds:
        world.stop()


@pytest.fixture
def running_server(serve: Callable[[], World]) -> World:
    """Make a server with the default settings whose state a test can change (see `inside`)."""
    return serve()
