"""The core of the web page, run by node, and rules that hold for all of its files."""

import gzip
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from greenchat.client.slash import TABLE
from greenchat.server.http.pages import without_comments

WEB = Path(__file__).parents[2] / "greenchat" / "web"
TESTS = Path(__file__).with_name("core")
MOST_BYTES = 120_000  # of all that a browser loads, gzipped
SOURCES = sorted(path for path in WEB.rglob("*.js") if "vendor" not in path.parts)


@pytest.fixture(scope="module")
def node() -> str:
    """Find the program that runs JavaScript outside of a browser."""
    found = shutil.which("node") or shutil.which("nodejs")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("node is missing: .ci/run installs it")
        pytest.skip("node is not installed (Debian: apt install nodejs)")
    return found


def test_the_javascript_tests_of_the_core_pass(node: str) -> None:
    """The tests of the core are in JavaScript. One process runs all of them; `node --test` starts one for each."""
    script = "".join(f"import {json.dumps(str(path))};" for path in sorted(TESTS.glob("*.test.mjs")))
    command = [node, "--test-reporter=tap", "--input-type=module", "-e", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.findall(r"^# pass (\d+)$", done.stdout, re.MULTILINE)[0]) > 50


def test_the_commands_are_those_of_the_curses_client(node: str) -> None:
    """Each command of the terminal client, under all of its names, is one here, or the page says why it is not."""
    modules = [f"import '{WEB}/core/commands_{name}.js';" for name in ("talk", "channels", "general", "settings")]
    script = f"""
        import {{ ELSEWHERE, TABLE }} from '{WEB}/core/commands.js'; {"".join(modules)}
        const rows = [...TABLE.values()].map(({{ name, aliases }}) => [name, aliases]);
        console.log(JSON.stringify([rows, Object.keys(ELSEWHERE)]));
    """
    done = subprocess.run([node, "--input-type=module", "-e", script], capture_output=True, text=True, check=True)
    rows, elsewhere = json.loads(done.stdout)
    here = {name: set(aliases) for name, aliases in rows}
    there = {name: set(known.aliases) for name, known in TABLE.items()}
    what_to_do = "a new command goes into greenchat/web/core/commands_*.js, or, with the reason, into ELSEWHERE"
    assert set(here) | set(elsewhere) == set(there), what_to_do
    assert here == {name: aliases for name, aliases in there.items() if name in here}


def test_the_page_is_small() -> None:
    """All files together, as a server that compresses sends them."""
    unread = ("README.md", "package.json")  # not for browsers
    files = [path for path in WEB.rglob("*") if path.is_file() and path.name not in unread]
    sent = [
        without_comments(path.read_bytes()) if path.suffix in (".js", ".css") else path.read_bytes() for path in files
    ]
    assert sum(len(gzip.compress(data, 9)) for data in sent) < MOST_BYTES


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_foreign_text_can_become_markup(path: Path) -> None:
    """Text is inserted as text: functions that take markup, or code in a string, are not used."""
    markup = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|srcdoc"
    assert not re.search(markup + r"|\beval\(|new Function", path.read_text(encoding="utf-8"))
    assert not re.search(r"""setAttribute\(\s*["'](?:on|style)""", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_files_are_short(path: Path) -> None:
    """As in the rest of greenchat: a file of more than 400 lines holds two topics."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", [path for path in SOURCES if path.parent.name == "core"], ids=lambda path: path.stem)
def test_the_core_does_not_use_the_browser(path: Path) -> None:
    """Drawing, storage and the network are passed in."""
    code = re.sub(r"^\s*(//|\*|/\*).*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert not re.search(r"\b(document|window|localStorage|sessionStorage|navigator)\.\w|\bfetch\(", code)
    assert not re.search(r'from "\.\./', code)


def test_index_html_has_no_code() -> None:
    """The policy of the page forbids it: scripts and styles are files."""
    shell = (WEB / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=|https?://", shell)


def test_nothing_is_loaded_from_other_hosts() -> None:
    """No file of the page names another host, except in namespaces and links in comments."""
    for path in [*SOURCES, *WEB.glob("*.css"), *WEB.glob("*.webmanifest")]:
        code = re.sub(
            r"//.*$|/\*.*?\*/",
            "",
            path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", ""),
            flags=re.M,
        )
        assert not re.search(r"https?:/[^s]|url\(", code), path
