"""Well-known networks, which can be joined by name: over TLS if they have it."""

from greenchat.client.state.address import ServerAddress

_TLS, _PLAIN = 6697, 6667

# name -> host and port; all with TLS except those at the end.
_NETWORKS: dict[str, tuple[str, int]] = {
    "Libera.Chat": ("irc.libera.chat", _TLS),
    "OFTC": ("irc.oftc.net", _TLS),
    "hackint": ("irc.hackint.org", _TLS),
    "EFnet": ("irc.efnet.org", _TLS),
    "Rizon": ("irc.rizon.net", _TLS),
    "DALnet": ("irc.dal.net", _TLS),
    "EsperNet": ("irc.esper.net", _TLS),
    "Snoonet": ("irc.snoonet.org", _TLS),
    "tilde.chat": ("irc.tilde.chat", _TLS),
    "Ergo testnet": ("testnet.ergo.chat", _TLS),
    "SlashNET": ("irc.slashnet.org", _TLS),
    "GeekShed": ("irc.geekshed.net", _TLS),
    "GIMPNet": ("irc.gimp.org", _TLS),
    "DarkScience": ("irc.darkscience.net", _TLS),
    "synIRC": ("irc.synirc.net", _TLS),
    "Interlinked": ("irc.interlinked.me", _TLS),
    "2600net": ("irc.2600.net", _TLS),
    "Undernet": ("irc.undernet.org", _PLAIN),
    "QuakeNet": ("irc.quakenet.org", _PLAIN),
}
NETWORKS = {name: ServerAddress(host, port, tls=port == _TLS) for name, (host, port) in _NETWORKS.items()}
_BY_NAME = {key.lower(): address for name, address in NETWORKS.items() for key in (name, name.split(".")[0])}
_BY_HOST = {address.host: address for address in NETWORKS.values()}


def find(name: str) -> ServerAddress | None:
    """Return the address of a well-known network by its name or host (`libera`, `irc.libera.chat`), None for others."""
    return _BY_NAME.get(name.lower()) or _BY_HOST.get(name.lower())


def name_of(address: ServerAddress) -> str:
    """Return the name of a well-known network, "" for others."""
    return next((name for name, known in NETWORKS.items() if known.host == address.host), "")
