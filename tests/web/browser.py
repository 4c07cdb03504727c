"""A real browser with the page in it: Debian's Chromium. Each method waits for what it expects.

Preferred is chromium-headless-shell: the same engine without a user interface, for three fourths of the work. It has
no notifications and can't install a page: tests of these need the complete browser.
"""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest

from tests.patience import PATIENCE
from tests.web.chromium import Chromium, PageLeftError
from tests.web.page import Element, Keys, Page

WIDE, PHONE = (1280, 800), (390, 780)
_WORK = 0.1  # seconds of CPU
_MESSAGE = ".row.talk:not(.waiting)"
_OFTEN, _SELDOM = 0.004, 0.03  # seconds between looking first, and later
# Debian's script of this name in /usr/bin is no place for it: it starts the complete browser
_SHELLS = "/usr/lib/chromium"
_ARGUMENTS = (
    "--headless=new",  # here and below: what the shell has not is for the complete browser, and the shell ignores it
    "--no-sandbox",  # tests run as root in containers, where Chromium's own sandbox can't
    "--disable-gpu",
    "--in-process-gpu",  # one process less to talk with: a fourth of the work
    # one process for the pages of all tests, which still has the modules of the page that it loaded for the last one
    "--renderer-process-limit=1",
    "--disable-site-isolation-trials",
    "--kiosk",  # no tabs and buttons around the page: a twelfth of the work
    "--disable-extensions",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    # its own window's parts, which nobody sees, and renderers and pages that are kept ready
    "--disable-features=PreloadTopChromeWebUI,WebUIOmniboxPopup,SpareRendererForSitePerProcess,BackForwardCache",
    "--lang=en-US",
    "--no-startup-window",
    *("--no-first-run", "--disable-sync", "--disable-popup-blocking", "--disable-default-apps", "--enable-automation"),
    "--password-store=basic",
)
# the visible elements of a selector with a text in them: textContent is compared first, since the visible text takes
# long to find out
_SHOWN = """
  const shown = (selector, text) => {
    const plain = (text) => text.replace(/\\s+/g, "").toLowerCase();
    const wanted = plain(text), visible = { opacityProperty: true, visibilityProperty: true };
    return [...document.querySelectorAll(selector)].filter((each) => {
      if (!plain(each.textContent).includes(wanted)) return false;
      const { width, height } = each.getBoundingClientRect();
      if (!width || !height || !each.checkVisibility(visible)) return false;
      return !text || (each.innerText ?? each.textContent).includes(text);
    });
  };
"""
# the middle of an element, the first or the last one; nothing while it is on its way, or below another one
_PLACE = """
  const found = shown(...arguments).at(place);
  if (!found) return null;
  found.scrollIntoViewIfNeeded();
  const moves = (it) => it instanceof CSSTransition && it.effect.target.contains(found);
  if (document.getAnimations().some(moves)) return null;
  const { left, right, top, bottom } = found.getClientRects()[0];
  const x = (Math.max(left, 0) + Math.min(right, innerWidth)) / 2;
  const y = (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2;
  if (!found.contains(document.elementFromPoint(x, y))) return null;
"""
# the page may be drawn again before a click arrives there: another element must not get it. `pressed` says who got it;
# the page that the click leads to does not have it
_GUARD = """
  window.pressed = null;
  window.pressing?.abort();
  window.pressing = new AbortController();
  for (const kind of ["pointerdown", "mousedown", "pointerup", "mouseup", "click"])
    addEventListener(kind, (event) => {
      const hit = found.contains(event.target);
      if (!hit) event.preventDefault(), event.stopImmediatePropagation();
      if (kind === "click") (window.pressed = hit), window.pressing.abort();
    }, { capture: true, signal: window.pressing.signal });
"""
# as a user's input method does it, with the same events
_WRITE = """
  const [selector, text] = arguments, [field] = shown(selector, "");
  if (!field) return false;
  field.focus();
  field.select();
  if (document.activeElement !== field) return false;
  document.execCommand(text ? "insertText" : "delete", false, text);
  return field.isConnected && field.value === text;
"""
_FORGET = """
  if (location.origin !== arguments[0]) return false;
  Storage.prototype.setItem = () => {};
  sessionStorage.clear();
  return true;
"""

