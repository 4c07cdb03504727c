"""Broken and valid input by the million, run by hand; each finding becomes a test.

    python -m tests.hostile.fuzz session --seconds 600
    python -m tests.hostile.fuzz lines --inputs 10000000

`session` drives a whole server without sockets; `lines` the line buffer and the parser; `plain` the plain dialect;
`client` the client with a hostile server; `configuration`, `proxy`, `webirc`, `scram` and `database` the parsers of
each of these. It ends with the number of inputs, or with the seed and the last inputs before the first failure.
`tests.hostile.coverage_fuzz` is guided by the code coverage of an input.
"""

import argparse
import gc
import logging
import random
import re
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

from greenchat.protocol.framing import LineBuffer
from greenchat.protocol.message import Message, ParseError, parse
from greenchat.protocol.plain import Dialect, NotPlain, PlainOptions, PromptTime, Run, Write
from tests.hostile import fuzz_targets
from tests.hostile.fuzz_client import client_steps
from tests.hostile.grammar import Grammar
from tests.hostile.world import World

_NICK = re.compile(r"[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]{0,31}")
_PIECES = [
    *(b"NICK", b"alice", b"alice: ", b"\r\n", b"\n", b"~", b"hi", b"/nick b", b"/me x", b"/msg a b", b"\xff\xc3"),
    *("\u00fc".encode(), b"\0", b"\r", b" ", b"x" * 900, b"CAP LS\r\n", b"USER a 0 * :b", b"/", b":", b"@a=b "),
]
_WORLD = 2000  # inputs

Step = Callable[[], None]
Steps = Callable[[random.Random, deque[object]], tuple[Step, Callable[[], int], Step]]


def session_steps(chance: random.Random, trace: deque[object]) -> tuple[Step, Callable[[], int], Step]:
    """Return a step of the whole session, a function that counts the inputs, and one that ends it."""
    folder = tempfile.TemporaryDirectory()
    world = World(chance, Path(folder.name))
    before = 0

    def step() -> None:
        nonlocal world, before
        if world.inputs > _WORLD:  # a new world, before all its nicks belong to accounts
            before += world.inputs
            world.close()
            world = World(chance, Path(folder.name))
            trace.append("a new world")
        if len(world.puppets) < 3 or (len(world.puppets) < 7 and not chance.randrange(20)):
            puppet = world.connect()
        else:
            puppet = chance.choice(world.puppets)
        if not puppet.nick and chance.randrange(4):
            data = world.grammar.greeting()
        else:
            data = b"".join(world.line() for _ in range(chance.randrange(1, 4)))
            if not chance.randrange(200):
                trace.append(("drop", puppet.nick))
                world.drop(puppet)
                world.check()
                return
        trace.append((puppet.nick, data))
        world.send(puppet, data)
        world.check()

    def end() -> None:
        world.close()
        folder.cleanup()

    return step, lambda: before + world.inputs, end


def line_steps(chance: random.Random, trace: deque[object]) -> tuple[Step, Callable[[], int], Step]:
    """Feed chunks of bytes to the line buffer, and parse each line and format it again."""
    grammar = Grammar(chance, lambda: "said", [])
    pool = [grammar.line() for _ in range(5000)]
    numbers = count()
    number = 0
    buffer = LineBuffer()

    def step() -> None:
        nonlocal number, buffer
        data = bytearray(b"".join(chance.choices(pool, k=8)))
        for _ in range(chance.randrange(6)):
            data[chance.randrange(len(data))] = chance.choice(b"\r\n\0 :@;=\\\xff#a")
        trace.append(bytes(data))
        cut = chance.randrange(len(data))
        for chunk in data[:cut], data[cut:]:
            for line in buffer.feed(bytes(chunk)):
                number = next(numbers)
                if isinstance(line, bytes):
                    try:
                        message = parse(line.decode())
                    except (UnicodeDecodeError, ParseError):
                        continue
                    again = parse(_format(message))
                    assert again == message, (message, again)
        if buffer.overrun:
            buffer = LineBuffer()

    return step, lambda: number, lambda: None


def _format(message: Message) -> str:
    """Format a message as it would be sent on; invalid names of tags are dropped, as handlers do."""
    try:
        return message.format()
    except ValueError as error:
        # this was a line: NULs in tags, which `parse` refuses, are the only possible reason
        raise AssertionError(message) from error


