"""Read markers: the time up to which a user has read each conversation."""

from dataclasses import dataclass, field

_MOST = 1000


@dataclass(slots=True, eq=False)
class ReadMarks:
    """The read markers of one identity: conversation -> time of the last message read, ms since the epoch."""

    owner: str
    times: dict[str, int] = field(default_factory=dict)

    def moved(self, conversation: str, time: int) -> dict[str, int] | None:
        """Return the markers with this one moved to a time; None if it does not move.

        A marker "SHOULD only ever increase". Beyond the limit the marker that was moved longest ago is forgotten.
        """
        if time <= self.times.get(conversation, -1):
            return None
        times = self.times.copy()
        times.pop(conversation, None)
        times[conversation] = time
        if len(times) > _MOST:
            del times[next(iter(times))]
        return times
