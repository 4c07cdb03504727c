"""/help: the essentials on one screen; the rest by group, by command, or in full. All of it is made from the tables of
commands and keys."""

from greenchat.client.slash.registry import TABLE, Order, SlashCommand, command, find
from greenchat.client.state.bindings import spelled

BASICS = tuple("join msg me nick list names topic whois part close away set quit".split())
# Commands of these files belong to groups of other files; each other file is a group of its name.
GROUPS = {
    "files": "windows",
    "bouncer": "networks",
    "guide": "windows",
    "importing": "settings",
    "notify": "people",
    "pictures": "windows",
    "plugins": "settings",
    "programs": "windows",
    "talking": "people",
    "tour": "windows",
    "terminal": "settings",
    "window": "windows",
}
KEYS = (
    "complete",
    "next window",
    "previous window",
    "next active window",
    "switch window",
    "scroll to unread",
    "window 1",
    "scroll up",
    "scroll down",
    "scroll to start",
    "scroll to end",
    "search",
    "search history",
    "newline",
    "bold",
    "italic",
    "underline",
    "colour",
    "plain",
    "message cursor",
    "windows panel",
    "nicks panel",
    "nicks down",
    "next split",
    "copy mode",
    "clear or quit",
)


def group(known: SlashCommand) -> str:
    """Return the heading under which a command is listed."""
    name = known.action.__module__.rpartition(".")[2]
    return GROUPS.get(name, name)


def groups() -> dict[str, list[SlashCommand]]:
    """Return all commands by group, both in alphabetical order; those of plugins last."""
    commands: dict[str, list[SlashCommand]] = {}
    for known in sorted(TABLE.values(), key=lambda row: (group(row), row.name)):
        commands.setdefault(group(known), []).append(known)
    return commands


@command("help", "h", "commands", usage="[command, group, keys or all]", example="/help join")
def help_(order: Order) -> None:
    """Show help: /help msg, /help channels, /help keys, /help all.

    A command can be shortened if no other one begins like that: /joi is /join. Otherwise greenchat lists the
    possible commands.
    """
    wanted = order.arguments.lower()
    listed = groups()
    if not wanted:
        _basics(order, listed)
    elif wanted == "keys":
        for action in KEYS:
            order.tell(f"{action}: {', '.join(_keys(order, action)) or '(no key)'}")
        order.tell(
            "/bind lists the other keys and changes them; /set keys.preset selects those of irssi, WeeChat or Emacs."
        )
    elif wanted == "all":
        for name, rows in listed.items():
            order.tell(f"-- {name} --")
            _list(order, rows)
    elif wanted in listed:
        _list(order, listed[wanted])
    else:
        _explain(order, find(order.words[0].removeprefix("/")))


def _basics(order: Order, listed: dict[str, list[SlashCommand]]) -> None:
    order.tell(
        "Type a message and press Enter to send it. Commands begin with a slash, and can be shortened (/joi #tea):"
    )
    for name in BASICS:
        known = TABLE[name]
        order.tell(f"{known.example}: {known.summary.partition(';')[0].partition('. ')[0].removesuffix('.')}")
    first = {action: (_keys(order, action) or ["(no key)"])[0] for action in KEYS}
    order.tell(
        f"{first['complete']} completes, {first['scroll up']} scrolls up, {first['search']} searches,"
        f" {first['next window']} goes to the next window."
    )
    order.tell(f"More: /help join, /help keys, all, or one of {', '.join(listed)}.")


def _list(order: Order, rows: list[SlashCommand]) -> None:
    for known in rows:
        order.tell(f"/{known.name} {known.usage}".rstrip() + f": {known.summary}")


def _explain(order: Order, wanted: SlashCommand) -> None:
    order.tell(f"/{wanted.name} {wanted.usage}".rstrip())
    order.tell(f"  {wanted.summary}")
    if wanted.aliases:
        order.tell("  also: " + ", ".join(f"/{alias}" for alias in wanted.aliases))
    if wanted.example:
        order.tell(f"  for example: {wanted.example}")
    for line in wanted.more:
        order.tell(f"  {line}")


def _keys(order: Order, action: str) -> list[str]:
    """Return the keys of an action, by their names on the keyboard."""
    return [spelled(key) for key, does in order.model.settings.keys().items() if does == action]
