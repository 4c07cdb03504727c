"""What a client sends between `BATCH +` and `BATCH -`, until it is whole.

https://ircv3.net/specs/extensions/client-batch and https://ircv3.net/specs/extensions/multiline
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from greenchat.protocol.message import Message
from greenchat.protocol.multiline import CONCAT, Part

MAX_BYTES = 4096
MAX_LINES = 32
_COMMANDS = ("PRIVMSG", "NOTICE")
_TAGS = {"batch", CONCAT}

Fault = tuple[str, tuple[str, ...], str]  # code, context, text


@dataclass(slots=True, eq=False)
class ClientBatch:
    """A batch of lines that is still open. tags: of the command that opened it.

    fault: the first thing that was wrong; the rest of the batch is then ignored.
    """

    reference: str
    target: str
    tags: Mapping[str, str]
    command: str = ""
    parts: list[Part] = field(default_factory=list)
    fault: Fault | None = None
    _size: int = 0

    def add(self, message: Message) -> None:
        """One message with the batch's tag."""
        if self.fault:
            return
        self.fault = self._fault_of(message)
        if not self.fault:
            self.command = message.command
            self.parts.append(Part(message.params[1], CONCAT in message.tags))

    def end(self) -> Fault | None:
        """It is whole; what is wrong with it."""
        if not self.fault and not any(part.text for part in self.parts):
            self.fault = _invalid("Invalid multiline batch with blank lines only")
        return self.fault

    def _fault_of(self, message: Message) -> Fault | None:
        if message.command not in _COMMANDS or self.command not in ("", message.command) or len(message.params) < 2:
            return _invalid("Invalid multiline batch: it takes PRIVMSG lines, or NOTICE lines")
        if message.params[0] != self.target:
            context = (self.target, message.params[0])
            return "MULTILINE_INVALID_TARGET", context, "Invalid multiline target"
        if not message.tags.keys() <= _TAGS:
            return _invalid("Invalid multiline batch: other tags belong to the BATCH command")
        text, joined = message.params[1], CONCAT in message.tags
        if joined and not text:
            return _invalid("Invalid multiline batch with concatenated blank line")
        if len(self.parts) == MAX_LINES:
            return "MULTILINE_MAX_LINES", (str(MAX_LINES),), "Multiline batch max-lines exceeded"
        # "Each line feed used to join line messages contributes one byte towards the max-bytes limit."
        self._size += len(text.encode()) + (bool(self.parts) and not joined)
        if self._size > MAX_BYTES:
            return "MULTILINE_MAX_BYTES", (str(MAX_BYTES),), "Multiline batch max-bytes exceeded"
        return None


def _invalid(text: str) -> Fault:
    return "MULTILINE_INVALID", (), text
