"""Logging in on the page in a real browser: with a second factor, and through an identity provider."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace

import pyotp
import pytest

from greenchat.config.oidc import Oidc
from greenchat.config.settings import Settings
from tests.oidc_provider import CLIENT, SECRET, OidcProvider, oidc_provider
from tests.web.browser import Browser, Keys
from tests.web.conftest import MakeSite, Shoot, Site


@pytest.fixture
def provider() -> Iterator[OidcProvider]:
    with oidc_provider() as found:
        yield found


def test_a_second_factor(site: Site, browser: Browser, other: Browser, shoot: Shoot) -> None:
    """Switched on in the account's dialog; asked for at login; recovery codes work, too."""
    browser.join(site.address(), "ada")
    browser.register("correct-horse")
    browser.click(".me")
    browser.click("dialog button", "Switch on")
    browser.press("dialog input[type=password]", "correct-horse", Keys.ENTER)
    secret = browser.text("dialog code")
    browser.find("dialog .qr svg")
    shoot(browser, "second-factor")
    app = pyotp.TOTP(secret)
    browser.press("dialog input[autocomplete=one-time-code]", app.now(), Keys.ENTER)
    codes = browser.text("dialog pre", "-").split()
    assert len(codes) == 10
    assert all(re.fullmatch("[a-z2-7-]{19}", code) for code in codes)
    browser.click("dialog button", "Done")

    other.come_as(site.address(), "ada")
    other.fill("#password", "correct-horse")
    other.type(Keys.ENTER)
    other.find("label", "The code that your authenticator app shows")
    shoot(other, "code")
    other.fill("#code", "000000")
    other.type(Keys.ENTER)
    other.find(".notice", "That code is not valid")
    other.fill("#code", codes[0])
    other.type(Keys.ENTER)
    other.find(".me", "logged in as ada")
    stored = str(other.run("return JSON.stringify([{...sessionStorage}, {...localStorage}])"))
    assert "correct-horse" not in stored
    assert codes[0] not in stored

    other.click(".me")
    other.click("dialog button", "Log out")
    other.find(".toast", "You are logged out,")
    other.say("/login ada")
    other.press("dialog input[type=password]", "correct-horse", Keys.ENTER)
    other.find("dialog .form-error", "is required")
    # the next code: that of this half minute may have confirmed the secret
    other.press("dialog input[autocomplete=one-time-code]", app.at(int(time.time()) + 30), Keys.ENTER)
    other.find(".me", "logged in as ada")


def _with_provider(make_site: MakeSite, provider: OidcProvider) -> Site:
    """Start a site with an identity provider, which knows its port."""
    site = make_site(Settings())
    port = site.port
    site.stop()
    provider.redirect = f"http://localhost:{port}/oidc/callback"
    rules = Oidc(
        issuer=provider.issuer,
        name="Example",
        url=f"http://localhost:{port}/",
        client_id=CLIENT,
        client_secret=SECRET,
    )
    site.settings = replace(site.settings, providers=replace(site.settings.providers, oidc=rules))
    site.start()
    return site


def test_login_through_an_identity_provider(
    make_site: MakeSite, provider: OidcProvider, browser: Browser, shoot: Shoot
) -> None:
    site = _with_provider(make_site, provider)
    browser.open(site.address(""))
    browser.find(".join a", "Log in at Example")
    shoot(browser, "provider")
    browser.click(".join a", "Log in at Example")
    browser.find(".me", "logged in as alice")
    assert provider.asked.count("/realm/token") == 1
    browser.open(site.address())
    browser.find(".me", "logged in as alice")
    assert provider.asked.count("/realm/token") == 1, "the session is kept without a new token"


def test_the_provider_returns_to_the_wanted_channel(
    make_site: MakeSite, provider: OidcProvider, browser: Browser, other: Browser
) -> None:
    """From a link to a channel; and where the nick is taken, since its account may have no password."""
    site = _with_provider(make_site, provider)
    browser.open(site.address("#coffee"))
    browser.find(".join .where", "#coffee")
    browser.click(".join a", "Log in at Example")
    browser.find(".me", "logged in as alice")
    browser.find("header h1", "#coffee")
    other.open(site.address("#coffee"))
    other.press("#name", "alice", Keys.ENTER)
    other.find(".join", "This name belongs to an account")
    other.click(".join a", "Log in at Example")
    other.find(".me", "logged in as alice")
    other.find("header h1", "#coffee")


def test_an_account_is_linked_to_a_provider(
    make_site: MakeSite, provider: OidcProvider, browser: Browser, other: Browser, shoot: Shoot
) -> None:
    """From the account's dialog and back to the chat, where the link is shown and removed."""
    site = _with_provider(make_site, provider)
    browser.join(site.address(), "alice")
    browser.register("correct-horse")
    browser.click(".me")
    browser.click("dialog button", "Link this account to Example")
    browser.find(".me", "logged in as alice")
    browser.until(lambda: provider.asked.count("/realm/token") == 1)
    other.open(site.address(""))
    other.click(".join a", "Log in at Example")
    other.find(".me", "logged in as alice")
    other.click(".me")
    other.find("dialog li", f"{provider.issuer} 7")
    shoot(other, "linked")
    other.click("dialog button[aria-label^='End the link']")
    other.find(".toast", "can no longer log in to your account")
    other.find("dialog button", "Link this account to Example")
