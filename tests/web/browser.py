"""A real browser with the page in it: Debian's Chromium, driven by Selenium. Each method waits for what it expects.

Preferred is chromium-headless-shell: the same engine without a user interface, for three fourths of the work. It has
no notifications and can't install a page: tests of these need the complete browser.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any, Literal, TypeVar

import pytest
from selenium import webdriver
from selenium.common.exceptions import (
    NoSuchElementException,
    StaleElementReferenceException,
    WebDriverException,
)
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.patience import PATIENCE
from tests.ports import reserved_port

WIDE, PHONE = (1280, 800), (390, 780)
_WORK = 0.1  # seconds of CPU
# Debian's script of this name in /usr/bin is no place for it: the driver would end the script, but not its browser
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
)
# the visible elements of a selector with a text in them, by one query: Selenium asks each element with code of its own.
# textContent is compared first, since the visible text takes long to find out
_SHOWN = """
  const [selector, text] = arguments, plain = (text) => text.replace(/\\s+/g, "").toLowerCase();
  const wanted = plain(text), visible = { opacityProperty: true, visibilityProperty: true };
  return [...document.querySelectorAll(selector)].filter((each) => {
    if (!plain(each.textContent).includes(wanted)) return false;
    const { width, height } = each.getBoundingClientRect();
    if (!width || !height || !each.checkVisibility(visible)) return false;
    return !text || (each.innerText ?? each.textContent).includes(text);
  });
"""
# as a user's input method does it, with the same events; false for fields in which no text can be selected
_WRITE = """
  const [field, text] = arguments;
  if (!["text", "password", "textarea"].includes(field.type)) return false;
  field.focus();
  field.select();
  if (document.activeElement !== field) return false;
  document.execCommand("insertText", false, text);
  return field.isConnected && field.value === text;
"""
_FORGET = """
  if (location.origin !== arguments[0]) return false;
  Storage.prototype.setItem = () => {};
  sessionStorage.clear();
  location.replace("about:blank");
  return true;
