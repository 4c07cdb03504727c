"""The user's settings, aliases, ignored users, and key bindings.

Stored as TOML, which users can edit, too. Unknown keys of the file are preserved.
"""

import re
from pathlib import Path

from greenchat.client.state.bindings import KEYS, PRESETS
from greenchat.client.state.paths import locked_folder, write_whole
from greenchat.client.state.saved_networks import SavedNetwork, SavedNetworkError, from_table
from greenchat.client.state.setting_table import TABLE, Setting, Value
from greenchat.records import field, record

__all__ = [
    "TABLE",
    "ClientSettings",
    "Setting",
    "SettingError",
    "Value",
    "as_toml",
    "format_value",
    "load",
    "matches",
    "save",
    "without_password",
]

_PASSWORD = re.compile(r"(://[^:/@\s]*:)[^@\s]+@")
# The kinds of messages that can be ignored, by name.
IGNORABLE = ("messages", "notices", "actions", "invites", "joins")
# Settings that can be set for a window, a network, or a nick.
OVERRIDES = {
    "mute": "never marked as unread",
    "notify": "every message alerts you",
    "no-highlight": "nothing is highlighted",
    "hide-joins": "joins and parts are hidden",
}


class SettingError(ValueError):
    """An invalid value; the text is the reason, for the user."""


Tables = dict[str, dict[str, object]]


@record(slots=True, eq=False)
class ClientSettings:
    """The settings of the client.

    Reads: get, keys, is_highlight, ignores. Changes: set, reset, and the tables, which are changed from outside.
    """

    values: dict[str, Value] = field(default_factory=dict)  # only what differs from its default
    aliases: dict[str, str] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)  # masks
    bindings: dict[str, str] = field(default_factory=dict)  # key -> action, "" for none
    notified: list[str] = field(default_factory=list)  # `nick [-away] [network]`: irc/notify_list.py
    networks: dict[str, SavedNetwork] = field(default_factory=dict)  # by name, in the order of the file
    overrides: dict[str, list[str]] = field(default_factory=dict)  # `[network/]window` in lower case -> OVERRIDES
    last_tables: Tables = field(default_factory=dict)  # the content of the file at its last reading or writing

    def get(self, name: str) -> Value:
        """Return the present value. Raises KeyError for a name that is not in the table."""
        return self.values.get(name, TABLE[name].default)

    def set(self, name: str, text: str) -> None:
        """Set a setting from the user's text. Raises SettingError."""
        setting = TABLE.get(name)
        if setting is None:
            raise SettingError(f"There is no setting {name}. /set lists them all.")
        value = _parse(setting, text)
        if value == setting.default:
            self.values.pop(name, None)
        else:
            self.values[name] = value

    def take(self, other: "ClientSettings") -> None:
        """Copy all values of another one. Objects of networks in both stay the same."""
        for name, network in other.networks.items():
            if mine := self.networks.get(name):
                mine.take(network)
                other.networks[name] = mine
        for name in ("values", "aliases", "ignored", "bindings", "notified", "networks", "overrides", "last_tables"):
            setattr(self, name, getattr(other, name))

    def tables(self) -> Tables:
        """Return everything as plain tables: name of the attribute -> key -> value. A list has its entries as keys."""
        return {
            "values": dict(self.values),
            "aliases": dict(self.aliases),
            "bindings": dict(self.bindings),
            "overrides": {name: list(words) for name, words in self.overrides.items()},
            "networks": {name: network.table() for name, network in self.networks.items()},
            "ignored": dict.fromkeys(self.ignored, True),
            "notified": dict.fromkeys(self.notified, True),
        }

    def merge(self, theirs: "ClientSettings") -> None:
        """Merge changes of the file by another program since the last reading; our own changes take precedence."""
        ours = self.tables()
        for name, table in theirs.tables().items():
            mine, before = ours[name], self.last_tables.get(name, {})
            changed = {key for key in {*mine, *before} if mine.get(key) != before.get(key)}
            keys = [key for key in {**table, **mine} if key in (mine if key in changed else table)]
            own, other = getattr(self, name), getattr(theirs, name)
            merged = keys if isinstance(own, list) else {key: (own if key in changed else other)[key] for key in keys}
            setattr(theirs, name, merged)
        self.take(theirs)

    def keys(self) -> dict[str, str]:
        """Return the table of keys: ours, the preset's, the user's own."""
        preset = str(self.get("keys.preset"))
        merged = KEYS | PRESETS.get(preset, {}) | self.bindings
        return {key: action for key, action in merged.items() if action}

    def is_highlight(self, text: str) -> bool:
        """Whether the user wants to be notified of this text by a highlight."""
        words, patterns = self.get("highlight.words"), self.get("highlight.patterns")
        if isinstance(words, list) and words:
            listed = "|".join(re.escape(word) for word in words)
            if re.search(rf"(?<!\w)(?:{listed})(?!\w)", text, re.I):
                return True
        return isinstance(patterns, list) and any(re.search(pattern, text, re.I) for pattern in patterns)

    def ignores(self, source: str, nick: str, kind: str = "", place: str = "") -> bool:
        """Whether the user ignores this kind of message from a source (`nick!user@host`).

        kind: one of `IGNORABLE`. place: its channel. An entry is a mask, optionally followed by kinds and channels:
        `bob joins #tea`.
        """
        for entry in self.ignored:
            mask, *limits = entry.split()
            kinds = [word for word in limits if word in IGNORABLE]
            places = [word.lower() for word in limits if word not in IGNORABLE]
            if (kinds and kind not in kinds) or (places and place.lower() not in places):
                continue
            if not kinds and kind == "joins":
                continue  # joins and quits of an ignored user are shown, unless ignored, too
            if matches(mask, source if "!" in mask or "@" in mask else nick):
                return True
        return False

    def override(self, network: str, window: str) -> frozenset[str]:
        """Return the overrides for a window: those for all windows, for its network, and for itself."""
        if not self.overrides:
            return frozenset()
        keys = ("*", f"{network}/*".lower(), window.lower(), f"{network}/{window}".lower())
        return frozenset(each for key in keys for each in self.overrides.get(key, ()))


