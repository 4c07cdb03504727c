"""Read markers: up to when somebody has read each conversation."""

from dataclasses import dataclass, field

_MOST = 1000


@dataclass(slots=True, eq=False)
class ReadMarks:
    """The read markers of one identity: conversation -> time of the last message read, ms since the epoch."""

    owner: str
    times: dict[str, int] = field(default_factory=dict)

    def advance(self, conversation: str, time: int) -> bool:
        """Move a marker; it "SHOULD only ever increase". Return whether it has moved.

        Beyond the limit the marker that was moved longest ago is forgotten.
        """
        if time <= self.times.get(conversation, -1):
            return False
        self.times.pop(conversation, None)
        self.times[conversation] = time
        if len(self.times) > _MOST:
            del self.times[next(iter(self.times))]
        return True
