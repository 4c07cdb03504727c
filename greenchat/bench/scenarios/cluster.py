"""Nodes that are one server: how much more several can deliver than one, by the CPU time of the busiest of them.

As much is in flight for each node, however many there are, and it is said in waves: the next when all of one has
arrived. Else a bench that is slower than the server would let each message come alone, and what is measured would be
the cost of entries of one message. All processes of the server share a core, so that rates by the clock say nothing.
"""

import argparse
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from time import perf_counter

from greenchat.bench.crowd import gather
from greenchat.bench.figures import Figures, quantile, table
from greenchat.bench.flights import Room
from greenchat.bench.load import LANDING, Job, SteadyLoad, speakers
from greenchat.bench.process import cpu_seconds, raise_file_limit
from greenchat.bench.progress import ProgressLine
from greenchat.bench.scenarios import Measurement, Scenario, Shape
from greenchat.bench.swarm import StalledError, Swarm
from greenchat.bench.targets import greenchat_target, run
from greenchat.bench.wire import TEXT_BYTES, Wording
from greenchat.bench.worker import WorkerProgress, work

_COMING = 60.0  # seconds for all nodes
_ALONE = 2.0  # seconds in which one message at a time is said, for its delay
_SPARE_FILES = 200
_ENGINE = b"nats-server"
_LISTENS = "0A"  # in /proc/net/tcp


def _run(job: Job, shape: Shape) -> Figures:
    """Measure one server. Raises StalledError."""
    nodes, count, channels, flight = (shape[name] for name in ("nodes", "clients", "rooms", "flight"))
    assert job.pid
    _await_nodes(job.address.port, max(nodes, 1))
    processes = _processes(job.pid) if nodes else [(job.pid, False)]
    swarm = Swarm(job.address)
    rooms = [Room(b"#bench%d" % number) for number in range(channels)]
    clients, _ = gather(swarm, [rooms[index % channels].target for index in range(count)], progress=job.gathering)
    quiet = channels if channels > 1 else 0  # one of each only listens, see rooms.py
    turns = speakers([(room, range(number, count - quiet, channels)) for number, room in enumerate(rooms)])
    talk = SteadyLoad(job, swarm, rooms, turns, flight * max(nodes, 1))
    for room in rooms:
        room.transcripts.append(talk.transcript(room.target))
    for client in clients:
        talk.seat(client, rooms[client.index % channels].transcripts[0])
    _wave(talk)  # whatever is made once is made now
    before, received, began = [cpu_seconds(pid) for pid, _ in processes], talk.received(), perf_counter()
    while perf_counter() - began < job.seconds:
        job.progress("talking", (perf_counter() - began) / job.seconds)
        _wave(talk)
    spent = [cpu_seconds(pid) - then for (pid, _), then in zip(processes, before, strict=True)]
    received = talk.received() - received
    ours = [cpu for cpu, (_, is_engine) in zip(spent, processes, strict=True) if not is_engine]
    talk.flights.wanted = 1
    talk.flights.delays.clear()
    began = perf_counter()
    while perf_counter() - began < _ALONE:
        _wave(talk)
    swarm.close_all()
    return {
        "busiest": received / max(ours),
        "cpu": sum(ours) / received,
        "engine": (sum(spent) - sum(ours)) / received,
        "delay": quantile(sorted(talk.flights.delays), 0.5),
    }


def _wave(talk: SteadyLoad) -> None:
    """Send one wave of messages, and wait until it has arrived."""
    talk.flights.start()
    talk.flights.stop()
    talk.swarm.run(lambda: not talk.flights.in_flight, "all messages have arrived", LANDING)


def _await_nodes(port: int, count: int) -> None:
    until = perf_counter() + _COMING
    wanted = f":{port:04X}"
    while perf_counter() < until:
        rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
        if sum(row[1].endswith(wanted) and row[3] == _LISTENS for row in rows) >= count:
            return
    raise StalledError(f"fewer than {count} nodes listened after {_COMING:g} s")


