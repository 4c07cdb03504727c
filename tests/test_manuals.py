"""The man pages say what --help says: every option and every command, and none that is no more."""

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
    """Yield the options and commands of a parser, those of its commands too."""
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                yield name
                yield from documented(command)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_man_page_has_all_that_help_has(program: str) -> None:
    page = (FOLDER / f"{program}.1").read_text(encoding="utf-8").replace("\\", "")
    assert page.startswith(f".TH {program.upper()}")
    words = set(re.findall(r"[\w-]+", page))
    known = set(documented(PROGRAMS[program].parser_of_program())) - {"-h", "--help"}
    assert known - words == set(), "run .ci/man.py"
    options = set(re.findall(r"fB(--[a-z-]+)fR", page))
    assert options - known - {"--help"} == set(), "run .ci/man.py"
