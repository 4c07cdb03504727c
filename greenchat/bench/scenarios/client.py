"""The terminal client compared with irssi and WeeChat: start, delays and memory, measured in a pseudo-terminal.

Each client is connected to the same small server. Keys are single capital letters that appear nowhere else on the
screen.
"""

import json
import os
import shutil
import sys
import tempfile
import threading
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from greenchat.bench.figures import median, quantile, table
from greenchat.bench.pseudo_terminal import CHANNEL, TOPIC, WELCOME, ClientGoneError, StageServer, TerminalClient
from greenchat.bench.scenario import Measurement

KEYS = "QWERYUIOZXVN"
FLOOD_PER_SECOND = 2000
FLOOD_SECONDS = 3.0
BURST = 10_000
KEPT_WITHIN = 20.0  # seconds for a line that was typed as the connection dropped to arrive
LINE = "some words of an ordinary length that fill most of one row, number {number} "

ROWS: tuple[tuple[str, str, Callable[[float], str]], ...] = (
    ("start", "start to welcome drawn", lambda value: f"{value * 1e3:.0f} ms"),
    ("start_cpu", "start, processor time", lambda value: f"{value * 1e3:.0f} ms"),
    ("memory", "peak resident memory", lambda value: f"{value / 1e6:.1f} MB"),
    ("echo", "key echo, median", lambda value: f"{value * 1e3:.2f} ms"),
    ("echo_most", "key echo, 99 %", lambda value: f"{value * 1e3:.2f} ms"),
    ("flood_echo", "key echo during a flood, median", lambda value: f"{value * 1e3:.1f} ms"),
    ("flood_echo_most", "key echo during a flood, 95 %", lambda value: f"{value * 1e3:.1f} ms"),
    ("burst", f"{BURST:,} lines at once", lambda value: f"{value:.2f} s"),
    ("burst_cpu", f"{BURST:,} lines at once, processor time", lambda value: f"{value:.2f} s"),
    ("keys_kept", "keys typed meanwhile", lambda value: "kept" if value else "lost"),
    ("resize", "resize", lambda value: f"{value * 1e3:.1f} ms"),
    ("line_kept", "line typed as the connection drops", lambda value: "sent after reconnect" if value else "lost"),
)


def measure(command: Callable[[int, Path], Sequence[str]]) -> dict[str, float]:
    """Return all figures of one client, in seconds, bytes, and 1 or 0.

    command: its command line for a port and a folder.
    """
    with tempfile.TemporaryDirectory(prefix="greenchat-bench-") as folder:
        server = StageServer()
        client = TerminalClient(command(server.port, Path(folder)), _environment(folder))
        try:
            return _measure(server, client)
        finally:
            client.close()
            server.close()


def _measure(server: StageServer, client: TerminalClient) -> dict[str, float]:
    figures = {"start": client.wait_for(WELCOME, TOPIC) - client.started}
    client.wait_quiet()
    figures["start_cpu"] = client.cpu()
    client.press(f"/join {CHANNEL}\r")  # clients in the channel already switch to its window
    client.wait_quiet(0.5)
    echoes = sorted(_echoes(client, 100, 0.02))
    figures["echo"], figures["echo_most"] = median(echoes), quantile(echoes, 0.99)
    figures["resize"] = median(_resizes(client))

    flood = threading.Thread(target=_flood, args=(server,))
    flood.start()
    echoes = sorted(_echoes(client, 40, FLOOD_SECONDS / 60))
    flood.join()
    figures["flood_echo"], figures["flood_echo_most"] = median(echoes), quantile(echoes, 0.95)
    client.wait_quiet()

    lines = [LINE.format(number=number) for number in range(BURST)] + ["zebraend"]
    burst = threading.Thread(target=server.say, args=(lines,))
    begin, cpu = time.monotonic(), client.cpu()
    burst.start()
    client.press("typed")
    client.press("meanwhile")
    figures["burst"] = client.wait_for("zebraend", seconds=60) - begin
    burst.join()
    client.wait_quiet()
    figures["burst_cpu"] = client.cpu() - cpu
    client.press("\r")
    figures["keys_kept"] = float(server.wait_message("typedmeanwhile", 5))
    figures["memory"] = client.peak_memory()
    client.wait_quiet()

    server.drop()
    client.press("droppedline\r")
    figures["line_kept"] = float(_arrives(server, client, "droppedline", KEPT_WITHIN))
    return figures


