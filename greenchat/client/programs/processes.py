"""Programs that the user runs with /exec.

Nothing waits for them: the main loop reads their output as it comes. They have no terminal and no input, each is a
separate session that can be killed as a whole, and none outlives the client.
"""

import os
import re
import signal
import time
from codecs import IncrementalDecoder, getincrementaldecoder
from math import inf

from greenchat.client.input.submit import GUARDED_LINES
from greenchat.client.irc import sending
from greenchat.client.programs import subprocesses
from greenchat.client.state.effects import Execute
from greenchat.client.state.lines import Line, LineKind
from greenchat.client.state.model import Buffer, Model
from greenchat.client.state.questions import ManyLines
from greenchat.client.text.times import duration
from greenchat.records import field, record

MOST_LINES = 1000  # of one program
LONGEST_LINE = 4000  # characters; longer lines are cut
READ_BYTES = 8192  # of one program in one turn
GRACE_SECONDS = 2.0  # between SIGTERM and SIGKILL
LEAVE_SECONDS = 0.5  # the same, when the client ends
LOOK_SECONDS = 0.1  # how often to check whether a program that has closed its output has ended

_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI
    r"|\x1b[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC and other strings
    r"|\x1b[ -/]*[0-~]"
)
_OVERSTRUCK = re.compile("[^\x08]\x08")  # how man pages make bold text
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")


def harmless(line: str) -> str:
    """Return a line of a program's output without control characters and escape sequences."""
    text = _OVERSTRUCK.sub("", _SEQUENCE.sub("", line))
    *_, text = text.rstrip("\r").split("\r")  # a line that was overwritten
    return _CONTROLS.sub("", text.expandtabs()).rstrip()


@record(slots=True, eq=False)
class _Running:
    number: int
    asked: Execute
    child: subprocesses.Child
    started: float
    ends_at: float  # when its time limit is reached
    decoder: IncrementalDecoder = field(default_factory=lambda: getincrementaldecoder("utf-8")("replace"))
    rest: str = ""  # of an incomplete line
    lines: int = 0
    unsent: list[str] = field(default_factory=list)  # output to send at the end
    reading: bool = True
    killed_at: float | None = None  # when to send SIGKILL if it has not ended
    end_reason: str = ""  # the reason why it was ended

    @property
    def name(self) -> str:
        return self.asked.name or self.asked.command


