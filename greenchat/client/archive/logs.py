"""Plain-text logs beside the archive, for grep: a folder for each network and window in it, a file for each day.

Only what is said while greenchat runs is written; what comes out of a history is in the archive.
"""

import os
from pathlib import Path
from time import localtime, strftime

from greenchat.client.archive.export import UNFIT, text_of
from greenchat.client.state.lines import Kind, Line
from greenchat.client.state.model import Buffer, BufferKind, Model
from greenchat.client.text.cells import visible

_LONGEST_NAME = 100  # characters of a window's name in the path


class Logs:
    """folder: where they are kept, unless a setting says otherwise. Changes: turn."""

    def __init__(self, model: Model, folder: Path, since: int) -> None:
        self._model = model
        self._folder = folder
        self._since = since  # milliseconds since the epoch: what is older was not said in this session
        self._last: dict[Buffer, Line] = {}
        self._failed = False

    def turn(self, now: int) -> None:
        """Write what is new. now: milliseconds since the epoch."""
        wanted = bool(self._model.settings.get("log.files")) and not self._failed
        for buffer in self._model.buffers:
            lines = self._new(buffer)
            if lines and wanted and buffer.kind is not BufferKind.STATUS:
                try:
                    self._write(buffer, lines)
                except OSError as error:
                    self._failed = True
                    text = f"The log can't be written ({error.strerror}: {error.filename}); there is none from now on."
                    self._model.tell(text, now, Kind.ERROR)
                    return

    def _new(self, buffer: Buffer) -> list[Line]:
        last = self._last.get(buffer)
        if not buffer.lines or buffer.lines[-1] is last:
            return []
        found: list[Line] = []
        for line in reversed(buffer.lines):
            if line is last or line.time < self._since:
                break
            found.append(line)
        self._last[buffer] = buffer.lines[-1]
        return [line for line in reversed(found) if line.kind not in (Kind.INFO, Kind.ERROR)]

    def _write(self, buffer: Buffer, lines: list[Line]) -> None:
        chosen = str(self._model.settings.get("log.folder"))
        root = Path(chosen).expanduser() if chosen else self._folder
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
