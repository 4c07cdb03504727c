"""The service worker shows what is pushed: a message of IRC, delivered here as a browser delivers a push."""

from collections.abc import Iterator

import pytest

from tests.web.browser import Browser
from tests.web.conftest import Site

SHOWN = """
const told = arguments[arguments.length - 1];
navigator.serviceWorker.ready.then((it) => it.getNotifications()).then((all) =>
  told(all.map(({title, body, tag, data}) => [title, body, tag, data])));
"""


@pytest.fixture
def push(site: Site, browser: Browser, worker: None) -> Iterator[Browser]:
    """A browser that allows notifications, that has closed the page."""
    origin = f"http://localhost:{site.port}"
    driver = browser.driver
    driver.execute_cdp_cmd("Browser.grantPermissions", {"origin": origin, "permissions": ["notifications"]})
    browser.join(site.address(), "ada")
    browser.driver.execute_async_script("navigator.serviceWorker.ready.then(arguments[0])")
    browser.open("about:blank")
    yield browser
    driver.execute_cdp_cmd("Browser.resetPermissions", {})


def deliver(browser: Browser, site: Site, text: str) -> None:
    """Have the browser's push service deliver something; it numbers its registrations."""
    origin = f"http://localhost:{site.port}/"
    browser.driver.execute_cdp_cmd("ServiceWorker.enable", {})
    for number in range(60):
        words = {"origin": origin, "registrationId": str(number), "data": text}
        browser.driver.execute_cdp_cmd("ServiceWorker.deliverPushMessage", words)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (
            "@msgid=x :bob!b@h PRIVMSG #tea :ada: \x02tea\x02 is \x0304,01ready",
            ["bob in #tea", "ada: tea is ready", "#tea"],
        ),
        (":bob!b@h PRIVMSG ada :\x01ACTION waves\x01", ["bob", "waves", "bob"]),
        (":bob!b@h NOTICE ada single", ["bob", "single", "bob"]),
    ],
)
def test_a_push_is_shown(site: Site, push: Browser, line: str, shown: list[str]) -> None:
    deliver(push, site, line)
    push.open(site.address())

    def look() -> list[list[str]]:
        found: list[list[str]] = push.driver.execute_async_script(SHOWN)
        return found

    assert push.until(look)[0][:3] == shown