class Processes:
    """The running programs. Times are seconds of the app's clock, and milliseconds since the epoch.

    Reads: outputs, deadline, running. Changes: start, signal, turn, close.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._running: list[_Running] = []
        self._started = 0

    @property
    def running(self) -> bool:
        """Whether a program runs."""
        return bool(self._running)

    @property
    def outputs(self) -> list[int]:
        """The descriptors to wait on."""
        return [each.child.output for each in self._running if each.reading]

    @property
    def deadline(self) -> float | None:
        """The latest time for the next call of `turn`."""
        if any(not each.reading for each in self._running):
            return time.monotonic() + LOOK_SECONDS
        return min((each.killed_at or each.ends_at for each in self._running if each.ends_at < inf), default=None)

    def start(self, asked: Execute, monotonic: float, now: int) -> None:
        """Run a program."""
        try:
            child = subprocesses.run(asked.command, shell=asked.shell)
        except subprocesses.ProgramError as error:
            self._tell(asked.buffer, str(error), now, LineKind.ERROR)
            return
        seconds = int(str(self._model.settings.get("exec.seconds")))
        ends_at = monotonic + seconds if seconds else inf
        self._running.append(_Running(self._started, asked, child, monotonic, ends_at))
        self._started += 1

    def signal(self, which: str, number: int, now: int) -> None:
        """Send a signal to a program, by its number or name."""
        matches = [each for each in self._running if which.removeprefix("%") in (str(each.number), each.asked.name)]
        for each in matches:
            each.child.signal(number)
            if number in (signal.SIGTERM, signal.SIGKILL):
                self._over(each, "at your request")
        if not matches:
            self._tell(self._model.current, f"No program {which} is running. /exec lists them.", now, LineKind.ERROR)

    def show(self, monotonic: float, now: int) -> None:
        """List the programs."""
        for each in self._running:
            since = duration(int(monotonic - each.started))
            name = f"{each.asked.name}: " if each.asked.name else ""
            self._tell(self._model.current, f"%{each.number} {name}{each.asked.command}, for {since}", now)
        if not self._running:
            self._tell(self._model.current, "No program is running. See /help exec.", now)

    def turn(self, monotonic: float, now: int) -> None:
        """Handle output, end programs whose time is over, and report those that have ended."""
        for each in list(self._running):
            if each.reading:
                self._read(each, now)
            if each.lines >= MOST_LINES:
                self._over(each, f"after {MOST_LINES} lines")
            elif monotonic >= each.ends_at:
                self._over(each, f"after {duration(int(monotonic - each.started))} (/set exec.seconds)")
            if each.end_reason and each.killed_at is None:
                each.child.signal(signal.SIGTERM)
                each.killed_at = monotonic + GRACE_SECONDS
            elif each.killed_at is not None and monotonic >= each.killed_at:
                each.child.signal(signal.SIGKILL)
                self._close(each)
            if not each.reading and (status := each.child.status()) is not None:
                self._running.remove(each)
                self._ended(each, status, now)

    def close(self) -> None:
        """End all programs, since the client ends."""
        for each in self._running:
            each.child.signal(signal.SIGTERM)
        end = time.monotonic() + LEAVE_SECONDS
        while any(each.child.status() is None for each in self._running) and time.monotonic() < end:
            time.sleep(0.01)
        for each in self._running:
            each.child.signal(signal.SIGKILL)
            self._close(each)
        self._running.clear()

    def _read(self, each: _Running, now: int) -> None:
        try:
            data = os.read(each.child.output, READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        *lines, each.rest = (each.rest + each.decoder.decode(data, not data)).split("\n")
        if each.rest and (not data or len(each.rest) > LONGEST_LINE):
            lines, each.rest = [*lines, each.rest], ""
        for line in lines[: MOST_LINES - each.lines]:
            each.lines += 1
            text = harmless(line[:LONGEST_LINE])
            if each.asked.to is None:
                self._tell(each.asked.buffer, text, now)
            else:
                each.unsent.append(text)
        if not data:
            self._close(each)

    def _over(self, each: _Running, reason: str) -> None:
        each.end_reason = each.end_reason or reason

    def _close(self, each: _Running) -> None:
        if each.reading:
            each.reading = False
            os.close(each.child.output)

    def _ended(self, each: _Running, status: int, now: int) -> None:
        asked = each.asked
        if each.end_reason:
            self._tell(asked.buffer, f"{each.name} was ended {each.end_reason}.", now, LineKind.ERROR)
        elif not asked.quiet and (status or not each.lines):
            how = f"by signal {-status}" if status < 0 else f"with status {status}" if status else "without output"
            self._tell(asked.buffer, f"{each.name} has ended {how}.", now)
        if asked.to:
            self._say(asked, asked.to, [text for text in each.unsent if text], now)

    def _say(self, asked: Execute, buffer: Buffer, lines: list[str], now: int) -> None:
        if buffer not in self._model.buffers:
            self._tell(
                asked.buffer, f"The output was not sent: the window {buffer.name} is closed.", now, LineKind.ERROR
            )
        elif len(lines) >= GUARDED_LINES:
            self._model.questions.append(ManyLines(buffer, "\n".join(lines), asked.notice))
        else:
            for text in lines:
                sending.say(self._model, buffer, text, LineKind.NOTICE if asked.notice else LineKind.SAID, now)

    def _tell(self, buffer: Buffer, text: str, now: int, kind: LineKind = LineKind.INFO) -> None:
        window = buffer if buffer in self._model.buffers else self._model.current
        self._model.add(window, Line(now, kind, text))
