"""Notifications, pushes that the service worker shows (a message of IRC, delivered as the browser delivers it), and
the page as an app: all that only the complete browser has.
"""

import json

import pytest

from tests.irc import Client
from tests.web.browser import Browser
from tests.web.conftest import Site

SHOWN = """
const told = arguments[arguments.length - 1];
navigator.serviceWorker.ready.then((it) => it.getNotifications()).then((all) =>
  told(all.map(({title, body, tag, data}) => [title, body, tag, data])));
"""


@pytest.fixture
def push(site: Site, complete: Browser) -> Browser:
    """Open a browser that allows notifications, and close the page."""
    origin = f"http://localhost:{site.port}"
    driver = complete.driver
    driver.execute_cdp_cmd("Browser.grantPermissions", {"origin": origin, "permissions": ["notifications"]})
    complete.join(site.address(), "ada")
    driver.execute_async_script("navigator.serviceWorker.ready.then(arguments[0])")
    complete.open("about:blank")
    return complete


def deliver(browser: Browser, site: Site, text: str) -> None:
    """Deliver a push by the browser's push service, which numbers its registrations."""
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


def test_notifications_are_asked_for_when_needed(site: Site, complete: Browser) -> None:
    """Not at the start, but at the first mention."""
    permission = {"permission": {"name": "notifications"}, "origin": site.address("").rstrip("/")}
    complete.driver.execute_cdp_cmd("Browser.setPermission", permission | {"setting": "prompt"})
    with Client(site.target, "bob") as bob:
        bob.join("#tea")
        complete.join(site.address(), "ada")
        bob.run("PRIVMSG #tea :white on black")
        complete.message("white on black")
        assert not complete.all(".offer")
        complete.look(False)
        bob.run("PRIVMSG #tea :ada: hello?")
        complete.find(".offer", "bob mentioned you. Would you like a notification the next time?")
        complete.click(".offer button", "No")
        complete.gone(".offer")


def test_it_can_be_installed(site: Site, complete: Browser) -> None:
    """As an app of its own: https://www.w3.org/TR/appmanifest/."""
    complete.join(site.address(), "ada")
    complete.until(lambda: complete.run("return navigator.serviceWorker.controller !== null"))
    manifest = complete.driver.execute_cdp_cmd("Page.getAppManifest", {})
    assert manifest["errors"] == []
    assert json.loads(manifest["data"])["start_url"] == "/"
    assert complete.driver.execute_cdp_cmd("Page.getInstallabilityErrors", {})["installabilityErrors"] == []
