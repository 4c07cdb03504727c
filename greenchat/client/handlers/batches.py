"""One message of the server on its way to its handler, alone or as part of a batch.

What makes sense only as a whole is kept until it is: the lines of one text, and the pages of history, which would
otherwise be seen growing line by line, with a gap behind the line that came last.

https://ircv3.net/specs/extensions/batch
"""

from greenchat.client.handlers import playback, replies
from greenchat.client.handlers.registry import TABLE, Incoming, said_at
from greenchat.client.irc import chathistory, server_search
from greenchat.client.state.network import Batch
from greenchat.protocol.message import Message
from greenchat.protocol.multiline import BATCH_TYPE as MULTILINE
from greenchat.protocol.multiline import CONCAT, Part, whole

IGNORABLE = frozenset({"PRIVMSG", "NOTICE", "TAGMSG", "INVITE"})
HISTORY = "chathistory"
KEPT_UNTIL_WHOLE = frozenset({MULTILINE, HISTORY})


def receive(at: Incoming) -> None:
    """Let a message do what it does, now or when its batch is whole."""
    message = at.message
    if message.command == "BATCH":
        _batch(at)
        return
    batch = at.network.batches.get(message.tags.get("batch", ""))
    if batch is None:
        _handle(at)
        return
    batch.size += 1
    if batch.kind in KEPT_UNTIL_WHOLE:
        batch.kept.append(message)
        return
    label = batch.opening.tags.get("label")
    if label and "label" not in message.tags:
        message = message._replace(tags={**message.tags, "label": label})
    _handle(Incoming(at.model, at.network, message, at.time, batch.kind))


def _handle(at: Incoming, conversation: str = "") -> None:
    """conversation: whose history it is out of."""
    if at.batch == server_search.CAPABILITY:
        playback.found(at)
        return
    if at.batch == HISTORY and at.message.command not in playback.LIVE:
        buffer = at.network.find(conversation)
        if buffer:
            playback.played_back(at, buffer)
        return
    if at.message.command in IGNORABLE and _ignored(at):
        return
    TABLE.get(at.message.command, replies.anything_else)(at)


def _ignored(at: Incoming) -> bool:
    """Is it from somebody whom the user does not want to read?"""
    settings = at.model.settings
    return bool(settings.ignored) and not at.mine and settings.ignores(at.message.source or "", at.nick)


def _batch(at: Incoming) -> None:
    """`BATCH +reference type [parameters]` begins one, `BATCH -reference` ends it."""
    reference = at.param(0)[1:]
    if at.param(0).startswith("+"):
        inside = at.message.tags.get("batch", "") in at.network.batches
        if not (inside and at.param(1) == "labeled-response"):
            at.network.batches[reference] = Batch(at.message)
        return
    ended = at.network.batches.pop(reference, None)
    if ended is None:
        return
    if ended.kind == MULTILINE and ended.kept:
        # "implementations MUST collect the message content from each line in the batch and wait until the full
        # batch has been received before processing the message"
        text = whole([Part(line.params[-1], CONCAT in line.tags) for line in ended.kept if len(line.params) > 1])
        opening = ended.opening
        one = Message(ended.kept[0].command, (ended.target, text), opening.source, opening.tags)
        receive(Incoming(at.model, at.network, one, said_at(one, at.time)))
    elif ended.kind == HISTORY:
        _history(at, ended)
    elif ended.kind == server_search.CAPABILITY and ended.size == 0:
        at.answer("The server remembers nothing like that.")


def _history(at: Incoming, page: Batch) -> None:
    """A page is whole: "Client MAY delay processing the batched events until they have received ... the end"."""
    buffer = at.network.find(page.target)
    if buffer:
        buffer.follow = {message.tags["msgid"] for message in page.kept if "msgid" in message.tags}
    for message in page.kept:
        if buffer:
            buffer.follow.discard(message.tags.get("msgid", ""))
        _handle(Incoming(at.model, at.network, message, said_at(message, at.time), HISTORY), page.target)
    buffer = at.network.find(page.target)
    if buffer:
        chathistory.answered(at.model, buffer, page.size, at.time)
