"""`greenchat-server top`: the state of the running server, refreshed on one screen of the terminal."""

import os
import sys
import time
from argparse import ArgumentParser
from typing import Any

from greenchat.server.control.client import ControlRefusedError, NoServerError, ask
from greenchat.server.tools.live_view import rows
from greenchat.server.tools.registry import Call, Tool, ToolError

_ESCAPE = "\x1b"
_MOST_WAIT = 60.0  # seconds


def _top(call: Call) -> int:
    data = call.configuration().options.data

    def status() -> Any:
        try:
            return ask(data, "status")
        except (NoServerError, ControlRefusedError) as error:
            raise ToolError(str(error), code=3) from error

    every = min(max(call.arguments.every, 0.1), _MOST_WAIT)
    before, then = status(), time.monotonic()
    if call.arguments.once or not (sys.stdin.isatty() and sys.stdout.isatty()):
        time.sleep(every if call.arguments.once else 0)
        now = status()
        call.out.writelines(row + "\n" for row in rows(before, now, time.monotonic() - then, 1000, 1000, keys=""))
        return 0
    import curses  # late: only this command draws

    def show(screen: "curses.window") -> None:
        nonlocal before, then
        curses.use_default_colors()
        curses.curs_set(0)
        screen.timeout(round(every * 1000))
        while True:
            now, moment = status(), time.monotonic()
            height, width = screen.getmaxyx()
            screen.erase()
            for number, row in enumerate(rows(before, now, moment - then, height, width - 1)):
                screen.addstr(number, 0, row)
            screen.refresh()
            before, then = now, moment
            if screen.getch() in (ord("q"), ord("Q"), ord(_ESCAPE)):
                return

    os.environ.setdefault("ESCDELAY", "25")
    try:
        curses.wrapper(show)
    except KeyboardInterrupt:
        return 0
    except curses.error as error:
        raise ToolError(f"this terminal can't show the screen: {error}; use top --once") from error
    return 0


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--every", type=float, default=2.0, metavar="SECONDS", help="seconds between updates (default 2)"
    )
    parser.add_argument("--once", action="store_true", help="print the figures once, after that many seconds")


TOOLS = (Tool("top", "watch the running server: rates, memory, largest channels", _top, _arguments),)
