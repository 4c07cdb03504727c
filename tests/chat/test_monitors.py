"""Both sides of the MONITOR lists agree, whatever is done to them."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from greenchat.chat.monitors import Monitors
from greenchat.chat.outbox import Dirty, Outbox
from greenchat.chat.user import Session

_sessions = st.integers(0, 2)
_nicks = st.sampled_from("abcd")


class MonitorsMachine(RuleBasedStateMachine):
    """Compares with a set of pairs, which is slow and plainly right."""

    def __init__(self) -> None:
        super().__init__()
        self.monitors = Monitors()
        self.sessions = [Session(Outbox(Dirty()), "host", 0) for _ in range(3)]
        self.pairs: set[tuple[int, str]] = set()

    @rule(number=_sessions, nick=_nicks)
    def add(self, number: int, nick: str) -> None:
        self.monitors.add(self.sessions[number], nick, nick.upper())
        self.pairs.add((number, nick))

    @rule(number=_sessions, nick=_nicks)
    def remove(self, number: int, nick: str) -> None:
        self.monitors.remove(self.sessions[number], nick)
        self.pairs.discard((number, nick))

    @rule(number=_sessions)
    def clear(self, number: int) -> None:
        self.monitors.clear(self.sessions[number])
        self.pairs = {pair for pair in self.pairs if pair[0] != number}

    @invariant()
    def both_sides_agree(self) -> None:
        for number, session in enumerate(self.sessions):
            mine = {nick for other, nick in self.pairs if other == number}
            assert dict(self.monitors.targets(session)) == {nick: nick.upper() for nick in mine}
        for nick in "abcd":
            watchers = {self.sessions.index(session) for session in self.monitors.watchers(nick)}
            assert watchers == {number for number, other in self.pairs if other == nick}


TestMonitors = MonitorsMachine.TestCase
