"""Receives uploads: a thread writes the body to the disk as it arrives; then it is checked, cleaned and stored."""

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message as Fields
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TypeVar

from gevent.event import AsyncResult

from greenchat.chat.account_data.files import File
from greenchat.config.options import Options
from greenchat.config.settings import FileHost
from greenchat.protocol.http_head import HttpError
from greenchat.server.fair_pool import FairPool
from greenchat.server.files.blobs import THUMBNAIL, Blobs, PartialBlob
from greenchat.server.files.picture_metadata import PictureError
from greenchat.server.files.pictures import clean
from greenchat.server.http.request import Request
from greenchat.server.thread_pool import Pool
from greenchat.values.addresses import is_within, netblock
from greenchat.values.file_types import SNIFFED, file_type

log = logging.getLogger(__name__)

T = TypeVar("T")

_PIECE = 64 * 1024  # bytes
_BATCH = 1 << 20  # bytes of one write
_MOST = 64  # uploads at the same time,
_MOST_OF_ONE = 3  # ... of one account, or of guests of one address
_MOST_FROM_ONE = 6  # ... from one address
_SLOWEST = 16 * 1024  # bytes per second, the average of the whole upload
_ARTISTS = 2  # pictures that are cleaned at the same time, of two accounts
_LONGEST_TITLE = 100  # characters


class Uploads:
    """Receives contents, and removes unused ones."""

    def __init__(self, blobs: Blobs) -> None:
        self.blobs = blobs
        self._disk = Pool(1)  # one thread, so that removing and adding the same content are in order
        self._artists = FairPool(_ARTISTS)
        self._under_way: Counter[str] = Counter()
        self._held: Counter[str] = Counter()

    def do(self, work: Callable[..., T], *words: object) -> T:
        """Run work on the disk in a thread. Waits. Raises HttpError if it fails."""
        result: T = _result(self._disk.apply(_tried, (work, *words)))
        return result

    def close(self) -> None:
        """Wait until uploads that have started have ended."""
        self._disk.kill()
        self._artists.close()

    def forget(self, hashed: str, *, before: float, removed: Callable[[str], None]) -> None:
        """Remove an unused content, unless the same is being uploaded. This returns at once.

        before: see `Blobs.remove`. removed: called with it once it is removed.
        """

        def look(done: AsyncResult) -> None:
            if done.value is True:
                removed(hashed)

        if not self._held[hashed]:
            self._disk.spawn(_tried, partial(self.blobs.remove, hashed, before=before)).rawlink(look)

    @contextmanager
    def receive(self, request: Request, owner: str, rules: FileHost, options: Options) -> Iterator[File]:
        """Read the body of a request as a file without name and owner, whose content exists during the block.

        owner: the id of an account, "" for a guest. Raises HttpError.
        """
        origin = netblock(request.address)
        who = owner or origin
        bounds = {"all": _MOST, f"of {who}": _MOST_OF_ONE}
        if not is_within(request.address, options.connections.exempt):
            bounds[f"from {origin}"] = _MOST_FROM_ONE
        if any(self._under_way[each] >= most for each, most in bounds.items()):
            raise HttpError(503, "Too many uploads at the same time: try again", Retry_After="10")
        slots = Counter(list(bounds))
        self._under_way += slots
        held: Counter[str] = Counter()
        part: PartialBlob | None = None
        try:
            part = self.do(self.blobs.begin, SNIFFED)
            self._store(request, part, rules.size << 20, options.web.timeout)
            kind = file_type(part.head)
            path, thumbnail = part.path, None
            if kind.is_picture:
                path, thumbnail = _result(self._artists.do(who, _tried, clean, part.path, rules.pixels))
            hashed, size = self.do(_measure, path)
            held = Counter({hashed: 1})
            self._held += held
            if thumbnail:
                self.do(self.blobs.keep, thumbnail, hashed + THUMBNAIL)
            self.do(self.blobs.keep, path, hashed)
            yield File("", hashed, size, kind.name, _title(request), "", 0, thumbnail is not None)
        finally:
            self._under_way -= slots
            self._held -= held
            if part:
                self._disk.spawn(part.discard)

    def _store(self, request: Request, part: PartialBlob, most: int, pace: float) -> None:
        """Write the body. pace: seconds for each 64 KiB. Raises HttpError."""
        waiting: list[bytes] = []
        size = waits = 0
        began = monotonic()
        while True:
            request.extend(min(pace, began + pace + (size + _PIECE) / _SLOWEST - monotonic()))
            piece = request.body.read(_PIECE)
            size += len(piece)
            waits += len(piece)
            waiting.append(piece)
            if size > most:
                raise HttpError(413, f"A file has at most {most >> 20} MiB")
            if waits >= _BATCH or not piece:
                self.do(part.write, b"".join(waiting))
                waiting, waits = [], 0
            if not piece:
                break
        self.do(part.end)
        if not size:
            raise HttpError(422, "The file is empty")
        if request.head.length is not None and size != request.head.length:
            raise HttpError(400, "The file is incomplete")


def _tried(work: Callable[..., T], *words: object) -> T | OSError | PictureError:
    """Return an error instead of raising it in a thread: gevent would print it as a bug."""
    try:
        return work(*words)
    except (OSError, PictureError) as error:
        return error


def _result(result: T | OSError | PictureError) -> T:
    """Return the result of the thread. Raises HttpError."""
    if isinstance(result, PictureError):
        raise HttpError(422, str(result))
    if isinstance(result, OSError):
        log.error("a file could not be stored or read: %s", result)
        raise HttpError(507, "The server could not store it")
    return result


def _measure(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


def _title(request: Request) -> str:
    """Return the name that its sender gives the file: https://www.rfc-editor.org/rfc/rfc6266#section-4.3."""
    name, fields = "", Fields()
    fields["Content-Disposition"] = request.head.get("content-disposition")
    try:
        name = fields.get_filename() or ""
        name = name.encode("latin-1").decode()  # many clients send raw UTF-8
    except (UnicodeError, ValueError, LookupError, TypeError):  # which email.utils raises for some invalid fields
        pass
    shown = "".join(each for each in name.replace("\\", "/").rpartition("/")[2] if each.isprintable())
    stem, dot, suffix = shown.rpartition(".")
    if len(shown) > _LONGEST_TITLE and dot and len(suffix) < 10:
        shown = stem[: _LONGEST_TITLE - len(suffix) - 1] + dot + suffix
    return shown[:_LONGEST_TITLE].strip()
