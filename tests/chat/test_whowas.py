"""The memory of users who have left."""

from hypothesis import given
from hypothesis import strategies as st

from greenchat.chat.whowas import Whowas, WhowasEntry


def _departed(nick: str, time: int) -> WhowasEntry:
    return WhowasEntry(nick, "~u", "host", "Real", "", "192.0.2.1", time)


@given(st.integers(0, 5), st.lists(st.sampled_from("abc"), max_size=20))
def test_the_last_entries_are_kept_newest_first(limit: int, nicks: list[str]) -> None:
    """Modern: "The history is searched backward, returning the most recent entry first." """
    whowas = Whowas(limit)
    for time, nick in enumerate(nicks):
        whowas.add(nick, _departed(nick, time))
    remembered = list(enumerate(nicks))[len(nicks) - limit :] if limit < len(nicks) else list(enumerate(nicks))
    for nick in "abc":
        assert [departed.time for departed in whowas.of(nick)] == [
            time for time, other in reversed(remembered) if other == nick
        ]
    assert [departed.time for departed in whowas] == [time for time, _ in reversed(remembered)]
