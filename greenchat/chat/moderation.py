"""What this process remembers for moderation: suspected spammers, held lines, and who has reported."""

from collections import deque
from dataclasses import dataclass, field

from greenchat.chat.protection.spam import Suspect, Wave
from greenchat.chat.user import Session, User
from greenchat.protocol.message import Message
from greenchat.protocol.multiline import Part

_HELD = 200  # lines; the oldest are dropped
_FORGET_EVERY = 256  # suspects


@dataclass(frozen=True, slots=True)
class Held:
    """A line that was held back. time: ms since the epoch; reasons: why, in words."""

    number: int
    time: int
    session: Session
    user: User
    message: Message
    parts: tuple[Part, ...]
    reasons: str


@dataclass(slots=True)
class ModerationState:
    """muted: until when all lines of a user are held, ms since the epoch. held: by number. is_releasing: while an
    operator has a held line sent after all.

    wave: what newcomers said. told: when operators were last told about a user. reports: the times of a user's recent
    reports.
    """

    suspects: dict[User, Suspect] = field(default_factory=dict)
    wave: Wave = field(default_factory=Wave)
    muted: dict[User, int] = field(default_factory=dict)
    held: dict[int, Held] = field(default_factory=dict)
    told: dict[User, int] = field(default_factory=dict)
    reports: dict[User, deque[int]] = field(default_factory=dict)
    is_releasing: bool = False
    number: int = 0

    def suspect(self, user: User) -> Suspect:
        """Return the record of a suspect."""
        found = self.suspects.get(user)
        if found is None:
            if len(self.suspects) % _FORGET_EVERY == _FORGET_EVERY - 1:
                self._forget_gone()
            found = self.suspects[user] = Suspect()
        return found

    def hold(
        self, session: Session, user: User, message: Message, parts: tuple[Part, ...], reasons: str, now: int
    ) -> Held:
        """Hold a line for an operator to decide on."""
        self.number += 1
        held = self.held[self.number] = Held(self.number, now, session, user, message, parts, reasons)
        if len(self.held) > _HELD:
            del self.held[next(iter(self.held))]
        return held

    def _forget_gone(self) -> None:
        for user in [user for user in self.suspects if not user.sessions]:
            del self.suspects[user]
            self.muted.pop(user, None)
            self.told.pop(user, None)
            self.reports.pop(user, None)
