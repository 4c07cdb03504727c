"""The state of one process: it is not shared with other nodes, and ends with the process."""

from collections import Counter, deque

from greenchat.chat.monitors import Monitors
from greenchat.chat.protection.server_password import ServerPassword
from greenchat.chat.protection.volumes import Volumes
from greenchat.chat.user import User
from greenchat.config.settings import Settings


class LocalState:
    """The part of `Network` that is neither shared with other nodes nor stored.

    monitors: the MONITOR lists of its sessions. server_password: remembers the right connection password.
    command_counts: calls of each command. logins: numbers of "right" and "wrong" ones. reports: the times of a user's
    recent reports. troubles: warnings for operators, by subject. volumes: limits on additions to the history.
    references: batch references used so far. changed_presences: users with an account whose nick, channels or ranks the
    current command has changed. isupport: the lines of RPL_ISUPPORT by their size, with the settings and the VAPID key
    that they show.
    """

    __slots__ = (
        "_sessions",
        "changed_presences",
        "command_counts",
        "isupport",
        "logins",
        "monitors",
        "references",
        "reports",
        "server_password",
        "troubles",
        "vapid",
        "volumes",
    )

    def __init__(self) -> None:
        self.monitors = Monitors()
        self.server_password = ServerPassword()
        self.command_counts: Counter[str] = Counter()
        self.logins: Counter[str] = Counter()
        self.reports: dict[User, deque[int]] = {}
        self.troubles: dict[str, str] = {}
        self.volumes = Volumes()
        self.changed_presences: dict[User, None] = {}
        self.vapid = ""
        self.isupport: tuple[Settings, str, dict[int, list[list[str]]]] | None = None
        self.references = 0
        self._sessions = 0

    def notice_trouble(self, about: str, trouble: str) -> None:
        """Note a warning for operators, in a sentence; "" when it is over."""
        self.troubles.pop(about, None)
        if trouble:
            self.troubles[about] = trouble

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
