"""Multiline messages: one text, and the parts that it is sent in.

https://ircv3.net/specs/extensions/multiline
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

BATCH_TYPE = "draft/multiline"
CONCAT = "draft/multiline-concat"


class Part(NamedTuple):
    """The text of one line of a batch. joined: without a line break after the one before."""

    text: str
    joined: bool = False


def join_parts(parts: Sequence[Part]) -> str:
    """Return the combined text.

    "Line messages are joined by a single line feed byte unless the draft/multiline-concat message tag is sent, in which
    case that line's message is directly joined with the previous line's".
    """
    return "".join(part.text if number == 0 or part.joined else "\n" + part.text for number, part in enumerate(parts))


def seams(parts: Sequence[Part]) -> list[int]:
    """Return the offsets in the whole text at which parts were joined without a line break."""
    offsets = []
    length = 0
    for number, part in enumerate(parts):
        if number and part.joined:
            offsets.append(length)
        length += len(part.text) + (number > 0 and not part.joined)
    return offsets


def parts_of(text: str, joined_at: Sequence[int] = ()) -> tuple[Part, ...]:
    """Return the parts of a text: "Servers SHOULD maintain the line composition sent by the client"."""
    parts: list[Part] = []
    start = 0
    for line in text.split("\n"):
        end = start + len(line)
        cuts = [start, *(cut for cut in joined_at if start < cut < end), end]
        parts += [Part(text[cut:after], joined=cut > start) for cut, after in pairwise(cuts)]
        start = end + 1
    return tuple(parts)
