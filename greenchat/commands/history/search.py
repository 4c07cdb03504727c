"""SEARCH: searches all conversations that the sender may read. soju.im/search, proposed to IRCv3 as pull request 496:
https://codeberg.org/emersion/soju/src/branch/master/doc/ext/search.md
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from greenchat.commands.core.cap_offers import OFFERS
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Deferred, Streamed
from greenchat.commands.core.errors import FailError
from greenchat.commands.core.history_events import identity
from greenchat.commands.core.registry import Way, command
from greenchat.commands.history.conversations import (
    Conversation,
    channel_conversations,
    may_read,
    readable_conversation,
)
from greenchat.commands.history.reading import reading
from greenchat.commands.history.replay import replay
from greenchat.protocol import caps
from greenchat.protocol.message import parse_tags
from greenchat.protocol.msgid import LAST_ID, first_id
from greenchat.protocol.times import parse_time
from greenchat.storage.interface import HistoryReader, Query, StoredEvent, StoreError

T = TypeVar("T")

_ROUNDS = 5  # rounds of a search whose matches include hidden ones

OFFERS[caps.SEARCH] = lambda settings, _: "" if settings.history.enabled else None


@command("SEARCH", params=1, way=Way.HERE)
def search(ctx: Context) -> Deferred:
    """SEARCH <attribute>=<value>{;<attribute>=<value>}

    Search the history that you can read: text=<words>, in=<channel or nickname>, from=<nickname>, after=<time>,
    before=<time>, limit=<number>.
    """
    attributes = parse_tags(" ".join(ctx.message.params))
    before = _read(attributes, "before", lambda text: first_id(parse_time(text) + 1), LAST_ID)
    after = _read(attributes, "after", lambda text: first_id(parse_time(text)) - 1, -1)
    page = ctx.network.settings.history.page
    limit = min(_read(attributes, "limit", _count, page), page)
    conversations = _conversations(ctx, attributes.get("in"))
    by_key = {key: conversation for conversation in conversations for key in conversation.keys}
    who = "" if "in" in attributes else identity(ctx.network, ctx.user)

    def read(store: HistoryReader) -> list[StoredEvent]:
        query = Query(
            (*by_key, *_direct(store, who)),
            limit,
            attributes.get("text", ""),
            attributes.get("from", ""),
            after,
            before,
            # "If after is specified, messages SHOULD be searched from that time."
            oldest="after" in attributes,
        )
        return _shown(store, query, by_key)

    return reading(ctx, read, _answer)


def _answer(ctx: Context, result: list[StoredEvent] | StoreError) -> Streamed:
    if isinstance(result, StoreError):
        raise FailError("SEARCH", "INTERNAL_ERROR", text="The search could not be run")
    # the user may have left a channel meanwhile
    readable = [event for event in result if may_read(ctx, event)]
    return Streamed(replay(ctx, readable, "soju.im/search"), is_batch=True)


def _shown(store: HistoryReader, query: Query, conversations: Mapping[str, Conversation]) -> list[StoredEvent]:
    """Return the matches without hidden ones, for which a few further rounds search replacements."""
    shown: list[StoredEvent] = []
    for _ in range(_ROUNDS):
        matches = store.search(replace(query, limit=query.limit - len(shown)))
        fit = [
            each
            for each in matches
            if each.conversation not in conversations or conversations[each.conversation].shows(each.id)
        ]
        shown = shown + fit if query.oldest else fit + shown
        if len(fit) == len(matches):
            break
        edge = matches[-1 if query.oldest else 0].id
        query = replace(query, after=edge) if query.oldest else replace(query, before=edge)
    return shown


def _conversations(ctx: Context, name: str | None) -> list[Conversation]:
    """Return the conversations to search: the named one, or all channels of the sender."""
    if name is None:
        return channel_conversations(ctx, ctx.user)
    conversation = readable_conversation(ctx, name)
    return [conversation] if conversation else []


def _direct(store: HistoryReader, who: str) -> list[str]:
    """Return the keys of all direct conversations of an identity, none for ""."""
    return [target.conversation for target in store.targets(who, (), 0, LAST_ID)] if who else []


def _read(attributes: dict[str, str], name: str, read: Callable[[str], T], default: T) -> T:
    """Return an attribute's value. Raises FailError."""
    text = attributes.get(name)
    if text is None:
        return default
    try:
        return read(text)
    except ValueError:
        raise FailError("SEARCH", "INVALID_PARAMS", name, text=f"Invalid value for {name}: {text}") from None


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:9])):
        raise ValueError(text)
    return int(text[:9])
