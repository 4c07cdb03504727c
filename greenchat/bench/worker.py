"""Runs one shape of a scenario in a separate process, so that drawing the progress bar does not disturb it."""

import gc
import multiprocessing
import os
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection

from greenchat.bench.connecting import ServerRefusedError
from greenchat.bench.figures import Figures
from greenchat.bench.framing import WrongFrameError
from greenchat.bench.load import Job
from greenchat.bench.process import cores
from greenchat.bench.scenario import Scenario, Shape
from greenchat.bench.swarm import DisconnectedError, StalledError
from greenchat.bench.targets import RunningTarget
from greenchat.bench.transcript import ViolationError
from greenchat.bench.wire import Wording


class FailedError(Exception):
    """A run that measured nothing; the text is one line that says why."""


@dataclass(frozen=True, slots=True)
class WorkerProgress:
    """The progress of the clients."""

    what: str
    share: float


def work(
    scenario: Scenario, shape: Shape, running: RunningTarget, seconds: float, wording: Wording,
    progress: Callable[[WorkerProgress], None],
) -> Figures:  # fmt: skip
    """Run a shape against a server and return the figures.

    Raises FailedError.
    """
    # Forked, not spawned: the script that started us has no guard against being imported again, and nothing here has
    # threads.
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(theirs, scenario, shape, running, seconds, wording), daemon=True)
    process.start()
    theirs.close()
    try:
        while True:
            result: WorkerProgress | FailedError | dict[str, float] = ours.recv()
            if isinstance(result, WorkerProgress):
                progress(result)
            elif isinstance(result, FailedError):
                raise result
            else:
                return result
    except EOFError:
        process.join()
        raise FailedError(f"the clients' process ended with exit code {process.exitcode}") from None
    finally:
        process.join(1)
        if process.is_alive():
            process.kill()
            process.join()


def _run(
    out: Connection, scenario: Scenario, shape: Shape, running: RunningTarget, seconds: float, wording: Wording
) -> None:
    os.sched_setaffinity(0, {cores()[-1]})
    gc.disable()  # no cycles are made during the measurement
    job = Job(
        running.address, running.pid, seconds, wording, lambda what, share: out.send(WorkerProgress(what, share)),
        profiled=running.profiled,
    )  # fmt: skip
    try:
        out.send(dict(scenario.run(job, shape)))
    except (
        ViolationError,
        ServerRefusedError,
        DisconnectedError,
        StalledError,
        ProcessLookupError,
        WrongFrameError,
    ) as error:
        out.send(FailedError(str(error)))
    except ConnectionError as error:
        out.send(FailedError(f"{running.address.host}:{running.address.port}: {error}"))
    except KeyboardInterrupt:
        pass
