"""REPORT: reports a user to the operators, with the last messages.

The audit log has the ids of these messages but not their text, so that later deletion is effective. AUDIT shows the
text of those that are still in the history.
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
_LONGEST = 200  # characters of a quoted line
_QUOTE = re.compile(r"(\S+ REPORT \S+ \([^()]*\):) {5}(\S+(?: \S+)?) (\S+)")  # a form that users' texts can't have


@command("REPORT", params=2, way=Way.STEPS)
def report(ctx: Context) -> Continuation | None:
    """REPORT <nickname> [<channel>] <reason>

    Report a user to the server operators. With a channel (that you are in), its last five messages are included;
    without one, those of your private conversation with the user, if there are any.
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
    in_channel = f" in {conversation.name}" if conversation and conversation.is_channel else ""
    about = f"{ctx.user.source} reports {target.source}{in_channel}"
    if conversation is None:
        ctx.propose(_tell, f"{about}: {reason}", [], [], _included(0, target.nick, ""))
        return None
    quoted = conversation

    def then(ctx: Context, result: list[StoredEvent] | StoreError) -> None:
        events = [] if isinstance(result, StoreError) else result
        names = [f"{event.conversation} {event.msgid}" for event in events]
        included = _included(len(events), target.nick, quoted.name if quoted.is_channel else "")
        ctx.propose(_tell, f"{about}: {reason}", [_line(event) for event in events], names, included)

    return reading(ctx, lambda store: quoted.read(store, HistorySpan(_CONTEXT, newest=True)), then)


def _included(count: int, nick: str, channel: str) -> str:
    """Return what of the history a report includes, in words for its sender. channel: "" if it names none."""
    if not count:
        what = ", without messages"
    else:
        messages = "message" if count == 1 else f"{count} messages"
        what = f", with the last {messages} of {channel or f'your private conversation with {nick}'}"
    return what if channel else f"{what}. To include a channel's messages: REPORT {nick} <#channel> <reason>"


def _line(event: StoredEvent) -> str:
    text = event.params[-1].replace("\n", " / ")[:_LONGEST] if event.params else ""
    return f"{format_time(event.time)} {event.source.partition('!')[0]}: {text}"


@step("report.made")
def _tell(ctx: Context, text: str, lines: list[str], names: list[str] | None = None, included: str = "") -> None:
    """Tell the operators. lines: the quoted messages. names: conversation and msgid of each; None in older logs.

    included: these messages, in words for the sender.
    """
    act(ctx, "REPORT", text)
    for line in lines:
        tell_operators(ctx, f"    {line}")
    for name in names or ():
        record(ctx, "REPORT", f"    {name}")
    ctx.notice(f"Your report has been sent to the operators{included}")


def reported(entry: str) -> tuple[str, int] | None:
    """Return the conversation and id of the message that an entry of the audit log names."""
    quote = _QUOTE.fullmatch(entry)
    number = parse_msgid(quote[3]) if quote else None
    return (quote[2], number) if quote and number else None


def with_text(entry: str, event: StoredEvent | None) -> str:
    """Return an entry of the audit log with the text of its message. event: None for a deleted message."""
    quote = _QUOTE.fullmatch(entry)
    if quote is None or event is None:
        return entry
    return f"{quote[1]}     {_line(event)}"
