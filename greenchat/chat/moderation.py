"""The state of moderation, shared by all nodes: suspected spammers and held lines."""

from dataclasses import dataclass, field

from greenchat.chat.protection.spam import NewcomerTexts, Suspect
from greenchat.chat.user import Session, User
from greenchat.protocol.message import Message
from greenchat.protocol.multiline import Part

_HELD = 200  # lines; the oldest are dropped


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A message held until an operator releases or drops it. time: ms since the epoch; reasons: for people."""

    number: int
    time: int
    session: Session
    user: User
    message: Message
    parts: tuple[Part, ...]
    reasons: str


@dataclass(slots=True)
class ModerationState:
    """The suspects, the muted users and the held lines.

    muted: until when all lines of a user are held, ms since the epoch. held: by number. is_releasing: whether an
    operator is releasing a held line just now.

    wave: recent lines of newcomers. last_reported: when operators were last told about a user.
    """

    suspects: dict[User, Suspect] = field(default_factory=dict)
    wave: NewcomerTexts = field(default_factory=NewcomerTexts)
    muted: dict[User, int] = field(default_factory=dict)
    held: dict[int, HeldLine] = field(default_factory=dict)
    last_reported: dict[User, int] = field(default_factory=dict)
    is_releasing: bool = False
    number: int = 0

    def suspect(self, user: User) -> Suspect:
        """Return the record of a suspect."""
        return self.suspects.setdefault(user, Suspect())

    def hold(
        self, session: Session, user: User, message: Message, parts: tuple[Part, ...], reasons: str, now: int
    ) -> HeldLine:
        """Hold a line for an operator to decide on."""
        self.number += 1
        held = self.held[self.number] = HeldLine(self.number, now, session, user, message, parts, reasons)
        if len(self.held) > _HELD:
            del self.held[next(iter(self.held))]
        return held

    def forget(self, user: User) -> None:
        """Forget a user who has left, but not the held lines."""
        self.suspects.pop(user, None)
        self.muted.pop(user, None)
        self.last_reported.pop(user, None)
