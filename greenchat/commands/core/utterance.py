"""Plain messages of one burst: stored as one value, and encoded once for each kind of client."""

from collections.abc import Callable, Sequence

from greenchat.protocol.envelopes.talk import Talk, TalkHead
from greenchat.storage.interface import Speech, SpeechHeader


class Utterance(Speech):
    """Plain messages of one speaker to one target.

    lines: its encoding for clients without capabilities. refuse: tells the speaker that it could not be stored.
    """

    __slots__ = ("_head", "_talk", "lines", "refuse")

    def __init__(
        self,
        header: SpeechHeader,
        head: TalkHead,
        ids: Sequence[int],
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
        self._talk: Talk | None = None  # if some clients need another encoding

    def encode(self, kind: int) -> list[bytes]:
        """Return the bytes for this kind of client, one for each text."""
        if not kind & self._head.matters:
            return self.lines
        if self._talk is None:
            self._talk = Talk(self._head, self.ids, self.texts, self.lines)
        return self._talk.encode(kind)

    @property
    def encodings(self) -> Sequence[bytes]:
        """Return all encodings made so far, for retracting the messages if they can't be stored."""
        return self.lines if self._talk is None else self._talk.encodings
