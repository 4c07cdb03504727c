"""The pure core of the web page, run by node, and what holds for all of its files."""

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
MOST_BYTES = 120_000  # of everything that a browser loads, gzipped
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


def test_the_core_does_what_its_own_tests_say(node: str) -> None:
    """Its tests are written in JavaScript, beside this file."""
    done = subprocess.run(
        [node, "--test", *sorted(map(str, TESTS.glob("*.test.mjs")))], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.findall(r"^# pass (\d+)$", done.stdout, re.MULTILINE)[0]) > 50


def test_commands_have_the_names_of_the_curses_client(node: str) -> None:
    """Each command of the terminal, under all of its names, is one here, or the page says why it is not."""
    modules = [f"import '{WEB}/core/commands_{name}.js';" for name in ("talk", "channels", "rest", "settings")]
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
    """Everything together, as a server that compresses sends it."""
    unread = ("README.md", "package.json")  # of no use to a browser
    files = [path for path in WEB.rglob("*") if path.is_file() and path.name not in unread]
    sent = [
        without_comments(path.read_bytes()) if path.suffix in (".js", ".css") else path.read_bytes() for path in files
    ]
    assert sum(len(gzip.compress(data, 9)) for data in sent) < MOST_BYTES


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_text_of_strangers_can_become_markup(path: Path) -> None:
    """Text is put in as text: what takes markup, or code in a string, is used nowhere."""
    markup = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|srcdoc"
    assert not re.search(markup + r"|\beval\(|new Function", path.read_text(encoding="utf-8"))
    assert not re.search(r"""setAttribute\(\s*["'](?:on|style)""", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_files_hold_one_idea(path: Path) -> None:
    """As in the rest of greenchat: a file that grows past 400 lines holds two."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", [path for path in SOURCES if path.parent.name == "core"], ids=lambda path: path.stem)
def test_the_core_knows_no_browser(path: Path) -> None:
    """Drawing, storage and the network come in from outside."""
    code = re.sub(r"^\s*(//|\*|/\*).*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert not re.search(r"\b(document|window|localStorage|sessionStorage|navigator)\.\w|\bfetch\(", code)
    assert not re.search(r'from "\.\./', code)


def test_the_shell_asks_for_all_parts_at_once() -> None:
    """No part waits until another one has named it: each is in the first document."""
    shell = (WEB / "index.html").read_text(encoding="utf-8")
    asked = set(re.findall(r'<link rel="modulepreload" href="__BASE__(.+?)"', shell))
    assert asked == {path.relative_to(WEB).as_posix() for path in WEB.rglob("*.js")} - {"sw.js"}
    assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=|https?://", shell)


def test_nothing_is_fetched_from_elsewhere() -> None:
    """No file of the page names another host, but for what namespaces are called and comments link to."""
    for path in [*SOURCES, *WEB.glob("*.css"), *WEB.glob("*.webmanifest")]:
        code = re.sub(
            r"//.*$|/\*.*?\*/",
            "",
            path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", ""),
            flags=re.M,
        )
        assert not re.search(r"https?:/[^s]|url\(", code), path