def _processes(parent: int) -> list[tuple[int, bool]]:
    """Return the children of the process that has started the nodes, and whether each is the engine."""
    found = []
    for folder in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            words = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            if int(words[1]) == parent:
                found.append((int(folder.name), _ENGINE in (folder / "cmdline").read_bytes()))
    return found


_SCENARIO = Scenario("cluster", "nodes that are one server", lambda _: (), _run)


def _numbers(text: str) -> list[int]:
    numbers = [int(word) for word in text.split(",") if word.isdecimal()]
    if not numbers or not all(0 <= number <= 16 for number in numbers) or len(numbers) != text.count(",") + 1:
        raise argparse.ArgumentTypeError(f"{text} is no list of numbers from 0 to 16, like 1,2,3")
    return numbers


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--nodes", type=_numbers, default=[0, 1, 2, 3], metavar="N,N", help="how many; 0: a single process (0,1,2,3)"
    )
    parser.add_argument("--seconds", type=float, default=5.0, help="length of a window (5)")
    parser.add_argument("--rounds", type=int, default=1, help="how often, taking turns (1); medians are shown")
    parser.add_argument("--clients", type=int, default=600, help="members of the one channel (600)")
    parser.add_argument("--rooms", type=int, default=60, help="small channels (60)")


def _shapes(options: Namespace) -> Iterator[tuple[str, dict[str, int]]]:
    yield (
        f"one channel of {options.clients}, 200 messages in flight a node",
        {"clients": options.clients, "rooms": 1, "flight": 200},
    )
    yield (
        f"{options.rooms} channels of 11, 160 messages in flight a node",
        {"clients": 11 * options.rooms, "rooms": options.rooms, "flight": 160},
    )


def _measure(options: Namespace) -> int:
    raise_file_limit(max(options.clients, 11 * options.rooms) + _SPARE_FILES)
    line = ProgressLine()
    for title, parameters in _shapes(options):
        found: dict[int, list[Figures]] = {nodes: [] for nodes in options.nodes}
        for turn in range(options.rounds):
            for nodes in options.nodes:
                shown = f"{title}: {_named(nodes)} {turn + 1}/{options.rounds}"
                target = greenchat_target(words=("--nodes", str(nodes)) if nodes else ())
                with run(target) as running:
                    shape = Shape(title, {**parameters, "nodes": nodes})
                    found[nodes].append(
                        work(
                            *(_SCENARIO, shape, running, options.seconds, Wording(TEXT_BYTES)),
                            _showing(line, shown),
                        )
                    )
        line.clear()
        print(f"cluster: {title}\n{report(found)}\n", flush=True)
    return 0


def _showing(line: ProgressLine, title: str) -> Callable[[WorkerProgress], None]:
    """Return what shows the progress of a run behind its title."""
    return lambda progress: line.show(title, progress.what, progress.share)


def _named(nodes: int) -> str:
    return f"{nodes} node{'s' * (nodes != 1)}" if nodes else "a single process"


def report(found: dict[int, list[Figures]]) -> str:
    """Return a table of the medians of all rounds. found: by the number of nodes, 0 for a single process."""
    rows: list[Sequence[str]] = [
        ["", "deliveries/CPU s", "to the first", "CPU/delivery", "engine's", "p50 alone"],
    ]
    first = 0.0
    for nodes, rounds in found.items():
        figures = {name: quantile(sorted(each[name] for each in rounds), 0.5) for name in rounds[0]}
        first = first or figures["busiest"]
        rows.append(
            [
                _named(nodes),
                f"{figures['busiest']:,.0f}",
                f"{figures['busiest'] / first:.2f} x",
                f"{figures['cpu'] * 1e6:.2f} us",
                f"{figures['engine'] * 1e6:.2f} us" if nodes else "-",
                f"{figures['delay'] * 1e3:.1f} ms",
            ]
        )
    return table(rows) + "\nThe first column is of the busiest node, CPU/delivery of all of them together."


COMMAND = Measurement("cluster", "several nodes that are one server, beside one", _measure, _add_arguments)