T = TypeVar("T")
__all__ = ["PHONE", "WIDE", "Browser", "Element", "Keys", "PageLeftError", "busy_with_others", "missing", "opened"]


def busy_with_others() -> float:
    """Return how many times slower than alone the machine is now, since others use it, too; 1 for not at all.

    The system's figure is a mean of the last minute: load that has just begun shows in some work of our own.
    """
    began, ends = time.monotonic(), time.thread_time() + _WORK
    while time.thread_time() < ends:
        pass
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1), (time.monotonic() - began) / _WORK)


def program(*, complete: bool) -> str | None:
    """Return the path of the browser: the complete one, or the shell if it is installed; None where none is."""
    shell = None if complete else shutil.which("chromium-headless-shell", path=_SHELLS)
    return shell or shutil.which("chromium")


def missing(*, complete: bool) -> str:
    """Return which program is missing, in words; "" where none is."""
    return "" if program(complete=complete) else "chromium is missing (Debian: apt install chromium)"


def start(folder: Path, *, complete: bool) -> Chromium:
    """Start a browser with a profile of its own. Skip without the program, which CI has.

    folder: for the profile and temporary files, some of which the complete browser leaves there.
    """
    found, lacking = program(complete=complete), missing(complete=complete)
    if found is None and os.environ.get("CI"):
        pytest.fail(f"{lacking}: .ci/run installs it")
    if found is None:
        pytest.skip(lacking)
    profile = folder / "profile" / "Default"
    profile.mkdir(parents=True)
    # the complete browser's question whether to save a password would take the keys that are pressed
    asks_nothing = {"credentials_enable_service": False, "profile": {"password_manager_enabled": False}}
    (profile / "Preferences").write_text(json.dumps(asks_nothing))
    arguments = [*_ARGUMENTS, f"--user-data-dir={profile.parent}"]
    return Chromium(found, arguments, {**os.environ, "TMPDIR": str(folder)})


