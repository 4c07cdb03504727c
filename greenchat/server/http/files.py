"""`files`: receives uploads, and serves them to anyone who has their URL.

https://codeberg.org/emersion/soju/src/branch/master/doc/ext/filehost.md
"""

import base64
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import gevent

from greenchat.chat.account_data.files import File
from greenchat.chat.network import Network
from greenchat.commands.core.context import Context
from greenchat.commands.history.files import (
    NAME_LENGTH,
    FileRefusedError,
    add_file,
    drop_files,
    drop_many,
    require_room,
    too_old,
)
from greenchat.config.options import Options
from greenchat.protocol.http_head import HttpError
from greenchat.server.files.blobs import THUMBNAIL, Blobs
from greenchat.server.http.command_runner import context_of
from greenchat.server.http.identity import TO_MANAGE, TO_UPLOAD, sender_of
from greenchat.server.http.origins import is_own
from greenchat.server.http.pages import is_known
from greenchat.server.http.ranges import wanted_range
from greenchat.server.http.request import NOT_KEPT, Request, Response, json_response
from greenchat.server.http.routes import Routes
from greenchat.server.http.uploads import Uploads
from greenchat.storage.interface import StoreError
from greenchat.values.file_types import KNOWN

log = logging.getLogger(__name__)

_STEP = 256 * 1024  # bytes of one read and send
_CHANCE = 16  # bytes
_NAME = rf"([A-Za-z0-9_-]{{{NAME_LENGTH}}})(?:\.[a-z0-9]{{1,5}})?"
_DAY = 86_400_000  # ms
_SWEEP_EVERY = 60_000  # ms
_LATELY = 600.0  # seconds: more than the delay between nodes, and the difference of their clocks
_ON_ITS_WAY = 3600.0  # seconds that an upload may rest at another node, and more than any does
_SANDBOX = (
    # an opened file, like a video, may load itself, and run nothing
    (
        "Content-Security-Policy",
        "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox",
    ),
    ("Cross-Origin-Resource-Policy", "cross-origin"),  # clients of other sites show pictures, too
    ("Cache-Control", "private, no-cache"),  # so that deleted files are gone; unchanged ones are answered by 304
    ("Accept-Ranges", "bytes"),
)


class FilesServerParts(Protocol):
    """The parts of the server that files use."""

    network: Network
    options: Options

    @property
    def folder(self) -> Path:
        """The data folder."""

    def now(self) -> int:
        """Return ms since the epoch."""

    def run_step(self, step: Callable[[Context], object]) -> object:
        """Run something as the server itself."""


