"""Clusters: how much more several nodes deliver than one, by the CPU time of the busiest node.

The number of messages in flight per node is constant, and they are sent in waves: the next wave when the last one has
arrived. Otherwise a bench that is slower than the server would send single messages, and measure the cost of entries
of one message. All processes of the server share a core, so rates by the clock mean nothing. The cost of an idle node
is subtracted: on a core of its own, a node would be idle for less of the time.
"""

import argparse
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from time import perf_counter

from greenchat.bench.connecting import connect_all
from greenchat.bench.figures import Figures, quantile, table
from greenchat.bench.load import ARRIVAL_TIMEOUT, Job, SteadyLoad, speakers
from greenchat.bench.messages_in_flight import Room
from greenchat.bench.node_delay import delay_under_load
from greenchat.bench.node_loss import lose_node
from greenchat.bench.node_processes import await_nodes
from greenchat.bench.node_processes import processes as children
from greenchat.bench.process import cpu_seconds, raise_file_limit
from greenchat.bench.progress import ProgressLine
from greenchat.bench.scenario import Measurement, Scenario, Shape
from greenchat.bench.swarm import Swarm
from greenchat.bench.targets import greenchat_target, run
from greenchat.bench.wire import TEXT_BYTES, Wording
from greenchat.bench.worker import WorkerProgress, work

_ALONE = 2.0  # seconds, at most a window, in which one message at a time is sent, for its delay
_QUIET = 3.0  # seconds, at most a window, in which nobody talks, for the cost of an idle node
_SPARE_FILES = 200
_CROWD = 1000  # clients of each node when one is killed
_SHARE = 0.8  # of the nodes' capacity: the load while the delay is measured


def _run(job: Job, shape: Shape) -> Figures:
    """Measure one server. Raises StalledError."""
    nodes, flight = shape["nodes"], shape["flight"]
    assert job.pid
    await_nodes(job.address.port, max(nodes, 1))
    processes = children(job.pid) if nodes else [(job.pid, False)]
    talk = _talk(job, shape, flight * max(nodes, 1))
    _wave(talk)  # fills caches
    before, received, began = _spent(processes), talk.received(), perf_counter()
    while perf_counter() - began < job.seconds:
        job.progress("talking", (perf_counter() - began) / job.seconds)
        _wave(talk)
    passed, spent = perf_counter() - began, _since(before, processes)
    received = talk.received() - received
    before, began = _spent(processes), perf_counter()
    talk.swarm.run_for(min(_QUIET, job.seconds))
    times = passed / (perf_counter() - began)
    spent = [cpu - idle * times for cpu, idle in zip(spent, _since(before, processes), strict=True)]
    ours = [cpu for cpu, (_, is_engine) in zip(spent, processes, strict=True) if not is_engine]
    talk.messages.wanted = 1
    talk.messages.delays.clear()
    began = perf_counter()
    while perf_counter() - began < min(_ALONE, job.seconds):
        _wave(talk)
    talk.swarm.close_all()
    return {
        "busiest": received / max(ours),
        "cpu": sum(ours) / received,
        "engine": (sum(spent) - sum(ours)) / received,
        "delay": quantile(sorted(talk.messages.delays), 0.5),
    }


def _talk(job: Job, shape: Shape, flight: int) -> SteadyLoad:
    """Connect the clients, and return their talk."""
    count, channels = shape["clients"], shape["rooms"]
    swarm = Swarm(job.address)
    rooms = [Room(b"#bench%d" % number) for number in range(channels)]
    clients, _ = connect_all(
        swarm, [rooms[index % channels].target for index in range(count)], progress=job.report_connecting
    )
    # one member of each channel only listens, see rooms.py
    turns = speakers([(room, range(number, count - channels, channels)) for number, room in enumerate(rooms)])
    talk = SteadyLoad(job, swarm, rooms, turns, flight)
    for room in rooms:
        room.transcripts.append(talk.transcript(room.target))
    for client in clients:
        talk.add(client, rooms[client.index % channels].transcripts[0])
    return talk


def _spent(processes: Sequence[tuple[int, bool]]) -> list[float]:
    return [cpu_seconds(pid) for pid, _ in processes]


def _since(before: Sequence[float], processes: Sequence[tuple[int, bool]]) -> list[float]:
    return [now - then for now, then in zip(_spent(processes), before, strict=True)]


def _wave(talk: SteadyLoad) -> None:
    """Send one wave of messages, and wait until it has arrived."""
    talk.messages.start()
    talk.messages.stop()
    talk.swarm.run(lambda: not talk.messages.in_flight, "all messages have arrived", ARRIVAL_TIMEOUT)


def _run_loaded(job: Job, shape: Shape) -> Figures:
    """Measure the delay to another node under a load. Raises StalledError."""
    assert job.pid
    await_nodes(job.address.port, shape["nodes"])
    nodes = [pid for pid, is_engine in children(job.pid) if not is_engine]
    talk = _talk(job, shape, shape["flight"] * len(nodes))
    figures = delay_under_load(job, talk, nodes, _SHARE)
    talk.swarm.close_all()
    return figures


_SCENARIO = Scenario("cluster", "nodes that are one server", lambda _: (), _run)
_LOADED = Scenario("cluster", "the delay to another node", lambda _: (), _run_loaded)
_KILLED = Scenario("cluster", "a node is killed", lambda _: (), lose_node)


