"""Runs shapes against servers, in alternating rounds, and reports the results."""

import argparse
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from greenchat.bench import sampling
from greenchat.bench.figures import WIDTH, Figures, combine, figures_table, ratios, ratios_table
from greenchat.bench.process import raise_file_limit
from greenchat.bench.progress import ProgressLine
from greenchat.bench.scenario import Scenario, Shape
from greenchat.bench.targets import BenchTarget, run
from greenchat.bench.wire import Wording
from greenchat.bench.worker import FailedError, work

TOO_BUSY = 0.85  # share of a core above which the bench measures itself
TOO_LONG = 0.1  # share of the time spent waiting for a core above which other processes disturb
SPARE_FILES = 200


@dataclass(slots=True)
class Outcome:
    """The figures of all rounds of one shape, by server."""

    scenario: str
    shape: str
    rounds: dict[str, list[Figures]] = field(default_factory=dict)

    def medians(self) -> dict[str, Figures]:
        """Return the median of each figure, by server."""
        return {name: combine(rounds) for name, rounds in self.rounds.items()}


def run_all(
    scenario: Scenario, options: argparse.Namespace, targets: Sequence[BenchTarget], profile: Path | None
) -> list[Outcome]:
    """Run every shape against every target, in alternating rounds; print a table per shape unless JSON is wanted.

    profile: the file for the profile, None without one.

    Raises FailedError, NotStartedError, NotEnoughFilesError.
    """
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
                if profile and profile.exists():
                    print(sampling.report(profile), end="\n\n", flush=True)
    finally:
        line.clear()
    return outcomes


def _one(
    scenario: Scenario, shape: Shape, target: BenchTarget, options: argparse.Namespace, wording: Wording,
    line: ProgressLine, title: str,
) -> Figures:  # fmt: skip
    try:
        with run(target, tls=options.tls, ping=options.ping, rate=scenario.rate) as running:
            return work(
                scenario, shape, running, options.seconds, wording,
                lambda progress: line.show(title, progress.what, progress.share),
            )  # fmt: skip
    except FailedError as error:
        raise FailedError(f"{target.name}, {shape.title}: {error}") from error


def _report(outcome: Outcome) -> str:
    combined = outcome.medians()
    parts = [f"{outcome.scenario}: {outcome.shape}", figures_table(list(combined.items()))]
    first, *others = outcome.rounds
    if others:
        rows = [(f"{first} / {other}", ratios(outcome.rounds[first], outcome.rounds[other])) for other in others]
        parts += ["", ratios_table(rows)]
    for name, figures in combined.items():
        if figures.get("own_share", 0) > TOO_BUSY:
            share = f"{figures['own_share']:.0%}"
            parts += _warning(f"against {name} the bench used {share} of its core: it may be what was measured")
        if figures.get("kept_waiting", 0) > TOO_LONG:
            share = f"{figures['kept_waiting']:.0%}"
            parts += _warning(
                f"against {name} other programs kept the server or the bench waiting for {share} of the time: CPU"
                " times hold, delays and rates don't"
            )
    return "\n".join(parts) + "\n"


def _warning(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="! ", subsequent_indent="  ")


def as_json(outcome: Outcome) -> dict[str, object]:
    """Return all rounds, their medians, and the ratios of the first server to each other one."""
    first, *others = outcome.rounds
    return {
        **asdict(outcome),
        "median": outcome.medians(),
        "ratios": {other: ratios(outcome.rounds[first], outcome.rounds[other]) for other in others},
    }
