"""CAP: which IRCv3 capabilities a session uses. https://ircv3.net/specs/extensions/capability-negotiation"""

from collections.abc import Iterator

from ..protocol import caps
from ..protocol.numerics import Numeric
from .context import Context
from .errors import IrcError
from .registration import complete_registration
from .registry import command

_LINE = 400  # characters of capability names that go into one line with room for the rest of it


@command("CAP", params=1, anytime=True)
def cap(ctx: Context) -> None:
    """CAP LS [version] | LIST | REQ :capabilities | END."""
    subcommand, *rest = ctx.message.params
    handler = _SUBCOMMANDS.get(subcommand.upper())
    if handler is None:
        raise IrcError(Numeric.ERR_INVALIDCAPCMD, subcommand)
    handler(ctx, rest[0] if rest else "")


def _ls(ctx: Context, version: str) -> None:
    session = ctx.session
    if session.user is None:
        session.negotiating = True
    if version.isascii() and version.isdigit():
        session.cap_version = max(session.cap_version, int(version[:4]))
    if session.cap_version >= 302:
        # "If a client issues a CAP LS 302 command, cap-notify MUST be implicitly enabled."
        ctx.network.set_caps(session, session.caps | caps.CAP_NOTIFY)
    _list_names(ctx, "LS", list(caps.CAPABILITIES))


def _list(ctx: Context, _: str) -> None:
    _list_names(ctx, "LIST", caps.names(ctx.session.caps))


def _list_names(ctx: Context, subcommand: str, names: list[str]) -> None:
    *more, last = _lines(names) if ctx.session.cap_version >= 302 else [" ".join(names)]
    for line in more:
        ctx.respond(ctx.envelope("CAP", ctx.nick, subcommand, "*", line))
    ctx.respond(ctx.envelope("CAP", ctx.nick, subcommand, last))


def _lines(names: list[str]) -> Iterator[str]:
    line = ""
    for name in names:
        if line and len(line) + 1 + len(name) > _LINE:
            yield line
            line = name
        else:
            line = f"{line} {name}" if line else name
    yield line


def _req(ctx: Context, wishes: str) -> None:
    session = ctx.session
    if session.user is None:
        session.negotiating = True
    wanted = session.caps
    for wish in wishes.split():
        capability = caps.CAPABILITIES.get(wish.removeprefix("-"))
        if capability is None:
            # "the server MUST ... either accept or reject the entire set"
            ctx.respond(ctx.envelope("CAP", ctx.nick, "NAK", wishes))
            return
        wanted = wanted & ~capability.bit if wish.startswith("-") else wanted | capability.bit
    if session.cap_version >= 302:
        wanted |= caps.CAP_NOTIFY
    ctx.network.set_caps(session, wanted)
    ctx.respond(ctx.envelope("CAP", ctx.nick, "ACK", wishes))


def _end(ctx: Context, _: str) -> None:
    if ctx.session.user is None:
        ctx.session.negotiating = False
        complete_registration(ctx)


_SUBCOMMANDS = {"LS": _ls, "LIST": _list, "REQ": _req, "END": _end}
