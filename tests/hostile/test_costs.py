"""No line of any command delays other clients, and expensive lines count as much as they cost. The oracle is processor
time.
"""

from collections.abc import Iterator

import pytest

from greenchat.chat.user import User
from greenchat.commands.core.registry import COMMANDS
from tests.hostile import costs
from tests.hostile.costs import OWN, SPARED, Full, inputs

_PIECE = 20.0  # ms of CPU without serving other clients
_A_LINE = 20.0  # ms for which the throttle counts one line


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Full]:
    """Make a world in which everything is at its limit."""
    world = Full(tmp_path_factory.mktemp("full"))
    yield world
    world.close()


def test_each_command_has_a_row() -> None:
    """A new command needs its most expensive lines there, beside those that are tried for all commands."""
    missing = COMMANDS.keys() ^ (OWN.keys() | SPARED)
    assert not missing, "add their most expensive lines to OWN in tests/hostile/costs.py"


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - SPARED))
def test_no_line_is_too_expensive(full: Full, name: str) -> None:
    cost = full.dearest(inputs(name))
    assert cost.piece < _PIECE, cost
    assert cost.total < _A_LINE * cost.weight, cost


_TOGETHER, _PLACES = 2000, 100


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Full]:
    """Make a world with a user in the maximum number of channels, each with the same thousands of members."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PEOPLE", "CHANNELS", "BANS", "EVENTS"):
            patch.setattr(costs, name, 10)
        world = Full(tmp_path_factory.mktemp("crowded"))
    network, actor = world.network, world.actor.session.user
    assert actor
    people = [actor]
    for number in range(_TOGETHER):
        origin = f"~{number}x"
        people.append(User(f"many{number}", "~m", "h", "", "192.0.2.1", signon=0, active=0, guest_id=origin))
        network.restore_user(people[-1])
    for user in people:
        for number in range(_PLACES - len(actor.channels) if user is actor else _PLACES - 1):
            network.join(user, f"#many{number}", now=1)
    yield world
    world.close()


@pytest.mark.parametrize(
    "line",
    [
        "NICK other", "AWAY :away", "AWAY", "SETNAME :name", "METADATA * SET url :x", "METADATA * SUB url status",
        "METADATA *ALL SYNC", "METADATA #many1 SYNC", "WHO *", "WHO #many1", "NAMES #many1", "LIST", "MODE #many1 +b x",
        "KICK #many1 many1", "PRIVMSG #many1 :hello", "PART #many1", "JOIN #many1", "CHGHOST other u host.example",
        "SAJOIN many3 #big", "KILL many2 :no", "JOIN 0",
    ],
)  # fmt: skip
def test_no_line_is_too_expensive_with_thousands_in_a_hundred_channels(crowded: Full, line: str) -> None:
    cost = crowded.do(line)
    assert cost.piece < _PIECE, cost
    assert cost.total < _A_LINE * cost.weight, cost
