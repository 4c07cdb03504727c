"""Screens stored as text that a person can read, and compared with what is on the terminal.

Times, dates, ports and countdowns are masked. Run with
GREENCHAT_PICTURES=renew to store the screens as they are now; then look at what changed with `git diff`.
"""

import os
import re
from pathlib import Path

from tests.features.terminal import Terminal

FOLDER = Path(__file__).with_name("screens")
RENEW = os.environ.get("GREENCHAT_PICTURES") == "renew"
MASKS = (
    (re.compile(r"\b\d\d:\d\d\b"), "hh:mm"),
    (re.compile(r"\b\d{1,2} [A-Z][a-z]{2} \d{4}, "), "day, "),
    (re.compile(r"(?<=127\.0\.0\.1:)\d{5}\b"), "ppppp"),
    (re.compile(r"lost \d+ s ago"), "lost n s ago"),
    (re.compile(r"next try in \d+ s"), "next try in n s"),
    (re.compile(r" \(\d tries\)"), ""),
)


def masked(rows: list[str]) -> list[str]:
    """Return the rows with variable parts masked."""
    text = "\n".join(rows)
    for pattern, mask in MASKS:
        text = pattern.sub(mask, text)
    return text.split("\n")


def check(terminal: Terminal, name: str) -> None:
    """Wait until the screen equals the picture of this name. When renewing: wait until the terminal is quiet, then
    store it.
    """
    path = FOLDER / f"{name}.txt"
    if RENEW:
        terminal.wait_quiet()
        path.write_text("\n".join(masked(terminal.rows)) + "\n", encoding="utf-8")
        return
    stored = path.read_text(encoding="utf-8").split("\n")[:-1]
    terminal.wait(lambda: masked(terminal.rows) == stored, f"the screen of {path}:\n" + "\n".join(stored) + "\nnot")
