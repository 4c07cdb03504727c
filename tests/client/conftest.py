"""Fixtures of the client's tests."""

import time
from collections.abc import Iterator

import pytest

from tests.client.world import World


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Show times in UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def world() -> World:
    """Make a client that has not connected yet."""
    return World()


@pytest.fixture
def tea(world: World) -> World:
    """Make a client in #tea with bob and carol, on a server without capabilities."""
    world.welcome()
    world.join()
    return world


@pytest.fixture
def echoing(world: World) -> World:
    """Make the same on a server with echo-message and labeled-response."""
    world.welcome("echo-message labeled-response batch message-tags server-time")
    world.join()
    return world
