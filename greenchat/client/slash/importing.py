"""/import: networks, highlights, aliases and ignores of irssi and WeeChat."""

import os
import re
from pathlib import Path

from greenchat.client.importing.imported import ForeignError, Imported
from greenchat.client.irc.hidden_words import hides_line
from greenchat.client.slash.registry import ALIASES, BETWEEN, TABLE, Order, SlashError, command
from greenchat.client.state.effects import SaveSettings
from greenchat.client.state.paths import typed_path
from greenchat.client.state.settings import ClientSettings, SettingError, format_value

CLIENTS = ("irssi", "weechat")
VARIABLE = re.compile(r"\$(?![1-9*])")


@command("import", usage="[irssi or weechat [file or folder]]", example="/import irssi")
def import_(order: Order) -> None:
    """Import networks, nicknames, highlights, aliases, ignore lists and some settings from irssi or WeeChat.

    Existing entries are kept. Passwords are not imported.
    """
    client, _, path = order.arguments.partition(" ")
    try:
        lines = take_over(order.model.settings, client, path.strip())
    except ForeignError as error:
        raise SlashError(str(error)) from error
    for line in lines:
        order.tell(line)
    order.model.effects.append(SaveSettings())


def take_over(settings: ClientSettings, client: str = "", path: str = "") -> list[str]:
    """Import a client's files; return lines for the user about imported and skipped settings.

    client: one of `CLIENTS`; "" for all. path: a file or folder; "" for the usual one. Raises ForeignError if there is
    no file, or it is unreadable or faulty.
    """
    if client and client not in CLIENTS:
        raise ForeignError(f"Can't import from {client}: only from {' and '.join(CLIENTS)}.")
    lines = []
    for each in [client] if client else CLIENTS:
        place = typed_path(path) if path else _usual(each)
        if place.is_dir():
            place /= "config" if each == "irssi" else "irc.conf"
        if not client and not place.exists():
            continue
        lines.append(f"From {place}:")
        try:
            imported = _read(each, place)
        except ForeignError as error:
            raise ForeignError(f"{place}: {error}") from error
        except OSError as error:
            raise ForeignError(f"{place} can't be read: {error.strerror}") from error
        lines += _apply(settings, imported)
    if not lines:
        raise ForeignError(f"No settings found of irssi ({_usual('irssi')}) or WeeChat ({_usual('weechat')}).")
    return lines


def _usual(client: str) -> Path:
    if client == "irssi":
        return Path.home() / ".irssi" / "config"
    base = os.environ.get("XDG_CONFIG_HOME", "")
    folders = [os.environ.get("WEECHAT_HOME", ""), f"{base or Path.home() / '.config'}/weechat"]
    files = [Path(each) / "irc.conf" for each in folders if each.startswith("/")]
    return next((each for each in files if each.exists()), Path.home() / ".weechat" / "irc.conf")


def _read(client: str, path: Path) -> Imported:
    from greenchat.client.importing import irssi_config, weechat_config  # late: used once at most

    text = path.read_text(encoding="utf-8", errors="replace")
    if client == "irssi":
        return irssi_config.read(text)
    files = {"irc.conf": text}
    for name in weechat_config.FILES[1:]:
        if (path.parent / name).exists():
            files[name] = (path.parent / name).read_text(encoding="utf-8", errors="replace")
    return weechat_config.read(files, str(path.parent))


def _apply(settings: ClientSettings, imported: Imported) -> list[str]:
    left_out = list(imported.left_out)
    names = []
    for name, network in imported.networks.items():
        if name in settings.networks:
            left_out.append(f"network {name}: the name is already taken")
            continue
        for line in list(network.commands):
            if reason := _unfit(line.removeprefix("/")):
                network.commands.remove(line)
                left_out.append(f"network {name}: command {line.split()[0]}: {reason}")
        settings.networks[name] = network
        names.append(name)
    aliases = []
    for name, text in imported.aliases.items():
        reason = "the name is already taken" if name in settings.aliases else _unfit(text)
        if name in TABLE or name in ALIASES or settings.aliases.get(name) == text:
            continue  # a command here has that name, usually with the same effect
        if reason:
            left_out.append(f"alias {name}: {reason}")
        else:
            settings.aliases[name] = text
            aliases.append(name)
    ignored = [entry for entry in imported.ignored if entry not in settings.ignored]
    settings.ignored += ignored
    highlights = [
        *_add(settings, "highlight.words", imported.words, left_out),
        *_add(settings, "highlight.patterns", imported.patterns, left_out),
    ]
    values = [name for name, text in imported.values.items() if _set(settings, name, text, left_out)]
    taken = {"networks": names, "settings": values, "highlights": highlights, "aliases": aliases, "ignored": ignored}
    lines = [f"{what}: {', '.join(each)}" for what, each in taken.items() if each] or ["nothing new"]
    return lines + [f"not imported: {each}" for each in left_out]


def _unfit(line: str) -> str:
    """Return why a line of another client can't be used here; "" if it can."""
    return next((reason for each in BETWEEN.split(line) if (reason := _unfit_one(each))), "")


def _unfit_one(line: str) -> str:
    name = line.partition(" ")[0].lower()
    if name not in TABLE and name not in ALIASES:
        return f"there is no command /{name}"
    if hides_line(f"/{line}"):
        return "it contains a password; /login asks for it"
    if VARIABLE.search(line):
        return "it uses a variable that greenchat does not have"
    return "several commands in one" if ";" in line else ""


def _set(settings: ClientSettings, name: str, text: str, left_out: list[str]) -> bool:
    """Set a setting that still has its default; return whether that changed it."""
    if name in settings.values:
        return False
    if "$" in text or (name.startswith("text.") and "%" in text):
        left_out.append(f"{name} {text}: it uses a variable that greenchat does not have")
        return False
    try:
        settings.set(name, text)
    except SettingError as error:
        left_out.append(str(error))
    return name in settings.values


def _add(settings: ClientSettings, name: str, values: list[str], left_out: list[str]) -> list[str]:
    present = format_value(settings.get(name)).split()
    wanted = [each for each in dict.fromkeys(values) if each not in present]
    try:
        if wanted:
            settings.set(name, " ".join((*present, *wanted)))
    except SettingError as error:
        left_out.append(str(error))
        return []
    return wanted