def format_value(value: Value) -> str:
    """Return a value in the form for users."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return " ".join(value) if isinstance(value, list) else str(value)


def without_password(value: Value) -> str:
    """Return a value as it may be shown on the screen: without the password of a URL."""
    return _PASSWORD.sub(r"\1***@", format_value(value))


def load(path: Path) -> ClientSettings:
    """Read the file, or return the defaults without one. Raises SettingError for a faulty file."""
    settings = ClientSettings()
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return settings
    except OSError as error:
        raise SettingError(f"{path} can't be read: {error.strerror}") from error
    import tomllib  # late: many have set nothing

    try:
        document = tomllib.loads(data.decode())
    except ValueError as error:
        raise SettingError(f"{path} is not valid: {error}") from error
    for name, value in _mapping(document.get("settings")).items():
        if name in TABLE:
            try:
                settings.set(name, format_value(value) if isinstance(value, bool | list) else str(value))
            except (SettingError, TypeError) as error:
                raise SettingError(f"{path}: {error}") from error
        elif isinstance(value, bool | int | str | list):
            settings.values[name] = value
    settings.aliases = {name: str(text) for name, text in _mapping(document.get("aliases")).items()}
    settings.bindings = {key: str(action) for key, action in _mapping(document.get("keys")).items()}
    for name, words in _mapping(document.get("overrides")).items():
        settings.overrides[name.lower()] = [word for word in _texts(words) if word in OVERRIDES]
    for name, table in _mapping(document.get("networks")).items():
        try:
            settings.networks[name] = from_table(name, _mapping(table))
        except SavedNetworkError as error:
            raise SettingError(f"{path}: network {name}: {error}") from error
    settings.ignored = _texts(document.get("ignored"))
    settings.notified = _texts(document.get("notified"))
    settings.last_tables = settings.tables()
    return settings


def save(settings: ClientSettings, path: Path) -> None:
    """Write the file atomically, with changes of other programs. Raises OSError, also if the file is faulty now, since
    it is being edited.
    """
    with locked_folder(path.parent):
        try:
            theirs = load(path)
        except SettingError as error:
            raise OSError(str(error)) from error
        if theirs.last_tables != settings.last_tables and path.exists():
            settings.merge(theirs)
        write_whole(path, as_toml(settings))
        settings.last_tables = settings.tables()


def as_toml(settings: ClientSettings) -> str:
    """Return the text of the file. https://toml.io/en/v1.0.0"""
    lines = ["# The settings of greenchat. /set in the chat changes them, and rewrites this file."]
    lines += ["", f"ignored = {_toml(settings.ignored)}", f"notified = {_toml(settings.notified)}"]
    if settings.overrides:
        lines += ["", "[overrides]"]
        lines += [f"{_toml(name)} = {_toml(words)}" for name, words in sorted(settings.overrides.items())]
    for title, table in (("settings", settings.values), ("aliases", settings.aliases), ("keys", settings.bindings)):
        lines += ["", f"[{title}]"]
        for name, value in sorted(table.items()):
            if isinstance(value, bool | int | str | list):
                lines.append(f"{_toml(name)} = {_toml(value)}")
    for network in settings.networks.values():
        lines += ["", f"[networks.{_toml(network.name)}]"]
        lines += [f"{name} = {_toml(value)}" for name, value in network.table().items()]
    return "\n".join(lines) + "\n"


def _toml(value: Value) -> str:
    import json  # late: needed only when a setting changes

    # A JSON string is a TOML string, except for DEL, which TOML requires to be escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")


def _parse(setting: Setting, text: str) -> Value:
    if isinstance(setting.default, bool):
        if text.lower() not in ("on", "off", "true", "false", "yes", "no"):
            raise SettingError(f"{setting.name} is on or off.")
        return text.lower() in ("on", "true", "yes")
    if isinstance(setting.default, int):
        number = int(text) if text.isdecimal() and text.isascii() and len(text) < 10 else -1
        if not setting.least <= number <= setting.most:
            raise SettingError(f"{setting.name} is a whole number from {setting.least} to {setting.most}.")
        return number
    if setting.check and text and (problem := setting.check(text)):
        raise SettingError(f"{setting.name}: {problem}")
    if isinstance(setting.default, list):
        return text.split()
    if setting.choices and text not in setting.choices:
        raise SettingError(f"{setting.name} is one of {', '.join(setting.choices)}.")
    return text


def matches(mask: str, source: str) -> bool:
    """Whether a mask with `*` and `?` matches a `nick!user@host`, ignoring case."""
    pattern = "".join({"*": ".*", "?": "."}.get(letter) or re.escape(letter) for letter in mask)
    return re.fullmatch(pattern, source, re.I | re.S) is not None


def _texts(value: object) -> list[str]:
    return [str(each) for each in value if str(each).strip()] if isinstance(value, list) else []


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
