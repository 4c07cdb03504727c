"""The files and facts of the page, over real connections."""

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.about import About
from greenchat.config.settings import Settings
from greenchat.config.web import Web
from greenchat.server.http import pages
from greenchat.server.http.pages import FOLDER, without_comments
from tests.conftest import StartServer, Target, quick_options
from tests.http_client import Http

INDEX = "<!doctype html><title>__TITLE__</title><script type=module src=__BASE__app.js></script>" + " " * 600
VERSIONED = "<!doctype html>__MODULES__<script type=module src=__FILES__core/app.js></script>"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a page of the test's own."""
    made = tmp_path / "web"
    (made / "core").mkdir(parents=True)
    (made / "index.html").write_text(INDEX)
    (made / "core" / "app.js").write_text("export const a = 1;\n")
    (made / "sw.js").write_text('const base = "__BASE__";\n')
    (made / ".hidden.js").write_text("secret")
    (made / "README.md").write_text("not for browsers")
    (tmp_path / "secret.js").write_text("secret")
    monkeypatch.setattr(pages.Pages.__init__, "__defaults__", (made,))
    return made


@pytest.fixture
def site(folder: Path, start_server: StartServer, tmp_path: Path) -> Iterator[Http]:
    server = start_server(Settings(about=About(network="Home")), quick_options(tmp_path))
    with Http(server.address) as http:
        yield http


def test_index_html_has_title_and_base(site: Http) -> None:
    answer = site.get("/")
    assert (answer.status, answer.fields["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.body.decode() == INDEX.replace("__TITLE__", "Home").replace("__BASE__", "/")
    assert site.get("/join/dev").body == answer.body
    assert site.get("/join/%C3%A9").body == answer.body


def test_security_headers_of_every_answer(site: Http) -> None:
    for path in "/", "/nothing", "/config.json", "/core/app.js":
        fields = site.get(path).fields
        assert fields["content-security-policy"] == (
            "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
        )
        assert fields["x-content-type-options"] == "nosniff"
        assert fields["referrer-policy"] == "no-referrer"


def test_an_unchanged_file_is_not_sent_again(site: Http) -> None:
    first = site.get("/core/app.js")
    assert (first.status, first.body, first.fields["cache-control"]) == (200, b"export const a = 1;\n", "no-cache")
    again = site.get("/core/app.js", If_None_Match=first.fields["etag"])
    assert (again.status, again.body, again.fields["etag"]) == (304, b"", first.fields["etag"])
    assert site.get("/core/app.js", If_None_Match='"other"').status == 200


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        (b"", b""),
        (b"// why\nrun(); // here\n", b"\nrun(); // here\n"),
        (b"/** What\n * it * does **/ \n  // and\nrun();", b"\n\n\nrun();"),
        (b"a = 'http://x'; /* b */ c\n", b"a = 'http://x'; /* b */ c\n"),
        (b"a /* b\n c */ d", b"a /* b\n c */ d"),
        (b"/* a */ b();\n/* c */\n", b"/* a */ b();\n\n"),
    ],
)
def test_comments_are_removed_and_line_numbers_kept(written: bytes, sent: bytes) -> None:
    assert without_comments(written) == sent


def test_a_changed_file_is_sent_again(site: Http, folder: Path) -> None:
    first = site.get("/core/app.js")
    (folder / "core" / "app.js").write_text("export const a = 22;\n")
    again = site.get("/core/app.js", If_None_Match=first.fields["etag"])
    assert (again.status, again.body) == (200, b"export const a = 22;\n")


def _address(site: Http) -> str:
    """Return the address of core/app.js in the present version."""
    return site.get("/").body.decode().partition("src=")[2].partition(">")[0]


def test_a_file_under_the_address_of_a_version_is_kept(site: Http, folder: Path) -> None:
    """Browsers do not ask for it again: https://www.rfc-editor.org/rfc/rfc8246#section-2."""
    (folder / "index.html").write_text(VERSIONED)
    address = _address(site)
    assert re.fullmatch("/v/[0-9a-f]{16}/core/app.js", address)
    assert f'<link rel="modulepreload" href="{address}" />' in site.get("/").body.decode()
    assert site.get(address).fields["cache-control"] == "public, max-age=31536000, immutable"
    assert site.get(address).body == site.get("/core/app.js").body
    (folder / "core" / "app.js").write_text("export const a = 22;\n")
    late = site.get(address)
    assert (late.body, late.fields["cache-control"]) == (b"export const a = 22;\n", "no-cache"), "of another version"
    assert _address(site) != address
    assert site.get(_address(site)).body == late.body
    assert "immutable" in site.get(_address(site)).fields["cache-control"]


def test_each_change_of_a_file_makes_another_version(site: Http, folder: Path) -> None:
    """Also those of the document and of icons, since the service worker keeps a version as a whole."""
    (folder / "index.html").write_text(VERSIONED)
    (folder / "sw.js").write_text("__VERSION__")
    seen = [site.get("/sw.js").body]
    (folder / "core" / "new.js").write_text("")
    seen.append(site.get("/sw.js").body)
    assert b"/core/new.js" in site.get("/").body
    (folder / "core" / "new.js").unlink()
    seen.append(site.get("/sw.js").body)
    assert b"/core/new.js" not in site.get("/").body
    (folder / "index.html").write_text(VERSIONED + "<p>")
    seen.append(site.get("/sw.js").body)
    assert len(set(seen)) == 3
    assert seen[0] == seen[2]


