"""Messages with ids from the future: operators are warned, and the order stays as it is."""

import logging
import time
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.options import Storage
from greenchat.protocol.msgid import first_id
from greenchat.storage.interface import StoredEvent
from greenchat.storage.sqlite import SqliteStore
from tests.conftest import StartServer, quick_options
from tests.irc import Client
from tests.opers import WITH_OPERS

_DAY = 86_400_000  # ms


@pytest.mark.parametrize(("ahead", "is_told"), [(400 * _DAY, True), (0, False)])
def test_operators_are_warned_of_ids_from_the_future(
    start_server: StartServer, tmp_path: Path, caplog: pytest.LogCaptureFixture, ahead: int, is_told: bool
) -> None:
    future_id = first_id(time.time_ns() // 1_000_000 + ahead)
    store = SqliteStore(tmp_path / "greenchat.db")
    store.commit([StoredEvent(future_id, "#lobby", "PRIVMSG", "a!b@c", ("#lobby", "from then"))])
    store.close()
    with caplog.at_level(logging.WARNING):
        server = start_server(WITH_OPERS, replace(quick_options(tmp_path), storage=Storage()))
    assert ("The newest message is from" in caplog.text) == is_told
    with Client(server.address, "alice") as alice:
        notices = [message.params[-1] for message in alice.run("OPER root secret")]
        assert any("The newest message is from" in notice for notice in notices) == is_told
