"""Passes messages of the server to their handlers, alone or as parts of batches.

Batches that only make sense when complete are collected first: the lines of one text, and pages of history, which would
otherwise be shown growing line by line, with a gap after the last one.

https://ircv3.net/specs/extensions/batch
"""

from greenchat.client.handlers import playback, replies
from greenchat.client.handlers.registry import HISTORIES, NAMED, TABLE, Incoming, time_of
from greenchat.client.irc import chathistory, server_search
from greenchat.client.state.batches import Batch
from greenchat.client.state.lines import LineKind
from greenchat.protocol import caps
from greenchat.protocol.message import Message
from greenchat.protocol.multiline import BATCH_TYPE as MULTILINE
from greenchat.protocol.multiline import CONCAT, Part, join_parts

IGNORABLE = frozenset({"PRIVMSG", "NOTICE", "TAGMSG", "INVITE"})
(_RELAYED_BY,) = caps.names(caps.RELAYMSG)
TALKS = "draft/chathistory-targets"
KEPT_UNTIL_WHOLE = frozenset({MULTILINE, *HISTORIES})


def receive(incoming: Incoming) -> None:
    """Handle a message, now or when its batch is complete."""
    message = incoming.message
    if message.command == "BATCH":
        _batch(incoming)
        return
    if incoming.model.plugin_messages is not None and not incoming.is_from_history and not _in_history(incoming):
        incoming.model.messages.append(message)
    batch = incoming.network.batches.get(message.tags.get("batch", ""))
    if batch is None:
        _handle(incoming)
        return
    batch.size += 1
    if batch.kind in KEPT_UNTIL_WHOLE:
        _tell(incoming, incoming.network.batches.keep(batch, message))
        return
    label = batch.opening.tags.get("label")
    if label and "label" not in message.tags:
        message = message._replace(tags={**message.tags, "label": label})
    _handle(Incoming(incoming.model, incoming.network, message, incoming.time, batch.kind))


def _in_history(incoming: Incoming) -> bool:
    """Whether a message is in a batch of history, or in a batch within one."""
    batches = incoming.network.batches
    reference = incoming.message.tags.get("batch", "")
    for _ in range(len(batches)):
        batch = batches.get(reference)
        if batch is None:
            return False
        if batch.kind in HISTORIES or batch.kind == server_search.CAPABILITY:
            return True
        reference = batch.opening.tags.get("batch", "")
    return False


def _handle(incoming: Incoming, conversation: str = "") -> None:
    """Call the handler. conversation: of the history batch, if any."""
    if incoming.batch == server_search.CAPABILITY:
        playback.show_search_result(incoming)
        return
    if incoming.batch in HISTORIES and incoming.message.command not in playback.LIVE:
        buffer = incoming.network.find(conversation)
        if buffer:
            playback.played_back(incoming, buffer)
        return
    if incoming.message.command in IGNORABLE and _ignored(incoming):
        return
    command = incoming.message.command
    if all(incoming.param(place) for place in range(NAMED.get(command, 0))):
        TABLE.get(command, replies.other_numeric)(incoming)


def _ignored(incoming: Incoming) -> bool:
    """Whether the message is from an ignored user."""
    settings = incoming.model.settings
    if not settings.ignored or incoming.is_own:
        return False
    command, text = incoming.message.command, incoming.param(1)
    kind = {"NOTICE": "notices", "INVITE": "invites"}.get(command, "messages")
    kind = "actions" if text.startswith("\x01ACTION") else kind
    place = incoming.param(1 if command == "INVITE" else 0)
    # https://github.com/ircv3/ircv3-specifications/pull/417: the tag names the bot that passes the words on
    relay = incoming.message.tags.get(_RELAYED_BY, "")
    return settings.ignores(incoming.message.source or "", incoming.nick, kind, place) or (
        bool(relay) and settings.ignores(relay, relay, kind, place)
    )


def _batch(incoming: Incoming) -> None:
    """Begin a batch (`BATCH +reference type [parameters]`), or end it (`BATCH -reference`)."""
    reference = incoming.param(0)[1:]
    if incoming.param(0).startswith("+"):
        inside = incoming.message.tags.get("batch", "") in incoming.network.batches
        if not (inside and incoming.param(1) == "labeled-response"):
            _tell(incoming, incoming.network.batches.begin(incoming.message))
        return
    ended = incoming.network.batches.end(reference)
    if ended is None:
        return
    if ended.kind == MULTILINE and ended.messages:
        # "implementations MUST collect the message content from each line in the batch and wait until the full
        # batch has been received before processing the message"
        text = join_parts(
            [Part(line.params[-1], CONCAT in line.tags) for line in ended.messages if len(line.params) > 1]
        )
        opening = ended.opening
        one = Message(ended.messages[0].command, (ended.target, text), opening.source, opening.tags)
        receive(Incoming(incoming.model, incoming.network, one, time_of(one, incoming.time)))
    elif ended.kind in HISTORIES:
        _history(incoming, ended)
    elif ended.kind == TALKS:
        incoming.network.reading.asks_talks = False
    elif ended.kind == server_search.CAPABILITY and ended.size == 0:
        incoming.answer("The server found no messages.")


def _tell(incoming: Incoming, text: str) -> None:
    if text:
        incoming.note(incoming.network.status, text, LineKind.ERROR)


def _history(incoming: Incoming, page: Batch) -> None:
    """Handle a complete page: "Client MAY delay processing the batched events until they have received ... the end"."""
    buffer = incoming.network.find(page.target)
    if buffer:
        buffer.history.later_ids = {message.tags["msgid"] for message in page.messages if "msgid" in message.tags}
        if buffer.history.page and buffer.history.page.before:
            buffer.history.later_ids.add(buffer.history.page.before)
    for message in page.messages:
        if buffer:
            buffer.history.later_ids.discard(message.tags.get("msgid", ""))
        _handle(
            Incoming(incoming.model, incoming.network, message, time_of(message, incoming.time), page.kind), page.target
        )
    buffer = incoming.network.find(page.target)
    if buffer:
        chathistory.answered(incoming.model, buffer, page.size, incoming.time)
