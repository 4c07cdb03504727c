"""All clients in one channel: the cost of a message to a thousand, with 1, 16 and 256 in flight."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from greenchat.bench.connecting import connect_all
from greenchat.bench.figures import Figures
from greenchat.bench.load import Job, SteadyLoad, arrival_figures, speakers
from greenchat.bench.messages_in_flight import Room
from greenchat.bench.scenario import Scenario, Shape
from greenchat.bench.swarm import Swarm

CHANNEL = b"#bench"


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--clients", type=int, default=1000, metavar="N", help="members of the channel (1000)")
    parser.add_argument(
        "--flight", type=int, action="append", metavar="W", help="messages in flight, repeatable (1, 16 and 256)"
    )


def _shapes(options: Namespace) -> Sequence[Shape]:
    return [
        Shape(f"{options.clients} in one channel, {flight} in flight", {"clients": options.clients, "flight": flight})
        for flight in options.flight or (1, 16, 256)
    ]


def _run(job: Job, shape: Shape) -> Figures:
    count = shape["clients"]
    swarm = Swarm(job.address)
    before = job.resident()
    clients, arrival = connect_all(swarm, [CHANNEL] * count, progress=job.report_connecting)
    memory = (job.resident() - before) / count
    room = Room(CHANNEL)
    talk = SteadyLoad(job, swarm, [room], speakers([(room, range(count))]), shape["flight"])
    room.transcripts.append(talk.transcript(CHANNEL))
    for client in clients:
        talk.add(client, room.transcripts[0])
    figures = talk.measure("talking")
    talk.finish()
    figures |= talk.with_later_work(figures)
    swarm.close_all()
    return {**arrival_figures(count, arrival), "memory_per_client": memory, **figures}


SCENARIO = Scenario("fanout", "all clients in one channel", _shapes, _run, _add_arguments)
