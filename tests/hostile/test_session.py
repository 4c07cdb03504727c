"""A whole server under sequences of valid and broken commands of several clients, against a model of each client.

Long runs, by hand: `python -m tests.hostile.fuzz session`.
"""

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.hostile import fuzz
from tests.hostile.world import World

_MOST = 6  # clients at once


class Session(RuleBasedStateMachine):
    """Clients connect, send, and disconnect; Hypothesis chooses which and what."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.world: World | None = None

    @initialize(chance=st.randoms(use_true_random=False))
    def begin(self, chance: random.Random) -> None:
        self.world = World(chance, Path(self._folder.name))
        for _ in range(2):
            self.world.send(self.world.connect(), self.world.grammar.greeting())

    @precondition(lambda self: len(self.world.puppets) < _MOST)
    @rule()
    def come(self) -> None:
        assert self.world
        self.world.connect()

    @precondition(lambda self: self.world.puppets)
    @rule()
    def speak(self) -> None:
        assert self.world
        puppet = self.world.chance.choice(self.world.puppets)
        data = self.world.line() if puppet.nick else self.world.grammar.greeting()
        self.world.send(puppet, data)

    @precondition(lambda self: len(self.world.puppets) > 2)
    @rule()
    def be_reset(self) -> None:
        assert self.world
        self.world.drop(self.world.chance.choice(self.world.puppets))

    @invariant()
    def all_sides_agree(self) -> None:
        if self.world:
            self.world.check()

    def teardown(self) -> None:
        if self.world:
            self.world.close()
        self._folder.cleanup()


TestSession = Session.TestCase
TestSession.settings = settings(
    derandomize=True,  # randomness belongs to the long runs: a failure here is repeated each time
    max_examples=15,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize(
    ("target", "inputs"),
    [
        *(("lines", 100_000), ("plain", 50_000), ("session", 8_000), ("client", 2_000), ("configuration", 300)),
        *(("proxy", 20_000), ("webirc", 1_000), ("scram", 1_000), ("database", 40)),
    ],
)
def test_random_input_finds_nothing(target: str, inputs: int) -> None:
    """A short version of the long run, with the same seed each time; the long run has a new seed each time."""
    done, _ = fuzz.run(target, 1, inputs=inputs)
    assert done >= inputs


def test_a_slow_input_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fuzz.TARGETS, "busy", lambda *_: (lambda: sum(range(2_000_000)), lambda: 0, lambda: None))
    with pytest.raises(fuzz.TooSlowError, match="of processor time"):
        fuzz.run("busy", 1, seconds=20, slowest=0.001)
