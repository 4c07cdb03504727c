"""The server's channels from LIST: for choosing, for completion, or for the user to read."""

import heapq

from greenchat.records import field, record

MOST = 5000  # maximum of stored channels; large networks have more than anybody reads


@record(frozen=True, slots=True)
class ListedChannel:
    """A channel of the list. people: the number of its members."""

    name: str
    people: int
    topic: str = ""


@record(slots=True, eq=False)
class Directory:
    """The channels of one network by their folded names.

    asked: whether LIST was sent. quiet: whether the answer is not shown to the user. complete: whether the answer has
    ended. masks: entries of a list of masks (bans) so far. hosts: hosts in a WHOIS answer so far.
    """

    entries: dict[str, ListedChannel] = field(default_factory=dict)
    asked: bool = False
    quiet: bool = False
    complete: bool = False
    masks: int = 0
    hosts: set[str] = field(default_factory=set)

    def begin(self, *, quiet: bool) -> None:
        """Note that LIST was sent."""
        self.quiet = quiet and (self.quiet or not self.asked)
        self.asked = True

    def add(self, folded: str, listed: ListedChannel) -> None:
        """Add one entry."""
        if len(self.entries) < MOST or folded in self.entries:
            self.entries[folded] = listed

    def end(self) -> None:
        """Note the end of the list."""
        self.asked = False
        self.complete = True
        self.quiet = False

    def largest(self, count: int, wanted: str = "") -> list[ListedChannel]:
        """Return the largest channels first. wanted: a part of their names."""
        matches = (each for folded, each in self.entries.items() if wanted in folded)
        return heapq.nsmallest(count, matches, key=lambda each: (-each.people, each.name))
