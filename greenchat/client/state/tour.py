"""The progress of the tour for newcomers (`slash/tour.py`)."""

from greenchat.client.state.network import Buffer
from greenchat.records import record


@record(slots=True, eq=False)
class Tour:
    """The progress of the tour for beginners.

    step: the hint that was given last. begun_in, own_lines: the window that was shown then, and how many lines of the
    user's own there were. ordered: a command was run since.
    """

    begun_in: Buffer
    own_lines: int
    step: int = 0
    ordered: bool = False
