"""No act exceeds the size of an entry: the engine would refuse it for ever, and all later acts would wait."""

from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.chat.account_data.files import File
from greenchat.chat.accounts import Account
from greenchat.chat.acts import StepAct
from greenchat.commands.history.files import drop_many
from greenchat.config.settings import Settings
from greenchat.server import reload
from greenchat.server.nodes import entries
from greenchat.server.nodes.access import Access
from greenchat.server.nodes.engine import Engine
from greenchat.server.nodes.engine_errors import EngineRefusesError
from greenchat.server.nodes.log import NodeLog
from greenchat.storage.interface import StoreError
from tests.conftest import quick_options
from tests.server.nodes.nats import NEEDED, nats
from tests.world import World


def act(text: str) -> StepAct:
    return StepAct(0, 1000, "x", (text,))


def test_a_too_large_act_is_refused_where_it_is_proposed() -> None:
    log = NodeLog()
    applied: list[int] = []
    for large in ("x" * 1_000_000, "\u20ac" * 300_000, "\x01" * 150_000):
        with pytest.raises(StoreError, match="too large for the log"):
            log.decide(act(large), applied.append)
    log.note(act("small"), applied.append)
    (proposal,) = log.take()
    assert "small" in proposal.text
    assert applied == []


@pytest.mark.parametrize("text", ["x" * 899_000, "\u20ac" * 299_000, "\x01" * 149_000])
def test_the_largest_act_fits_into_an_entry(text: str) -> None:
    entry = entries.text(act(text))
    assert entries.fits(entry)
    assert len(entries.pack("0123456789abcdef", 10**9, [entry], applied=10**9, cpu=10**9)) < entries.LARGEST


def test_bulk_changes_are_split_into_acts_that_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(Settings(), quick_options(tmp_path))
    world.app.record(tmp_path / "acts")
    names = [f"{number:022}" for number in range(50_000)]
    for name in names:
        world.network.account_data.files.put(File(name, "a" * 64, 1, "text/plain", "", "", 0))
    world.call(lambda app: drop_many(app.new_context(), names))
    assert len(world.network.account_data.files) == 0

    account = Account("", "scrypt:" + "v" * 200, 0, metadata={"about": "x" * 1000})
    found = [replace(account, name=f"user{number}", id=f"{number:013}") for number in range(1000)]
    monkeypatch.setattr(reload, "new_accounts", lambda *_: found)
    world.call(lambda app: reload.find_accounts(app.store, app.new_context()))
    assert sum(1 for _ in world.network.accounts) == 1000
    world.stop()
    _, *acts = (tmp_path / "acts").read_text(encoding="utf-8").splitlines()
    assert [len(each) for each in acts if not entries.fits(each)] == []


@NEEDED
def test_an_engine_that_accepts_small_entries_only_is_refused(tmp_path: Path) -> None:
    with (
        nats(tmp_path, more="max_payload: 512KB") as (server,),
        pytest.raises(EngineRefusesError, match="max_payload is too small"),
    ):
        Engine(Access((server.url,)), "test")
