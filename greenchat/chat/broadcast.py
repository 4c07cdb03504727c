"""A BroadcastGroup is the set of sessions that receive the messages of one channel."""

from collections.abc import Callable

from greenchat.chat.outbox import Outbox
from greenchat.chat.user import Session
from greenchat.protocol.envelopes.envelope import Envelope


class BroadcastGroup:
    """Sessions by kind, so that a message is encoded once per kind and appended to every member's outbox.

    Reads: broadcast, broadcast_lines. Changes: add, remove.
    """

    __slots__ = ("_outboxes",)

    def __init__(self) -> None:
        self._outboxes: dict[int, dict[Outbox, list[bytes]]] = {}  # each with what is pending in it

    def add(self, session: Session) -> None:
        """Add a session to the group, if it is connected to this process."""
        if session.outbox.is_here:
            self._outboxes.setdefault(session.kind, {})[session.outbox] = session.outbox.pending

    def remove(self, session: Session) -> None:
        """Remove a session; before its kind changes, remove it, and add it again afterwards."""
        if not session.outbox.is_here:
            return
        outboxes = self._outboxes[session.kind]
        del outboxes[session.outbox]
        if not outboxes:
            del self._outboxes[session.kind]

    def broadcast_lines(self, encode: Callable[[int], list[bytes]], skipped: Outbox | None) -> None:
        """Put several messages into the outbox of every member but `skipped`: as `broadcast`, for all of them at once.

        encode: their bytes for a kind.
        """
        for kind, outboxes in self._outboxes.items():
            lines = encode(kind)
            if len(lines) == 1:  # nearly always; to append one is cheaper than to add a list
                data = lines[0]
                for outbox, pending in outboxes.items():
                    if outbox is not skipped:
                        if not pending:
                            outbox.dirty.outboxes.append(outbox)
                        pending.append(data)
                outbox.dirty.weigh(len(data), len(outboxes))
                continue
            for outbox, pending in outboxes.items():
                if outbox is not skipped:
                    if not pending:
                        outbox.dirty.outboxes.append(outbox)
                    pending += lines
            outbox.dirty.weigh(sum(map(len, lines)), len(outboxes))

    def broadcast(self, envelope: Envelope, skip: Session | None = None) -> None:
        """Put the message into the outbox of every member but `skip`.

        This is the hot path of the whole server, a few dozen nanoseconds per member: `Outbox.put` stands here inlined,
        because calling it would double that (greenchat-bench fanout --flight 256 shows it).
        """
        skipped = skip.outbox if skip else None
        for kind, outboxes in self._outboxes.items():
            data = envelope.encode(kind)
            if not data:
                continue
            for outbox, pending in outboxes.items():
                if outbox is not skipped:
                    if not pending:
                        outbox.dirty.outboxes.append(outbox)
                    pending.append(data)
            outbox.dirty.weigh(len(data), len(outboxes))
