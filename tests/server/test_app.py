"""A stopped server has released everything."""

import gc
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.options import Options
from greenchat.config.outbound import Outbound, Push, WebhookRules
from greenchat.config.settings import FileHost, Settings
from greenchat.config.web import Metrics
from tests.conftest import StartServer, quick_options
from tests.irc import Client
from tests.patience import PATIENCE
from tests.world import World

EVERYTHING = Settings(
    files=FileHost(enabled=True), outbound=Outbound(push=Push(enabled=True), webhooks=WebhookRules(enabled=True))
)


def in_memory(settings: Settings, options: Options, _: StartServer) -> None:
    world = World(settings, options)
    with Client(world, "alice") as alice:
        alice.join("#a")
    world.stop()


def listening(settings: Settings, options: Options, _: StartServer) -> None:
    world = World(settings, options)
    world.app.listen()
    world.stop()


def running(settings: Settings, options: Options, start_server: StartServer) -> None:
    server = start_server(settings, options)
    with Client(server.address, "alice") as alice:
        alice.join("#a")
    server.stop()


@pytest.mark.parametrize("life", [in_memory, listening, running])
def test_a_stopped_server_leaves_no_descriptor_and_no_thread(
    life: Callable[[Settings, Options, StartServer], None], start_server: StartServer, tmp_path: Path
) -> None:
    options = replace(quick_options(tmp_path), metrics=Metrics(enabled=True))
    life(EVERYTHING, options, start_server)  # what a process keeps once it was used: the loop, the random device
    gc.collect()  # what earlier tests have forgotten to close
    before, threads_before = descriptors(), threads()
    life(EVERYTHING, options, start_server)
    deadline = time.monotonic() + PATIENCE
    while (
        descriptors().items() - before.items() and time.monotonic() < deadline
    ):  # of an earlier test, about to be closed
        time.sleep(0.01)
    assert descriptors().items() - before.items() == set()
    while threads() > threads_before and time.monotonic() < deadline:  # a thread that was told to end may need a moment
        time.sleep(0.01)
    assert threads() <= threads_before  # fewer where one of the first run was still ending


def threads() -> int:
    """Count the threads of this process, with those of gevent's pools."""
    return len(os.listdir("/proc/self/task"))


def descriptors() -> dict[str, str]:
    """Return the kind of each open descriptor, without numbers that differ each time."""
    folder = Path("/proc/self/fd")
    found = {}
    for each in os.listdir(folder):
        try:
            found[each] = os.readlink(folder / each)
        except FileNotFoundError:  # the descriptor of the listing itself
            continue
    return found
