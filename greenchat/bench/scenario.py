"""Scenarios of the benchmark as values: what each runs, in which shapes, and what it expects of servers."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from greenchat.bench.figures import Figures
from greenchat.bench.load import Job
from greenchat.bench.peers import UNLIMITED


@dataclass(frozen=True, slots=True)
class Shape:
    """A way to run a scenario: its title and its parameters, for instance {"clients": 1000, "flight": 16}."""

    title: str
    parameters: Mapping[str, int]

    def __getitem__(self, name: str) -> int:
        return self.parameters[name]


def _no_arguments(parser: ArgumentParser) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Scenario:
    """Work for simulated clients against a server.

    shapes(options): the shapes to run in turn. run(job, shape): runs in the clients' process. seconds: the default
    duration of the measurement. ping: seconds between the PINGs of servers started for it. rate: the servers' limit of
    lines a second from one client, if it can be configured. connections(shape): simultaneous connections.
    """

    name: str
    help: str
    shapes: Callable[[Namespace], Sequence[Shape]]
    run: Callable[[Job, Shape], Figures]
    add_arguments: Callable[[ArgumentParser], None] = _no_arguments
    seconds: float = 3.0
    ping: int = 120
    rate: int = UNLIMITED
    connections: Callable[[Shape], int] = field(default=lambda shape: shape["clients"])


@dataclass(frozen=True, slots=True)
class Measurement:
    """A measurement that needs no server of ours and no simulated clients. run(options) returns the exit code."""

    name: str
    help: str
    run: Callable[[Namespace], int]
    add_arguments: Callable[[ArgumentParser], None] = _no_arguments
