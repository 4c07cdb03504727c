"""What operators do, told to the others who listen and written to the audit log, which they can read with AUDIT."""

from ..protocol.numerics import Numeric
from ..protocol.times import format_time
from .context import Context, Later
from .errors import IrcError
from .host import AuditError
from .registry import command
from .server_notices import tell_operators

_DEFAULT = 20  # lines that AUDIT shows
_MOST = 200


def act(ctx: Context, action: str, text: str) -> None:
    """An operator has done something, or somebody has tried to become one: operators hear of it, and it is kept.

    action: a word by which it is found again, the command for most. text: a sentence that names who did it.
    """
    tell_operators(ctx, text)
    record(ctx, action, text)


def record(ctx: Context, action: str, text: str) -> None:
    """Only keep it: time, action, who (with the operator's name and where they come from), and what."""
    user = ctx.session.user
    who = f"{user.nick}!{user.username}@{user.real_host} ({user.oper or 'no operator'})" if user else "the server"
    ctx.host.audit.write(f"{format_time(ctx.now)} {action} {who}: {_one_line(text)}")


@command("AUDIT", right="audit")
def audit(ctx: Context) -> Later:
    """AUDIT [<lines>] [<text>]

    Read what operators did lately: the last 20 entries, or as many as you say, that hold the text. SAMODE, KILL,
    UBAN and the other commands are words that find their entries.
    """
    words = list(ctx.message.params)
    count = min(int(words.pop(0)), _MOST) if words and words[0].isdecimal() and words[0].isascii() else _DEFAULT
    text = " ".join(words)
    return Later(lambda: ctx.host.audit.read(count, text), _answer)


def _answer(ctx: Context, found: list[str] | AuditError) -> None:
    if isinstance(found, AuditError):
        raise IrcError(Numeric.ERR_UNKNOWNERROR, "AUDIT", text=f"The audit log can't be read: {found}")
    for line in found:
        ctx.notice(line)
    ctx.notice(f"{len(found)} entr{'y' if len(found) == 1 else 'ies'}")


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