class Browser:
    """A browser window with the page."""

    def __init__(self, chromium: Chromium) -> None:
        self._chromium = chromium
        self._without_worker = ""
        self.page = self._new_page()

    def _new_page(self) -> Page:
        self.page = Page(self._chromium)
        self._without_worker = ""
        self.worker(False)
        self.size(*WIDE)
        self.cdp("Emulation.setFocusEmulationEnabled", enabled=True)
        return self.page

    @contextmanager
    def another_tab(self) -> Iterator[None]:
        """Use another tab in the block."""
        first, without = self.page, self._without_worker
        self._new_page()
        yield
        self.page.close()
        self.page, self._without_worker = first, without

    def cdp(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command of the DevTools protocol for the page, and return its answer."""
        return self.page.cdp(method, **parameters)

    def size(self, width: int, height: int, *, scale: float = 1.0) -> None:
        """Set the size in pixels, a phone's below 600; scale: the user's zoom factor."""
        metrics = {"width": int(width / scale), "height": int(height / scale), "deviceScaleFactor": scale}
        self.cdp("Emulation.setDeviceMetricsOverride", **metrics, mobile=width < 600)

    def worker(self, wanted: bool) -> None:
        """Let pages opened from now on have their service worker, or not.

        It loads all parts of a page a second time and passes on each request: a third of a browser's work.
        """
        if wanted and self._without_worker:
            identifier, self._without_worker = self._without_worker, ""
            self.cdp("Page.removeScriptToEvaluateOnNewDocument", identifier=identifier)
        elif not wanted and not self._without_worker:
            source = "delete Navigator.prototype.serviceWorker"
            self._without_worker = str(self.cdp("Page.addScriptToEvaluateOnNewDocument", source=source)["identifier"])

    def look(self, here: bool) -> None:
        """Focus the window, or another one. Without a screen a browser knows no other window."""
        script = "document.hasFocus = () => here; dispatchEvent(new Event(here ? 'focus' : 'blur'))"
        self.run(f"const [here] = arguments; {script}", here)

    def media(self, **features: str) -> None:
        """Set preferences of the system, such as prefers_color_scheme="dark"."""
        chosen = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.cdp("Emulation.setEmulatedMedia", features=chosen)

    def open(self, address: str) -> None:
        """Load a page, again where it is the present one: another #fragment alone loads nothing."""
        self.page.open(address)

    def forget(self, origin: str) -> None:
        """Leave a site, and delete all that it has stored and was permitted: that of the next test has its address.

        The page can't store anything when it is left. The cache of what was loaded is kept.
        """
        if not self.run(_FORGET, origin):  # a tab's own data is deleted by a page of the site only
            self.open(f"{origin}/healthz")
            self.run(_FORGET, origin)
        self.open("about:blank")
        self.cdp("Storage.clearDataForOrigin", origin=origin, storageTypes="all")
        self.cdp("Network.clearBrowserCookies")
        self.cdp("Browser.resetPermissions")

    def run(self, script: str, *arguments: Any) -> Any:
        """Return the result of a piece of JavaScript, or that of its promise."""
        return self.page.run(script, *arguments)

    def until(self, what: Callable[[], T | None], why: str = "", patience: float = PATIENCE) -> T:
        """Wait until a condition holds, and return its value. It may fail while a page is loaded. patience: seconds."""
        ends, pause = time.monotonic() + patience, _OFTEN
        while True:
            with suppress(PageLeftError, IndexError):
                if found := what():
                    return found
            assert time.monotonic() < ends, why or f"waited in vain on {self.run('return document.body.innerText')}"
            time.sleep(pause)
            pause = min(2 * pause, _SELDOM)

    def all(self, selector: str) -> list[Element]:
        """Return every element that a selector finds."""
        return self.page.elements("return [...document.querySelectorAll(arguments[0])]", selector)

    def shown(self, selector: str, text: str = "") -> int:
        """Return how many visible elements of a selector have a text in them."""
        return int(self.run(f"{_SHOWN} return shown(...arguments).length", selector, text))

    def find(self, selector: str, text: str = "") -> None:
        """Wait for a visible element of a selector, with a text in it."""
        self.until(lambda: self.shown(selector, text), f"nothing is {selector} with {text!r}")

    def value(self, selector: str) -> str:
        """Wait for a field; return its text. It may be drawn again at any time."""
        script = f"{_SHOWN} return shown(arguments[0], '').map((each) => [each.value])[0]"
        return str(self.until(lambda: self.run(script, selector), f"no field is {selector}")[0])

    def text(self, selector: str, text: str = "") -> str:
        """Wait for an element with a text in it; return all of its text. It may be drawn again at any time."""
        script = f"{_SHOWN} return shown(...arguments)[0]?.innerText.trim()"
        return str(self.until(lambda: self.run(script, selector, text), f"nothing is {selector} with {text!r}"))

    def gone(self, selector: str, text: str = "") -> None:
        """Wait until no visible element of a selector has a text in it."""
        self.until(lambda: not self.shown(selector, text), f"{selector} with {text!r} stays")

    def click(self, selector: str, text: str = "") -> None:
        """Click an element, once it is there and nothing moves or covers it."""

        def clicked() -> bool:
            script = f"{_SHOWN} const place = 0; {_PLACE} {_GUARD} return [x, y]"
            place = self.run(script, selector, text)
            if place:
                self.page.click(*place)
            return place is not None and self.run("return window.pressed === undefined || window.pressed")

        self.until(clicked, f"could not press {selector} with {text!r}")

    def point_at(self, text: str) -> None:
        """Point at the newest message with this text, so that its buttons are shown."""
        row = "document.querySelector('.row.talk:hover')"

        def pointed() -> bool:
            place = self.run(f"{_SHOWN} const place = -1; {_PLACE} return [x, y]", _MESSAGE, text)
            if place:
                self.page.point_at(*place)
            return bool(self.shown(".tools")) and self.run(f"return {row}?.innerText.includes(arguments[0])", text)

        self.until(pointed, f"could not point at {text!r}")

    def type(self, *keys: str) -> None:
        """Press keys where the focus is: an element could be drawn again before the keys arrive."""
        self.page.press(*keys)

    def chord(self, *keys: str) -> None:
        """Press the last key while the others are held."""
        self.page.chord(*keys)

    def fill(self, selector: str, text: str) -> None:
        """Replace the text of a field, as one insertion: that costs the browser less than keys do."""
        self.until(lambda: self.run(_SHOWN + _WRITE, selector, text), f"could not write into {selector}")

    def press(self, selector: str, *keys: str) -> None:
        """Press keys in a field."""
        script = (
            f"{_SHOWN} const [it] = shown(arguments[0], ''); it?.focus(); return it && it === document.activeElement"
        )
        self.until(lambda: self.run(script, selector), f"could not press {keys!r} in {selector}")
        self.type(*keys)

    def clear(self, selector: str) -> None:
        """Empty a field."""
        self.fill(selector, "")

    def focused(self) -> str:
        """Return the text of the element with the focus."""
        return str(self.run("return document.activeElement.innerText"))

    # the page

    def join(self, address: str, nick: str) -> None:
        """Join by an address, and wait until the channel is shown."""
        self.open(address)
        self.fill("#name", nick)
        self.type(Keys.ENTER)
        self.find(".composer textarea")
        self.arrived()

    def come_as(self, address: str, nick: str) -> None:
        """Join by an address with a nick that belongs to an account, up to the question for its password."""
        self.open(address)
        self.fill("#name", nick)
        self.type(Keys.ENTER)
        self.find(".question", "This name belongs to an account.")

    def arrived(self) -> None:
        """Wait until the shown channel is joined: a reloaded page shows it before that.

        A new page shows the server's own window before that, and keeps there what was typed into it.
        """
        self.until(lambda: self.run("return document.querySelectorAll('.members li').length"), "the channel is empty")

    def register(self, password: str) -> None:
        """Register the present nick as an account."""
        self.say("/register")
        first, again = self.until(lambda: self.all("dialog input[type=password]"))
        first.press(password)
        again.press(password, Keys.ENTER)
        self.find(".toast", "is yours now")
        self.gone("dialog")

    def say(self, text: str) -> None:
        """Write a message and press Enter; wait until the server has it."""
        self.fill("#composer", text)
        self.type(Keys.ENTER)

    def message(self, text: str) -> None:
        """Wait for a message with this text."""
        self.until(lambda: self.shown(_MESSAGE, text), f"nobody said {text!r}")

    def said(self, text: str) -> str:
        """Wait for a message with this text; return all text of its row, the newest of them."""
        script = f"{_SHOWN} return shown(...arguments).at(-1)?.innerText"
        return str(self.until(lambda: self.run(script, _MESSAGE, text), f"nobody said {text!r}"))

    def texts(self) -> list[str]:
        """Return the messages in the rows that are drawn."""
        found = self.run("return [...document.querySelectorAll('.row.talk .text')].map((each) => each.textContent)")
        return list(found)

    def title(self) -> str:
        """Return the window's title."""
        return str(self.run("return document.title"))

    def errors(self) -> list[str]:
        """Return the browser's errors since the last call, except for an unreachable server.

        426: a server that is back when the page asks why there was no connection. An icon of the manifest is loaded
        when nobody waits for it, so a page may be left before it has come; `test_it_can_be_installed` asks for it.
        """
        away = (
            *("WebSocket connection to", "ERR_CONNECTION_REFUSED", "net::ERR_", "favicon"),
            *("status of 426", "icon from the Manifest"),
        )
        return [message for message in self.page.told() if not any(each in message for each in away)]


@contextmanager
def opened(*, complete: bool = False) -> Iterator[Browser]:
    """Open a browser for the duration of the block; complete: one with notifications."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        chromium = start(Path(folder), complete=complete)
        try:
            yield Browser(chromium)
        finally:
            chromium.end()
