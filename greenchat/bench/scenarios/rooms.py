"""Many small channels: the cost of a message with few listeners.

One member of each only listens. A speaker gets no echo and so can't know the position of its own message in the
transcript; if all spoke at once no member could, and the input would have to be checked line by line.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from greenchat.bench.connecting import connect_all
from greenchat.bench.figures import Figures
from greenchat.bench.load import Job, SteadyLoad, arrival_figures, speakers
from greenchat.bench.messages_in_flight import Room
from greenchat.bench.scenario import Scenario, Shape
from greenchat.bench.swarm import Swarm


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--rooms", type=int, default=100, metavar="N", help="channels (100)")
    parser.add_argument("--members", type=int, default=10, metavar="N", help="members of each (10)")
    parser.add_argument(
        "--flight", type=int, action="append", metavar="W",
        help="messages in flight over all of them, repeatable (1, 9 and 100 for each)",
    )  # fmt: skip


def _shapes(options: Namespace) -> Sequence[Shape]:
    if options.members < 2:
        raise ValueError("--members must be 2 at least: one to talk and one to listen")
    return [
        Shape(
            f"{options.rooms} channels of {options.members}, {flight} in flight",
            {"clients": options.rooms * options.members, "rooms": options.rooms, "flight": flight},
        )
        for flight in options.flight or (options.rooms, 9 * options.rooms, 100 * options.rooms)
    ]


def _run(job: Job, shape: Shape) -> Figures:
    count, channels = shape["clients"], shape["rooms"]
    swarm = Swarm(job.address)
    rooms = [Room(b"#bench%d" % number) for number in range(channels)]
    clients, arrival = connect_all(
        swarm, [rooms[index % channels].target for index in range(count)], progress=job.report_connecting
    )
    turns = speakers([(room, range(number, count - channels, channels)) for number, room in enumerate(rooms)])
    talk = SteadyLoad(job, swarm, rooms, turns, shape["flight"])
    for room in rooms:
        room.transcripts.append(talk.transcript(room.target))
    for client in clients:
        talk.add(client, rooms[client.index % channels].transcripts[0])
    figures = talk.measure("talking")
    talk.finish()
    figures |= talk.with_later_work(figures)
    swarm.close_all()
    return {**arrival_figures(count, arrival), **figures}


SCENARIO = Scenario("rooms", "many small channels", _shapes, _run, _add_arguments)
