"""The URLs of the page, and that the server prints one."""

import sys
import time
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.options import Address, ListenerOptions, Options
from greenchat.config.web import Web
from greenchat.server import urls
from tests.patience import PATIENCE
from tests.server.forked import started

PORT = 9090


def listener(host: str, **options: str) -> ListenerOptions:
    return ListenerOptions(Address(host, PORT), **options)  # type: ignore[arg-type]  # words only


@pytest.mark.parametrize(
    ("listeners", "web", "page", "elsewhere"),
    [
        ([listener("127.0.0.1")], Web(), "http://localhost:9090", []),
        ([listener("::1")], Web(), "http://localhost:9090", []),
        ([listener("192.0.2.7")], Web(), "http://192.0.2.7:9090", []),
        ([listener("2001:db8::7")], Web(), "http://[2001:db8::7]:9090", []),
        ([listener("0.0.0.0")], Web(), "http://localhost:9090", ["http://10.1.2.3:9090"]),
        ([listener("::")], Web(), "http://localhost:9090", ["http://10.1.2.3:9090", "http://[fd00::1]:9090"]),
        ([listener("127.0.0.1")], Web(base="/chat/"), "http://localhost:9090/chat", []),
        ([listener("127.0.0.1", tls="must")], Web(), "https://localhost:9090", []),
        ([listener("127.0.0.1", kind="irc"), listener("127.0.0.2")], Web(), "http://127.0.0.2:9090", []),
        ([listener("127.0.0.1", kind="plain")], Web(), "", []),
        ([listener("127.0.0.1")], Web(enabled=False), "", []),
    ],
)
def test_the_url_of_the_page(
    monkeypatch: pytest.MonkeyPatch, listeners: list[ListenerOptions], web: Web, page: str, elsewhere: list[str]
) -> None:
    monkeypatch.setattr(urls, "own_addresses", lambda v6: ["10.1.2.3"] + (["fd00::1"] if v6 else []))
    options = replace(Options(), listen=tuple(listeners), web=web)
    assert urls.page_urls([each.address for each in listeners], options) == (page, elsewhere)


def test_own_addresses_are_reachable_from_elsewhere() -> None:
    assert not any(each.startswith("127.") for each in urls.own_addresses())


def test_the_server_prints_the_url_and_opens_it(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    browser = tmp_path / "browser"
    browser.write_text(f"#!{sys.executable}\nimport sys\nopen({str(seen)!r}, 'w').write(sys.argv[1])\n")
    browser.chmod(0o755)
    with started(tmp_path, "--listen", "127.0.0.1:0", "--open", env={"BROWSER": f"{browser} %s"}) as server:
        url = f"http://localhost:{server.target[1]}"
        assert f"In a browser: {url}\n" in server.output
        with urllib.request.urlopen(url + "/healthz", timeout=PATIENCE) as answer:
            assert answer.read() == b"ok\n"
        deadline = time.monotonic() + PATIENCE
        while not (seen.exists() and seen.read_text()) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert seen.read_text() == url
