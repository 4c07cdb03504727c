"""The versions that a successor reports, and what the old process concludes from them."""

from typing import Any

import pytest

from greenchat import __version__
from greenchat.chat import acts
from greenchat.commands.core.process import HandoverError
from greenchat.server.handover.takeover import hello
from greenchat.server.handover.upgrade import version_of


def test_a_successor_of_the_same_version() -> None:
    assert version_of(hello(), acts.VERSION) == __version__


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": [acts.VERSION + 1, acts.VERSION + 1]},
        {"epochs": [0, acts.VERSION - 1]},
        {"epochs": None},  # of the time before epochs, as a downgrade installs
        {"schema": 1},
    ],
)
def test_another_form_of_the_state_needs_a_restart(change: dict[str, Any]) -> None:
    with pytest.raises(HandoverError, match="uses another data format") as refused:
        version_of({key: value for key, value in {**hello(), **change}.items() if value is not None}, acts.VERSION)
    assert refused.value.needs_restart


def test_a_successor_from_before_epochs_finds_its_fields() -> None:
    assert hello().keys() >= {"version", "acts", "schema"}
