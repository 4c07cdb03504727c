"""A recording: all changes of the state of a running server, in a file for `greenchat-server replay`.

The file is lines of JSON: first a head with a snapshot of the state, then the acts in their order (see `chat.acts`),
and regularly `["digest", now, digest]`, of the state before the next act. It contains messages, addresses, mail
addresses and hashes of passwords, but no passwords: it is as private as the data folder.
"""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from greenchat import __version__
from greenchat.chat.acts import ActError, decode, encode
from greenchat.chat.continuity import snapshot
from greenchat.chat.network import Network
from greenchat.server.data.replica import Replica

log = logging.getLogger(__name__)

_FORMAT = "greenchat recording"
_DIGEST = "digest"
_EVERY = 10_000  # acts between digests


class RecordingError(Exception):
    """A recording can't be written or read; the text says why."""


class Recorder:
    """Writes a recording; give `read` to the log, and call `close` at the end.

    If it can't be written any more, as on a full disk, it ends, and the server continues.
    """

    def __init__(
        self,
        path: Path,
        network: Network,
        read_markers: dict[str, object],
        now: int,
        *,
        every: int = _EVERY,
        goes_on: bool = False,
    ) -> None:
        """Begin a recording. path: a file that does not exist yet. read_markers: their documents. every: acts
        between digests. goes_on: whether to continue the recording of the previous process.

        Raises RecordingError.
        """
        self._network = network
        self._every = every
        self._acts = 0  # so that a digest comes first
        self._path = path
        self._has_ended = False
        try:
            self._file = path.open("r+" if goes_on else "x", encoding="utf-8", errors="surrogatepass", buffering=1)
        except OSError as error:
            raise RecordingError(f"can't write the recording {path}: {error.strerror}; name a new file") from error
        if goes_on:
            self._file.seek(0, os.SEEK_END)
            return
        head = {"format": _FORMAT, "greenchat": __version__, "snapshot": _public(network, now), "marks": read_markers}
        self._write(head)
        if self._has_ended:
            raise RecordingError(f"can't write the recording {path}: see the log")

    def read(self, position: int, act: Any) -> None:
        """Record the next act."""
        if self._has_ended:
            return
        if self._acts % self._every == 0:
            self.note(act.now)
        self._acts += 1
        self._write(encode(act))

    def note(self, now: int) -> None:
        """Record the digest of the present state."""
        if not self._has_ended:
            self._write([_DIGEST, now, _digest(self._network, now)])

    def close(self, now: int) -> None:
        """Close the file."""
        self.note(now)
        with suppress(OSError):  # the recording has ended before
            self._file.close()

    def _write(self, value: object) -> None:
        try:
            self._file.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")
        except OSError as error:
            self._has_ended = True
            log.error("the recording %s ends here: %s", self._path, error.strerror)


def _public(network: Network, now: int) -> dict[str, Any]:
    """Return a snapshot without the passwords that the configuration may contain in the clear."""
    document = snapshot.snapshot(network, now)
    document["settings"]["password"] = ""
    document["settings"]["webirc"]["password"] = ""
    return document


def _digest(network: Network, now: int) -> str:
    return snapshot.digest_of(_public(network, now))


def replay(path: Path) -> Iterator[tuple[int, str]]:
    """Apply a recording; yield (acts so far, "") at each digest; at a difference yield the reason, and end.

    Raises RecordingError if it can't be read; the exceptions of bugs are raised.
    """
    try:
        file = path.open(encoding="utf-8", errors="surrogatepass")
    except OSError as error:
        raise RecordingError(f"can't read the recording {path}: {error.strerror}") from error
    with file:
        lines = enumerate(file, start=1)
        head = _value(path, *next(lines, (1, "")))
        if not isinstance(head, dict) or head.get("format") != _FORMAT:
            raise RecordingError(f"{path} is not a recording of greenchat-server")
        try:
            replica = Replica(head["snapshot"], dict(head["marks"]))
        except (snapshot.SnapshotError, KeyError, TypeError) as error:
            raise RecordingError(f"{path}, line 1: {error}") from error
        count = 0
        for number, line in lines:
            value = _value(path, number, line)
            if isinstance(value, list) and value[:1] == [_DIGEST]:
                _, now, wanted = value
                digest = _digest(replica.network, now)
                yield count, "" if digest == wanted else f"line {number}: the state is {digest}, expected {wanted}"
                if digest != wanted:
                    return
                continue
            try:
                replica.apply(decode(value))
            except ActError as error:
                raise RecordingError(f"{path}, line {number}: {error}") from error
            count += 1


def _value(path: Path, number: int, line: str) -> object:
    try:
        value: object = json.loads(line)
    except ValueError as error:
        raise RecordingError(f"{path}, line {number}: truncated, or not a recording: {error}") from error
    return value
