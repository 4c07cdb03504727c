"""A real browser with the page in it: Debian's Chromium, driven by Selenium. Everything waits for what it expects."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",  # tests run as root in containers, where Chromium's own sandbox can't
    "--disable-gpu",
    "--in-process-gpu",  # one process less to talk with: a fourth of the work
    "--disable-extensions",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--lang=en-US",
)
# as textContent has it: what is shown of it (white space, capitals) may be less, and is asked of the candidates
_CANDIDATES = """
  const [selector, text] = arguments, plain = (text) => text.replace(/\\s+/g, "").toLowerCase();
  return [...document.querySelectorAll(selector)].filter((each) => plain(each.textContent).includes(plain(text)));
"""
_FORGET = """
  Storage.prototype.setItem = () => {};
  try { sessionStorage.clear() } catch { /* no site is shown */ }
  return location.origin;
"""

T = TypeVar("T")
__all__ = ["PHONE", "WIDE", "Browser", "Keys", "busy_with_others", "missing", "start"]


def busy_with_others() -> float:
    """How many times longer than alone something takes now, since others use this machine, too; 1 for not at all.

    The system's figure is a mean of the last minute: what has just begun is seen by some work of our own.
    """
    began, ends = time.monotonic(), time.thread_time() + _WORK
    while time.thread_time() < ends:
        pass
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1), (time.monotonic() - began) / _WORK)


def missing() -> str:
    """Which program is not there, in words; "" where all are."""
    found = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    lacking = [name for name, path in found.items() if path is None]
    return f"{' and '.join(lacking)} missing (Debian: apt install chromium chromium-driver)" if lacking else ""


def start(port: int) -> webdriver.Chrome:
    """Start a browser with a profile of its own. Skips without the programs, which CI has.

    port: of its driver.
    """
    lacking = missing()
    if lacking:
        if os.environ.get("CI"):
            pytest.fail(f"{lacking}: .ci/run installs them")
        pytest.skip(lacking)
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for argument in _ARGUMENTS:
        options.add_argument(argument)
    # its question whether to keep a password takes the keys that are pressed
    kept = {"credentials_enable_service": False, "profile.password_manager_leak_detection": False}
    options.add_experimental_option("prefs", kept | {"profile.password_manager_enabled": False})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver"), port))


class Browser:
    """One browser window with the page."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver
        self._without_worker = ""
        self.worker(False)
        self.size(*WIDE)
        self.driver.execute_cdp_cmd("Emulation.setFocusEmulationEnabled", {"enabled": True})

    def size(self, width: int, height: int, *, scale: float = 1.0) -> None:
        """Be so many pixels large, a phone below 600; scale: how large the user has the page drawn."""
        metrics = {"width": int(width / scale), "height": int(height / scale), "deviceScaleFactor": scale}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics | {"mobile": width < 600})

    def worker(self, wanted: bool) -> None:
        """Let pages that are opened from now on have their service worker, or do without.

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
        """Have the user look at the window, or elsewhere. Without a screen a browser knows no other window."""
        script = "document.hasFocus = () => arguments[0]; dispatchEvent(new Event(arguments[0] ? 'focus' : 'blur'))"
        self.run(script.replace("arguments[0]", "here").join(("((here) => {", "})(arguments[0])")), here)

    def media(self, **features: str) -> None:
        """Prefer something, like prefers_color_scheme="dark"."""
        chosen = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": chosen})

    def open(self, address: str) -> None:
        """Load a page, again where it is the one that is shown: another #fragment alone loads nothing."""
        before = self.driver.current_url.partition("#")[0]
        self.driver.get(address)
        if before == address.partition("#")[0]:
            self.driver.refresh()

    def forget(self) -> None:
        """Forget what the site has stored: the server of another test may have the same port.

        The page stores nothing any more: it would when it is left.
        """
        origin = self.run(_FORGET)
        if origin.startswith("http"):
            kinds = {"origin": origin, "storageTypes": "all"}
            self.driver.execute_cdp_cmd("Storage.clearDataForOrigin", kinds)
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})

    def run(self, script: str, *arguments: Any) -> Any:
        """Return what a piece of JavaScript returns."""
        return self.driver.execute_script(script, *arguments)

    def until(self, what: Callable[[], T | None], why: str = "", patience: float = PATIENCE) -> T:
        """Wait until something is so, and return it. patience: seconds."""

        def check(_: object) -> T | Literal[False]:
            try:
                return what() or False
            except (NoSuchElementException, StaleElementReferenceException, IndexError):
                return False

        return WebDriverWait(self.driver, patience, 0.03).until(check, why)

    def all(self, selector: str) -> list[WebElement]:
        """Every element that a selector finds."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def shown(self, selector: str, text: str = "") -> Iterator[WebElement]:
        """Give each visible element of a selector with a text in it.

        The page is asked once for those that may be, so that only these are asked one by one.
        """
        for each in self.run(_CANDIDATES, selector, text):
            if each.is_displayed() and (not text or text in each.text):
                yield each

    def find(self, selector: str, text: str = "") -> WebElement:
        """Wait for the first visible element of a selector, with a text in it."""
        return self.until(lambda: next(self.shown(selector, text), None), f"nothing is {selector} with {text!r}")

    def gone(self, selector: str, text: str = "") -> None:
        """Wait until no visible element of a selector has a text in it."""
        self.until(lambda: next(self.shown(selector, text), None) is None)

    def click(self, selector: str, text: str = "") -> None:
        """Press something, once it is there and nothing moves."""

        self._do(lambda: self.find(selector, text).click(), f"could not press {selector} with {text!r}")

    def point_at(self, text: str) -> None:
        """Point at a message, so that what can be done with it is shown."""

        def point() -> bool:
            ActionChains(self.driver).move_to_element(self.message(text)).perform()
            return True

        self.until(point)
        self.find(".tools")

    def type(self, *keys: str) -> None:
        """Press keys where the focus is: asked for as an element, it could be drawn again before the keys come."""
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
        """Write into a field in the place of what is there."""

        def write() -> None:
            field = self.find(selector)
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
        """Act on an element, again where the page drew it again between the look for it and the act."""

        def acted() -> bool:
            try:
                act()
            except WebDriverException:
                return False
            return True

        self.until(acted, why)

    # the page

    def join(self, address: str, nick: str) -> None:
        """Come in by an address, and wait until one is in its channel."""
        self.open(address)
        self.fill("#name", nick)
        self.type(Keys.ENTER)
        self.find(".composer textarea")
        self.arrived()

    def come_as(self, address: str, nick: str) -> None:
        """Come by an address with a name that belongs to somebody, up to the question for its password."""
        self.open(address)
        self.fill("#name", nick)
        self.type(Keys.ENTER)
        self.find(".question", "This name belongs to somebody.")

    def arrived(self) -> None:
        """Wait until one is in the channel that is shown: a page that was loaded again shows it before."""
        self.until(lambda: self.run("return document.querySelectorAll('.members li').length"))

    def register(self, password: str) -> None:
        """Make the name that one has one's own."""
        self.say("/register")
        first, again = self.until(lambda: self.all("dialog input[type=password]"))
        first.send_keys(password)
        again.send_keys(password, Keys.ENTER)
        self.find(".toast", "is yours now")
        self.gone("dialog")

    def say(self, text: str) -> None:
        """Write something and press Enter; wait until the server has it."""
        self.fill("#composer", text)
        self.press("#composer", Keys.ENTER)

    def message(self, text: str) -> WebElement:
        """Wait for a message with this text in it, the newest of them."""

        def look() -> WebElement | None:
            found = self.run(_CANDIDATES, ".row.talk:not(.waiting)", text)
            return next((each for each in reversed(found) if text in each.text), None)

        return self.until(look, f"nobody said {text!r}")

    def said(self, text: str) -> str:
        """Wait for a message with this text in it; all that its row says. A row may be drawn again at any time."""
        return self.until(lambda: self.message(text).text)

    def texts(self) -> list[str]:
        """What is said in the rows that are drawn."""
        found = self.run("return [...document.querySelectorAll('.row.talk .text')].map((each) => each.textContent)")
        return list(found)

    def title(self) -> str:
        """Return the window's title."""
        return self.driver.title

    def errors(self) -> list[str]:
        """What the browser complained about since the last time, but for a server that is away.

        426: one that has come back when the page asks why there was no connection. An icon of the manifest is loaded
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
def opened() -> Iterator[Browser]:
    """A browser for as long as it is needed."""
    with reserved_port() as port:
        driver = start(port)
        try:
            yield Browser(driver)
        finally:
            driver.quit()
