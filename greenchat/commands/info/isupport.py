"""The tokens of RPL_ISUPPORT, made from the settings. https://modern.ircdocs.horse/#rplisupport-parameters"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

from greenchat.chat.caller_id import LETTER
from greenchat.chat.mask_lists import ACCOUNT_EXTBAN, EXTBANS
from greenchat.commands.core.constants import send_constants
from greenchat.commands.core.context import Context
from greenchat.commands.core.errors import IrcError
from greenchat.commands.core.registry import Way, command
from greenchat.config.settings import Settings
from greenchat.protocol import caps
from greenchat.protocol.envelopes.numeric import Addressed
from greenchat.protocol.isupport import TOKENS_A_LINE, format_tokens
from greenchat.protocol.numerics import Numeric
from greenchat.protocol.wrap import wrap


@command("ISUPPORT", anytime=True, way=Way.HERE)
def isupport(ctx: Context) -> None:
    """ISUPPORT

    Show the server's features and limits as NAME=value tokens.
    """
    # before registration only for clients that support it: https://ircv3.net/specs/extensions/extended-isupport
    if ctx.session.user is None and not ctx.session.caps & caps.EXTENDED_ISUPPORT:
        raise IrcError(Numeric.ERR_NOTREGISTERED)
    send_isupport(ctx)


def send_isupport(ctx: Context) -> None:
    """Send all tokens, in as few lines as possible."""
    size = _room(ctx)

    def numerics() -> Iterator[Addressed]:
        vapid = ctx.network.local.vapid  # as in soju and Ergo, so that clients need not ask
        shown = [*tokens(ctx.network.settings), *[f"VAPID={vapid}"] * bool(vapid)]
        for line in wrap(shown, size, TOKENS_A_LINE):
            yield ctx.addressed(Numeric.RPL_ISUPPORT, *line)

    with _batch(ctx):
        send_constants(ctx, ("isupport", size), numerics)


def announce_isupport(ctx: Context, before: Settings) -> Iterator[None]:
    """Tell everybody what new settings changed: "the server SHOULD re-advertise the parameter with the new value".

    A step for each user.
    """
    old, new = tokens(before), tokens(ctx.network.settings)
    changed = [token for token in new if token not in old]
    names = {_name(token) for token in new}
    changed += ["-" + _name(token) for token in old if _name(token) not in names]
    if changed:
        for user in list(ctx.network.users.values()):
            for session in user.sessions:
                session_ctx = ctx.for_session(session)
                with _batch(session_ctx):
                    for line in wrap(changed, _room(session_ctx), TOKENS_A_LINE):
                        session_ctx.reply(Numeric.RPL_ISUPPORT, *line)
            yield


def tokens(settings: Settings) -> list[str]:
    """Return the tokens, in alphabetical order."""
    limits = settings.limits
    table = settings.mode_table
    values: dict[str, str | None] = {
        "ACCEPT": str(limits.accept),
        "ACCOUNTEXTBAN": ACCOUNT_EXTBAN,
        "AWAYLEN": str(limits.away),
        "BOT": "B",
        "CALLERID": LETTER,
        "CASEMAPPING": settings.casemapping,
        "CHANLIMIT": f"#:{limits.channels}",
        "CHANMODES": ",".join((table.lists, table.always, table.setting, table.flags)),
        "CHANNELLEN": str(limits.channel),
        "CHANTYPES": "#",
        "ELIST": "CMNTU",
        "EXCEPTS": "e",
        "EXTBAN": f",{EXTBANS}",
        "FORWARD": "f",
        "HOSTLEN": str(limits.host),
        "INVEX": "I",
        "KEYLEN": str(limits.key),
        "KICKLEN": str(limits.kick),
        "KNOCK": None,
        "MAXLIST": f"{table.lists}:{limits.list_entries}",
        "MAXTARGETS": str(limits.targets),
        "MODES": str(limits.modes),
        "MONITOR": str(limits.monitor),
        "NAMELEN": str(limits.realname),
        "NETWORK": settings.about.network,
        "NICKLEN": str(limits.nick),
        "PREFIX": f"({table.prefixes}){table.symbols}",
        "SAFELIST": None,
        "STATUSMSG": table.symbols,
        "TARGMAX": ",".join(
            ["ISON:", "JOIN:", "KICK:", "LIST:", "MONITOR:", "NAMES:", "PART:", "USERHOST:5", "USERIP:5"]
            + [f"{name}:{limits.targets}" for name in ("NOTICE", "PRIVMSG", "TAGMSG", "WHOIS")]
        ),
        "TOPICLEN": str(limits.topic),
        "USERLEN": str(limits.username),
        "UTF8ONLY": None,
        "WHOX": None,
    }
    if settings.history.enabled:
        values |= {"CHATHISTORY": str(settings.history.page), "MSGREFTYPES": "msgid,timestamp"}
    if settings.casemapping == "precis":
        # Clients without support for it compare names by ASCII rules, which is right for ASCII names.
        # https://github.com/ergochat/ergo/blob/master/docs/MANUAL.md#nickname-casemapping-and-unicode
        values |= {"CASEMAPPING": "ascii", "UTF8MAPPING": "rfc8265"}
    if settings.files.enabled and settings.files.url:
        values |= dict.fromkeys(("soju.im/FILEHOST", "draft/FILEHOST"), f"{settings.files.url}files")
    if settings.external:
        values["draft/AUTHTOKEN"] = None
    if any(service.secret for service in settings.external.values()):
        values["EXTJWT"] = "1"
    if settings.about.icon:
        values["draft/ICON"] = settings.about.icon
    if settings.denied_tags:
        # "An asterisk indicates that all client-only tags are blocked. When used, this MUST be the first item"
        values["CLIENTTAGDENY"] = ",".join(sorted(settings.denied_tags, key="*".__ne__))
    return format_tokens(dict(sorted(values.items())))


def _room(ctx: Context) -> int:
    """Return how many bytes of tokens a line has room for."""
    return ctx.room(Numeric.RPL_ISUPPORT.command, ctx.nick, Numeric.RPL_ISUPPORT.text)


def _batch(ctx: Context) -> AbstractContextManager[None]:
    return ctx.batch("draft/isupport") if ctx.session.caps & caps.EXTENDED_ISUPPORT else nullcontext()


def _name(token: str) -> str:
    return token.partition("=")[0]