class FilePages:
    """Answers requests for files, and deletes files that are too old."""

    def __init__(self, server: FilesServerParts) -> None:
        self._server = server
        self._uploads = Uploads(Blobs(server.folder, lambda: server.options.storage.low_disk))
        self._swept = 0
        self._contents: set[str] = set()

    def add_to(self, routes: Routes) -> None:
        """Add its rows."""
        routes.add("files/?", GET=self._list, POST=self._take, OPTIONS=self._tell)
        routes.add(f"files/{_NAME}", GET=self._hand_out, DELETE=self._delete)
        routes.add(f"files/{_NAME}/thumbnail", GET=self._hand_out_small)

    def start(self) -> None:
        """Delete leftovers of a crash, before the first upload, when all files are known."""
        network = self._server.network
        self._contents = {file.hash for file in network.account_data.files}
        blobs, used = self._uploads.blobs, frozenset(self._contents)
        before = self._server.now() / 1000 - _ON_ITS_WAY if network.nodes else float("inf")
        try:
            count = blobs.clean(used.__contains__, before=before)
        except OSError as error:
            log.error("the folder of uploaded files can't be read: %s", error)
        else:
            if count:
                log.info("%d contents without a file were removed", count)

    def close(self) -> None:
        """Wait until requests that have started have ended."""
        self._uploads.close()

    def sweep(self, date: int) -> None:
        """Delete files that are too old, and contents that no file has any more. Called every second.

        date: in ms since the epoch; 0 while it may be wrong.
        """
        files = self._server.network.account_data.files
        days = self._server.options.storage.keep_days
        if days and date - self._swept >= _SWEEP_EVERY:
            self._swept = date
            old = too_old(files, int(date - days * _DAY))
            if old:
                self._server.run_step(lambda ctx: drop_many(ctx, old))
        # files uploaded recently at another node may not be known here yet
        before = self._server.now() / 1000 - _LATELY if self._server.network.nodes else float("inf")
        for hashed in [each for each in self._contents if not files.uses(each)]:
            self._uploads.forget(hashed, before=before, removed=self._contents.discard)

    def _tell(self, request: Request) -> Response:
        """Answer OPTIONS, with which browsers ask for another site: "Servers MUST accept OPTIONS requests on the upload
        URI"."""
        allowed = [("Allow", "GET, HEAD, OPTIONS, POST"), ("Accept-Post", "*/*")]
        headers = "Authorization, Content-Type, Content-Disposition"
        for_pages = [
            ("Access-Control-Allow-Methods", "POST"),
            ("Access-Control-Allow-Headers", headers),
            ("Access-Control-Max-Age", "3600"),
        ]
        shared = self._shared(request)
        return Response(204, fields=[*allowed, *shared, *(for_pages if shared else [])])

    def _shared(self, request: Request) -> list[tuple[str, str]]:
        """Return the fields that let the page of an allowed site read the response."""
        origin = request.head.get("origin")
        if not origin or not is_own(request.head, request.origins):
            return []
        return [
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Expose-Headers", "Location"),
            ("Vary", "Origin"),
        ]

    def _owner(self, request: Request) -> str:
        """Return the id of the account of a request, "" for a guest's. Raises HttpError."""
        account = sender_of(request, TO_UPLOAD)
        if account is None and not self._server.network.settings.files.guests:
            raise HttpError(
                401,
                "Only accounts can upload: send the account's password or a token",
                WWW_Authenticate='Basic realm="greenchat", charset="UTF-8"',
            )
        if account is None:
            request.require_own_page()
        return account.id if account else ""

    def _list(self, request: Request) -> Response:
        account = sender_of(request, TO_MANAGE)
        if account is None:
            raise HttpError(
                401, "Log in to see your files", WWW_Authenticate='Basic realm="greenchat", charset="UTF-8"'
            )
        files = self._server.network.account_data.files.of(account.id)
        return json_response({"files": [_shown(request, file) for file in files]})

    def _take(self, request: Request) -> Response:
        rules = self._server.network.settings.files
        length = request.head.length
        if length is not None and length > rules.size << 20:
            raise HttpError(413, f"A file has at most {rules.size} MiB")
        owner = self._owner(request)
        _require_room(context_of(request), owner, length or 0)
        with self._uploads.receive(request, owner, rules, self._server.options) as content:
            ctx = context_of(request)
            name = base64.urlsafe_b64encode(ctx.random(_CHANCE)).decode().rstrip("=")
            file = replace(content, name=name, owner=owner, created=ctx.now)
            try:
                ctx.propose(add_file, file.document())
            except FileRefusedError as error:
                raise _refused(error) from error
            except StoreError as error:
                raise HttpError(507, "The server could not store it") from error
            finally:
                self._contents.add(file.hash)  # not before, since `sweep` would remove contents without a file
        answer = json_response(_shown(request, file), 201)
        answer.fields += [("Location", self._address(request, file)), *self._shared(request)]
        return answer

    def _address(self, request: Request, file: File) -> str:
        return (self._server.network.settings.files.url or request.base) + _path(file)

    def _file(self, request: Request, name: str) -> File:
        file = context_of(request).process.log.find(lambda: self._server.network.account_data.files.get(name))
        if file is None:
            raise HttpError(404, "There is no such file")
        return file

    def _delete(self, request: Request, name: str) -> Response:
        account, file = sender_of(request, TO_MANAGE), self._file(request, name)
        if account is None or account.id != file.owner:
            raise HttpError(403, "Only the uploader of a file can delete it")
        try:
            context_of(request).propose(drop_files, [name])
        except StoreError as error:
            raise HttpError(503, "It could not be deleted; try again") from error
        return Response(204, fields=[NOT_KEPT])

    def _hand_out_small(self, request: Request, name: str) -> Response:
        file = self._file(request, name)
        if not file.has_thumbnail:
            return self._hand_out(request, name)
        return self._send(request, file.hash + THUMBNAIL, "image/webp", [("Content-Disposition", "inline")])

    def _hand_out(self, request: Request, name: str) -> Response:
        file = self._file(request, name)
        kind = KNOWN.get(file.type)
        how = "inline" if kind and kind.is_shown else "attachment"
        title = file.title or f"{file.name[:8]}.{kind.suffix if kind else 'bin'}"
        disposition = f"{how}; filename*=UTF-8''{quote(title, safe='')}"
        return self._send(request, file.hash, file.type, [("Content-Disposition", disposition)])

    def _send(self, request: Request, content: str, kind: str, fields: list[tuple[str, str]]) -> Response:
        etag = f'"{content[:32]}{"-s" if content.endswith(THUMBNAIL) else ""}"'
        fields = [*_SANDBOX, ("ETag", etag), *fields]
        if is_known(request.head.get("if-none-match"), etag):
            return Response(304, fields=fields)
        path = self._uploads.blobs.path(content)
        size = self._uploads.do(_size, path)
        if size < 0:
            raise HttpError(404, "The file no longer exists")
        asked = request.head.get("range")
        if request.head.get("if-range") not in ("", etag):
            asked = ""  # their part is of another version
        part = wanted_range(asked, size)
        start, end = part or (0, size)
        fields.append(("Content-Length", str(end - start)))
        if part:
            fields.append(("Content-Range", f"bytes {start}-{end - 1}/{size}"))
        body = () if request.head.method == "HEAD" else self._pieces(path, start, end)
        return Response(206 if part else 200, body, kind, fields)

    def _pieces(self, path: Path, start: int, end: int) -> Iterator[bytes]:
        while start < end:
            piece = self._uploads.do(_read, path, start, min(_STEP, end - start))
            if not piece:
                return
            start += len(piece)
            yield piece
            gevent.sleep(0)


def _require_room(ctx: Context, owner: str, size: int) -> None:
    if ctx.network.local.history_quota.only_accounts:
        raise HttpError(507, "The server's disk is nearly full: uploads are refused until more is free")
    try:
        require_room(ctx, owner, size)
    except FileRefusedError as error:
        raise _refused(error) from error


def _refused(error: FileRefusedError) -> HttpError:
    return HttpError(507 if error.is_full else 403, str(error))


def _path(file: File) -> str:
    kind = KNOWN.get(file.type)
    return f"files/{file.name}.{kind.suffix if kind else 'bin'}"


def _shown(request: Request, file: File) -> dict[str, object]:
    path = request.base + _path(file)
    thumbnail = f"{request.base}files/{file.name}/thumbnail" if file.has_thumbnail else None
    return {
        "path": path,
        "thumbnail": thumbnail,
        "name": file.title,
        "type": file.type,
        "size": file.size,
        "created": file.created,
    }


def _size(path: Path) -> int:
    """Return the size of a file, -1 without one. Raises OSError."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return -1


def _read(path: Path, start: int, count: int) -> bytes:
    """Read a part of a file. Raises OSError."""
    with path.open("rb") as file:
        file.seek(start)
        return file.read(count)
