"""BATCH from a client: a message of several lines. https://ircv3.net/specs/extensions/multiline"""

from collections.abc import Mapping

from greenchat.chat.multiline_batch import MAX_BYTES, MAX_LINES, ClientBatch
from greenchat.commands.core.cap_offers import OFFERS
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import FailError
from greenchat.commands.core.registry import Way, command
from greenchat.commands.core.steps import step
from greenchat.commands.messages.privmsg import say
from greenchat.protocol import caps
from greenchat.protocol.message import Message
from greenchat.protocol.multiline import BATCH_TYPE, Part, whole

OFFERS[caps.MULTILINE] = lambda *_: f"max-bytes={MAX_BYTES},max-lines={MAX_LINES}"


@command("BATCH", params=1, needs=caps.MULTILINE | caps.BATCH, way=Way.STEPS)
def batch(ctx: Context) -> None:
    """BATCH +<reference> draft/multiline <target> | BATCH -<reference>

    Send a message of several lines: those that come between, marked with the reference. Programs do this for you.
    """
    session = ctx.session
    mark, reference = ctx.message.params[0][:1], ctx.message.params[0][1:]
    opened = session.batch
    if mark == "+" and reference and ctx.message.params[1:2] == (BATCH_TYPE,) and len(ctx.message.params) > 2:
        if opened:
            session.batch = None
            raise FailError("BATCH", "MULTILINE_INVALID", text="Invalid multiline batch: the one before was not ended")
        session.batch = ClientBatch(reference, ctx.message.params[2], ctx.message.tags)
        ctx.postpone_answer()
    elif mark == "-" and opened and opened.reference == reference:
        session.batch = None
        _speak(ctx, opened)
    else:
        raise FailError("BATCH", "MULTILINE_INVALID", text="Invalid multiline batch")


def _speak(ctx: Context, done: ClientBatch) -> None:
    """Say it as if it had come as one message, with the tags of its beginning."""
    ctx.adopt(Message(done.command, (done.target, whole(done.parts)), None, done.tags))
    fault = done.end()
    if fault:
        code, context, text = fault
        raise FailError("BATCH", code, *context, text=text)
    parts = [[part.text, part.joined] for part in done.parts]
    ctx.propose(_say_lines, done.command, done.target, dict(done.tags), parts)


@step("multiline.said")
def _say_lines(ctx: Context, command: str, target: str, tags: Mapping[str, str], lines: list[tuple[str, bool]]) -> None:
    ctx.parts = tuple(Part(text, joined) for text, joined in lines)
    ctx.message = Message(command, (target, whole(ctx.parts)), None, tags)
    say(ctx)
