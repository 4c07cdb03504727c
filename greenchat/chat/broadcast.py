"""A BroadcastGroup is the set of sessions that receive the messages of one channel."""

from collections.abc import Callable, Collection, Iterable, Sequence

from greenchat.chat.outbox import Outbox
from greenchat.chat.user import Session
from greenchat.protocol.envelopes.envelope import Envelope

CROWD = 100  # recipients: for fewer, holding messages back does not pay
_MOST_HELD = 1_000_000  # messages to single recipients, some 100 MB: to send them takes less than 0.1 s


class BroadcastGroup:
    """Sessions by kind, so that a message is encoded once per kind and appended to every member's outbox.

    Messages about somebody who has just joined may be held back for a moment, since thousands who join one channel at
    once are a message for each pair of them: one list for the group instead of a list for each member. Everything else
    about the members comes after it: `broadcast` puts what was held back into the outboxes first, and so does
    `Network.peers`.

    outboxes: by kind, each with what is pending in it. due: the monotonic time at which that is sent at the latest.

    Reads: broadcast, broadcast_lines, broadcast_all, size, is_crowd. Changes: add, remove, hold, catch_up, release.
    """

    __slots__ = ("_first_held", "_held", "due", "outboxes")

    def __init__(self) -> None:
        self.outboxes: dict[int, dict[Outbox, list[bytes]]] = {}
        self._held: list[Envelope] = []
        self._first_held: dict[Outbox, int] = {}  # of sessions added later: the first of `_held` that each gets
        self.due = 0.0

    @property
    def size(self) -> int:
        """The number of its sessions."""
        return sum(map(len, self.outboxes.values()))

    @property
    def is_crowd(self) -> bool:
        """Whether the group is so large that joins should be held back."""
        return self.size >= CROWD

    def add(self, session: Session) -> None:
        """Add a session to the group, if it is connected to this process."""
        if session.outbox.is_local:
            self.outboxes.setdefault(session.kind, {})[session.outbox] = session.outbox.pending
            if self._held:
                self._first_held[session.outbox] = len(self._held)

    def remove(self, session: Session) -> None:
        """Remove a session; before its kind changes, remove it, and add it again afterwards."""
        if not session.outbox.is_local:
            return
        if self._held:
            self.release()
        outboxes = self.outboxes[session.kind]
        del outboxes[session.outbox]
        if not outboxes:
            del self.outboxes[session.kind]

    def hold(self, envelope: Envelope, informed: Iterable[Session]) -> None:
        """Put the message into the outboxes a moment later, together with others.

        It must be one that every kind of client gets. informed: sessions that were added just now, and have got it.
        """
        self._held.append(envelope)
        for session in informed:
            self._first_held[session.outbox] = len(self._held)
        for outboxes in self.outboxes.values():
            for outbox in outboxes:
                outbox.dirty.held[self] = None
                if len(self._held) * self.size > _MOST_HELD:
                    self.release()
                return

    def release(self) -> int:
        """Put the messages held back into the outboxes; return the number of sessions in the group."""
        if not self._held:
            return 0
        held, self._held = self._held, []
        first_held, self._first_held = self._first_held, {}
        for kind, outboxes in self.outboxes.items():
            lines = [envelope.encode(kind) for envelope in held]
            for outbox, pending in outboxes.items():
                if outbox in first_held:
                    if first_held[outbox] < len(lines):
                        outbox.put_lines(lines[first_held[outbox] :])
                else:
                    if not pending:
                        outbox.dirty.outboxes.append(outbox)
                    pending += lines
            outbox.dirty.held.pop(self, None)
            outbox.dirty.count_bytes(sum(map(len, lines)), len(outboxes))
        return self.size

    def catch_up(self, session: Session) -> None:
        """Put the messages held back into the outbox of one member, who asks about the others."""
        if self._held:
            for envelope in self._held[self._first_held.get(session.outbox, 0) :]:
                session.outbox.put(envelope.encode(session.kind))
            self._first_held[session.outbox] = len(self._held)

    def broadcast_lines(self, encode: Callable[[int], list[bytes]], skipped: Outbox | None) -> None:
        """Put several messages into the outbox of every member but `skipped`, as `broadcast` does with one.

        encode: returns their bytes for a kind.
        """
        if self._held:
            self.release()
        for kind, outboxes in self.outboxes.items():
            lines = encode(kind)
            if len(lines) == 1:  # nearly always; to append one is cheaper than to add a list
                data = lines[0]
                for outbox, pending in outboxes.items():
                    if outbox is not skipped:
                        if not pending:
                            outbox.dirty.outboxes.append(outbox)
                        pending.append(data)
                outbox.dirty.count_bytes(len(data), len(outboxes))
                continue
            for outbox, pending in outboxes.items():
                if outbox is not skipped:
                    if not pending:
                        outbox.dirty.outboxes.append(outbox)
                    pending += lines
            outbox.dirty.count_bytes(sum(map(len, lines)), len(outboxes))

    def broadcast_all(self, messages: Sequence[tuple[Callable[[int], list[bytes]], Outbox | None]]) -> list[Exception]:
        """Put the messages of several speakers into the outbox of every member, as one list.

        messages: of each speaker, the arguments of `broadcast_lines`. Return the errors of messages that could not be
        encoded for a kind; its clients do not get them.
        """
        if self._held:
            self.release()
        errors: list[Exception] = []
        for kind, outboxes in self.outboxes.items():
            lines: list[bytes] = []
            own: dict[Outbox, list[tuple[int, int]]] = {}  # where the lines are that an outbox does not get
            for encode, skipped in messages:
                begin = len(lines)
                try:
                    lines += encode(kind)
                except Exception as error:
                    errors.append(error)
                if skipped in outboxes:
                    own.setdefault(skipped, []).append((begin, len(lines)))
            for outbox, pending in outboxes.items():
                before = len(pending)
                pending += lines
                if outbox in own:
                    for begin, end in reversed(own[outbox]):
                        del pending[before + begin : before + end]
                if pending and not before:
                    outbox.dirty.outboxes.append(outbox)
            outbox.dirty.count_bytes(sum(map(len, lines)), len(outboxes))
        return errors

    def broadcast(self, envelope: Envelope, skip: Session | None = None) -> None:
        """Put the message into the outbox of every member but `skip`.

        This is the hot path of the whole server, a few dozen nanoseconds per member: `Outbox.put` stands here inlined,
        because calling it would double that (greenchat-bench fanout --flight 256 shows it).
        """
        if self._held:
            self.release()
        skipped = skip.outbox if skip else None
        for kind, outboxes in self.outboxes.items():
            data = envelope.encode(kind)
            if not data:
                continue
            for outbox, pending in outboxes.items():
                if outbox is not skipped:
                    if not pending:
                        outbox.dirty.outboxes.append(outbox)
                    pending.append(data)
            outbox.dirty.count_bytes(len(data), len(outboxes))


def broadcast_once(groups: Sequence[BroadcastGroup], envelope: Envelope, skipped: Collection[Outbox]) -> None:
    """Put the message once into the outbox of everybody who is in one of the groups, but not in `skipped`."""
    for group in groups:
        group.release()
    for kind in dict.fromkeys(kind for group in groups for kind in group.outboxes):
        data = envelope.encode(kind)
        if not data:
            continue
        several = [group.outboxes[kind] for group in groups if kind in group.outboxes]
        outboxes = several[0] if len(several) == 1 else {k: v for each in several for k, v in each.items()}
        for outbox, pending in outboxes.items():
            if outbox not in skipped:
                if not pending:
                    outbox.dirty.outboxes.append(outbox)
                pending.append(data)
        outbox.dirty.count_bytes(len(data), len(outboxes))
