"""Events as rows of the tables `fresh` and `settled`, and back.

Most messages need four small numbers and their text. Rarer fields, and values that do not fit into the columns, are in
`more`, a JSON object: `c` the command if it has no number, `m` the parameters between first and last, `n` that there
are no parameters, `t` the tags.
"""

import json
import sqlite3

from greenchat.storage.interface import NO_TAGS, StoredEvent, members_of

# Part of the file format: only ever add to it. Those up to MESSAGES are sent to clients without event-playback.
KINDS = {
    command: number
    for number, command in enumerate(
        ("PRIVMSG", "NOTICE", "TAGMSG", "JOIN", "PART", "QUIT", "KICK", "NICK", "MODE", "TOPIC", "REDACT"), start=1
    )
}
MESSAGES = 2
_COMMANDS = {number: command for command, number in KINDS.items()}
_OTHER = 0
_NAMELESS = ("QUIT", "NICK")  # their first parameter is not the conversation's name

# id, conversation, kind, source, text, target, more: for writing. Most lack the last two: trailing NULLs are left out,
# since writing them takes a third of the time.
EventRow = (
    tuple[int, int, int, int, str | None]
    | tuple[int, int, int, int, str | None, str | None]
    | tuple[int, int, int, int, str | None, str | None, str | None]
)
WRITTEN = ("id", "conversation", "kind", "source", "text", "target", "more")
WIDTHS = (5, 6, 7)
# id, kind, mask, account, target (by default the conversation's name), text, more: for reading
ReadRow = tuple[int, int, str, str, str | None, str | None, str | None]

COLUMNS = "e.id, e.kind, s.mask, s.account, coalesce(e.target, c.name), e.text, e.more"
ROW = f"json_array({COLUMNS})"
"""A `ReadRow` in SQL: of an event `e`, its conversation `c` and its source `s`."""


class UnreadableError(ValueError):
    """A row is not in the form in which it was written."""


def one_number(connection: sqlite3.Connection, question: str, *values: str) -> int:
    """Return the single number that a query returns. values: for its parameters. Raises UnreadableError."""
    answer = connection.execute(question, values).fetchone()
    if not (answer and isinstance(answer[0], int)):
        raise UnreadableError(f"{question!r} gives no number")
    return answer[0]


def keys_by_number(connection: sqlite3.Connection) -> dict[int, str]:
    """Return the keys of all conversations by their numbers, the oldest first. Raises UnreadableError."""
    keys = dict(connection.execute("SELECT id, key FROM conversation ORDER BY id").fetchall())
    if not all(isinstance(number, int) and isinstance(key, str) for number, key in keys.items()):
        raise UnreadableError("a conversation has no key")
    return keys


def pairs_of_numbers(connection: sqlite3.Connection, question: str) -> list[tuple[int, int]]:
    """Return the rows of two numbers that a query returns; NULL counts as 0. Raises UnreadableError."""
    pairs = [(first or 0, second or 0) for first, second in connection.execute(question)]
    if not all(isinstance(first, int) and isinstance(second, int) for first, second in pairs):
        raise UnreadableError(f"{question!r} gives no numbers")
    return pairs


# kind, target, text, more
Content = tuple[int, str | None, str | None, str | None]


def conversation_name(event: StoredEvent) -> str | None:
    """Return the name of the conversation that begins with this event: the first parameter of most of its events."""
    if not event.params or event.command in _NAMELESS or members_of(event.conversation):
        return None
    return event.params[0]


def encode(event: StoredEvent, name: str | None) -> Content:
    """Return the row of an event, without its keys, in a conversation of this name."""
    params = event.params
    kind = KINDS.get(event.command, _OTHER)
    if len(params) == 2 and kind and not event.tags:
        target, text = params
        return kind, None if target == name else target, text, None
    more: dict[str, object] = {}
    if not kind:
        more["c"] = event.command
    if len(params) > 2:
        more["m"] = params[1:-1]
    if not params:
        more["n"] = 0
    if event.tags:
        more["t"] = dict(event.tags)
    return (
        kind,
        params[0] if params and params[0] != name else None,
        params[-1] if len(params) > 1 else None,
        json.dumps(more, ensure_ascii=False, separators=(",", ":")) if more else None,
    )


def decode(conversation: str, row: ReadRow) -> StoredEvent:
    """Return the event of a row. Raises UnreadableError."""
    number, kind, mask, account, target, text, rest = row
    try:
        more = json.loads(rest) if rest else {}
        params: tuple[str, ...] = ()
        if "n" not in more:
            params = (target or "", *more.get("m", ()))
            if text is not None:
                params += (text,)
        command = _COMMANDS.get(kind) or more.get("c", "")
        tags = more.get("t", NO_TAGS)
        "".join((mask, account, command, *params, *tags.values()))  # a TypeError if one is not text
    except (ValueError, TypeError, AttributeError) as error:
        raise UnreadableError(f"event {number} of {conversation} can't be read: {error}") from error
    return StoredEvent(number, conversation, command, mask, params, account, tags)
