"""REPORT: reporting a user to the operators, with the context.

The audit log names the messages of the context by their ids, and has no word of them: what is taken back later would
stay there. AUDIT shows the text of those that are still in the history.
"""

import re
from collections import deque

from greenchat.commands.core.audit_log import act, record, tell_operators
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Continuation
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.lookup import find_user
from greenchat.commands.core.registry import Way, command
from greenchat.commands.core.steps import step
from greenchat.commands.history.conversations import readable_conversation
from greenchat.commands.history.reading import reading
from greenchat.protocol.msgid import parse_msgid
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.times import format_time
from greenchat.storage.interface import HistorySpan, StoredEvent, StoreError

_CONTEXT = 5  # lines
_HOUR = 3_600_000  # ms
_LONGEST = 200  # characters of a line of the context
_QUOTE = re.compile(r"(\S+ REPORT \S+ \([^()]*\):) {5}(\S+(?: \S+)?) (\S+)")  # what nobody's own words can look like


@command("REPORT", params=2, way=Way.STEPS)
def report(ctx: Context) -> Continuation | None:
    """REPORT <nickname> [<channel>] <reason>

    Report a user to the server operators, with the last messages of the channel (if you are in it) or of your private
    conversation.
    """
    nick, *words = ctx.message.params
    target = find_user(ctx, nick)
    conversation = readable_conversation(ctx, words[0] if words[0].startswith("#") else target.nick)
    if words[0].startswith("#"):
        if conversation is None or len(words) < 2:
            raise IrcError(Numeric.ERR_NOTONCHANNEL if conversation is None else Numeric.ERR_NEEDMOREPARAMS, words[0])
        words = words[1:]
    reason = " ".join(words)
    most = ctx.network.settings.moderation.reports
    made = ctx.network.local.reports.setdefault(ctx.user, deque())
    while made and not ctx.now - _HOUR < made[0] <= ctx.now:  # the clock may have been set back
        made.popleft()
    if len(made) >= most:
        text = "Too many reports: try again in an hour" if most else "This server does not accept reports"
        raise IrcError(Numeric.RPL_TRYAGAIN, "REPORT", text=text)
    made.append(ctx.now)
    where = f" in {conversation.name}" if conversation and conversation.is_channel else ""
    about = f"{ctx.user.source} reports {target.source}{where}"
    if conversation is None:
        ctx.propose(_tell, f"{about}: {reason}", [], [])
        return None
    kept = conversation

    def then(ctx: Context, found: list[StoredEvent] | StoreError) -> None:
        events = [] if isinstance(found, StoreError) else found
        names = [f"{event.conversation} {event.msgid}" for event in events]
        ctx.propose(_tell, f"{about}: {reason}", [_line(event) for event in events], names)

    return reading(ctx, lambda store: kept.read(store, HistorySpan(_CONTEXT, newest=True)), then)


def _line(event: StoredEvent) -> str:
    text = event.params[-1].replace("\n", " / ")[:_LONGEST] if event.params else ""
    return f"{format_time(event.time)} {event.source.partition('!')[0]}: {text}"


@step("report.made")
def _tell(ctx: Context, text: str, lines: list[str], names: list[str] | None = None) -> None:
    """Tell the operators. lines: of the context. names: conversation and msgid of each; older logs have none."""
    act(ctx, "REPORT", text)
    for line in lines:
        tell_operators(ctx, f"    {line}")
    for name in names or ():
        record(ctx, "REPORT", f"    {name}")
    ctx.notice("Your report has been sent to the operators")


def reported(entry: str) -> tuple[str, int] | None:
    """Return which message an entry of the audit log names, by conversation and id."""
    quote = _QUOTE.fullmatch(entry)
    number = parse_msgid(quote[3]) if quote else None
    return (quote[2], number) if quote and number else None


def with_text(entry: str, event: StoredEvent | None) -> str:
    """Return an entry of the audit log, with what was said where it names a message; None: that is gone."""
    quote = _QUOTE.fullmatch(entry)
    if quote is None or event is None:
        return entry
    return f"{quote[1]}     {_line(event)}"
