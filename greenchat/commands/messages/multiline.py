"""BATCH from a client: a message of several lines. https://ircv3.net/specs/extensions/multiline"""

import re
from collections.abc import Mapping

from greenchat.chat.multiline_batch import MAX_BYTES, MAX_LINES, ClientBatch
from greenchat.commands.core import service
from greenchat.commands.core.cap_offers import OFFERS
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import FailError, IrcError
from greenchat.commands.core.history_quota import require_history_quota
from greenchat.commands.core.registry import Way, command, refuse_batch
from greenchat.commands.core.steps import step
from greenchat.commands.messages.privmsg import say
from greenchat.protocol import caps
from greenchat.protocol.message import Message
from greenchat.protocol.multiline import Part, join_parts
from greenchat.protocol.numerics import Numeric

# "Reference tags MUST ONLY contain ASCII letters, numbers, and/or hyphen": https://ircv3.net/specs/extensions/batch
_REFERENCE = re.compile(r"[A-Za-z0-9-]+")

OFFERS[caps.MULTILINE] = lambda *_: f"max-bytes={MAX_BYTES},max-lines={MAX_LINES}"


@command("BATCH", params=1, needs=caps.MULTILINE | caps.BATCH, way=Way.STEPS)
def batch(ctx: Context) -> None:
    """BATCH +<reference> draft/multiline <target> | BATCH -<reference>

    Send a message of several lines: those between the two commands, tagged with the reference. Clients do this for you.
    """
    session = ctx.session
    mark, reference = ctx.message.params[0][:1], ctx.message.params[0][1:]
    opened = session.batch
    if mark not in ("+", "-") or not _REFERENCE.fullmatch(reference):
        raise _bad_reference(reference, "A reference consists of letters, digits and hyphens, after a + or -")
    if mark == "+":
        if len(ctx.message.params) < 2 or not ctx.message.params[1]:
            raise IrcError(Numeric.ERR_NEEDMOREPARAMS, "BATCH")
        if opened and not opened.fault:
            session.batch = None
            raise _invalid("the previous batch was not ended")
        session.batch = ClientBatch(reference, ctx.message, ctx.now)
        if session.batch.fault:
            refuse_batch(session.batch.fault)
        ctx.postpone_answer()
    elif not opened or opened.reference != reference:
        raise _bad_reference(reference, "No batch with this reference is open")
    else:
        session.batch = None
        _speak(ctx, opened)


def _invalid(text: str) -> FailError:
    return FailError("BATCH", "MULTILINE_INVALID", text=f"Invalid multiline batch: {text}")


def _bad_reference(reference: str, text: str) -> FailError:
    # the codes of client-batch since February 2026: INVALID_REFTAG <reference-tag>, UNKNOWN_TYPE <reference-tag> <type>
    return FailError("BATCH", "INVALID_REFTAG", reference, text=text)


def _speak(ctx: Context, done: ClientBatch) -> None:
    """Deliver the batch as one message, with the tags of its opening. Its errors have been reported already."""
    if done.fault:
        ctx.postpone_answer()
        return
    ctx.adopt(Message(done.command, (done.target, join_parts(done.parts)), None, done.opening.tags))
    fault = done.end()
    if fault:
        refuse_batch(fault)
    if any(map(service.find, done.target.split(","))):  # before it is proposed, since it may contain a password
        raise _invalid("a service takes one line at a time")
    require_history_quota(ctx)
    parts = [[part.text, part.joined] for part in done.parts]
    ctx.propose(_say_lines, done.command, done.target, dict(done.opening.tags), parts)


@step("multiline.said")
def _say_lines(ctx: Context, command: str, target: str, tags: Mapping[str, str], lines: list[tuple[str, bool]]) -> None:
    ctx.parts = tuple(Part(text, joined) for text, joined in lines)
    ctx.message = Message(command, (target, join_parts(ctx.parts)), None, tags)
    say(ctx)
