"""AUDIT: what operators have done, which is reported and logged, and what members have done in their channels and with
their accounts, which is logged too.
"""

from greenchat.chat.visibility import sees_addresses
from greenchat.commands.core.context import Context
from greenchat.commands.core.deferred import Deferred
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.process import AuditError
from greenchat.commands.core.registry import Way, command
from greenchat.protocol.numerics import Numeric

_DEFAULT = 20  # lines that AUDIT shows
_MOST = 200


@command("AUDIT", right="audit", way=Way.HERE)
def audit(ctx: Context) -> Deferred:
    """AUDIT [<lines>] [<text>]

    Read what operators did lately, and members in their channels and with their accounts: the last 20 entries, or as
    many as you say, that hold the text. SAMODE, KILL, UBAN, KICK, CHANSERV, NICKSERV and the other commands are words
    that find their entries.
    """
    words = list(ctx.message.params)
    count = min(int(words.pop(0)), _MOST) if words and words[0].isdecimal() and words[0].isascii() else _DEFAULT
    text = " ".join(words)

    def work() -> list[str] | AuditError:
        found: list[str] = []
        for log in ctx.process.audit, ctx.process.moderation:
            lines = log.read(count, text)
            if isinstance(lines, AuditError):
                return lines
            found += lines
        return sorted(found, key=_time)[max(0, len(found) - count) :]

    return Deferred(work, _answer)


def _answer(ctx: Context, found: list[str] | AuditError) -> None:
    if isinstance(found, AuditError):
        raise IrcError(Numeric.ERR_UNKNOWNERROR, "AUDIT", text=f"The audit log can't be read: {found}")
    knows = sees_addresses(ctx.user, ctx.network.settings)
    for line in found:
        ctx.notice(line if knows else _cloaked(ctx, line))
    ctx.notice(f"{len(found)} entr{'y' if len(found) == 1 else 'ies'}")


def _time(line: str) -> str:
    return line.partition(" ")[0]


def _cloaked(ctx: Context, line: str) -> str:
    """Return the line for an operator who may not see addresses: `time action nick!user@address (...): ...`."""
    words = line.split(" ", 3)
    return " ".join([*words[:2], *map(ctx.network.protection.cloaks.source, words[2:3]), *words[3:]])