def _echoes(client: TerminalClient, count: int, pause: float) -> list[float]:
    """Return the seconds from a key to its letter on the screen; the line is emptied now and then.

    Each line begins with another letter than the one before: a client that reads the end of a line together with the
    next letter would find it on the screen already, and not draw it.
    """
    seconds = []
    for number in range(count):
        key = KEYS[(number + number // len(KEYS)) % len(KEYS)]
        client.forget()
        begin = time.monotonic()
        client.press(key)
        seconds.append(client.wait_for(key) - begin)
        if number % len(KEYS) == len(KEYS) - 1:
            client.press("\x15")
        client.wait_quiet(pause) if pause < 0.03 else time.sleep(pause)
    client.press("\x15")
    return seconds


def _resizes(client: TerminalClient) -> list[float]:
    seconds = []
    for number in range(8):
        client.wait_quiet(0.1)
        begin = time.monotonic()
        client.resize(38 if number % 2 == 0 else 40, 110 if number % 2 == 0 else 120)
        seconds.append(client.wait_output() - begin)
    return seconds


def _flood(server: StageServer) -> None:
    steps = int(FLOOD_SECONDS * 100)
    begin = time.monotonic()
    for step in range(steps):
        server.say([LINE.format(number=step)] * (FLOOD_PER_SECOND // 100))
        time.sleep(max(0.0, begin + (step + 1) / 100 - time.monotonic()))


def _arrives(server: StageServer, client: TerminalClient, text: str, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if server.wait_message(text, 0.2):
            return True
        client.wait_quiet(0.01)  # its output must be read
    return False


def _greenchat(port: int, _folder: Path) -> list[str]:
    beside = Path(sys.argv[0]).with_name("greenchat")  # beside greenchat-bench, in a clone or an installation
    start = "from greenchat.client.main import main; raise SystemExit(main())"
    program = [str(beside)] if beside.is_file() else ["-c", start]
    return [sys.executable, *program, f"bench@127.0.0.1:{port}/{CHANNEL}"]


def _irssi(port: int, folder: Path) -> list[str]:
    return ["irssi", f"--home={folder}", "-c", "127.0.0.1", "-p", str(port), "-n", "bench"]


def _weechat(port: int, folder: Path) -> list[str]:
    return ["weechat", "-d", str(folder), f"irc://bench@127.0.0.1:{port}/{CHANNEL}"]


Start = Callable[[int, Path], Sequence[str]]
CLIENTS: dict[str, Start] = {"greenchat": _greenchat, "irssi": _irssi, "weechat": _weechat}


def _environment(folder: str) -> Mapping[str, str]:
    import greenchat

    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(greenchat.__file__).parents[1]),
        "HOME": folder,
        "XDG_STATE_HOME": f"{folder}/state",
        "XDG_DATA_HOME": f"{folder}/data",
        "XDG_CONFIG_HOME": f"{folder}/config",
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
    }


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--only", choices=sorted(CLIENTS), action="append", help="measure only this client; repeatable")
    parser.add_argument(
        "--rounds", type=int, default=1, help="number of rounds, in which the clients take turns (1); medians are shown"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def _run(options: Namespace) -> int:
    wanted = options.only or [name for name in CLIENTS if name == "greenchat" or shutil.which(name)]
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in wanted}
    for _ in range(options.rounds):
        for name in wanted:
            try:
                rounds[name].append(measure(CLIENTS[name]))
            except (ClientGoneError, OSError) as error:
                print(f"greenchat-bench: {name}: {error}", file=sys.stderr)
                return 1
    medians = {
        name: {figure: median(one[figure] for one in measured) for figure, _, _ in ROWS}
        for name, measured in rounds.items()
    }
    if options.json:
        print(json.dumps(medians, indent=2))
    else:
        rows = [[label, *(write(medians[name][figure]) for name in wanted)] for figure, label, write in ROWS]
        print(table([["", *wanted], *rows]))
    return 0


COMMAND = Measurement("client", "the terminal client compared with irssi and WeeChat", _run, _add_arguments)
