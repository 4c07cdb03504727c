"""greenchat-bench: what a chat server can carry, measured with many simulated clients and compared in the same run."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from .. import __version__
from .figures import Figures, combine, figures_table, ratios, ratios_table
from .peers import NotInstalledError
from .process import NotEnoughFilesError, cores, raise_file_limit
from .progress import ProgressLine
from .scenarios import Command, Scenario, Shape, find
from .swarm import Address
from .targets import PEERS, NotStartedError, Target, greenchat_target, run
from .wire import TEXT_BYTES, Wording
from .worker import FailedError, work

TOO_BUSY = 0.85  # share of a core above which the bench itself is what is measured
SPARE_FILES = 200


@dataclass(slots=True)
class Outcome:
    """What all rounds of one shape measured, by server."""

    scenario: str
    shape: str
    rounds: dict[str, list[Figures]] = field(default_factory=dict)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code is 0, 1 when something was lost or failed, 2 for a bad option."""
    options = _parser().parse_args(arguments)
    chosen: Scenario | Command = options.chosen
    try:
        if isinstance(chosen, Command):
            return chosen.run(options)
        return _measure(chosen, options)
    except (NotInstalledError, NotEnoughFilesError, ValueError) as error:
        print(f"greenchat-bench: {error}", file=sys.stderr)
        return 2
    except (NotStartedError, FailedError) as error:
        print(f"greenchat-bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="greenchat-bench",
        description="Measure a chat server with many simulated clients in a process of their own. Without --server it"
        " starts greenchat-server on a free port with an empty data folder.",
    )
    parser.add_argument("--version", action="version", version=f"greenchat-bench {__version__}")
    commands = parser.add_subparsers(title="scenarios", metavar="SCENARIO", required=True)
    for each in find():
        sub = commands.add_parser(each.name, help=each.help, description=each.help)
        sub.set_defaults(chosen=each)
        each.add_arguments(sub)
        if isinstance(each, Scenario):
            _add_common(sub, each)
    return parser


def _add_common(parser: argparse.ArgumentParser, scenario: Scenario) -> None:
    where = parser.add_argument_group("what to measure")
    where.add_argument("--server", metavar="HOST:PORT", help="an IRC server that runs already")
    where.add_argument("--pid", type=int, help="its process on this machine, for its CPU time and memory")
    where.add_argument(
        "--vs",
        action="append",
        choices=sorted(PEERS),
        default=[],
        help="the same work against this one too; repeatable",
    )
    where.add_argument("--only-vs", action="store_true", help="leave out greenchat: measure the others alone")
    for name in sorted(PEERS):
        where.add_argument(
            f"--{name}", metavar="PATH", default=os.environ.get(f"GREENCHAT_BENCH_{name.upper()}"),
            help=f"{name}, or the root of its unpacked package (or $GREENCHAT_BENCH_{name.upper()})",
        )  # fmt: skip
    where.add_argument("--tls", action="store_true", help="clients speak TLS")
    how = parser.add_argument_group("how")
    how.add_argument(
        "--seconds", type=float, default=scenario.seconds, help=f"length of a window ({scenario.seconds:g})"
    )
    how.add_argument("--rounds", type=int, help="how often, taking turns (1; 3 with --vs); medians are shown")
    how.add_argument(
        "--text", type=int, default=TEXT_BYTES, metavar="BYTES", help=f"length of a message ({TEXT_BYTES})"
    )
    how.add_argument(
        "--ping",
        type=int,
        default=scenario.ping,
        metavar="SECONDS",
        help=f"how often servers started here ping ({scenario.ping})",
    )
    out = parser.add_argument_group("what to print")
    out.add_argument("--json", action="store_true", help="everything as JSON instead of tables")


def _targets(options: argparse.Namespace) -> list[Target]:
    peers = [PEERS[name](getattr(options, name)) for name in dict.fromkeys(options.vs)]
    if options.only_vs:
        if not peers:
            raise ValueError("--only-vs needs --vs")
        return peers
    if options.server:
        host, colon, port = options.server.rpartition(":")
        if not colon or not port.isdecimal():
            raise ValueError(f"--server takes HOST:PORT, not {options.server}")
        address = Address("127.0.0.1" if host in ("", "localhost") else host.strip("[]"), int(port), options.tls)
        return [Target(options.server, address=address, pid=options.pid), *peers]
    if options.pid:
        raise ValueError("--pid belongs to --server")
    return [greenchat_target(), *peers]


def _measure(scenario: Scenario, options: argparse.Namespace) -> int:
    targets = _targets(options)
    wording = Wording(options.text)
    shapes = scenario.shapes(options)
    rounds = options.rounds or (3 if len(targets) > 1 else 1)
    raise_file_limit(max(scenario.connections(shape) for shape in shapes) + SPARE_FILES)
    line = ProgressLine()
    outcomes = []
    try:
        for shape in shapes:
            outcome = Outcome(scenario.name, shape.title)
            for turn in range(rounds):
                for target in targets:
                    title = f"{shape.title}: {target.name}" + (f" {turn + 1}/{rounds}" if rounds > 1 else "")
                    figures = _one(scenario, shape, target, options, wording, line, title)
                    outcome.rounds.setdefault(target.name, []).append(figures)
            outcomes.append(outcome)
            line.clear()
            if not options.json:
                print(_report(outcome), flush=True)
    finally:
        line.clear()
    if options.json:
        print(
            json.dumps(
                {"version": __version__, "cores": len(cores()), "results": list(map(_as_json, outcomes))}, indent=2
            )
        )
    return 0


def _one(
    scenario: Scenario, shape: Shape, target: Target, options: argparse.Namespace, wording: Wording,
    line: ProgressLine, title: str,
) -> Figures:  # fmt: skip
    try:
        with run(target, tls=options.tls, ping=options.ping) as running:
            return work(
                scenario, shape, running, options.seconds, wording,
                lambda progress: line.show(title, progress.what, progress.share),
            )  # fmt: skip
    except FailedError as error:
        raise FailedError(f"{target.name}, {shape.title}: {error}") from error


def _report(outcome: Outcome) -> str:
    combined = {name: combine(rounds) for name, rounds in outcome.rounds.items()}
    parts = [f"{outcome.scenario}: {outcome.shape}", figures_table(list(combined.items()))]
    first, *others = outcome.rounds
    if others:
        rows = [(f"{first} / {other}", ratios(outcome.rounds[first], outcome.rounds[other])) for other in others]
        parts += ["", ratios_table(rows)]
    parts += [
        f"! against {name} the bench used {figures['own_share']:.0%} of its core: it may be what was measured"
        for name, figures in combined.items()
        if figures.get("own_share", 0) > TOO_BUSY
    ]
    return "\n".join(parts) + "\n"


def _as_json(outcome: Outcome) -> dict[str, object]:
    first, *others = outcome.rounds
    return {
        **asdict(outcome),
        "median": {name: combine(rounds) for name, rounds in outcome.rounds.items()},
        "ratios": {other: ratios(outcome.rounds[first], outcome.rounds[other]) for other in others},
    }
