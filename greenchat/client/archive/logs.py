"""Plain-text logs beside the archive, for grep: a folder for each network and window in it, a file for each day.

Only live messages are written; those of the server's history are in the archive.
"""

import os
from collections import deque
from pathlib import Path
from time import localtime, strftime

from greenchat.client.archive.export import UNFIT, text_of
from greenchat.client.state.lines import Line, LineKind
from greenchat.client.state.model import Buffer, BufferKind, Model
from greenchat.client.state.paths import typed_path
from greenchat.client.text.cells import visible

_LONGEST_NAME = 100  # characters of a window's name in the path


class Logs:
    """Writes conversations to text files. folder: of the logs, unless a setting names another one. Changes: turn."""

    def __init__(self, model: Model, folder: Path) -> None:
        self._model = model
        self._folder = folder
        self._failed = False

    def turn(self, now: int) -> None:
        """Write the new lines. now: milliseconds since the epoch."""
        wanted = bool(self._model.settings.get("log.files")) and not self._failed
        new, self._model.new_lines = self._model.new_lines, deque() if wanted else None
        lines: dict[Buffer, list[Line]] = {}
        for buffer, line in new or () if wanted else ():
            # answers and refusals are left out, but not actions on the user, like a kick
            is_note = line.kind is LineKind.INFO or (line.kind is LineKind.ERROR and not line.highlight)
            if buffer.kind is not BufferKind.STATUS and not is_note:
                lines.setdefault(buffer, []).append(line)
        try:
            for buffer, buffer_lines in lines.items():
                self._write(buffer, buffer_lines)
        except OSError as error:
            self._failed = True
            text = f"The log can't be written ({error.strerror}: {error.filename}); logging is off from now on."
            self._model.tell(text, now, LineKind.ERROR)

    def _write(self, buffer: Buffer, lines: list[Line]) -> None:
        chosen = str(self._model.settings.get("log.folder"))
        root = typed_path(chosen) if chosen else self._folder
        folder = root / _safe(buffer.network.name) / _safe(buffer.name.lower())
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        form = str(self._model.settings.get("log.file"))
        texts: dict[str, list[str]] = {}
        for line in lines:
            name = _safe(strftime(form, localtime(line.time / 1000)))
            texts.setdefault(name, []).append(text_of(line) + "\n")
        for name, written in texts.items():
            descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                file.writelines(written)


def _safe(name: str) -> str:
    """Return a name as a part of a path, which is never the folder itself or the one above."""
    part = visible(name).translate(UNFIT)[:_LONGEST_NAME]
    return part if part.strip(".") else part.replace(".", "_") or "_"
