"""Private messages: each client writes to one other."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from greenchat.bench.connecting import connect_all
from greenchat.bench.figures import Figures
from greenchat.bench.load import Job, SteadyLoad, arrival_figures, speakers
from greenchat.bench.messages_in_flight import Room
from greenchat.bench.scenario import Scenario, Shape
from greenchat.bench.swarm import Swarm
from greenchat.bench.wire import nick


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--clients", type=int, default=1000, metavar="N", help="clients that write to each other (1000)"
    )
    parser.add_argument("--flight", type=int, default=100, metavar="W", help="messages in flight (100)")


def _shapes(options: Namespace) -> Sequence[Shape]:
    title = f"{options.clients} writing to each other, {options.flight} in flight"
    return [Shape(title, {"clients": options.clients, "flight": options.flight})]


def _run(job: Job, shape: Shape) -> Figures:
    count = shape["clients"]
    swarm = Swarm(job.address)
    clients, arrival = connect_all(swarm, [None] * count, progress=job.report_connecting)
    # Client i writes to client i + 1: a "room" with one listener.
    rooms = [Room(nick((index + 1) % count)) for index in range(count)]
    talk = SteadyLoad(
        job, swarm, rooms, speakers([(room, [index]) for index, room in enumerate(rooms)]), shape["flight"]
    )
    for room, client in zip(rooms, [*clients[1:], clients[0]], strict=True):
        room.transcripts.append(talk.transcript(room.target))
        talk.add(client, room.transcripts[0], echo=True)
    figures = talk.measure("writing")
    talk.finish()
    figures |= talk.with_later_work(figures)
    swarm.close_all()
    return {**arrival_figures(count, arrival), **figures}


SCENARIO = Scenario("direct", "private messages", _shapes, _run, _add_arguments)
