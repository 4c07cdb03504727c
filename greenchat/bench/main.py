"""greenchat-bench: the capacity of chat servers, measured with many simulated clients and compared in the same run."""

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from greenchat import __version__
from greenchat.arguments import Parser, add_completion
from greenchat.bench import plot
from greenchat.bench.catalog import find
from greenchat.bench.peers import NotInstalledError
from greenchat.bench.process import NotEnoughFilesError, cores
from greenchat.bench.rounds import as_json, run_all
from greenchat.bench.scenario import Measurement, Scenario
from greenchat.bench.swarm import Endpoint
from greenchat.bench.targets import PEERS, BenchTarget, NotStartedError, greenchat_target
from greenchat.bench.wire import TEXT_BYTES
from greenchat.bench.worker import FailedError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, 1 if something was lost or failed, 2 for a bad option."""
    options = parser_of_program().parse_args(arguments)
    signal.signal(signal.SIGTERM, _stop)
    chosen: Scenario | Measurement = options.chosen
    try:
        if isinstance(chosen, Measurement):
            return chosen.run(options)
        return _measure(chosen, options)
    except (NotInstalledError, NotEnoughFilesError, ValueError, OSError) as error:
        print(f"greenchat-bench: {error}", file=sys.stderr)
        return 2
    except (NotStartedError, FailedError) as error:
        print(f"greenchat-bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)  # an exception, so that the servers that were started are stopped


def parser_of_program() -> argparse.ArgumentParser:
    """Return the parser of the command line, which documents the program."""
    parser = Parser(
        prog="greenchat-bench",
        description="Measure a chat server with many simulated clients in a separate process. Without --server it"
        " starts greenchat-server on a free port with an empty data folder.",
    )
    parser.add_argument("--version", action="version", version=f"greenchat-bench {__version__}")
    add_completion(parser, parser_of_program)
    commands = parser.add_subparsers(title="scenarios", metavar="SCENARIO", required=True)
    for each in find():
        sub = commands.add_parser(each.name, help=each.help, description=each.help)
        sub.set_defaults(chosen=each)
        each.add_arguments(sub)
        if isinstance(each, Scenario):
            _add_common(sub, each)
    return parser


def _add_common(parser: argparse.ArgumentParser, scenario: Scenario) -> None:
    group = parser.add_argument_group("what to measure")
    group.add_argument("--server", metavar="HOST:PORT", help="an IRC server that is already running")
    group.add_argument("--pid", type=int, help="its process on this machine, for its CPU time and memory")
    group.add_argument(
        "--vs",
        action="append",
        choices=sorted(PEERS),
        default=[],
        help="measure this server too; repeatable",
    )
    group.add_argument("--only-vs", action="store_true", help="leave out greenchat: measure only the other servers")
    for name in sorted(PEERS):
        group.add_argument(
            f"--{name}", metavar="PATH", default=os.environ.get(f"GREENCHAT_BENCH_{name.upper()}"),
            help=f"{name}, or the root of its unpacked package (or $GREENCHAT_BENCH_{name.upper()})",
        )  # fmt: skip
    group.add_argument(
        "--websocket",
        action="store_true",
        help="clients speak WebSocket; greenchat without WebSocket is measured for comparison",
    )
    group.add_argument("--tls", action="store_true", help="clients speak TLS")
    how = parser.add_argument_group("how")
    how.add_argument(
        "--seconds", type=float, default=scenario.seconds, help=f"length of the measurement ({scenario.seconds:g})"
    )
    how.add_argument(
        "--rounds",
        type=int,
        help="number of rounds, in which the servers take turns (1; 3 with --vs); medians are shown",
    )
    how.add_argument(
        "--text", type=int, default=TEXT_BYTES, metavar="BYTES", help=f"length of a message ({TEXT_BYTES})"
    )
    how.add_argument(
        "--ping",
        type=int,
        default=scenario.ping,
        metavar="SECONDS",
        help=f"interval of the PINGs of servers that are started here ({scenario.ping})",
    )
    out = parser.add_argument_group("what to print")
    out.add_argument(
        "--profile", action="store_true", help="profile greenchat-server: a third table shows where its CPU time goes"
    )
    out.add_argument("--plot", metavar="FILE.svg", type=Path, help="draw the figures (needs matplotlib)")
    out.add_argument("--json", action="store_true", help="print JSON instead of tables")


def _targets(options: argparse.Namespace, profile: Path | None) -> list[BenchTarget]:
    peers = [PEERS[name](getattr(options, name)) for name in dict.fromkeys(options.vs)]
    if options.only_vs:
        if not peers:
            raise ValueError("--only-vs needs --vs")
        return peers
    if options.profile and options.server:
        raise ValueError("--profile needs a greenchat-server that is started here, not --server")
    if options.server:
        host, colon, port = options.server.rpartition(":")
        if not colon or not port.isdecimal():
            raise ValueError(f"--server takes HOST:PORT, not {options.server}")
        address = Endpoint(
            "127.0.0.1" if host in ("", "localhost") else host.strip("[]"), int(port), options.tls, options.websocket
        )
        return [BenchTarget(options.server, address=address, pid=options.pid), *peers]
    if options.pid:
        raise ValueError("--pid belongs to --server")
    start = f"from greenchat.bench.sampling import prepare; prepare({str(profile)!r})" if profile else ""
    profiled = profile is not None
    if options.websocket:
        return [greenchat_target(start, profiled=profiled, websocket=True), greenchat_target(), *peers]
    return [greenchat_target(start, profiled=profiled), *peers]


def _measure(scenario: Scenario, options: argparse.Namespace) -> int:
    if options.plot:
        plot.require()
    with tempfile.TemporaryDirectory(prefix="greenchat-profile-") as folder:
        profile = Path(folder, "profile.json") if options.profile else None
        outcomes = run_all(scenario, options, _targets(options, profile), profile)
    if options.plot:
        plot.draw(options.plot, [(outcome.shape, outcome.medians()) for outcome in outcomes])
    if options.json:
        report = {"version": __version__, "cores": len(cores()), "results": list(map(as_json, outcomes))}
        print(json.dumps(report, indent=2))
    return 0
