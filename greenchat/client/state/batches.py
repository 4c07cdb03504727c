"""The open batches of a connection: messages that are handled together. https://ircv3.net/specs/extensions/batch"""

from greenchat.protocol.message import Message
from greenchat.records import field, record

# The size of open batches is limited: a server may never end one.
_MOST_OPEN = 100  # a label's answer, a page of history and the texts in it are three
_MOST_KEPT = 8 << 20  # bytes: a page of a hundred texts of 24 lines is a tenth of it
_MESSAGE = 500  # bytes of a message besides its texts


@record(slots=True, eq=False)
class Batch:
    """A batch from its opening on. size: the number of received messages. messages: those that wait for the end."""

    opening: Message
    size: int = 0
    messages: list[Message] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The type, like `chathistory`."""
        return self.opening.params[1] if len(self.opening.params) > 1 else ""

    @property
    def target(self) -> str:
        """The first parameter of the type, a channel or a nick; "" without one."""
        return self.opening.params[2] if len(self.opening.params) > 2 else ""


class Batches:
    """The open batches of a connection, by their references.

    Reads: get, in, len. Changes: begin, keep, end, clear.
    """

    __slots__ = ("_open", "_size", "_was_told")

    def __init__(self) -> None:
        self.clear()

    def __contains__(self, reference: str) -> bool:
        return reference in self._open

    def __len__(self) -> int:
        return len(self._open)

    def clear(self) -> None:
        """Drop all batches, for a new connection."""
        self._open: dict[str, Batch] = {}
        self._size = 0  # bytes of the open batches
        self._was_told = False

    def get(self, reference: str) -> Batch | None:
        """Return the open batch with this reference."""
        return self._open.get(reference)

    def begin(self, opening: Message) -> str:
        """Begin a batch. Return a message for the user, as `keep` does."""
        reference = opening.params[0][1:]
        self.end(reference)
        self._open[reference] = Batch(opening)
        return self._drop() if len(self._open) > _MOST_OPEN else ""

    def keep(self, batch: Batch, message: Message) -> str:
        """Keep a message until its batch is complete.

        Beyond the limit all open batches are dropped. Returns a message for the user about that, once.
        """
        batch.messages.append(message)
        self._size += _size_of(message)
        return self._drop() if self._size > _MOST_KEPT else ""

    def end(self, reference: str) -> Batch | None:
        """End a batch and return it; None if there is none."""
        ended = self._open.pop(reference, None)
        if ended:
            self._size -= sum(map(_size_of, ended.messages))
        return ended

    def _drop(self) -> str:
        self._open.clear()
        self._size = 0
        was_told, self._was_told = self._was_told, True
        return "" if was_told else "The server begins batches and does not end them: their messages are not shown."


def _size_of(message: Message) -> int:
    tags = sum(len(name) + len(value) for name, value in message.tags.items())
    return _MESSAGE + tags + sum(map(len, message.params))
