"""Closures: times in which a channel was closed, and its members then. They decide who may read its history.

As users expect, the history of a channel continues under its name, even if somebody else creates it again. But while a
channel has one of the modes +i, +k, +s, +O or +H it is closed, and messages of that time belong to one life of it:

    the reader                                                  may read what was said while it was closed
    was in it when it was said                                  yes, also in a later life and after a restart
    joined while it was closed, in the same life                from the time it was closed (they were let in)
    has a rank by the access list, in the same life             yes
    joined after it was opened again                            no
    created it again, or joined after that                      no
    (any of these, said while +H was set)                       only if they were in it then

Messages from when it was open can be read by every member, unless +H is set now: then nobody can read messages from
before joining. A life begins when a channel is created and ends when its last member leaves, or when it is no longer
registered; a registered channel, and one with an always-on member, survives a restart. Its operators have no rights
over messages of an earlier life, see REDACT.

The members of that time are remembered by identity: accounts in the store, guests as long as they are connected.

The closures of ended channels are bounded in total, however many channels strangers create: beyond that the closures of
one channel are forgotten (`protection.ended_channels` says of which). Its history up to their end is cut, so that
nobody can read more than before.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from greenchat.chat import documents
from greenchat.chat.channel import Channel
from greenchat.chat.documents import DocumentKind
from greenchat.chat.protection.ended_channels import EndedChannels
from greenchat.chat.registered_channels import rank_of
from greenchat.chat.user import User
from greenchat.protocol.msgid import LAST_ID, format_msgid, parse_msgid

_LOCKS = frozenset("isHO")
_MOST = 100  # closures of one channel; beyond that the oldest two are merged into one that ignores ranks
_MOST_GUESTS = 1000  # of one closure who have left the channel
_MOST_SPANS = 100  # of one identity in one closure; messages of dropped spans are hidden

ClosureSpan = tuple[int, int]
"""A span of msgids, both ends included."""

Unsaved = tuple[DocumentKind, str, dict[str, Any] | None]


def is_closed(channel: Channel) -> bool:
    """Whether current messages of a channel are hidden from some users who join later."""
    return bool(channel.key) or not _LOCKS.isdisjoint(channel.flags)


@dataclass(slots=True, eq=False)
class Closure:
    """A time in which a channel was closed.

    start, end: msgids; end is LAST_ID while it lasts. life: of the channel. quiet: whether +H was set. inside: identity
    -> spans of membership, for members who have left. first: accounts that were members when it began.
    """

    start: int
    life: int
    quiet: bool = False
    end: int = LAST_ID
    inside: dict[str, list[ClosureSpan]] = field(default_factory=dict)
    first: tuple[str, ...] = ()

    def note(self, identity: str, since: int, until: int) -> list[ClosureSpan]:
        """Note a span of membership; return all spans of the identity."""
        spans = self.inside.setdefault(identity, [])
        spans[:] = [span for span in spans if span[1] != LAST_ID]  # of a member whose departure was not known
        spans.append((max(since, self.start), until))
        self._bound(spans)
        return spans

    def merge(self, other: "Closure") -> None:
        """Merge the spans of the next closure into this one."""
        for identity, more in other.inside.items():
            spans = self.inside.setdefault(identity, [])
            spans += more
            self._bound(spans)

    def _bound(self, spans: list[ClosureSpan]) -> None:
        """Forget the oldest spans, and the oldest guests, beyond the limits."""
        del spans[:-_MOST_SPANS]
        if len(self.inside) > _MOST_GUESTS:
            guest = next(filter(_is_guest, self.inside), None)
            if guest is not None:
                del self.inside[guest]

    @property
    def size(self) -> int:
        """The number of things that are kept: itself, and each span."""
        return 1 + sum(map(len, self.inside.values()))

    @property
    def is_of_guests(self) -> bool:
        """Whether only guests were in it."""
        return all(map(_is_guest, self.inside)) and not self.first

    def times_of(self, user: User) -> list[ClosureSpan]:
        """Return the past spans in which a user was in the channel."""
        return [*self.inside.get(user.account_id, ()), *self.inside.get(user.guest_id, ())]


def _is_guest(identity: str) -> bool:
    return identity.startswith("~")


def _first_in(closures: Sequence[Closure], *, of_guests: bool) -> str:
    """Return the identity that was in a channel first; "" if none is known: a restart forgets guests."""
    times = [
        (spans[0][0], identity)
        for closure in closures
        for identity, spans in closure.inside.items()
        if spans and _is_guest(identity) == of_guests
    ]
    return min(times)[1] if times else ""


def _listed(inside: Mapping[str, Iterable[ClosureSpan]]) -> dict[str, list[list[int]]]:
    return {identity: [list(span) for span in spans] for identity, spans in inside.items()}


class Closures:
    """The closures of all channels, by folded name; the channels that have ended stand in the order of `_ended`.

    unsaved: changes to be stored. lost: channels whose history is to be cut, and up to which msgid.

    Reads: channels, first_end, hidden. Changes: note_modes, note_join, note_part, note_end, note_rename, prune,
    restore, take, take_lost.
    """

    __slots__ = ("_ended", "_lost", "_of", "_unsaved")

    def __init__(self) -> None:
        self._of: dict[str, list[Closure]] = {}
        self._ended = EndedChannels()
        self._lost: list[tuple[str, int]] = []
        self._unsaved: dict[tuple[str, str], Unsaved] = {}

    def __bool__(self) -> bool:
        """Whether there are changes to store."""
        return bool(self._unsaved or self._lost)

    def take(self) -> list[Unsaved]:
        """Return the changes to store, and forget them."""
        taken = list(self._unsaved.values())
        self._unsaved.clear()
        return taken

    def take_lost(self) -> list[tuple[str, int]]:
        """Return the channels whose history is to be cut, each with the msgid up to which; and forget them."""
        lost, self._lost = self._lost, []
        return lost

    def note_modes(self, key: str, channel: Channel, msgid: int) -> None:
        """Note that a channel's modes may have changed; msgid: a new one, of this moment."""
        current = self._current(key)
        if not is_closed(channel):
            if current:
                self._end(key, current, msgid)
            return
        if current is None:
            closures = self._of.setdefault(key, [])
            current = Closure(msgid, channel.life, "H" in channel.flags)
            current.first = tuple(member.account_id for member in channel.members if member.account_id)
            closures.append(current)
            self._save(key, current)
            if len(closures) > _MOST:
                self._merge(key, closures)
        elif ("H" in channel.flags) != current.quiet:
            self._end(key, current, msgid)
            self.note_modes(key, channel, msgid + 1)

    def note_join(self, key: str, user: User, msgid: int) -> None:
        """Note that a user joined, so that the visit is known even if nothing reports the departure."""
        self._ended.discard(key)
        current = self._current(key)
        if current and user.account_id:
            self._save_inside(current, user.account_id, [*current.inside.get(user.account_id, ()), (msgid, LAST_ID)])

    def note_part(self, key: str, user: User, since: int, msgid: int) -> None:
        """Note that a user, a member since a msgid, has left."""
        for closure in self._of.get(key, ()):
            if closure.end >= since:
                for identity in {user.identity, user.guest_id} - {""}:
                    spans = closure.note(identity, since, min(msgid, closure.end))
                    if identity == user.account_id:
                        self._save_inside(closure, identity, spans)

    def note_end(self, key: str, channel: Channel, msgid: int) -> None:
        """Note that a channel has ended."""
        if channel.is_kept:
            self._put(documents.CHANNEL, key, None)
        current = self._current(key)
        if current:
            self._end(key, current, msgid)
        self._set_ended(key)

    def note_rename(self, before: str, after: str) -> None:
        """Note that a channel has a new name; the closures of an earlier channel of that name are dropped."""
        if before == after:
            return
        self._forget(after)
        moved = self._of.pop(before, [])
        if moved:
            self._of[after] = moved
        for closure in moved:
            self._save(after, closure)

    def hidden(self, key: str, channel: Channel, reader: User) -> tuple[ClosureSpan, ...]:
        """Return the spans of a channel's history that a member may not read, in order."""
        closures = self._of.get(key, ())
        since = parse_msgid(reader.channels.get(key, "")) or 0
        if "H" in channel.flags:
            were_in = [span for closure in closures for span in closure.times_of(reader)]
            return tuple(_without((0, LAST_ID), [*were_in, (since, LAST_ID)]))
        hidden: list[ClosureSpan] = []
        for closure in closures:
            is_here = closure.life == channel.life and since <= closure.end
            if is_here and not closure.quiet:
                continue
            if closure.life == channel.life and not closure.quiet and rank_of(channel, reader.account_id):
                continue
            shown = closure.times_of(reader)
            if since <= closure.end:  # also for an unknown life, if several were merged
                shown.append((since, closure.end))
            hidden += _without((closure.start, closure.end), shown)
        return tuple(hidden)

    def channels(self) -> list[str]:
        """Return the folded names of all channels with remembered closures."""
        return list(self._of)

    def first_end(self, key: str) -> int | None:
        """Return the msgid at which the first closure of a channel ended, None if none has ended."""
        return next((closure.end for closure in self._of.get(key, ()) if closure.end != LAST_ID), None)

    def prune(self, key: str, oldest: int) -> None:
        """Forget closures that ended before the oldest remaining event of a channel. oldest: its msgid."""
        closures = self._of.get(key, [])
        for closure in [each for each in closures if each.end < oldest and each.end != LAST_ID]:
            closures.remove(closure)
            self._drop(closure)
        if not closures:
            self._forget(key)
        elif key in self._ended:
            self._set_ended(key)

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Restore one closure from the store, see `_save`."""
        closure = Closure(stored["start"], stored["life"], stored["quiet"], stored["end"] or LAST_ID)
        closure.first = tuple(stored["first"])
        for identity in closure.first:
            closure.inside[identity] = [(closure.start, LAST_ID)]
        closures = self._of.setdefault(stored["channel"], [])
        closures.append(closure)
        closures.sort(key=lambda each: each.start)

    def restore_inside(self, stored: Mapping[str, Mapping[str, Any]], last: int) -> None:
        """Restore the members, by `<start> <identity>`, after all closures. last: the largest id in the store.

        Members at the end of the server are taken to have left then.
        """
        by_start = {format_msgid(closure.start): closure for each in self._of.values() for closure in each}
        for name, document in stored.items():
            start, _, identity = name.partition(" ")
            closure = by_start.get(start)
            if closure is None:
                self._put(documents.INSIDE, name, None)
            else:
                closure.inside[identity] = [(since, until or LAST_ID) for since, until in document["spans"]]
        for closure in by_start.values():
            for spans in closure.inside.values():
                spans[:] = [(since, min(until, closure.end, last)) for since, until in spans]

    def end_those_without(self, channels: Mapping[str, Channel], last: int) -> None:
        """End the closures of channels that no longer exist after a restart."""
        for key in self._of:
            channel, current = channels.get(key), self._current(key)
            if current and (channel is None or channel.life != current.life):
                self._end(key, current, last)
        self._of = dict(sorted(self._of.items(), key=lambda each: each[1][-1].end))
        self._find_ended(channels)

    def dump(self) -> list[list[Any]]:
        """Return all closures as a JSON value."""
        return [
            [key, each.start, each.life, each.quiet, each.end, _listed(each.inside), list(each.first)]
            for key, closures in self._of.items()
            for each in closures
        ]

    def load(self, dumped: Iterable[list[Any]], channels: Container[str]) -> None:
        """Load `dump`'s output. channels: the folded names of those that exist."""
        for key, start, life, quiet, end, inside, first in dumped:
            times = {identity: [(since, until) for since, until in spans] for identity, spans in inside.items()}
            self._of.setdefault(key, []).append(Closure(start, life, quiet, end, times, tuple(first)))
        self._find_ended(channels)

    def _current(self, key: str) -> Closure | None:
        closures = self._of.get(key)
        return closures[-1] if closures and closures[-1].end == LAST_ID else None

    def _end(self, key: str, closure: Closure, msgid: int) -> None:
        closure.end = msgid
        self._save(key, closure)

    def _merge(self, key: str, closures: list[Closure]) -> None:
        first, second = closures[:2]
        first.quiet = True
        first.life = 0
        first.end = second.end
        first.merge(second)
        del closures[1]
        self._drop(second)
        self._save(key, first)
        for identity in second.inside:
            if identity in first.inside and not _is_guest(identity):
                self._save_inside(first, identity, first.inside[identity])

    def _find_ended(self, channels: Container[str]) -> None:
        """Note which channels have ended: they stand in the order of their ends already."""
        for key in [each for each in self._of if each not in channels]:
            self._note_ended(key)

    def _set_ended(self, key: str) -> None:
        """Note that a channel is the last to have ended."""
        if key in self._of:
            self._of[key] = self._of.pop(key)
            self._note_ended(key)

    def _note_ended(self, key: str) -> None:
        """Note that a channel has ended, after those before it, and forget some of them if it is too much."""
        closures = self._of.get(key)
        if closures is None:
            return
        self._ended.discard(key)
        size = sum(closure.size for closure in closures)
        of_guests = all(closure.is_of_guests for closure in closures)
        self._ended.add(key, size, _first_in(closures, of_guests=of_guests) or key, of_guests=of_guests)
        while self._ended.is_too_much:
            lost = self._ended.next_to_forget()
            self._lost.append((lost, self._of[lost][-1].end))
            self._forget(lost)

    def _forget(self, key: str) -> None:
        """Forget the closures of a channel."""
        self._ended.discard(key)
        for closure in self._of.pop(key, ()):
            self._drop(closure)

    def _drop(self, closure: Closure) -> None:
        start = format_msgid(closure.start)
        self._put(documents.CLOSED, start, None)
        for identity in closure.inside:
            if not _is_guest(identity):
                self._put(documents.INSIDE, f"{start} {identity}", None)

    def _save(self, key: str, closure: Closure) -> None:
        stored = {
            "channel": key,
            "start": closure.start,
            "end": 0 if closure.end == LAST_ID else closure.end,
            "life": closure.life,
            "quiet": closure.quiet,
            "first": list(closure.first),
        }
        self._put(documents.CLOSED, format_msgid(closure.start), stored)

    def _save_inside(self, closure: Closure, identity: str, spans: Iterable[ClosureSpan]) -> None:
        stored = [[since, 0 if until == LAST_ID else until] for since, until in spans]
        self._put(documents.INSIDE, f"{format_msgid(closure.start)} {identity}", {"spans": stored})

    def _put(self, kind: DocumentKind, key: str, value: dict[str, Any] | None) -> None:
        self._unsaved[kind.name, key] = (kind, key, value)


def _without(span: ClosureSpan, parts: Iterable[ClosureSpan]) -> Iterator[ClosureSpan]:
    """Yield the parts of a span that are outside these spans."""
    start, end = span
    for since, until in sorted(parts):
        if since > start:
            yield start, min(since - 1, end)
        start = max(start, until + 1)
    if start <= end:
        yield start, end
