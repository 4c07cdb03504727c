"""The main loop: what comes between two pictures, and not into the middle of one."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

import greenchat.client
from greenchat.client.app import ClientApp
from greenchat.client.effect_runner import Stores
from greenchat.client.line_mode import LineInput, PlainScreen
from greenchat.client.state.effects import Quit
from greenchat.client.state.events import KeyPressed
from greenchat.client.state.lines import LineKind
from greenchat.client.text.style import Frame, Size
from tests.client.world import World


class Window(PlainScreen):
    """A terminal whose size changes while the first picture is drawn."""

    def __init__(self, console: Any) -> None:
        super().__init__(console)
        self.is_painting = False
        self.sizes: list[Size] = []
        self.size = Size(8, 40)

    def paint(self, frame: Frame) -> None:
        self.is_painting = True
        if not self.sizes:
            os.kill(os.getpid(), signal.SIGWINCH)
        self.is_painting = False

    def resize(self, size: Size) -> None:
        assert not self.is_painting, "half of the picture would be drawn for the size before"
        self.sizes.append(size)


def test_a_new_size_is_taken_between_two_pictures(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """signal(7): a handler runs "at any point" of what it interrupts."""
    window = Window(world.console)
    given = dict.fromkeys(Stores.__annotations__, tmp_path)
    app = ClientApp(world.console, window, LineInput(), Stores(**given))  # type: ignore[arg-type]  # it stores nothing here
    before = signal.getsignal(signal.SIGWINCH)
    signal.signal(signal.SIGWINCH, app._on_signal(signal.SIGWINCH))
    wakeup = signal.set_wakeup_fd(app._wake_writer, warn_on_full_buffer=False)
    monkeypatch.setattr(app, "_inputs", [])
    try:
        window.paint(world.console.frame(0))
        assert window.sizes == []
        app._turn()
    finally:
        signal.set_wakeup_fd(wakeup)
        signal.signal(signal.SIGWINCH, before)
    assert window.sizes == [Size(8, 40)]


def test_an_upgrade_under_a_running_client_is_told_and_it_can_be_left(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is loaded late does not fit any more then, commands among it, and with them /quit."""
    monkeypatch.setitem(sys.modules, "greenchat.client.slash", None)
    monkeypatch.delattr(greenchat.client, "slash", raising=False)
    given: dict[str, Any] = dict.fromkeys(Stores.__annotations__, tmp_path)
    app = ClientApp(
        world.console, Window(world.console), LineInput(), Stores(**given | {"report": lambda name: Path(name)})
    )
    app._on_terminal([KeyPressed("/"), KeyPressed("q"), KeyPressed("Enter")])
    told = world.model.current.lines[-1]
    assert told.kind is LineKind.ERROR
    assert told.text.startswith("greenchat was upgraded while it was running")
    app._on_terminal([KeyPressed("C-c"), KeyPressed("C-c")])
    assert list(world.model.effects) == [Quit()]
