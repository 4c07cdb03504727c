"""Upgrades a server while clients talk: the longest wait for a message, and whether any is missing.

SIGUSR2 makes greenchat-server start a new process of itself, on the same core, that takes over.
"""

import os
import signal
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from greenchat.bench.connecting import ConnectingClient, connect_all
from greenchat.bench.figures import Figures
from greenchat.bench.load import Job, SteadyLoad, arrival_figures, speakers
from greenchat.bench.messages_in_flight import Room
from greenchat.bench.scenario import Scenario, Shape
from greenchat.bench.swarm import StalledError, Swarm

_ROOM = 10  # members of a channel
_WINDOWS = 6  # seconds of talking: on a busy machine a new process takes long to start


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--talking", type=int, default=1000, metavar="N", help="clients that talk (1000)")
    parser.add_argument("--idle", type=int, default=10_000, metavar="N", help="clients that say nothing (10000)")


def _shapes(options: Namespace) -> Sequence[Shape]:
    shapes = []
    if options.talking:
        title = f"{options.talking} talk in channels of {_ROOM} during an upgrade"
        shapes.append(Shape(title, {"clients": options.talking, "talking": options.talking}))
    if options.idle:
        title = f"{options.idle} idle and {_ROOM} talk during an upgrade"
        shapes.append(Shape(title, {"clients": options.idle + _ROOM, "talking": _ROOM}))
    return shapes


def _run(job: Job, shape: Shape) -> Figures:
    if job.pid is None:
        raise StalledError("an upgrade needs a server of this machine, with --pid")
    count, talking = shape["clients"], shape["talking"]
    swarm = Swarm(job.address)
    rooms = [Room(b"#bench%d" % number) for number in range(max(1, talking // _ROOM))]
    wanted = [rooms[index % len(rooms)].target if index < talking else None for index in range(count)]
    clients, arrival = connect_all(swarm, wanted, progress=job.report_connecting)
    turns = speakers([(room, range(number, talking, len(rooms))) for number, room in enumerate(rooms)])
    talk = SteadyLoad(job, swarm, rooms, turns, len(rooms))
    for room in rooms:
        room.transcripts.append(talk.transcript(room.target))
    for client in clients[:talking]:
        talk.add(client, rooms[client.index % len(rooms)].transcripts[0])
    for client in clients[talking:]:
        client.feed = ConnectingClient(client, None, lambda _: None, swarm.lost).feed
    talk.messages.start()
    os.kill(job.pid, signal.SIGUSR2)
    for _ in range(_WINDOWS):  # the figures are of the one in which it has happened
        figures = talk.measure("talking")
        if "stand_in" in Path(f"/proc/{job.pid}/cmdline").read_text(encoding="utf-8"):
            break
    else:
        raise StalledError(f"process {job.pid} was not upgraded within {_WINDOWS * job.seconds:g} s")
    talk.finish()
    swarm.close_all()
    return {**arrival_figures(count, arrival), **figures}


SCENARIO = Scenario("upgrade", "an upgrade while clients talk", _shapes, _run, _add_arguments, seconds=10)
