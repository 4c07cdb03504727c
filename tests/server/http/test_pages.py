"""The page's files and facts, over real connections."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.about import About
from greenchat.config.settings import Settings
from greenchat.config.web import Web
from greenchat.server.http import pages
from greenchat.server.http.pages import without_comments
from tests.conftest import StartServer, Target, quick_options
from tests.http_client import Http

INDEX = "<!doctype html><title>__TITLE__</title><script type=module src=__BASE__app.js></script>" + " " * 600


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page of the test's own."""
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


def test_the_shell_has_title_and_base(site: Http) -> None:
    answer = site.get("/")
    assert (answer.status, answer.fields["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.body.decode() == INDEX.replace("__TITLE__", "Home").replace("__BASE__", "/")
    assert site.get("/join/dev").body == answer.body
    assert site.get("/join/%C3%A9").body == answer.body


def test_every_answer_forbids_what_is_not_needed(site: Http) -> None:
    for path in "/", "/nothing", "/config.json", "/core/app.js":
        fields = site.get(path).fields
        assert fields["content-security-policy"] == (
            "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
        )
        assert fields["x-content-type-options"] == "nosniff"
        assert fields["referrer-policy"] == "no-referrer"


def test_a_file_is_sent_once(site: Http) -> None:
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
def test_comments_stay_here_and_lines_keep_their_numbers(written: bytes, sent: bytes) -> None:
    assert without_comments(written) == sent


def test_a_changed_file_is_sent_again(site: Http, folder: Path) -> None:
    first = site.get("/core/app.js")
    (folder / "core" / "app.js").write_text("export const a = 22;\n")
    again = site.get("/core/app.js", If_None_Match=first.fields["etag"])
    assert (again.status, again.body) == (200, b"export const a = 22;\n")


def test_a_file_is_packed_for_those_who_can_unpack_it(site: Http) -> None:
    plain, packed = site.get("/"), site.get("/", Accept_Encoding="br, gzip")
    assert packed.fields["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.fields["etag"] != plain.fields["etag"]
    assert "content-encoding" not in site.get("/", Accept_Encoding="gzip;q=0").fields


def test_the_head_of_a_file(site: Http) -> None:
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
def test_nothing_but_the_files_of_the_page_can_be_had(site: Http, target: str) -> None:
    answer = site.get(target)
    assert answer.status == 404
    assert b"secret\n" not in answer.body


def test_a_target_that_is_no_utf8(site: Http) -> None:
    assert site.get("/%ff").status == 400


def test_a_link_out_of_the_folder_leads_nowhere(site: Http, folder: Path) -> None:
    (folder / "link.js").symlink_to(folder.parent / "secret.js")
    assert site.get("/link.js").status == 404


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


def test_a_manifest_is_made_where_there_is_none(site: Http) -> None:
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


def test_below_another_path(folder: Path, start_server: StartServer, tmp_path: Path) -> None:
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


def test_where_the_page_is_switched_off(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(Settings(), replace(quick_options(tmp_path), web=Web(enabled=False)))
    with Http(server.address) as http:
        assert http.get("/healthz").status == 404
        assert http.to_end() == b""


def test_without_the_files(server: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    with Http(server) as http:
        assert http.get("/healthz").status == 200
