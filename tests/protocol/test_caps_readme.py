"""README.md of this package: each capability that clients request is offered, or left out with a reason."""

import re
from pathlib import Path

import greenchat
from greenchat.protocol import caps

PAGE = (Path(greenchat.__file__).parent / "protocol/README.md").read_text(encoding="utf-8")


def rows(heading: str) -> dict[str, str]:
    """Return the table under a heading as first column -> second column."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^\| (\S+) \| (.+) \|$", section, re.MULTILINE)
    return {name: text for name, text in found if not set(name) <= {"-"} and name not in ("client", "capability")}


def test_requested_capabilities_are_offered_or_left_out_with_a_reason() -> None:
    clients, left_out = rows("What clients ask for"), rows("What is not supported, and why")
    known = "irssi WeeChat catgirl Halloy senpai Limnoria Sopel ZNC gamja Goguma"
    assert clients.keys() == set(known.split())
    unknown = {
        f"{client}: {name}"
        for client, asked in clients.items()
        for name in asked.split()
        if name not in caps.CAPABILITIES and name not in left_out
    }
    assert unknown == set()


def test_capabilities_left_out_are_not_offered() -> None:
    assert rows("What is not supported, and why").keys() & caps.CAPABILITIES.keys() == set()