"""

T = TypeVar("T")
__all__ = ["PHONE", "WIDE", "Browser", "Keys", "busy_with_others", "missing", "start"]


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
    found = {"chromium": program(complete=complete), "chromedriver": shutil.which("chromedriver")}
    lacking = [name for name, path in found.items() if path is None]
    return f"{' and '.join(lacking)} missing (Debian: apt install chromium chromium-driver)" if lacking else ""


def start(port: int, folder: str, *, complete: bool) -> webdriver.Chrome:
    """Start a browser with a profile of its own. Skip without the programs, which CI has.

    port: of the driver. folder: for temporary files, some of which the complete browser leaves there.
    """
    lacking = missing(complete=complete)
    if lacking:
        if os.environ.get("CI"):
            pytest.fail(f"{lacking}: .ci/run installs them")
        pytest.skip(lacking)
    options = webdriver.ChromeOptions()
    options.binary_location = str(program(complete=complete))
    for argument in _ARGUMENTS:
        options.add_argument(argument)
    # its question whether to save a password would take the keys that are pressed
    kept = {"credentials_enable_service": False, "profile.password_manager_leak_detection": False}
    options.add_experimental_option("prefs", kept | {"profile.password_manager_enabled": False})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(shutil.which("chromedriver"), port, env={**os.environ, "TMPDIR": folder})
    return webdriver.Chrome(options=options, service=service)


class Browser:
    """A browser window with the page."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver
        self._without_worker = ""
        self.worker(False)
        self.size(*WIDE)
        self.driver.execute_cdp_cmd("Emulation.setFocusEmulationEnabled", {"enabled": True})

    def size(self, width: int, height: int, *, scale: float = 1.0) -> None:
        """Set the size in pixels, a phone's below 600; scale: the user's zoom factor."""
        metrics = {"width": int(width / scale), "height": int(height / scale), "deviceScaleFactor": scale}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics | {"mobile": width < 600})

    def worker(self, wanted: bool) -> None:
        """Let pages opened from now on have their service worker, or not.

        It loads all parts of a page a second time and passes on each request: a third of a browser's work.
        """
        if wanted and self._without_worker:
            identifier, self._without_worker = self._without_worker, ""
            self.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", {"identifier": identifier})
        elif not wanted and not self._without_worker:
            source = {"source": "delete Navigator.prototype.serviceWorker"}
            added = self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", source)
            self._without_worker = str(added["identifier"])

    def look(self, here: bool) -> None:
        """Focus the window, or another one. Without a screen a browser knows no other window."""
        script = "document.hasFocus = () => arguments[0]; dispatchEvent(new Event(arguments[0] ? 'focus' : 'blur'))"
        self.run(script.replace("arguments[0]", "here").join(("((here) => {", "})(arguments[0])")), here)

    def media(self, **features: str) -> None:
        """Set preferences of the system, such as prefers_color_scheme="dark"."""
        chosen = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": chosen})

    def open(self, address: str) -> None:
        """Load a page, again where it is the present one: another #fragment alone loads nothing."""
        before = self.driver.current_url.partition("#")[0]
        self.driver.get(address)
        if before == address.partition("#")[0]:
            self.driver.refresh()

    def forget(self, origin: str) -> None:
        """Leave a site, and delete all that it has stored and was permitted: that of the next test has its address.

        The page can't store anything when it is left. The cache of what was loaded is kept.
        """
        if not self.run(_FORGET, origin):  # a tab's own data is deleted by a page of the site only
            self.driver.get(f"{origin}/healthz")
            self.run(_FORGET, origin)
        self.driver.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.driver.execute_cdp_cmd("Browser.resetPermissions", {})

    def run(self, script: str, *arguments: Any) -> Any:
        """Return the result of a piece of JavaScript."""
        return self.driver.execute_script(script, *arguments)

    def until(self, what: Callable[[], T | None], why: str = "", patience: float = PATIENCE) -> T:
        """Wait until a condition holds, and return its value. patience: seconds."""

        def check(_: object) -> T | Literal[False]:
            try:
                return what() or False
            except (NoSuchElementException, StaleElementReferenceException, IndexError):
                return False

        return WebDriverWait(self.driver, patience, 0.03).until(check, why)

    def all(self, selector: str) -> list[WebElement]:
        """Return every element that a selector finds."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def shown(self, selector: str, text: str = "") -> list[WebElement]:
        """Return the visible elements of a selector with a text in them."""
        return list(self.run(_SHOWN, selector, text))

    def find(self, selector: str, text: str = "") -> WebElement:
        """Wait for the first visible element of a selector, with a text in it."""
        return self.until(lambda: self.shown(selector, text), f"nothing is {selector} with {text!r}")[0]

    def value(self, selector: str) -> str | None:
        """Wait for a field; return its text. It may be drawn again at any time."""
        return self.until(lambda: (self.find(selector).get_attribute("value"),))[0]

    def text(self, selector: str, text: str = "") -> str:
        """Wait for an element with a text in it; return all of its text. It may be drawn again at any time."""
        return self.until(lambda: self.find(selector, text).text)

    def gone(self, selector: str, text: str = "") -> None:
        """Wait until no visible element of a selector has a text in it."""
        self.until(lambda: not self.shown(selector, text), f"{selector} with {text!r} stays")

    def click(self, selector: str, text: str = "") -> None:
        """Click an element, once it is there and nothing moves."""

        self._do(lambda: self.find(selector, text).click(), f"could not press {selector} with {text!r}")

    def point_at(self, text: str) -> None:
        """Point at a message, so that its buttons are shown. duration: else the pointer travels for 250 ms."""

        def point() -> bool:
            ActionChains(self.driver, duration=0).move_to_element(self.message(text)).perform()
            return True

        self.until(point)
        self.find(".tools")

    def type(self, *keys: str) -> None:
        """Press keys where the focus is: an element could be drawn again before the keys arrive."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def chord(self, *keys: str) -> None:
        """Press the last key while the others are held."""
        chain = ActionChains(self.driver)
        for key in keys[:-1]:
            chain.key_down(key)
        chain.send_keys(keys[-1])
        for key in reversed(keys[:-1]):
            chain.key_up(key)
        chain.perform()

    def fill(self, selector: str, text: str) -> None:
        """Replace the text of a field, as one insertion: that costs the browser less than keys do."""

        def write() -> None:
            field = self.find(selector)
            if not text or not self.run(_WRITE, field, text):
                field.clear()
                field.send_keys(text)

        self._do(write, f"could not write into {selector}")

    def press(self, selector: str, *keys: str) -> None:
        """Press keys in a field."""
        self._do(lambda: self.find(selector).send_keys(*keys), f"could not press {keys!r} in {selector}")

    def clear(self, selector: str) -> None:
        """Empty a field."""
        self._do(lambda: self.find(selector).clear(), f"could not empty {selector}")

    def _do(self, act: Callable[[], object], why: str) -> None:
        """Act on an element, again where the page drew it again between finding it and the act."""

        def acted() -> bool:
            try:
                act()
            except WebDriverException:
                return False
            return True

        self.until(acted, why)

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
        self.until(lambda: self.run("return document.querySelectorAll('.members li').length"))

    def register(self, password: str) -> None:
        """Register the present nick as an account."""
        self.say("/register")
        first, again = self.until(lambda: self.all("dialog input[type=password]"))
        first.send_keys(password)
        again.send_keys(password, Keys.ENTER)
        self.find(".toast", "is yours now")
        self.gone("dialog")

    def say(self, text: str) -> None:
        """Write a message and press Enter; wait until the server has it."""
        self.fill("#composer", text)
        self.type(Keys.ENTER)

    def message(self, text: str) -> WebElement:
        """Wait for a message with this text, the newest of them."""
        return self.until(lambda: self.shown(".row.talk:not(.waiting)", text), f"nobody said {text!r}")[-1]

    def said(self, text: str) -> str:
        """Wait for a message with this text; return all text of its row. A row may be drawn again at any time."""
        return self.until(lambda: self.message(text).text)

    def texts(self) -> list[str]:
        """Return the messages in the rows that are drawn."""
        found = self.run("return [...document.querySelectorAll('.row.talk .text')].map((each) => each.textContent)")
        return list(found)

    def title(self) -> str:
        """Return the window's title."""
        return self.driver.title

    def errors(self) -> list[str]:
        """Return the browser's errors since the last call, except for an unreachable server.

        426: a server that is back when the page asks why there was no connection. An icon of the manifest is loaded
        when nobody waits for it, so a page may be left before it has come; `test_it_can_be_installed` asks for it.
        """
        away = (
            *("WebSocket connection to", "ERR_CONNECTION_REFUSED", "net::ERR_", "favicon"),
            *("status of 426", "icon from the Manifest"),
        )
        told = self.driver.get_log("browser")  # type: ignore[no-untyped-call]  # Selenium has no types here
        entries = [str(entry["message"]) for entry in told]
        return [message for message in entries if not any(each in message for each in away)]


@contextmanager
def opened(*, complete: bool = False) -> Iterator[Browser]:
    """Open a browser for the duration of the block; complete: one with notifications."""
    with reserved_port() as port, TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        driver = start(port, folder, complete=complete)
        try:
            yield Browser(driver)
        finally:
            driver.quit()
