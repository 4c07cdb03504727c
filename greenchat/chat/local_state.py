"""The state of one process: it is not shared with other nodes, and ends with the process."""

from collections import Counter, defaultdict, deque
from collections.abc import Hashable

from greenchat.chat.monitors import Monitors
from greenchat.chat.protection.history_quota import HistoryQuota
from greenchat.chat.protection.server_password import ServerPassword
from greenchat.chat.user import User
from greenchat.config.settings import Settings
from greenchat.protocol.envelopes.numeric import Addressed


class LocalState:
    """The part of `Network` that is neither shared with other nodes nor stored.

    monitors: the MONITOR lists of its sessions. server_password: remembers the right connection password.
    command_counts: calls of each command. logins: numbers of "right" and "wrong" ones. reports: the times of a user's
    recent reports. warnings: for operators, by subject. history_quota: limits on additions to the history.
    references: batch references used so far. changed_presences: users with an account whose nick, channels or ranks the
    current command has changed. constants: numerics that are the same for everybody, with the settings and the VAPID
    key that they show.
    """

    __slots__ = (
        "_sessions",
        "changed_presences",
        "command_counts",
        "constants",
        "history_quota",
        "logins",
        "monitors",
        "references",
        "reports",
        "server_password",
        "vapid",
        "warnings",
    )

    def __init__(self) -> None:
        self.monitors = Monitors()
        self.server_password = ServerPassword()
        self.command_counts: defaultdict[str, int] = defaultdict(int)  # a third of a `Counter`'s time to count
        self.logins: Counter[str] = Counter()
        self.reports: dict[User, deque[int]] = {}
        self.warnings: dict[str, str] = {}
        self.history_quota = HistoryQuota()
        self.changed_presences: dict[User, None] = {}
        self.vapid = ""
        self.constants: tuple[Settings, str, dict[Hashable, list[Addressed]]] | None = None
        self.references = 0
        self._sessions = 0

    def set_warning(self, subject: str, text: str) -> None:
        """Note a warning for operators, in a sentence; "" when it is over."""
        self.warnings.pop(subject, None)
        if text:
            self.warnings[subject] = text

    def new_session(self) -> int:
        """Return a number for a new session."""
        self._sessions += 1
        return self._sessions

    def skip_sessions(self, number: int) -> None:
        """Give no new session a number up to this one."""
        self._sessions = max(self._sessions, number)

    def new_reference(self) -> str:
        """Return a reference for the batch of an answer.

        It is not a msgid: queries must not shift the ids of messages.
        """
        self.references += 1
        return f"{self.references:x}"
