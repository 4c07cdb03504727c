"""Read markers: the time up to which a user has read each conversation."""

from dataclasses import dataclass, field

_MOST = 1000


@dataclass(slots=True, eq=False)
class ReadMarkers:
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

    def renamed(self, old: str, new: str) -> dict[str, int] | None:
        """Return the markers with that of a conversation under its new key; None if it has none."""
        if old not in self.times:
            return None
        times = self.times.copy()
        times[new] = max(times.pop(old), times.get(new, -1))
        return times
