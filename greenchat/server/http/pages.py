"""The page: the files of `greenchat/web`, and its settings.

A file is read again when it has changed, so that development of the page needs no restart; browsers revalidate each
time, and usually get a 304. Comments, a tenth of the size, are not sent.
"""

import gzip
import hashlib
import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from greenchat import __version__
from greenchat.chat.network import Network
from greenchat.config.settings import FileHost
from greenchat.config.web import Web
from greenchat.protocol.http_head import HttpError
from greenchat.server.http.request import Request, Response, json_response
from greenchat.server.http.routes import Routes

FOLDER = Path(__file__).parents[2] / "web"
TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "ico": "image/x-icon",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "mjs": "text/javascript; charset=utf-8",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "webmanifest": "application/manifest+json",
    "webp": "image/webp",
    "woff2": "font/woff2",
}
_PACKED = {"css", "html", "js", "json", "mjs", "svg", "txt", "webmanifest"}  # types to be compressed
_SHELL, _MANIFEST, _WORKER = "index.html", "manifest.webmanifest", "sw.js"
_NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]*"  # neither .. nor hidden files can be asked for
_FILE = rf"((?:{_NAME}/)*{_NAME}\.(?:{'|'.join(TYPES)}))"
_VALIDATED = ("Cache-Control", "no-cache")
_SMALL = 512  # bytes that are not worth compressing
_COMMENT = re.compile(rb"^[ \t]*(?://.*|/\*\*?(?:[^*]|\*(?!/))*\*/[ \t]*)$", re.MULTILINE)  # comments on separate lines


@dataclass(frozen=True, slots=True)
class _File:
    stamp: tuple[int, int, str, str]
    data: bytes
    packed: bytes
    etag: str


class Pages:
    """Serves the files of the page."""

    def __init__(self, network: Network, web: Callable[[], Web], folder: Path = FOLDER) -> None:
        """Make the page's rows. web: returns the present options."""
        self._network = network
        self._web = web
        self._folder = folder.resolve()
        self._files: dict[str, _File] = {}

    def add_to(self, routes: Routes) -> None:
        """Add the rows; the one for any file should be the last."""
        routes.add("", GET=self._shell)
        routes.add("join/(.*)", GET=self._shell)
        routes.add("config\\.json", GET=self._facts)
        routes.add("healthz", GET=self._health)
        routes.add(_FILE, GET=self._file)

    @property
    def title(self) -> str:
        """The title of the page."""
        return self._web().title or self._network.settings.about.network

    def _health(self, _: Request) -> Response:
        return Response(body=b"ok\n", fields=[("Cache-Control", "no-store")])

    def _shell(self, request: Request, channel: str = "") -> Response:
        if not (self._folder / _SHELL).is_file():
            raise HttpError(404, "The web page is not installed; use an IRC client")
        return self._file(request, _SHELL)

    def _facts(self, request: Request) -> Response:
        settings = self._network.settings
        return json_response(
            {
                "title": self.title,
                "base": request.base,
                "network": settings.about.network,
                "default_channel": settings.lobby,
                "version": __version__,
                "password_least": settings.accounts.password_least,
                "websocket": "ws",
                "provider": settings.providers.oidc.name if settings.providers.oidc.issuer else None,
                "files": _file_facts(settings.files),
            }
        )

    def _file(self, request: Request, path: str) -> Response:
        file = self._load(path, request.base)
        fields = [_VALIDATED]
        if path == _WORKER:
            fields.append(("Service-Worker-Allowed", request.base))
        etag, data = file.etag, file.data
        if file.packed:
            fields.append(("Vary", "Accept-Encoding"))
            if takes_gzip(request.head.get("accept-encoding")):
                etag, data = f'{etag[:-1]}-gz"', file.packed
                fields.append(("Content-Encoding", "gzip"))
        fields.append(("ETag", etag))
        if is_known(request.head.get("if-none-match"), etag):
            return Response(304, fields=[field for field in fields if field[0] != "Content-Encoding"])
        return Response(200, data, TYPES[path.rpartition(".")[2]], fields)

    def _load(self, path: str, base: str) -> _File:
        """Return the current file. Raises HttpError."""
        file = self._folder / path
        try:
            if not file.resolve().is_relative_to(self._folder):
                raise FileNotFoundError(path)
            status = file.stat()
            stamp = (status.st_mtime_ns, status.st_size, base, self.title)
            known = self._files.get(path)
            if known is not None and known.stamp == stamp:
                return known
            data = without_comments(file.read_bytes()) if path.endswith((".js", ".css")) else file.read_bytes()
        except OSError:
            if path == _MANIFEST:
                return self._make(path, (0, 0, base, self.title), self._manifest(base))
            raise HttpError(404, "There is no such file") from None
        if path in _ESCAPES:
            escape = _ESCAPES[path]
            text = data.decode().replace("__BASE__", escape(base)).replace("__TITLE__", escape(self.title))
            data = text.encode()
        return self._make(path, stamp, data)

    def _make(self, path: str, stamp: tuple[int, int, str, str], data: bytes) -> _File:
        packed = b""
        if path.rpartition(".")[2] in _PACKED and len(data) > _SMALL:
            packed = gzip.compress(data, mtime=0)
        etag = f'"{hashlib.sha256(data).hexdigest()[:20]}"'
        self._files[path] = _File(stamp, data, packed, etag)
        return self._files[path]

    def _manifest(self, base: str) -> bytes:
        """Return the manifest: https://www.w3.org/TR/appmanifest/"""
        manifest = {
            "name": self.title,
            "short_name": self.title[:12],
            "start_url": base,
            "scope": base,
            "display": "standalone",
        }
        return json.dumps(manifest, ensure_ascii=False).encode()


def _file_facts(rules: FileHost) -> dict[str, object] | None:
    """Return the page's settings for uploads; None if uploads are disabled. size: in bytes."""
    if not rules.enabled:
        return None
    return {"url": rules.url, "size": rules.size << 20, "guests": rules.guests > 0}


def _in_json(text: str) -> str:
    """Return a text escaped for a string literal in JSON or JavaScript."""
    return json.dumps(text)[1:-1].replace("<", "\\u003c").replace("'", "\\u0027")


_ESCAPES: dict[str, Callable[[str], str]] = {_SHELL: html.escape, _MANIFEST: _in_json, _WORKER: _in_json}


def without_comments(code: bytes) -> bytes:
    """Return JavaScript or CSS without the comments on lines of their own; other lines keep their numbers."""
    return _COMMENT.sub(lambda match: b"\n" * match[0].count(b"\n"), code)


def takes_gzip(field: str) -> bool:
    """Whether an Accept-Encoding allows gzip: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3."""
    for coding in field.lower().split(","):
        name, _, weight = coding.partition(";")
        if name.strip() in ("gzip", "*"):
            return not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", weight)
    return False


def is_known(field: str, etag: str) -> bool:
    """Whether an If-None-Match names this, or any, version of the resource."""
    tags = [tag.strip().removeprefix("W/") for tag in field.split(",")]
    return etag in tags or tags == ["*"]
