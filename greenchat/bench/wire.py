"""The lines that simulated clients send and expect: fixed in width, so that counting and checking them is cheap.

Client 7 is called c00007. Its 42nd text begins with `00007 0000041 ` and is filled up with x. So a
line tells who said it and when, twice (in its source and in its text), and anything cut or changed shows.
"""

import re
from dataclasses import dataclass, field

TEXT_BYTES = 68  # a line with this text is about 105 bytes on the wire
SHORTEST_TEXT = 14

HEAD = re.compile(rb"(?:@\S+ +)?(?::(\S+) +)?(\S+)")  # source, command
PRESENCE = re.compile(rb"(?:@\S+ )?:c(\d{5})!\S+ (JOIN|PART|QUIT)\b[^\n]*\n")


def nick(index: int) -> bytes:
    """Return the nickname of client number `index`."""
    return b"c%05d" % index


@dataclass(frozen=True, slots=True)
class Wording:
    """The texts of a run's messages: text_bytes behind the colon, at least 14."""

    text_bytes: int = TEXT_BYTES
    talk: re.Pattern[bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not SHORTEST_TEXT <= self.text_bytes <= 400:
            raise ValueError(f"a text has {SHORTEST_TEXT} to 400 bytes, not {self.text_bytes}")
        pattern = rb"(?:@\S+ )?:c(\d{5})!\S+ PRIVMSG (\S+) :(\d{5}) (\d{7}) x{%d}\r?\n" % (
            self.text_bytes - SHORTEST_TEXT
        )
        object.__setattr__(self, "talk", re.compile(pattern))

    def text(self, sender: int, number: int) -> bytes:
        """Return the text of client `sender`'s message `number`."""
        return (b"%05d %07d " % (sender, number)).ljust(self.text_bytes, b"x")

    def privmsg(self, target: bytes, sender: int, number: int) -> bytes:
        """Return the line that sends it to a channel or a nickname."""
        return b"PRIVMSG %b :%b\r\n" % (target, self.text(sender, number))
