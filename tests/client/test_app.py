"""The main loop: what happens between two frames, and never during one."""

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


class ResizedScreen(PlainScreen):
    """A terminal whose size changes while the first frame is drawn."""

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
        assert not self.is_painting, "half of the screen would be drawn for the previous size"
        self.sizes.append(size)


def test_a_new_size_is_used_for_the_next_frame(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """signal(7): a handler runs "at any point" of what it interrupts."""
    screen = ResizedScreen(world.console)
    given = dict.fromkeys(Stores.__annotations__, tmp_path)
    app = ClientApp(world.console, screen, LineInput(), Stores(**given))  # type: ignore[arg-type]  # it stores nothing here
    before = signal.getsignal(signal.SIGWINCH)
    signal.signal(signal.SIGWINCH, app._on_signal(signal.SIGWINCH))
    wakeup = signal.set_wakeup_fd(app._wake_writer, warn_on_full_buffer=False)
    monkeypatch.setattr(app, "_inputs", [])
    try:
        screen.paint(world.console.frame(0))
        assert screen.sizes == []
        app._turn()
    finally:
        signal.set_wakeup_fd(wakeup)
        signal.signal(signal.SIGWINCH, before)
    assert screen.sizes == [Size(8, 40)]


def test_an_upgrade_of_the_running_client_is_reported_and_quit_works(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Modules loaded late no longer fit after it, including commands such as /quit."""
    monkeypatch.setitem(sys.modules, "greenchat.client.slash", None)
    monkeypatch.delattr(greenchat.client, "slash", raising=False)
    given: dict[str, Any] = dict.fromkeys(Stores.__annotations__, tmp_path)
    app = ClientApp(
        world.console, ResizedScreen(world.console), LineInput(), Stores(**given | {"report": lambda name: Path(name)})
    )
    app._on_terminal([KeyPressed("/"), KeyPressed("q"), KeyPressed("Enter")])
    line = world.model.current.lines[-1]
    assert line.kind is LineKind.ERROR
    assert line.text.startswith("greenchat was upgraded while it was running")
    app._on_terminal([KeyPressed("C-c"), KeyPressed("C-c")])
    assert list(world.model.effects) == [Quit()]
