"""Splits a stream of bytes into lines.

Lines end in LF; CRs before it belong to the line end (https://modern.ircdocs.horse/#message-format). Empty lines, and
lines of spaces only, are dropped: "If you encounter an empty message, silently ignore it."
"""

from greenchat.records import record

BODY_LIMIT = 512  # bytes with CR LF: https://modern.ircdocs.horse/#message-format
CLIENT_TAGS_LIMIT = 4096  # bytes with "@" and the space: https://ircv3.net/specs/extensions/message-tags#size-limit
SERVER_TAGS_LIMIT = 8191  # required of clients: "the size limit for message tags is 8191 bytes"
UNENDED_LIMIT = 16 * 1024  # bytes without a newline that are not a line any more


@record(frozen=True, slots=True)
class LineTooLong:
    """Replaces a line over the limit. It is not run, but its tags and command are needed for the answer."""

    line: bytes

    @property
    def is_endless(self) -> bool:
        """Whether it has 16 KiB or more, and no tags to excuse that."""
        return len(self.line) + 2 >= UNENDED_LIMIT and not self.line.startswith(b"@")


class LineBuffer:
    """Bytes in, lines out.

    body_limit and tags_limit are in bytes, body_limit with CR LF, tags_limit with `@` and the space. rest: the bytes
    received of a line that has not ended yet.
    """

    __slots__ = ("body_limit", "rest", "tags_limit")

    def __init__(self, body_limit: int = BODY_LIMIT, tags_limit: int = CLIENT_TAGS_LIMIT) -> None:
        self.body_limit = body_limit
        self.tags_limit = tags_limit
        self.rest = b""

    def feed(self, data: bytes) -> list[bytes | LineTooLong]:
        """Return the lines that are complete now, without their line ends and without empty ones."""
        if self.rest:
            data = self.rest + data
        *ended, self.rest = data.split(b"\n")
        lines: list[bytes | LineTooLong] = []
        fits = self.body_limit - 2
        for line in ended:
            line = line.rstrip(b"\r")
            if not line or line.isspace():
                continue
            if len(line) <= fits or self._within_limits(line):
                lines.append(line)
            else:
                lines.append(LineTooLong(line))
        return lines

    @property
    def overrun(self) -> bool:
        """Whether more than 16 KiB wait for their newline, so that the peer does not send lines at all."""
        return len(self.rest) > UNENDED_LIMIT

    def _within_limits(self, line: bytes) -> bool:
        tags = 0
        if line.startswith(b"@"):
            tags = line.find(b" ") + 1 or len(line)
        return tags <= self.tags_limit and len(line) - tags <= self.body_limit - 2