@pytest.mark.parametrize("path", ["sw.js", "index.html", "manifest.webmanifest"])
def test_a_file_with_settings_is_not_kept(site: Http, folder: Path, path: str) -> None:
    (folder / "index.html").write_text(VERSIONED)
    answer = site.get(_address(site).replace("core/app.js", path))
    assert (answer.status, answer.fields["cache-control"]) == (200, "no-cache")


def test_the_page_names_all_modules(server: Target) -> None:
    """No module waits until another one has named it: each is in the first document."""
    with Http(server) as http:
        shell = http.get("/").body.decode()
        asked = re.findall(r'<link rel="modulepreload" href="/v/[0-9a-f]{16}/(.+?)" />', shell)
        assert set(asked) == {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.js")} - {"sw.js"}
        for address in re.findall(r'(?:href|src)="(.+?)"', shell):
            answer = http.get(address)
            assert (answer.status, "immutable" in answer.fields["cache-control"]) == (200, address.startswith("/v/"))
        assert "__" not in shell


def test_compression(site: Http) -> None:
    plain, packed = site.get("/"), site.get("/", Accept_Encoding="br, gzip")
    assert packed.fields["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.fields["etag"] != plain.fields["etag"]
    assert "content-encoding" not in site.get("/", Accept_Encoding="gzip;q=0").fields


def test_head_of_a_file(site: Http) -> None:
    answer = site.get("/core/app.js", "HEAD")
    assert (answer.status, answer.fields["content-length"], answer.body) == (200, "20", b"")
    assert site.get("/healthz").body == b"ok\n", "the connection goes on"


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.js",
        "/..%2fsecret.js",
        "/%2e%2e/secret.js",
        "/%2e%2e%2fsecret.js",
        "/core/../../secret.js",
        "/core%2f..%2f..%2fsecret.js",
        "/..%5csecret.js",
        "/core//app.js",
        "//secret.js",
        "/.hidden.js",
        "/README.md",
        "/core/",
        "/core",
        "/core/app.js%00.png",
        "/core/app.js/",
        "/%252e%252e/secret.js",
        "/index.html/../../secret.js",
        "/etc/passwd",
    ],
)
def test_other_paths_are_not_found(site: Http, target: str) -> None:
    answer = site.get(target)
    assert answer.status == 404
    assert b"secret\n" not in answer.body


def test_a_target_that_is_not_utf8(site: Http) -> None:
    assert site.get("/%ff").status == 400


def test_a_link_out_of_the_folder_is_not_followed(site: Http, folder: Path) -> None:
    (folder / "link.js").symlink_to(folder.parent / "secret.js")
    assert site.get("/link.js").status == 404


def test_the_folder_itself_may_be_a_link(
    folder: Path, start_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A distribution may install the page elsewhere."""
    link = tmp_path / "link"
    link.symlink_to(folder)
    monkeypatch.setattr(pages.Pages.__init__, "__defaults__", (link,))
    server = start_server(Settings(), quick_options(tmp_path))
    with Http(server.address) as http:
        assert http.get("/core/app.js").status == 200


def test_the_facts(site: Http) -> None:
    answer = site.get("/config.json")
    facts = json.loads(answer.body)
    assert answer.fields["cache-control"] == "no-store"
    assert facts.pop("version")
    assert facts == {
        "title": "Home",
        "base": "/",
        "network": "Home",
        "default_channel": "#lobby",
        "password_least": 8,
        "websocket": "ws",
        "provider": None,
        "files": None,
    }


def test_the_default_manifest(site: Http) -> None:
    answer = site.get("/manifest.webmanifest")
    assert answer.fields["content-type"] == "application/manifest+json"
    assert json.loads(answer.body)["name"] == "Home"


@pytest.mark.parametrize(
    ("method", "target", "status", "allowed"),
    [
        ("OPTIONS", "/healthz", 204, "GET, HEAD, OPTIONS"),
        ("OPTIONS", "*", 204, "GET, HEAD, OPTIONS"),
        ("POST", "/healthz", 405, "GET, HEAD, OPTIONS"),
        ("DELETE", "/core/app.js", 405, "GET, HEAD, OPTIONS"),
        ("PUT", "/nothing", 404, None),
    ],
)
def test_other_methods(site: Http, method: str, target: str, status: int, allowed: str | None) -> None:
    answer = site.get(target, method)
    assert (answer.status, answer.fields.get("allow")) == (status, allowed)


def test_a_base_path(folder: Path, start_server: StartServer, tmp_path: Path) -> None:
    options = replace(quick_options(tmp_path), web=Web(base="/chat/", title='A "<b>" \'title'))
    server = start_server(Settings(), options)
    with Http(server.address) as http:
        assert b"src=/chat/app.js" in http.get("/chat/").body
        assert b"<title>A &quot;&lt;b&gt;&quot; &#x27;title</title>" in http.get("/chat/").body
        assert http.get("/chat/sw.js").body == b'const base = "/chat/";\n'
        assert http.get("/chat/sw.js").fields["service-worker-allowed"] == "/chat/"
        assert (http.get("/").status, http.get("/core/app.js").status) == (404, 404)
        moved = http.get("/chat")
        assert (moved.status, moved.fields["location"]) == (308, "/chat/")


def test_the_page_can_be_switched_off(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(Settings(), replace(quick_options(tmp_path), web=Web(enabled=False)))
    with Http(server.address) as http:
        assert http.get("/healthz").status == 404
        assert http.to_end() == b""


def test_without_the_files(server: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    with Http(server) as http:
        assert http.get("/healthz").status == 200
