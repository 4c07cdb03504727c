"""What tests of commands share: servers without sockets, and real ones where a test is about connections."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from greenchat.config.options import Options
from greenchat.config.settings import Settings
from tests.conftest import StartServer, cheap_passwords, quick_options
from tests.irc import Target
from tests.world import World


@pytest.fixture
def serve(start_server: StartServer, tmp_path: Path) -> Iterator[Callable[..., Target]]:
    """Make servers without sockets; one that has options of its own is a real one."""
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
    """Make a server with the default settings whose state a test can change: see `inside`."""
    return serve()
