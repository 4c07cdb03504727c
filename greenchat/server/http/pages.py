"""The page: the files of `greenchat/web`, and its settings.

A file is read again when it has changed, so that development of the page needs no restart. `index.html` names modules
and styles by addresses with the version of the page, and browsers keep these; other files are revalidated each time,
which usually gives a 304. Comments, a tenth of the size, are not sent.
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
from greenchat.server.http.page_version import PageVersion, read_version
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
_KEPT = ("Cache-Control", "public, max-age=31536000, immutable")  # a year: the most that RFC 2616 allowed
_SMALL = 512  # bytes that are not worth compressing
_COMMENT = re.compile(rb"^[ \t]*(?://.*|/\*\*?(?:[^*]|\*(?!/))*\*/[ \t]*)$", re.MULTILINE)  # comments on separate lines


@dataclass(frozen=True, slots=True)
class _File:
    stamp: tuple[int, int, str, str, str]
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
        self._last_version: PageVersion | None = None

    def add_to(self, routes: Routes) -> None:
        """Add the rows; the one for any file should be the last."""
        routes.add("", GET=self._shell)
        routes.add("join/(.*)", GET=self._shell)
        routes.add("config\\.json", GET=self._facts)
        routes.add("healthz", GET=self._health)
        routes.add(f"v/([0-9a-f]+)/{_FILE}", GET=self._versioned)
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

    def _versioned(self, request: Request, version: str, path: str) -> Response:
        """Return a file by its address of a version.

        That of another version is answered, too, but not kept: a browser may load the page while it is replaced.
        """
        return self._file(request, path, version)

    def _file(self, request: Request, path: str, version: str = "") -> Response:
        file = self._load(path, request.base)
        fields = [_KEPT if self._is_of(version, path, file) else _VALIDATED]
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

    def _version(self) -> PageVersion:
        """Return the present version."""
        if self._last_version is None or not self._last_version.is_present(self._folder):
            self._last_version = read_version(self._folder)
        return self._last_version

    def _is_of(self, version: str, path: str, file: _File) -> bool:
        """Whether a file never changes under the address of a version: it depends on nothing else."""
        if not version or path in _ESCAPES:
            return False
        last = self._last_version or self._version()
        return version == last.name and file.stamp[:2] == last.stamps.get(path)

    def _load(self, path: str, base: str) -> _File:
        """Return the current file. Raises HttpError."""
        file = self._folder / path
        version = self._version() if path in (_SHELL, _WORKER) else None
        try:
            if not file.resolve().is_relative_to(self._folder):
                raise FileNotFoundError(path)
            status = file.stat()
            name = version.name if version else ""
            stamp = (status.st_mtime_ns, status.st_size, base, self.title, name)
            known = self._files.get(path)
            if known is not None and known.stamp == stamp:
                return known
            data = without_comments(file.read_bytes()) if path.endswith((".js", ".css")) else file.read_bytes()
        except OSError:
            if path == _MANIFEST:
                return self._make(path, (0, 0, base, self.title, ""), self._manifest(base))
            raise HttpError(404, "There is no such file") from None
        if path in _ESCAPES:
            escape = _ESCAPES[path]
            text = data.decode()
            if version:
                files = f"{base}v/{version.name}/"
                links = [f'<link rel="modulepreload" href="{escape(files + each)}" />' for each in version.modules()]
                text = text.replace("__VERSION__", version.name).replace("__FILES__", escape(files))
                text = text.replace("__MODULES__", "\n    ".join(links))
            data = text.replace("__BASE__", escape(base)).replace("__TITLE__", escape(self.title)).encode()
        return self._make(path, stamp, data)

    def _make(self, path: str, stamp: tuple[int, int, str, str, str], data: bytes) -> _File:
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
