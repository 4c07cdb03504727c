"""Networks in the settings: their names, addresses, and commands after connecting.

Each is a table of the settings file: `[networks."libera"]`.
"""

from greenchat.client.state.destination import AddressError, nick_problem, parse_destination
from greenchat.client.state.setting_checks import proxy as proxy_problem
from greenchat.records import field, record

FIELDS = {
    "addresses": "addresses, tried in order: irc.example:6697 ircs://irc2.example",
    "nick": "your nickname",
    "account": "the account, if it differs from the nickname: ada, or ada/libera for a bouncer",
    "login": "how to log in: sasl, or pass for servers with a connection password (ZNC)",
    "realname": "your real name",
    "channels": "channels to join, in order, with their keys: #tea #secret:key",
    "commands": "commands to run after connecting, separated by ; : /msg bot hello; /mode nick +x",
    "autoconnect": "on or off: connect when greenchat starts",
    "certificate": "PEM file with your certificate and key",
    "proxy": "socks5://host:port for this network",
}


class SavedNetworkError(ValueError):
    """An invalid value; the text is the reason, for the user."""


@record(eq=False)
class SavedNetwork:
    """A network with its addresses and login, as saved in the settings.

    addresses: in the form for users, in the order of attempts.
    """

    name: str
    addresses: list[str] = field(default_factory=list)
    nick: str = ""
    account: str = ""
    login: str = ""
    realname: str = ""
    channels: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    autoconnect: bool = False
    certificate: str = ""
    proxy: str = ""

    @property
    def wanted(self) -> dict[str, str]:
        """Return the channels with their keys, "" for none."""
        return {name: key for name, _, key in (each.partition(":") for each in self.channels)}

    def set(self, name: str, text: str) -> None:
        """Set a field from the user's text. Raises SavedNetworkError."""
        text = text.strip()
        if name == "addresses":
            self.addresses = _addresses(text)
        elif name == "channels":
            self.channels = text.replace(",", " ").split()
        elif name == "commands":
            self.commands = [each for each in (part.strip() for part in text.split(";")) if each]
        elif name == "autoconnect":
            if text.lower() not in ("on", "off"):
                raise SavedNetworkError("autoconnect is on or off.")
            self.autoconnect = text.lower() == "on"
        elif name in _CHECKS and text and (problem := _CHECKS[name](text)):
            raise SavedNetworkError(f"{name}: {problem}")
        elif name in FIELDS:
            setattr(self, name, text)
        else:
            raise SavedNetworkError(f"There is no field {name}: {', '.join(FIELDS)}.")

    def get(self, name: str) -> str:
        """Return a field in the form for users."""
        value = getattr(self, name)
        if isinstance(value, bool):
            return "on" if value else "off"
        return ("; " if name == "commands" else " ").join(value) if isinstance(value, list) else str(value)

    def take(self, other: "SavedNetwork") -> None:
        """Copy all fields of another network except the name."""
        for name in FIELDS:
            setattr(self, name, getattr(other, name))

    def table(self) -> dict[str, str | bool | list[str]]:
        """Return the values that differ from the defaults, for the file."""
        values = {name: getattr(self, name) for name in FIELDS}
        return {name: value for name, value in values.items() if value}


def from_table(name: str, table: dict[str, object]) -> SavedNetwork:
    """Make a network from the output of `table`. Raises SavedNetworkError."""
    network = SavedNetwork(name)
    for each, value in table.items():
        if each in FIELDS and isinstance(value, list):
            network.set(each, ("; " if each == "commands" else " ").join(map(str, value)))
        elif each in FIELDS:
            network.set(each, ("on" if value else "off") if isinstance(value, bool) else str(value))
    return network


def _addresses(text: str) -> list[str]:
    addresses = text.replace(",", " ").split()
    if not addresses:
        raise SavedNetworkError("A network needs an address, like irc.example:6697.")
    for each in addresses:
        try:
            parse_destination(each)
        except AddressError as error:
            raise SavedNetworkError(str(error)) from error
    return addresses


def _one_word(text: str) -> str:
    return "one word, like ada" if " " in text else ""


def _way_to_log_in(text: str) -> str:
    return "" if text in ("sasl", "pass") else "sasl or pass"


_CHECKS = {"nick": nick_problem, "account": _one_word, "login": _way_to_log_in, "proxy": proxy_problem}
