"""Taking in a file: its body goes to the disk as it comes, in a thread, then it is looked at, cleaned, and kept."""

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message as Fields
from pathlib import Path
from typing import TypeVar

from gevent.threadpool import ThreadPool

from greenchat.chat.owned.files import File
from greenchat.config.settings import FileHost
from greenchat.protocol.http_head import HttpError
from greenchat.server.files.blobs import THUMBNAIL, Blobs, Part
from greenchat.server.files.picture_metadata import PictureError
from greenchat.server.files.pictures import clean
from greenchat.server.http.request import Request
from greenchat.values.file_types import SNIFFED, file_type

log = logging.getLogger(__name__)

T = TypeVar("T")

_PIECE = 64 * 1024  # bytes
_BATCH = 1 << 20  # bytes that are written at once
_MOST = 16  # uploads at the same time,
_MOST_OF_ONE = 3  # ... of one account or address
_LONGEST_TITLE = 100  # characters


class Uploads:
    """Takes in contents, and has those that nobody needs removed."""

    def __init__(self, blobs: Blobs) -> None:
        self.blobs = blobs
        self._disk = ThreadPool(1)  # one: what is removed and comes again at the same time is in order
        self._artist = ThreadPool(1)
        self._under_way: Counter[str] = Counter()
        self._held: Counter[str] = Counter()

    def do(self, work: Callable[..., T], *words: object) -> T:
        """Do something with the disk. Waits. Raises HttpError where that fails."""
        result: T = _result(self._disk.apply(_tried, (work, *words)))
        return result

    def close(self) -> None:
        """Let what has begun end."""
        self._disk.kill()
        self._artist.kill()

    def forget(self, hashed: str) -> None:
        """Remove a content that no file has any more, unless the same is coming in. This returns at once."""
        if not self._held[hashed]:
            self._disk.spawn(_tried, self.blobs.remove, hashed)

    @contextmanager
    def receive(self, request: Request, who: str, rules: FileHost, pace: float) -> Iterator[File]:
        """Take in the body of a request: a file without name and owner, whose content is there for the block.

        who: whose it is, for the bound on how many at once. pace: seconds in which 64 KiB must come. Raises HttpError.
        """
        if self._under_way.total() >= _MOST or self._under_way[who] >= _MOST_OF_ONE:
            raise HttpError(503, "Too many uploads at the same time: try again", Retry_After="10")
        self._under_way += Counter({who: 1})
        held: Counter[str] = Counter()
        part: Part | None = None
        try:
            part = self.do(self.blobs.begin, SNIFFED)
            self._store(request, part, rules.size << 20, pace)
            kind = file_type(part.head)
            path, thumbnail = part.path, None
            if kind.is_picture:
                path, thumbnail = _result(self._artist.apply(_tried, (clean, part.path, rules.pixels)))
            hashed, size = self.do(_measure, path)
            held = Counter({hashed: 1})
            self._held += held
            if thumbnail:
                self.do(self.blobs.keep, thumbnail, hashed + THUMBNAIL)
            self.do(self.blobs.keep, path, hashed)
            yield File("", hashed, size, kind.name, _title(request), "", 0, thumbnail is not None)
        finally:
            self._under_way -= Counter({who: 1})
            self._held -= held
            if part:
                self._disk.spawn(part.discard)

    def _store(self, request: Request, part: Part, most: int, pace: float) -> None:
        waiting: list[bytes] = []
        size = waits = 0
        while True:
            request.extend(pace)
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


def _result(found: T | OSError | PictureError) -> T:
    """Return the result of the thread. Raises HttpError."""
    if isinstance(found, PictureError):
        raise HttpError(422, str(found))
    if isinstance(found, OSError):
        log.error("a file could not be kept or read: %s", found)
        raise HttpError(507, "The server could not store it")
    return found


def _measure(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


def _title(request: Request) -> str:
    """Return the name that its sender gives the file: https://www.rfc-editor.org/rfc/rfc6266#section-4.3."""
    name, fields = "", Fields()
    fields["Content-Disposition"] = request.head.get("content-disposition")
    try:
        name = fields.get_filename() or ""
        name = name.encode("latin-1").decode()  # many send UTF-8 as it is
    except (UnicodeError, ValueError, LookupError, TypeError):  # which email.utils raises for some nonsense
        pass
    shown = "".join(each for each in name.replace("\\", "/").rpartition("/")[2] if each.isprintable())
    stem, dot, suffix = shown.rpartition(".")
    if len(shown) > _LONGEST_TITLE and dot and len(suffix) < 10:
        shown = stem[: _LONGEST_TITLE - len(suffix) - 1] + dot + suffix
    return shown[:_LONGEST_TITLE].strip()
