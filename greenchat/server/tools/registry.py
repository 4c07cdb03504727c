"""The table of shell commands of greenchat-server, and the function that runs one."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import TextIO

from greenchat.arguments import Parser
from greenchat.cli import WRONG_USE
from greenchat.config.file import Config


class ToolError(Exception):
    """A failed command; the text is the reason, and what to do, in one line. code: the exit code."""

    def __init__(self, text: str, code: int = WRONG_USE) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Call:
    """The input of a command.

    arguments: parsed ones. configuration: reads the configuration file and the options before the command; raises
    ConfigError. out: where it writes.
    """

    arguments: Namespace
    configuration: Callable[[], Config]
    out: TextIO


def no_arguments(parser: ArgumentParser) -> None:
    """Declare that a command takes no arguments."""


def never(_: Namespace) -> bool:
    """Return False."""
    return False


def always(_: Namespace) -> bool:
    """Return True."""
    return True


@dataclass(frozen=True, slots=True)
class Tool:
    """A subcommand of greenchat-server. summary: a line of --help. run: returns the exit code; raises ToolError.

    makes_data: whether it creates a missing data folder, with these arguments.
    """

    name: str
    summary: str
    run: Callable[[Call], int]
    add_arguments: Callable[[ArgumentParser], None] = no_arguments
    makes_data: Callable[[Namespace], bool] = never

    def parser(self) -> Parser:
        """Return a parser for it that has no arguments yet but --help."""
        summary = f"{self.summary[0].upper()}{self.summary[1:]}."
        return Parser(prog=f"greenchat-server {self.name}", description=summary, allow_abbrev=False)


def tools() -> dict[str, Tool]:
    """Return all commands by name, in alphabetical order."""
    from greenchat.server import tools as package  # late: it is this very package

    tools: list[Tool] = []
    for module in iter_modules(package.__path__):
        tools += getattr(import_module(f"{package.__name__}.{module.name}"), "TOOLS", ())
    return {tool.name: tool for tool in sorted(tools, key=lambda tool: tool.name)}


def overview(rows: Iterable[Tool]) -> str:
    """Return the lines of --help about commands."""
    return "".join(f"  greenchat-server {tool.name:<18} {tool.summary}\n" for tool in rows)
