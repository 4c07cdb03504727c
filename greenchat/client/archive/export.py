"""Messages as plain text, one file for each conversation: `2026-11-21 20:05:11 <@bob> hello`."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from time import localtime, strftime

from greenchat.client.state.lines import Line, LineKind
from greenchat.client.state.network import Buffer
from greenchat.client.text.cells import visible
from greenchat.protocol.formatting import strip_formatting

UNFIT = str.maketrans("/\0", "__")  # for file names


def write(path: Path, conversations: Sequence[tuple[Buffer, Iterable[Line]]], *, overwrite: bool = False) -> int:
    """Write one conversation to this file, or several to files in this folder; return the number of lines.

    Raises OSError, also if a file exists already, unless it may be overwritten.
    """
    if len(conversations) == 1:
        return _write(path, conversations[0][1], overwrite=overwrite)
    return sum(_write(path / name(buffer), lines, overwrite=overwrite) for buffer, lines in conversations)


def name(buffer: Buffer) -> str:
    """Return the name of a conversation's file, `irc.example_6667.#tea.txt`."""
    server = str(buffer.network.address).replace(":", "_").translate(UNFIT)
    return f"{server}.{visible(buffer.name).lower().translate(UNFIT)}.txt"


def _write(path: Path, lines: Iterable[Line], *, overwrite: bool) -> int:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    how = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if overwrite else os.O_EXCL)
    count = 0
    with open(os.open(path, how, 0o600), "w", encoding="utf-8") as file:
        for line in lines:
            file.write(text_of(line) + "\n")
            count += 1
    return count


def text_of(line: Line) -> str:
    """Return a message as a line of the file, or as several lines if it has several."""
    text = "\n    ".join(visible(strip_formatting(part)) for part in line.text.split("\n"))
    nick = visible(line.prefix + line.nick)
    match line.kind:
        case LineKind.SAID:
            text = f"<{nick}> {text}"
        case LineKind.ACTION:
            text = f"* {nick} {text}"
        case LineKind.NOTICE:
            text = f"-{nick}- {text}"
        case _:
            text = f"-!- {text}"
    return f"{strftime('%Y-%m-%d %H:%M:%S', localtime(line.time / 1000))} {text}"
