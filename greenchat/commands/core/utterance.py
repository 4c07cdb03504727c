"""Plain messages on their way: stored as one value, and encoded for each kind of client that gets them."""

from collections.abc import Callable, Sequence

from greenchat.protocol.envelopes.talk import Talk, TalkHead
from greenchat.storage.interface import Speech, SpeechHeader


class Utterance(Speech):
    """Plain messages of one speaker to one target, on their way.

    lines: its bytes for the plainest clients. refuse: tells its speaker that it could not be stored.
    """

    __slots__ = ("_head", "_talk", "lines", "refuse")

    def __init__(
        self,
        header: SpeechHeader,
        head: TalkHead,
        ids: range,
        texts: Sequence[str],
        lines: list[bytes],
        refuse: Callable[[], None],
    ) -> None:
        self.header = header
        self.ids = ids
        self.texts = texts
        self.lines = lines
        self.refuse = refuse
        self._head = head
        self._talk: Talk | None = None  # where some clients get other bytes

    def encode(self, kind: int) -> list[bytes]:
        """Return the bytes for this kind of client, one for each text."""
        if not kind & self._head.matters:
            return self.lines
        if self._talk is None:
            self._talk = Talk(self._head, self.ids, self.texts, self.lines)
        return self._talk.encode(kind)

    @property
    def encodings(self) -> Sequence[bytes]:
        """Every bytes object that was made of it: to be retracted if it can't be stored."""
        return self.lines if self._talk is None else self._talk.encodings