def _numbers(text: str) -> list[int]:
    numbers = [int(word) for word in text.split(",") if word.isdecimal()]
    if not numbers or not all(0 <= number <= 16 for number in numbers) or len(numbers) != text.count(",") + 1:
        raise argparse.ArgumentTypeError(f"{text} is not a list of numbers from 0 to 16, like 1,2,3")
    return numbers


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--nodes",
        type=_numbers,
        default=[0, 1, 2, 3],
        metavar="N,N",
        help="numbers of nodes to measure; 0: a single process (0,1,2,3)",
    )
    parser.add_argument("--seconds", type=float, default=5.0, help="length of the measurement (5)")
    parser.add_argument(
        "--rounds",
        type=int,
        default=1,
        help="number of rounds, in which the numbers of nodes take turns (1); medians are shown",
    )
    parser.add_argument("--clients", type=int, default=600, help="members of the large channel (600)")
    parser.add_argument("--rooms", type=int, default=60, help="number of small channels (60)")
    parser.add_argument(
        "--load",
        action="store_true",
        help=f"instead, measure the delay to another node, at {_SHARE:.0%}% of the nodes' capacity",
    )
    parser.add_argument(
        "--kill",
        action="store_true",
        help="instead, kill a node, and measure how long the others' clients receive nothing",
    )


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
    raise_file_limit(max(options.clients, 11 * options.rooms, _CROWD * max(options.nodes)) + _SPARE_FILES)
    if options.load or options.kill:
        if max(options.nodes) < 2:
            raise ValueError("--load and --kill need at least two nodes")
        return _measure_faults(options)
    for title, parameters in _shapes(options):
        results: dict[int, list[Figures]] = {nodes: [] for nodes in options.nodes}
        for turn in range(options.rounds):
            for nodes in options.nodes:
                figures = _figures(_SCENARIO, title, {**parameters, "nodes": nodes}, options, turn)
                results[nodes].append(figures)
        print(f"cluster: {title}\n{report(results)}\n", flush=True)
    return 0


def _measure_faults(options: Namespace) -> int:
    nodes = max(options.nodes)
    asked = [(_LOADED, "load", *shape) for shape in _shapes(options)] if options.load else []
    if options.kill:
        asked.append((_KILLED, "kill", f"killing a node with about {_CROWD} clients", {"clients": _CROWD}))
    for scenario, kind, title, parameters in asked:
        rounds = [
            _figures(scenario, title, {**parameters, "nodes": nodes}, options, turn) for turn in range(options.rounds)
        ]
        print(f"cluster: {title}, {nodes} nodes\n{report_faults(kind, rounds)}\n", flush=True)
    return 0


def _figures(scenario: Scenario, title: str, parameters: Mapping[str, int], options: Namespace, turn: int) -> Figures:
    """Start a server, and return its figures."""
    nodes = parameters["nodes"]
    line = ProgressLine()
    shown = f"{title}: {_named(nodes)} {turn + 1}/{options.rounds}"
    with run(greenchat_target(words=("--nodes", str(nodes)) if nodes else ())) as running:
        shape = Shape(title, parameters)
        figures = work(scenario, shape, running, options.seconds, Wording(TEXT_BYTES), _showing(line, shown))
    line.clear()
    return figures


def _showing(line: ProgressLine, title: str) -> Callable[[WorkerProgress], None]:
    """Return a callback that shows the progress of a run after its title."""
    return lambda progress: line.show(title, progress.what, progress.share)


def _named(nodes: int) -> str:
    return f"{nodes} node{'s' * (nodes != 1)}" if nodes else "a single process"


def report(results: dict[int, list[Figures]]) -> str:
    """Return a table of the medians of all rounds. results: by the number of nodes, 0 for a single process."""
    rows: list[Sequence[str]] = [
        ["", "deliveries/CPU s", "to the first", "CPU/delivery", "engine's", "p50 alone"],
    ]
    first = 0.0
    for nodes, rounds in results.items():
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
    return table(rows) + "\nThe first column is that of the busiest node, CPU/delivery that of all nodes."


def report_faults(kind: str, rounds: Sequence[Figures]) -> str:
    """Return a table of all rounds of `--load` or `--kill`."""
    heads, row, words = _FAULTS[kind]
    return table([heads, *([str(number + 1), *row(each)] for number, each in enumerate(rounds))]) + f"\n{words}"


_FAULTS: dict[str, tuple[list[str], Callable[[Figures], list[str]], str]] = {
    "load": (
        ["round", "messages/s", "CPU", "waits", "p50 alone", "p50 beside", "p95 beside"],
        lambda each: [
            f"{each['rate']:,.0f}",
            f"{each['busy']:.0%}",
            f"{each['waited']:.0%}",
            *[f"{each[name] * 1e3:.1f} ms" for name in ("alone", "p50", "p95")],
        ],
        "CPU and waits: the largest share of a core's time that a node used, or waited.",
    ),
    "kill": (
        ["round", "killed with", "silence before", "in 1 s after", "in 15 s more"],
        lambda each: [
            f"{each['lost']:.0f}",
            *[f"{each[name]:.2f} s" for name in ("before", "then", "later")],
        ],
        "Silence: the longest time in which a client of another node received nothing.",
    ),
}


COMMAND = Measurement("cluster", "several nodes, compared with a single process", _measure, _add_arguments)
