"""Write the man pages again from the programs' parsers: run `.venv/bin/python .ci/man.py` after a change of options."""

import re
from pathlib import Path

from argparse_manpage.manpage import Manpage

from greenchat import __version__
from greenchat.bench import main as bench
from greenchat.client.state import command_line as client
from greenchat.server import main as server

FOLDER = Path(__file__).parents[1] / "greenchat/man"
WHAT = {
    "greenchat": "chat in the terminal",
    "greenchat-server": "group chat for the terminal, any IRC client, nc and browsers",
    "greenchat-bench": "measure a chat server with many simulated clients",
}


def page(name: str) -> str:
    """Return the man page of a program."""
    parser = {"greenchat": client, "greenchat-server": server, "greenchat-bench": bench}[name].parser_of_program()
    text = str(Manpage(parser))
    escaped = name.replace("-", "\\-")
    heading = f'.TH {escaped.upper()} "1" "" "greenchat {__version__}" "User Commands"'
    named = f"{escaped} \\- {WHAT[name]}"
    text = re.sub(r"^\.TH .*$", lambda _: heading, text, count=1, flags=re.MULTILINE)
    return re.sub(r"^(\.SH NAME\n).*$", lambda match: match[1] + named, text, count=1, flags=re.MULTILINE)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for program in WHAT:
        (FOLDER / f"{program}.1").write_text(page(program) + "\n", encoding="utf-8")
