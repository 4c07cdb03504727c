"""The lines that a client sends between `BATCH +` and `BATCH -`, until the batch is complete.

https://ircv3.net/specs/extensions/client-batch and https://ircv3.net/specs/extensions/multiline
"""

from dataclasses import dataclass, field

from greenchat.protocol.message import Message
from greenchat.protocol.multiline import BATCH_TYPE, CONCAT, Part

MAX_BYTES = 4096
MAX_LINES = 32
OPEN_FOR = 60_000  # ms: "the batch was left open for too long"
_COMMANDS = ("PRIVMSG", "NOTICE")
_TAGS = {"batch", CONCAT}

Fault = tuple[str, tuple[str, ...], str]  # code, context, text


@dataclass(slots=True, eq=False)
class ClientBatch:
    """A batch of lines that is still open. opening: the command that opened it. since: when that was, in ms.

    fault: the first error found; the rest of the batch, up to its end, is then ignored. size: in bytes.
    """

    reference: str
    opening: Message
    since: int
    command: str = ""
    parts: list[Part] = field(default_factory=list)
    fault: Fault | None = None
    size: int = 0

    def __post_init__(self) -> None:
        """Raise the fault of a batch that is not a multiline batch with a target."""
        kind = self.opening.params[1] if len(self.opening.params) > 1 else ""
        if kind and kind != BATCH_TYPE:
            self.fault = "UNKNOWN_TYPE", (self.reference, kind), "Clients can't send batches of this type"
        elif not kind or not self.target:
            self.fault = _invalid("Invalid multiline batch without a target")

    @property
    def target(self) -> str:
        """The target of the batch."""
        return self.opening.params[2] if len(self.opening.params) > 2 else ""

    def add(self, message: Message, now: int) -> None:
        """Add one message with a batch tag. now: ms."""
        if self.fault:
            return
        if now - self.since > OPEN_FOR:
            self.fault = "TIMEOUT", (self.reference,), "The batch was left open for too long"
        elif message.tags["batch"] != self.reference:
            self.fault = _invalid("Invalid multiline batch: a line names another batch")
        else:
            self.fault = self._fault_of(message)
        if not self.fault:
            self.command = message.command
            self.parts.append(Part(message.params[1], CONCAT in message.tags))

    def end(self) -> Fault | None:
        """End the batch; return its fault, unless that was reported before."""
        if not any(part.text for part in self.parts):
            return _invalid("Invalid multiline batch with blank lines only")
        return None

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
        self.size += len(text.encode()) + (bool(self.parts) and not joined)
        if self.size > MAX_BYTES:
            return "MULTILINE_MAX_BYTES", (str(MAX_BYTES),), "Multiline batch max-bytes exceeded"
        return None


def _invalid(text: str) -> Fault:
    return "MULTILINE_INVALID", (), text
