"""Batches: history in order, and a bound on unfinished ones."""

import tracemalloc

import pytest

from tests.client.world import World


def test_history_is_inserted_in_order_and_once(tea: World) -> None:
    tea.feed(":bob!b@h PRIVMSG #tea :live")
    for _ in range(2):
        tea.feed(
            ":srv BATCH +h chathistory #tea",
            "@batch=h;time=2026-09-20T12:00:00.000Z;msgid=1 :bob!b@h PRIVMSG #tea :alice: yesterday",
            "@batch=h;time=2026-09-20T12:01:00.000Z;msgid=2 :eve!e@h PART #tea",
            ":srv BATCH -h",
        )
    assert tea.shown() == ["bob: alice: yesterday", "* eve left", "* You joined", "bob: live"]
    assert "bob" in {member.nick for member in tea.model.current.members.values()}
    assert not tea.model.mentions


@pytest.mark.parametrize("kind", ["chathistory #tea", "draft/multiline #tea", "netsplit a b"])
def test_unfinished_batches_take_bounded_memory(tea: World, kind: str) -> None:
    for number in range(1000):
        tea.feed(f":srv BATCH +{number} {kind}")
    assert len(tea.network.batches) <= 100
    shown = tea.shown("")
    assert len([line for line in shown if "does not end them" in line]) == 1


@pytest.mark.parametrize("kind", ["chathistory", "draft/multiline"])
def test_one_unfinished_batch_takes_bounded_memory(tea: World, kind: str) -> None:
    tea.feed(f":srv BATCH +h {kind} #tea")
    tracemalloc.start()
    try:
        for number in range(4000):
            tea.feed(f"@batch=h :bob!b@h TAGMSG #tea :{number}" + "x" * 8000)
            if "h" not in tea.network.batches:
                tea.feed(f":srv BATCH +h {kind} #tea")
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < 16 << 20
    tea.feed(":srv BATCH -h", ":bob!b@h PRIVMSG #tea :still here")
    assert tea.shown()[-1] == "bob: still here"
    assert len([line for line in tea.shown("") if "does not end them" in line]) == 1
