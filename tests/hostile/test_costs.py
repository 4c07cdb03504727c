"""No line of any command holds up the others, and what costs much counts as much. The oracle is a clock of CPU."""

from collections.abc import Iterator

import pytest

from greenchat.commands.core.registry import COMMANDS
from tests.hostile.costs import OWN, SPARED, Full, inputs

_PIECE = 20.0  # ms of CPU in which nobody else is served
_A_LINE = 20.0  # ms for which the throttle counts one line


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Full]:
    """A world in which everything is as much as it may be."""
    world = Full(tmp_path_factory.mktemp("full"))
    yield world
    world.close()


def test_each_command_has_a_row() -> None:
    """Whoever adds a command says what its most expensive lines are, beside those that are tried of all."""
    assert OWN.keys() | SPARED == COMMANDS.keys()


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - SPARED))
def test_no_line_is_dear(full: Full, name: str) -> None:
    cost = full.dearest(inputs(name))
    assert cost.piece < _PIECE, cost
    assert cost.total < _A_LINE * cost.weight, cost
