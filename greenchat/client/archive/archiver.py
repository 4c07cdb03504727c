"""Writes the lines of windows into the archive on this machine, and loads them from it.

Without an archive (damaged, locked by another program, full disk) the client continues; the user is told once.
"""

from collections.abc import Iterator
from pathlib import Path

from greenchat.client.archive import export as exporting
from greenchat.client.archive.database import Archive, ArchiveError
from greenchat.client.state.lines import TALK, Line, LineKind
from greenchat.client.state.model import Buffer, BufferKind, Model
from greenchat.protocol import caps

RETRY_SECONDS = 5.0  # while another program holds the file
MEGABYTE = 1 << 20


class Archiver:
    """Writes new lines, and fills windows that are new or scrolled to their top.

    path: of the archive, None for no archive. Times are seconds of the app's clock and milliseconds since the epoch.
    """

    def __init__(self, model: Model, path: Path | None = None) -> None:
        self._model = model
        self._path = path
        self._archive: Archive | None = None
        self._retry_at = 0.0
        self._reported = False
        self._stored_gaps: dict[Buffer, set[str]] = {}
        self._closed: list[Buffer] = []  # closed windows with unwritten lines

    def keep_in(self, path: Path) -> None:
        """Start with the lines of this file, and write to it from now on."""
        self._path = path

    def keep(self, buffer: Buffer) -> None:
        """Write the new lines of a closed window at the next turn."""
        if self._path is not None:
            self._closed.append(buffer)

    def turn(self, monotonic: float, now: int) -> None:
        """Write, read and search what is queued."""
        if self._path is None or monotonic < self._retry_at:
            return
        try:
            if self._archive is None:
                self._archive = Archive(self._path, int(str(self._model.settings.get("archive.megabytes"))) * MEGABYTE)
            self._do(self._archive)
        except ArchiveError as error:
            if error.busy:
                self._retry_at = monotonic + RETRY_SECONDS
                self._tell("another program is using it; trying again", error, now)
            else:
                self._tell(f"move {self._path} away to start with an empty one", error, now)
                self._archive = self._path = None

    def export(self, buffers: list[Buffer], path: Path | None, folder: Path, now: int) -> None:
        """Write all lines of these windows to a file (several windows: to files in it), or to this folder; report the
        outcome.
        """
        kind = LineKind.ERROR
        target = path or (folder if len(buffers) > 1 else folder / exporting.name(buffers[0]))
        try:
            conversations = [(buffer, self._lines(buffer)) for buffer in buffers]
            count = exporting.write(target, conversations, overwrite=path is None)
            kind, text = LineKind.INFO, f"{count} {'line is' if count == 1 else 'lines are'} in {target} now."
        except FileExistsError as error:
            text = f"{error.filename} already exists; name another file."
        except (OSError, ArchiveError) as error:
            text = f"{target} could not be written: {getattr(error, 'strerror', '') or error}"
        self._model.tell(text, now, kind)

    def close(self, monotonic: float, now: int) -> None:
        """Write the remaining lines, and stop."""
        self._retry_at = monotonic
        self.turn(monotonic, now)
        if self._archive:
            self._archive.close()
            self._archive = None

    def _do(self, archive: Archive) -> None:
        buffers = [buffer for buffer in self._model.buffers if buffer.kind is not BufferKind.STATUS]
        archive.keep([buffer for buffer in (*self._closed, *buffers) if buffer.history.fresh])
        self._closed.clear()
        for buffer in buffers:
            if not buffer.history.restored:
                self._restore(archive, buffer)
            elif buffer.history.wants_older:
                buffer.history.wants_older = False
                buffer.restore(archive.older(buffer))
            gaps = buffer.history.gaps.keys()
            if gaps != self._stored_gaps.get(buffer, set()):
                archive.keep_gaps(buffer)
                self._stored_gaps[buffer] = set(gaps)

    def _restore(self, archive: Archive, buffer: Buffer) -> None:
        gaps = archive.gaps(buffer)
        older = archive.older(buffer)
        present = {line.id for line in buffer.lines if line.id and line.kind in TALK}
        buffer.history.restored = True
        self._stored_gaps[buffer] = set(gaps)
        buffer.history.gaps |= dict.fromkeys(gaps, False)
        if (
            present
            and older
            and buffer.network.caps.held & caps.CHATHISTORY != 0
            and present.isdisjoint(line.id for line in older)
        ):
            # The archive was loaded after the server's history: lines between them may be missing.
            buffer.history.gaps[next(line.id for line in buffer.lines if line.id in present)] = False
        buffer.restore(older)

    def _lines(self, buffer: Buffer) -> Iterator[Line]:
        """Return the archive's lines, otherwise those in memory; events besides messages are not in the archive."""
        if self._archive is None or buffer.kind is BufferKind.STATUS:
            yield from buffer.lines
            return
        archive = self._archive
        happened = [line for line in buffer.lines if line.kind is LineKind.EVENT and not archive.has(buffer, line.id)]
        for line in archive.everything(buffer):
            while happened and happened[0].time < line.time:
                yield happened.pop(0)
            yield line
        yield from happened

    def _tell(self, what: str, error: ArchiveError, now: int) -> None:
        if not self._reported:
            self._reported = True
            text = f"The history can't be saved: {error} ({what})."
            self._model.tell(text, now, LineKind.ERROR)
