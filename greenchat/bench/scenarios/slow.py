"""Bad neighbours: the effect of a client that never reads, and one that sends as fast as it can, on others.

The same talk is measured twice, first without them. Servers started for this let a client send RATE lines a second: far
more than the talkers need, but limited, since a throttle is tested.
"""

import socket
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from greenchat.bench.connecting import connect_all
from greenchat.bench.figures import Figures
from greenchat.bench.load import Job, SteadyLoad, arrival_figures, speakers
from greenchat.bench.messages_in_flight import Room
from greenchat.bench.scenario import Scenario, Shape
from greenchat.bench.swarm import Client, Swarm

CHANNEL = b"#bench"
ELSEWHERE = b"#elsewhere"
RATE = 200
FLOOD = b"".join((b"PING :flood\r\n", b"PRIVMSG %b :flood\r\n" % ELSEWHERE, b"NAMES %b\r\n" % ELSEWHERE)) * 500


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--clients", type=int, default=1000, metavar="N", help="members that read and talk (1000)")
    parser.add_argument("--stuck", type=int, default=1, metavar="N", help="members that never read (1)")
    parser.add_argument("--flooding", type=int, default=1, metavar="N", help="clients that flood (1)")
    parser.add_argument("--flight", type=int, default=16, metavar="W", help="messages in flight (16)")


def _shapes(options: Namespace) -> Sequence[Shape]:
    title = (
        f"{options.clients} in one channel, {options.flight} in flight, {options.stuck} stuck,"
        f" {options.flooding} flooding"
    )
    names = ("clients", "stuck", "flooding", "flight")
    return [Shape(title, {name: getattr(options, name) for name in names})]


def _run(job: Job, shape: Shape) -> Figures:
    count = shape["clients"]
    swarm = Swarm(job.address)
    clients, arrival = connect_all(swarm, [CHANNEL] * count, progress=job.report_connecting)
    stuck, _ = connect_all(swarm, [CHANNEL] * shape["stuck"], first=count)
    flooding, _ = connect_all(swarm, [ELSEWHERE] * shape["flooding"], first=count + shape["stuck"])
    room = Room(CHANNEL)
    talk = SteadyLoad(job, swarm, [room], speakers([(room, range(count))]), shape["flight"])
    transcript = talk.transcript(CHANNEL)
    room.transcripts.append(transcript)
    transcript.present.update(client.index for client in stuck)
    for client in clients:
        talk.add(client, transcript)
    for client in (*stuck, *flooding):
        client.feed = lambda data: None
        client.closed = lambda client: None  # the server may disconnect them
    without = talk.measure("talking without bad neighbours", profile=False)
    for client in stuck:
        client.reading = False
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    for client in flooding:
        _pour(swarm, client)
    figures = talk.measure("talking beside bad neighbours")
    talk.finish()
    swarm.close_all()
    return {
        **arrival_figures(count, arrival),
        **figures,
        "delay_p50_without": without["delay_p50"],
        "delay_ratio": figures["delay_p50"] / without["delay_p50"],
    }


def _pour(swarm: Swarm, client: Client) -> None:
    if not client.unsent:
        client.send(FLOOD)
    swarm.afterwards.append(lambda: _pour(swarm, client))


SCENARIO = Scenario(
    "slow", "clients that never read, or flood", _shapes, _run, _add_arguments, rate=RATE,
    connections=lambda shape: shape["clients"] + shape["stuck"] + shape["flooding"],
)  # fmt: skip
