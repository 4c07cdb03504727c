"""The cost of the client's start: the modules that it loads before the first frame. Each takes a part of a millisecond.

A new one is either needed by every user at once, and goes into the list, or is imported where it is used.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LISTS = """
import sys
before = set(sys.modules)
import greenchat.client.main
print(*sorted(set(sys.modules) - before))
"""
# Of the standard library, without modules in C and those that the start of some Python versions loads.
NEEDED = """bisect collections collections.abc contextlib copyreg datetime enum errno fnmatch functools gc heapq
ipaddress itertools keyword locale math ntpath operator pathlib queue re re._casefix re._compiler re._constants
re._parser reprlib select selectors signal socket string struct threading types typing typing.io typing.re unicodedata
urllib urllib.parse warnings zlib importlib importlib._bootstrap importlib._bootstrap_external glob pathlib._abc
pathlib._local pathlib._os pathlib.types array _colorize annotationlib"""
# Of ours: packages and modules that only some users need, or none before the first frame.
LATE = """slash input.switcher input.message_cursor input.dictionaries view.pictures net.file_transfer net.picture_file
net.local_server net.socks net.tls net.password_command importing.irssi_config importing.weechat_config terminal.screen
line_mode plugins.example state.crash_report terminal.picture_layer terminal.sgr text.graphics net.pixels""".split()
MOST_OF_OURS = 130


def loaded() -> set[str]:
    found = subprocess.run(
        [sys.executable, "-c", LISTS],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(found.stdout.split())


def test_the_start_loads_only_needed_modules() -> None:
    modules = loaded()
    foreign = {each for each in modules if not each.startswith(("greenchat", "_", "wcwidth"))}
    assert foreign - set(NEEDED.split()) == set(), "imported late, or named here as needed by everybody"
    ours = {each.removeprefix("greenchat.client.") for each in modules if each.startswith("greenchat")}
    assert {each for each in ours if each.startswith(tuple(LATE))} == set()
    assert len(ours) <= MOST_OF_OURS
