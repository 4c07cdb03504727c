"""What RPL_ISUPPORT says of this server, made from its settings. https://modern.ircdocs.horse/#rplisupport-parameters"""

from ..chat.names import casemapping_token
from ..chat.settings import Settings
from ..protocol.isupport import format_tokens


def tokens(settings: Settings) -> list[str]:
    """The tokens, in the order of the alphabet."""
    limits = settings.limits
    table = settings.mode_table
    values: dict[str, str | None] = {
        "AWAYLEN": str(limits.away),
        "BOT": "B",
        "CASEMAPPING": casemapping_token(settings.casemapping),
        "CHANLIMIT": f"#:{limits.channels}",
        "CHANMODES": ",".join((table.lists, table.always, table.setting, table.flags)),
        "CHANNELLEN": str(limits.channel),
        "CHANTYPES": "#",
        "HOSTLEN": str(limits.host),
        "KEYLEN": str(limits.key),
        "KICKLEN": str(limits.kick),
        "MAXLIST": f"{table.lists}:{limits.list_entries}",
        "MAXTARGETS": str(limits.targets),
        "MODES": str(limits.modes),
        "MONITOR": str(limits.monitor),
        "NAMELEN": str(limits.realname),
        "NETWORK": settings.network,
        "NICKLEN": str(limits.nick),
        "PREFIX": f"({table.prefixes}){table.symbols}",
        "SAFELIST": None,
        "STATUSMSG": table.symbols,
        "TARGMAX": ",".join(
            ["JOIN:", "KICK:", "LIST:", "NAMES:1", "PART:"]
            + [f"{name}:{limits.targets}" for name in ("NOTICE", "PRIVMSG", "TAGMSG", "WHOIS")]
        ),
        "TOPICLEN": str(limits.topic),
        "USERLEN": str(limits.username),
        "UTF8ONLY": None,
        "WHOX": None,
    }
    return format_tokens(values)