def plain_steps(chance: random.Random, trace: deque[object]) -> tuple[Step, Callable[[], int], Step]:
    """Feed conversations of plain clients: chunks, silences, refusals."""
    number = 0

    def step() -> None:
        nonlocal number
        options = PlainOptions(lambda nick: _NICK.fullmatch(nick) is not None, prompt=chance.choice(list(PromptTime)))
        now = 0
        dialect = Dialect(options, now)
        events = dialect.start(now)
        for _ in range(chance.randrange(12)):
            number += 1
            now += chance.choice([0, 1, 50, 70, 400, 700, 3000])
            data = b"".join(chance.choices(_PIECES, k=chance.randrange(1, 5)))
            trace.append((now, data))
            if dialect.deadline is not None and dialect.deadline <= now:
                events += dialect.tick(now)
            events += dialect.receive(data, now)
            for event in events:
                match event:
                    case NotPlain():
                        return
                    case Run(message):
                        parse(message.format())
                        if message.command == "NICK":
                            events = (
                                dialect.welcomed(message.params[0], now) if chance.randrange(2) else dialect.refused()
                            )
                            break
                    case Write(written):
                        assert written
            else:
                events = []
        dialect.end(now)

    return step, lambda: number, lambda: None


def byte_steps(name: str) -> Steps:
    """Change valid inputs of one kind here and there."""

    def steps(chance: random.Random, trace: deque[object]) -> tuple[Step, Callable[[], int], Step]:
        target = fuzz_targets.TARGETS[name]
        seeds = target.seeds()
        number = 0

        def step() -> None:
            nonlocal number
            number += 1
            data = bytearray(chance.choice(seeds))
            for _ in range(chance.randrange(8)):
                _change(data, chance, seeds)
            trace.append(bytes(data))
            target.feed(bytes(data))

        return step, lambda: number, lambda: None

    return steps


def _change(data: bytearray, chance: random.Random, seeds: Sequence[bytes]) -> None:
    """Remove, double or insert a byte or a piece."""
    at = chance.randrange(len(data) + 1)
    upto = at + chance.choice([1, 1, 4, 40])
    match chance.randrange(5):
        case 0:
            data[at:upto] = chance.choice(_PIECES)
        case 1:
            data[at:upto] = bytes(byte ^ 1 << chance.randrange(8) for byte in data[at:upto])
        case 2:
            data[at:at] = data[at:upto]
        case 3:
            other = chance.choice(seeds)
            start = chance.randrange(len(other))
            data[at:upto] = other[start : start + upto - at]
        case 4:
            del data[at:upto]


TARGETS: dict[str, Steps] = {
    "session": session_steps,
    "lines": line_steps,
    "plain": plain_steps,
    "client": client_steps,
    **{name: byte_steps(name) for name in ("configuration", "proxy", "webirc", "scram", "database")},
}


class TooSlowError(AssertionError):
    """An input that took more processor time than allowed."""


def run(
    target: str, seed: int, *, seconds: float = 1e9, inputs: int = 1 << 60, slowest: float = 1e9
) -> tuple[int, float]:
    """Run until either limit is reached; return the number of inputs, and the seconds of the slowest step. slowest:
    seconds of processor time that a step (of at most a few lines) may take.

    Raises the failure, after printing how to repeat it.
    """
    chance = random.Random(seed)
    trace: deque[object] = deque(maxlen=12)
    step, done, end = TARGETS[target](chance, trace)
    deadline = time.monotonic() + seconds
    longest = 0.0
    try:
        while time.monotonic() < deadline and done() < inputs:
            began = time.thread_time()  # processor time: a busy machine makes no step slow
            step()
            took = time.thread_time() - began
            longest = max(longest, took)
            if took > slowest:
                raise TooSlowError(f"the last of these took {took:.3f} s of processor time")
    except BaseException:
        sys.stderr.write(f"{target}: seed {seed}, after {done()} inputs; the last ones:\n")
        sys.stderr.writelines(f"  {each!r}\n".replace("x" * 100, "..") for each in trace)
        raise
    finally:
        end()
    return done(), longest


def main() -> int:
    """Run it by hand."""
    parser = argparse.ArgumentParser(description="Broken and valid input by the million.")
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--inputs", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--slowest", type=float, default=1e9, help="seconds of processor time that a step may take")
    given = parser.parse_args()
    logging.disable(logging.WARNING)  # operators reload the configuration quite often here
    seed = random.randrange(1 << 32) if given.seed is None else given.seed
    started = time.monotonic()
    gc.collect()
    gc.freeze()  # as the server does: collecting loaded modules is not part of a step
    done, longest = run(given.target, seed, seconds=given.seconds, inputs=given.inputs, slowest=given.slowest)
    sys.stdout.write(
        f"{given.target}: {done} inputs in {time.monotonic() - started:.0f} s, seed {seed}, the slowest step"
        f" {longest * 1000:.1f} ms: nothing found\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
