"""One channel of three kinds of clients: no capabilities; server-time and message-tags; all that the server offers.

The result is the ratio to the same run without capabilities (`fanout`), which is measured beside it.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from greenchat.bench.connecting import connect_all, offered
from greenchat.bench.figures import Figures
from greenchat.bench.load import Job, SteadyLoad, arrival_figures, speakers
from greenchat.bench.messages_in_flight import Room
from greenchat.bench.scenario import Scenario, Shape
from greenchat.bench.swarm import Swarm

CHANNEL = b"#bench"
SOME = ("server-time", "message-tags")
# Without those that need more than a REQ (sasl, sts, tls) and those that change the behaviour (drafts).
ALL = (
    "account-notify account-tag away-notify batch cap-notify chghost echo-message extended-join extended-monitor"
    " invite-notify labeled-response message-tags multi-prefix server-time setname standard-replies userhost-in-names"
).split()


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--clients", type=int, default=1000, metavar="N", help="members of the channel (1000)")
    parser.add_argument("--flight", type=int, action="append", metavar="W", help="messages in flight, repeatable (256)")


def _shapes(options: Namespace) -> Sequence[Shape]:
    return [
        Shape(f"{options.clients} in one channel, {kind}, {flight} in flight",
              {"clients": options.clients, "flight": flight, "mixed": kind == "mixed"})
        for flight in options.flight or (256,)
        for kind in ("all without capabilities", "mixed")
    ]  # fmt: skip


def _run(job: Job, shape: Shape) -> Figures:
    count = shape["clients"]
    swarm = Swarm(job.address)
    kinds: list[list[str]] = [[]]
    if shape["mixed"]:
        known = offered(swarm)
        kinds += [[name for name in SOME if name in known], [name for name in ALL if name in known]]
    clients, arrival = connect_all(swarm, [CHANNEL] * count, capabilities=kinds, progress=job.report_connecting)
    room = Room(CHANNEL)
    talk = SteadyLoad(job, swarm, [room], speakers([(room, range(count))]), shape["flight"])
    room.transcripts += [talk.transcript(CHANNEL) for _ in kinds]
    for client in clients:
        kind = client.index % len(kinds)
        talk.add(client, room.transcripts[kind], echo="echo-message" in kinds[kind])
    figures = talk.measure("talking")
    talk.finish()
    figures |= talk.with_later_work(figures)
    swarm.close_all()
    return {**arrival_figures(count, arrival), **figures}


SCENARIO = Scenario("mixed", "one channel, clients with different capabilities", _shapes, _run, _add_arguments)
