"""The server's channels, as LIST tells them: to choose from, to complete names with, or for the user to read."""

import heapq

from greenchat.records import field, record

MOST = 5000  # maximum of stored channels; large networks have more than anybody reads


@record(frozen=True, slots=True)
class Listed:
    """A channel of the list. people: how many are in it."""

    name: str
    people: int
    topic: str = ""


@record(slots=True, eq=False)
class Directory:
    """The channels of one network by their folded names.

    asked: the answer is on its way. quiet: it is for us, not for the user to read. complete: it has come. masks: how
    many entries of a list of masks (bans) have come. hosts: what a WHOIS has told so far of where somebody comes from.
    """

    entries: dict[str, Listed] = field(default_factory=dict)
    asked: bool = False
    quiet: bool = False
    complete: bool = False
    masks: int = 0
    hosts: set[str] = field(default_factory=set)

    def begin(self, *, quiet: bool) -> None:
        """LIST was sent."""
        self.quiet = quiet and (self.quiet or not self.asked)
        self.asked = True

    def hear(self, folded: str, listed: Listed) -> None:
        """Take one entry."""
        if len(self.entries) < MOST or folded in self.entries:
            self.entries[folded] = listed

    def end(self) -> None:
        """Note that no more entries come."""
        self.asked = False
        self.complete = True
        self.quiet = False

    def largest(self, count: int, wanted: str = "") -> list[Listed]:
        """Return the channels with most people first. wanted: a part of their names."""
        found = (each for folded, each in self.entries.items() if wanted in folded)
        return heapq.nsmallest(count, found, key=lambda each: (-each.people, each.name))
