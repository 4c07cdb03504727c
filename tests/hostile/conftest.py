"""The witness as a fixture, and the table of its longest waits at the end of `python -m pytest -v tests/hostile`."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from tests.conftest import Target
from tests.hostile.witness import BOUND, Witness

Attack = Callable[[Target], AbstractContextManager[Witness]]
_WAITED = "the witness waited"


@pytest.fixture
def witnessed(record_property: Callable[[str, object], None]) -> Attack:
    """Run a witness around an attack on a server, from before it until after it."""

    @contextmanager
    def around(address: Target) -> Iterator[Witness]:
        witness = Witness(address)
        try:
            yield witness
        finally:
            try:
                witness.end()
            finally:
                record_property(_WAITED, (witness.longest, max(witness.delays, default=0.0)))

    return around


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the witness's longest wait in each attack."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)]
    waited = {report.nodeid: value for report in reports for key, value in report.user_properties if key == _WAITED}
    if not waited or terminalreporter.verbosity < 0:
        return
    terminalreporter.section(f"the longest wait of the witness (the bound is {BOUND} s)")
    for name, (longest, on_the_clock) in sorted(waited.items(), key=lambda item: item[1], reverse=True):
        terminalreporter.line(f"{longest * 1000:7.0f} ms {on_the_clock * 1000:7.0f} ms on the clock  {name}")
