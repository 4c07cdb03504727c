"""The man pages say what --help says: every option and every command, and no others."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import greenchat
from greenchat.bench import main as bench
from greenchat.client.state import command_line as client
from greenchat.server import main as server

FOLDER = Path(greenchat.__file__).parent / "man"
PROGRAMS = {"greenchat": client, "greenchat-server": server, "greenchat-bench": bench}


def documented(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yield the options and commands of a parser and of its commands."""
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                yield name
                yield from documented(command)


def with_commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield a parser and those of its commands."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from with_commands(command)


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_help_can_be_printed(program: str) -> None:
    """argparse takes a percent sign in a text for the beginning of a placeholder."""
    for parser in with_commands(PROGRAMS[program].parser_of_program()):
        assert parser.format_help().startswith("usage: ")


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_man_page_has_everything_of_the_help(program: str) -> None:
    page = (FOLDER / f"{program}.1").read_text(encoding="utf-8").replace("\\", "")
    assert page.startswith(f".TH {program.upper()}")
    words = set(re.findall(r"[\w-]+", page))
    known = set(documented(PROGRAMS[program].parser_of_program())) - {"-h", "--help"}
    assert known - words == set(), "run .ci/man.py"
    options = set(re.findall(r"fB(--[a-z-]+)fR", page))
    assert options - known - {"--help"} == set(), "run .ci/man.py"


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_man_page_has_the_texts_of_the_help(program: str) -> None:
    page = (FOLDER / f"{program}.1").read_text(encoding="utf-8").replace("\\", "")
    text = " ".join(page.split())
    for parser in with_commands(PROGRAMS[program].parser_of_program()):
        formatter = parser._get_formatter()
        for action in parser._actions:
            if action.help and action.help != argparse.SUPPRESS and action.dest != "help":
                assert " ".join(formatter._expand_help(action).split()) in text, "run .ci/man.py"
