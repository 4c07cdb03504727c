"""Destinations as users write them: `[NICK@]HOST[:PORT][/#channel]`, `irc://...` and `ircs://...`."""

from greenchat.client.state import well_known
from greenchat.client.state.address import ServerAddress
from greenchat.records import record

DEFAULT_HOST = "localhost"
DEFAULT_PORT = 9090
IRC_PORT = 6667
TLS_PORT = 6697
DEFAULT_CHANNEL = "#lobby"
CHANNEL_SIGNS = "#&!+"


def nick_problem(nick: str) -> str:
    """Return the reason why no server accepts this nickname, for the user; "" if it is valid."""
    if nick and not any(letter in nick for letter in " ,*?!@:#\t"):
        return ""
    return f"{nick!r} can't be a nickname: it has a space or one of , * ? ! @ : #" if nick else "A nickname is needed."


class AddressError(ValueError):
    """The text is not an address; the error is the reason, for the user."""


@record(frozen=True, slots=True)
class Destination:
    """A server with a nickname and channels. nick: "" if not given. channels: to join."""

    address: ServerAddress
    nick: str = ""
    channels: tuple[str, ...] = (DEFAULT_CHANNEL,)

    @property
    def text(self) -> str:
        """Return the server as users type it."""
        return f"{'ircs://' * self.address.tls}{self.address}"


def is_channel(text: str) -> bool:
    """Whether a destination is a channel's name: no host begins like this."""
    return text[:1] in ("#", "&")


def parse_destination(text: str) -> Destination:
    """Read a destination. Raises AddressError."""
    text = f"/{text}" if is_channel(text) else text
    scheme, rest = _split_scheme(text)
    authority, _, path = rest.partition("/")
    nick, _, place = authority.rpartition("@")
    host, port = _split_port(place, text)
    default = {"": DEFAULT_PORT, "irc": IRC_PORT, "ircs": TLS_PORT}[scheme]
    # In a URL `#` begins the fragment: both irc://host/#tea and irc://host/tea name the channel.
    path = _unquote(path.split("?")[0].split(",isnick")[0])
    named = [name.strip() for name in path.split(",") if name.strip()]
    channels = tuple(name if name[0] in CHANNEL_SIGNS else "#" + name for name in named)
    network = well_known.find(host) if not scheme else None
    known = network if port is None else None
    secure = scheme == "ircs" or (not scheme and port == TLS_PORT)
    address = known or ServerAddress(host or DEFAULT_HOST, default if port is None else port, tls=secure)
    return Destination(
        address,
        _unquote(nick.partition(":")[0]),
        channels or (() if scheme or network or port in (IRC_PORT, TLS_PORT) else (DEFAULT_CHANNEL,)),
    )


def _split_scheme(text: str) -> tuple[str, str]:
    scheme, separator, rest = text.partition("://")
    if not separator:
        return "", text
    known = {"irc": "irc", "irc6": "irc", "ircs": "ircs"}.get(scheme.lower())
    if known is None:
        raise AddressError(f"{scheme}:// is not supported; use irc:// or ircs://")
    return known, rest


def _split_port(place: str, text: str) -> tuple[str, int | None]:
    if place.startswith("["):
        host, bracket, rest = place[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise AddressError(f"{text}: put an IPv6 address in brackets: [::1]:9090")
        port = rest[1:]
    elif place.count(":") > 1:
        return place, None
    else:
        host, _, port = place.partition(":")
    if not port:
        return host, None
    secure = port.startswith("+")  # as mIRC writes a TLS port; the scheme decides here
    if secure or not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65536:
        raise AddressError(f"{text}: {port} is not a port number (1 to 65535)")
    return host, int(port)


def _unquote(text: str) -> str:
    if "%" not in text:
        return text
    from urllib.parse import unquote  # late: rarely needed

    return unquote(text)
