"""The features and limits that a server announces in RPL_ISUPPORT (005), and the defaults.

https://modern.ircdocs.horse/#rplisupport-005
"""

from collections.abc import Iterable, Iterator, MutableMapping

from greenchat.protocol.casemap import ANNOUNCED, Casefold, rfc1459_fold
from greenchat.protocol.isupport import parse_tokens


class Isupport:
    """The tokens as last announced.

    casefold: folds names for comparison. chantypes: first characters of channel names. modes, prefixes: of ranks,
    highest first, `o` and `@` at the same index. list_modes, parameter_modes, set_modes, flag_modes: the four kinds of
    CHANMODES.
    """

    __slots__ = (
        "casefold",
        "chantypes",
        "flag_modes",
        "list_modes",
        "modes",
        "parameter_modes",
        "prefixes",
        "set_modes",
        "statusmsg",
        "tokens",
    )

    def __init__(self) -> None:
        self.tokens: dict[str, str] = {}
        # The default: "rfc1459 ... is the default" if CASEMAPPING is missing.
        self.casefold: Casefold = rfc1459_fold
        self.chantypes = "#&"
        self.modes = "ov"
        self.prefixes = "@+"
        self.statusmsg = ""
        self.list_modes = "beI"
        self.parameter_modes = "k"
        self.set_modes = "l"
        self.flag_modes = "imnst"

    def update(self, tokens: Iterable[str]) -> None:
        """Update the tokens from parameters of 005: `NAME`, `NAME=value` or `-NAME`."""
        for name, value in parse_tokens(tokens).items():
            if value is None:
                self.tokens.pop(name, None)
            else:
                self.tokens[name] = value
                self._understand(name, value)

    def _understand(self, name: str, value: str) -> None:
        if name in ("CASEMAPPING", "UTF8MAPPING"):
            if name == "UTF8MAPPING" or "UTF8MAPPING" not in self.tokens:
                self.casefold = ANNOUNCED.get(value, self.casefold)
        elif name == "CHANTYPES":
            self.chantypes = value
        elif name == "STATUSMSG":
            self.statusmsg = value
        elif name == "PREFIX":
            modes, _, prefixes = value.removeprefix("(").partition(")")
            if len(modes) == len(prefixes):
                self.modes = modes
                self.prefixes = prefixes
        elif name == "CHANMODES":
            kinds = [*value.split(","), "", "", ""][:4]
            self.list_modes, self.parameter_modes, self.set_modes, self.flag_modes = kinds

    def number(self, name: str, default: int) -> int:
        """Return the value of a token that is a number."""
        value = self.tokens.get(name, "")
        return int(value) if value.isascii() and value.isdigit() else default

    def targets(self, command: str) -> int:
        """Return the maximum number of targets in one line of this command, 0 for no limit.

        `TARGMAX=JOIN:4,WHOIS:`: "If no value is given, there is no limit".
        """
        for entry in self.tokens.get("TARGMAX", "").split(","):
            name, _, most = entry.partition(":")
            if name.upper() == command:
                return int(most) if most.isascii() and most.isdigit() else 0
        return 0

    def allows_tag(self, name: str) -> bool:
        """Whether the server passes this client-only tag (without its `+`) on.

        CLIENTTAGDENY: `*` denies all, `-typing` behind it allows this one.
        https://ircv3.net/specs/extensions/message-tags#rpl_isupport-tokens
        """
        denied = self.tokens.get("CLIENTTAGDENY", "").split(",")
        return f"-{name}" in denied if "*" in denied else name not in denied

    def is_channel(self, name: str) -> bool:
        """Whether this is a channel's name rather than a nick."""
        return name[:1] != "" and name[0] in self.chantypes

    def split_prefixes(self, nick: str) -> tuple[str, str]:
        """Split `@+alice` into `@+` and `alice`."""
        bare = nick.lstrip(self.prefixes)
        return nick[: len(nick) - len(bare)], bare

    def rank(self, prefixes: str) -> int:
        """Return a sort key for members: the highest prefix first, members without one last."""
        return min((self.prefixes.index(prefix) for prefix in prefixes if prefix in self.prefixes), default=99)

    def with_mode(self, prefixes: str, mode: str, *, add: bool) -> str:
        """Return the prefixes of a member after a mode like `o` was set or unset, highest first."""
        changed = self.prefixes[self.modes.index(mode)]
        held = set(prefixes) - {changed} | ({changed} if add else set())
        return "".join(prefix for prefix in self.prefixes if prefix in held)

    def takes_parameter(self, mode: str, *, add: bool) -> bool:
        """Whether this channel mode has a parameter in a MODE message."""
        always = self.modes + self.list_modes + self.parameter_modes
        return mode in always or (add and mode in self.set_modes)


class FoldedNames(MutableMapping[str, str]):
    """Names in order, each with a text, that are equal in any case (CASEMAPPING)."""

    __slots__ = ("_fold", "_names")

    def __init__(self, fold: Casefold) -> None:
        self._fold = fold
        self._names: dict[str, tuple[str, str]] = {}  # folded -> original spelling, with its text

    def __getitem__(self, name: str) -> str:
        return self._names[self._fold(name)][1]

    def __setitem__(self, name: str, text: str) -> None:
        self._names[self._fold(name)] = name, text

    def __delitem__(self, name: str) -> None:
        del self._names[self._fold(name)]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._fold(name) in self._names

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._names.values())

    def __len__(self) -> int:
        return len(self._names)

    def refold(self, fold: Casefold) -> None:
        """Use another casefolding from now on."""
        self._fold = fold
        self._names = {fold(name): (name, text) for name, text in self._names.values()}
