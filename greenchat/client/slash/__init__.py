"""What the user can order with a line that begins with a slash. The table makes /help and the completion."""

from greenchat.client.model import Model
from greenchat.client.said import Kind, Line
from greenchat.client.slash import accounts, channels, networks, people, terminal, windows
from greenchat.client.slash.registry import TABLE, Order, SlashError, find

__all__ = ["TABLE", "accounts", "channels", "networks", "people", "run", "terminal", "windows"]


def run(model: Model, text: str, now: int) -> None:
    """Do what `/command arguments` says; what goes wrong is told in the buffer that is shown."""
    name, _, arguments = text.removeprefix("/").partition(" ")
    arguments = arguments.strip()
    try:
        command = find(name)
        if len(arguments.split()) < command.least:
            raise SlashError(f"How to use it: /{command.name} {command.usage}")
        command.action(Order(model, arguments, now))
    except SlashError as error:
        model.add(model.current, Line(now, Kind.ERROR, str(error)))
