"""Thousands of silent clients: the memory of each, and the cost of their PINGs."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from greenchat.bench.connecting import ConnectingClient, connect_all
from greenchat.bench.figures import Figures
from greenchat.bench.load import Job, arrival_figures
from greenchat.bench.scenario import Scenario, Shape
from greenchat.bench.swarm import Swarm

ROOM = 10  # members of a channel


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--clients", type=int, default=10_000, metavar="N", help="silent clients (10000)")


def _shapes(options: Namespace) -> Sequence[Shape]:
    title = f"{options.clients} idle in channels of {ROOM}, a PING each {options.ping} s, {options.seconds:g} s"
    return [Shape(title, {"clients": options.clients})]


def _run(job: Job, shape: Shape) -> Figures:
    count = shape["clients"]
    swarm = Swarm(job.address)
    before = job.resident()
    channels = [b"#bench%d" % (index // ROOM) for index in range(count)]
    clients, arrival = connect_all(swarm, channels, progress=job.report_connecting)
    pings = 0

    def progress(what: str) -> None:
        nonlocal pings
        pings += what == "pinged"

    for client in clients:
        client.feed = ConnectingClient(client, None, progress, swarm.lost).feed
    swarm.run_for(1.0)
    pings = 0
    job.window()
    watch = job.stopwatch()
    steps = max(1, round(job.seconds))
    for step in range(steps):
        job.progress("idle", step / steps)
        swarm.run_for(job.seconds / steps)
    shares = watch.stop()
    job.window()
    memory = (job.resident() - before) / count
    swarm.close_all()
    return {
        **arrival_figures(count, arrival),
        "memory_per_client": memory,
        "pings": pings,
        **shares,
    }


SCENARIO = Scenario("idle", "thousands of silent clients", _shapes, _run, _add_arguments, seconds=30.0, ping=30)
