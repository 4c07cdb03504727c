"""The lists of MONITOR: which sessions are notified when a nick comes and goes.

https://ircv3.net/specs/extensions/monitor
"""

from collections.abc import Iterable, Mapping

from greenchat.chat.user import Session


class Monitors:
    """Both sides of every list: the nicks that a session watches, and the sessions that watch a nick.

    Nicks are given folded, each with the spelling in which it was asked for.
    Reads: targets, watchers. Changes: add, remove, clear.
    """

    __slots__ = ("_targets", "_watchers")

    def __init__(self) -> None:
        self._targets: dict[Session, dict[str, str]] = {}
        self._watchers: dict[str, dict[Session, None]] = {}

    def targets(self, session: Session) -> Mapping[str, str]:
        """Return folded nick -> nick as asked for, in the order of asking."""
        return self._targets.get(session, {})

    def watchers(self, folded: str) -> Iterable[Session]:
        """Return the sessions that watch this nick."""
        return self._watchers.get(folded, ())

    def add(self, session: Session, folded: str, nick: str) -> None:
        """Let a session watch a nick."""
        self._targets.setdefault(session, {})[folded] = nick
        self._watchers.setdefault(folded, {})[session] = None

    def remove(self, session: Session, folded: str) -> None:
        """Let a session no longer watch a nick, if it did."""
        targets = self._targets.get(session, {})
        if targets.pop(folded, None) is None:
            return
        watchers = self._watchers[folded]
        del watchers[session]
        if not watchers:
            del self._watchers[folded]
        if not targets:
            del self._targets[session]

    def clear(self, session: Session) -> None:
        """Clear a session's list."""
        for folded in list(self.targets(session)):
            self.remove(session, folded)
