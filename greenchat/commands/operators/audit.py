"""AUDIT: shows the logged actions of operators, and of members in their channels and with their accounts."""

from collections.abc import Iterator

from greenchat.chat.visibility import sees_addresses
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Deferred
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.process import AuditError
from greenchat.commands.core.registry import Way, command
from greenchat.commands.operators.report import reported, with_text
from greenchat.protocol.numerics import Numeric
from greenchat.storage.interface import Store, StoredEvent, StoreError

_DEFAULT = 20  # lines that AUDIT shows
_MOST = 200

_FoundActs = tuple[list[str], dict[tuple[str, int], StoredEvent]]
"""Lines of the logs, with the texts of the messages that they name."""


@command("AUDIT", right="audit", way=Way.HERE)
def audit(ctx: Context) -> Deferred:
    """AUDIT [<lines>] [<text>]

    Show the last actions of operators, and of members in their channels and with their accounts: 20 entries, or the
    given number, that contain the text. The names of commands (SAMODE, KILL, UBAN, KICK, CHANSERV, NICKSERV ...) find
    their entries.
    """
    words = list(ctx.message.params)
    count = min(int(words.pop(0)), _MOST) if words and words[0].isdecimal() and words[0].isascii() else _DEFAULT
    text = " ".join(words)

    store = ctx.journal.store

    def work() -> _FoundActs | AuditError:
        entries: list[str] = []
        for log in ctx.process.audit, ctx.process.moderation:
            lines = log.read(count, text)
            if isinstance(lines, AuditError):
                return lines
            entries += lines
        entries = sorted(entries, key=_time)[max(0, len(entries) - count) :]
        return entries, dict(_reported(store, entries))

    return Deferred(work, _answer)


def _reported(store: Store, lines: list[str]) -> Iterator[tuple[tuple[str, int], StoredEvent]]:
    """Yield the messages named by reports among the lines, as far as they can be read."""
    missing: dict[int, tuple[str, int]] = {}
    try:
        for place in filter(None, map(reported, lines)):
            event = store.find(*place)
            if event:
                yield place, event
            else:
                missing[place[1]] = place
        # messages of a channel that has been renamed since
        for event in store.by_id(missing) if missing else ():
            if ("#" in event.conversation) == ("#" in missing[event.id][0]):
                yield missing[event.id], event
    except StoreError:
        return


def _answer(ctx: Context, result: _FoundActs | AuditError) -> None:
    if isinstance(result, AuditError):
        raise IrcError(Numeric.ERR_UNKNOWNERROR, "AUDIT", text=f"The audit log can't be read: {result}")
    entries, messages = result
    knows = sees_addresses(ctx.user, ctx.network.settings)
    for line in entries:
        place = reported(line)
        event = messages.get(place) if place else None
        if event and ctx.journal.has_erased(event.conversation, event.id):
            event = None  # since it was read
        entry = with_text(line, event)
        ctx.notice(entry if knows else _cloaked(ctx, entry))
    ctx.notice(f"{len(entries)} entr{'y' if len(entries) == 1 else 'ies'}")


def _time(line: str) -> str:
    return line.partition(" ")[0]


def _cloaked(ctx: Context, line: str) -> str:
    """Return the line for an operator who may not see addresses: `time action nick!user@address (...): ...`."""
    words = line.split(" ", 3)
    return " ".join([*words[:2], *map(ctx.network.protection.cloaks.source, words[2:3]), *words[3:]])
