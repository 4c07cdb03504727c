"""Pictures for the screen: downloads are bounded, and whatever a server sends becomes a picture or one line."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path
from time import sleep

import pytest
from PIL import Image

from greenchat.client.net import picture_file
from greenchat.client.net.picture_file import decode, load
from greenchat.client.state.transfers import OpenConnection, TransferError
from greenchat.client.text.style import Graphics, Size
from tests.patience import PATIENCE

AREA = Size(10, 40)


def png(width: int, height: int, colour: str = "red", kind: str = "PNG") -> bytes:
    file = BytesIO()
    Image.new("RGB", (width, height), colour).save(file, kind)
    return file.getvalue()


class Pages(HTTPServer):
    """A web server whose pages are a table: path -> status, headers, body."""

    pages: dict[str, tuple[int, dict[str, str], bytes]]
    asked: list[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Pages

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        status, headers, body = self.server.pages[self.path]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[Pages]:
    server = Pages(("127.0.0.1", 0), _Handler)
    server.pages, server.asked = {}, []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def connector(_secure: bool) -> OpenConnection:
    return lambda host, port: socket.create_connection((host, port), PATIENCE)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP"])
def test_a_picture_is_scaled_down_to_the_screen(kind: str) -> None:
    picture = decode(png(400, 200, "blue", kind), "sea.png", AREA)
    assert (picture.width, picture.height) == (40, 20)
    assert picture.title == "sea.png, 400x200"
    assert picture.colour(39, 19) & 0xFF > 0xF0
    assert picture.colour(0, 0) >> 16 < 0x10


@pytest.mark.parametrize(
    ("graphics", "begins", "cells"),
    [
        (Graphics(kitty=True), "\x1b_Ga=T", Size(10, 40)),
        (Graphics(kitty=True, cell=Size(16, 8)), "\x1b_Ga=T", Size(10, 40)),
        (Graphics(sixel=True, cell=Size(16, 8)), "\x1bP", Size(10, 40)),
        (Graphics(sixel=True, cell=Size(15, 10)), "\x1bP", Size(10, 30)),  # cells that are not twice as high as wide
    ],
)
def test_a_terminal_with_graphics_gets_pixels(graphics: Graphics, begins: str, cells: Size) -> None:
    """The half blocks below cover the same cells, up to the end of the picture."""
    picture = decode(png(1000, 500, "blue"), "sea.png", AREA, graphics)
    assert picture.graphic
    assert picture.graphic.drawn.startswith(begins)
    assert picture.graphic.cells == cells
    assert (picture.width, picture.height) == (cells.columns, 2 * cells.rows)
    assert picture.colour(0, 0) & 0xFF > 0xF0


def test_a_small_picture_is_not_scaled(web: Pages) -> None:
    picture = decode(png(25, 30), "dot.png", AREA, Graphics(sixel=True, cell=Size(20, 10)))
    assert picture.graphic
    assert picture.graphic.cells == Size(2, 3)
    assert '"1;1;30;40' in picture.graphic.drawn, "whole cells: text below would show at its edge"
    assert decode(png(25, 30), "dot.png", AREA, Graphics(sixel=True)).graphic is None


def test_transparency_becomes_black() -> None:
    file = BytesIO()
    Image.new("RGBA", (4, 4), (255, 255, 255, 0)).save(file, "PNG")
    assert decode(file.getvalue(), "x", AREA).colour(0, 0) == 0


def test_the_orientation_of_exif_is_applied() -> None:
    file = BytesIO()
    image = Image.new("RGB", (20, 10), "red")
    exif = image.getexif()
    exif[0x0112] = 6  # EXIF 2.32, Orientation: "6 = The 0th row is the visual right-hand side of the image"
    image.save(file, "JPEG", exif=exif)
    picture = decode(file.getvalue(), "x", AREA)
    assert (picture.width, picture.height) == (10, 20)


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"<html>", png(10, 10)[:40], b"\xff\xd8\xff\xe0" + b"\0" * 100, b"%!PS-Adobe-3.0 EPSF-3.0"]
)
def test_invalid_pictures_are_reported_in_one_line(data: bytes) -> None:
    with pytest.raises(TransferError, match="not a picture"):
        decode(data, "x", AREA)


def test_a_decompression_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_file, "MOST_PIXELS", 100 * 40)
    assert decode(png(100, 40), "large", AREA)
    with pytest.raises(TransferError, match=r"too large \(100x41\)"):
        decode(png(100, 41), "bomb", AREA)


def test_redirects_are_followed(web: Pages) -> None:
    web.pages["/go"] = 302, {"Location": "/cake.png?x=1"}, b""
    web.pages["/cake.png?x=1"] = 200, {"Content-Type": "image/png"}, png(8, 8)
    picture = load(f"{web.url}/go", AREA, connector)
    assert (picture.width, picture.height, web.asked) == (8, 8, ["/go", "/cake.png?x=1"])


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ((200, {"Content-Type": "text/html"}, b"<html>"), "it is not a picture but text/html"),
        ((404, {}, b""), "404"),
        ((302, {"Location": "/page"}, b""), "too many redirects"),
        ((302, {"Location": "file:///etc/passwd"}, b""), "not a valid address"),
        ((302, {"Location": "http://[::1/"}, b""), "Invalid IPv6 URL"),
        ((200, {"Content-Type": "image/png"}, b"x" * 20_000), "larger than 10.0 kB"),
    ],
)
def test_refused_answers(
    web: Pages, page: tuple[int, dict[str, str], bytes], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_file, "MOST_BYTES", 10_000)
    web.pages["/page"] = page
    with pytest.raises(TransferError, match=expected):
        load(f"{web.url}/page", AREA, connector)
    assert len(web.asked) <= 4


@pytest.mark.parametrize("url", ["http://[::1/a.png", "http://a:99999/a.png", "http://a:b/", "http:///a", "ftp://a/b"])
def test_invalid_urls_are_reported_in_one_line(url: str) -> None:
    """Another user may send such a link on purpose: it must not prevent later pictures."""
    with pytest.raises(TransferError, match="not a valid address"):
        load(url, AREA, connector)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nA: ", b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n"])
def test_a_slow_server_is_given_up(head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_file, "MOST_SECONDS", 0.5)
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def drip() -> None:
            client, _ = listening.accept()
            with client, suppress(OSError):
                client.sendall(head)
                while True:  # until the other side hangs up
                    client.sendall(b"x")
                    sleep(0.05)

        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(TransferError, match="longer than"):
            load(f"http://127.0.0.1:{listening.getsockname()[1]}/a.png", AREA, connector)
        thread.join()


def test_a_picture_out_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cake.png"
    with pytest.raises(TransferError, match="No such file"):
        load(str(path), AREA, connector)
    with pytest.raises(TransferError, match="No such file"):
        load("~nobody-of-this-name/cake.png", AREA, connector)
    path.write_bytes(png(8, 4))
    assert load(str(path), AREA, connector).height == 4
    monkeypatch.setattr(picture_file, "MOST_BYTES", 10)
    with pytest.raises(TransferError, match="larger than"):
        load(str(path), AREA, connector)
