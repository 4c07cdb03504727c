"""What a process that is to take over says of its version, and what the one before makes of that."""

from typing import Any

import pytest

from greenchat import __version__
from greenchat.chat import acts
from greenchat.commands.core.process import HandoverError
from greenchat.server.handover.giving import version_of
from greenchat.server.handover.taking import hello


def test_a_process_like_this_one_takes_over() -> None:
    assert version_of(hello(), acts.VERSION) == __version__


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": [acts.VERSION + 1, acts.VERSION + 1]},
        {"epochs": [0, acts.VERSION - 1]},
        {"epochs": None},  # of before there were epochs, which a downgrade installs
        {"schema": 1},
    ],
)
def test_one_of_another_form_needs_a_restart(change: dict[str, Any]) -> None:
    with pytest.raises(HandoverError, match="uses another data format") as refused:
        version_of({key: value for key, value in {**hello(), **change}.items() if value is not None}, acts.VERSION)
    assert refused.value.needs_restart


def test_a_process_of_before_there_were_epochs_finds_what_it_asks_for() -> None:
    assert hello().keys() >= {"version", "acts", "schema"}
