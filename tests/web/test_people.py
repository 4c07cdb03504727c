"""Accounts and channels in a real browser: registering, logging in on two devices, moderation."""

import json
from pathlib import Path

import pytest

from greenchat.config.options import Connections
from tests.features.conftest import ROOT
from tests.features.forked_client import ForkedClient
from tests.features.terminal import Terminal
from tests.http_client import Http
from tests.irc import Client
from tests.opers import WITH_OPERS, become_oper
from tests.web.browser import Browser, Keys
from tests.web.conftest import MakeSite, Shoot, Site


def test_registering_and_logging_in_on_two_devices(site: Site, browser: Browser, other: Browser, shoot: Shoot) -> None:
    """After registration the nick is owned; logging in with the password on a second device makes them one user."""
    browser.join(site.address(), "ada")
    browser.register("correct-horse")
    browser.find(".me", "logged in as ada")
    other.come_as(site.address(), "ada")
    shoot(other, "owned")
    other.fill("#password", "wrong-horse")
    other.type(Keys.ENTER)
    other.find(".question", "Wrong password.")
    other.fill("#password", "correct-horse")
    other.type(Keys.ENTER)
    other.find(".me", "logged in as ada")
    browser.say("from here")
    other.message("from here")
    other.say("from there")
    browser.message("from there")
    assert len(browser.all(".members li")) == 1  # one user
    assert "correct-horse" not in str(browser.run("return JSON.stringify([{...sessionStorage}, {...localStorage}])"))


def test_the_read_mark_is_shared(site: Site, browser: Browser, other: Browser) -> None:
    """The read mark belongs to the account."""
    browser.join(site.address(), "ada")
    browser.register("correct-horse")
    other.open(site.address())
    other.fill("#name", "ada")
    other.type(Keys.ENTER)
    other.press("#password", "correct-horse", Keys.ENTER)
    other.find(".me", "logged in as ada")
    other.arrived()
    other.say("/join #work")
    other.find(".top h1", "#work")
    with Client(site.target, "bob") as bob:
        bob.join("#tea")
        browser.look(False)
        bob.run("PRIVMSG #tea :ada: news")
        other.find(".buffers .called", "tea")
        browser.look(True)
        other.gone(".buffers .called")


def test_a_changed_password_and_logging_out(site: Site, browser: Browser) -> None:
    """In the account's dialog."""
    browser.join(site.address(), "ada")
    browser.register("correct-horse")
    browser.click(".me")
    browser.find("dialog .masks", "127.0.0.1")  # its sessions
    browser.click("dialog button", "Change password")
    old, new, again = browser.until(lambda: browser.all("dialog input[type=password]"))
    old.send_keys("correct-horse")
    new.send_keys("battery-staple")
    again.send_keys("battery-staple", Keys.ENTER)
    browser.find(".toast", "Your password was changed")
    browser.click(".me")
    browser.click("dialog button", "Log out")
    browser.find(".toast", "You are logged out,")
    browser.say("/login ada")
    browser.press("dialog input[type=password]", "battery-staple", Keys.ENTER)
    browser.find(".me", "logged in as ada")


def test_connections_and_tokens_are_ended_one_by_one(site: Site, browser: Browser, shoot: Shoot) -> None:
    """In the account's dialog: another connection, and a program's token, which is shown once."""
    browser.join(site.address(), "ada")
    browser.register("correct-horse")
    with Client(site.target, "ada2") as phone:
        phone.run("PRIVMSG NickServ :IDENTIFY ada correct-horse")
        browser.click(".me")
        browser.click("dialog button", "Stay signed in on this device")
        browser.find(".toast", "You stay signed in")
        browser.type(Keys.ESCAPE)
        browser.click(".me")
        browser.find("dialog .masks", "This one: ada from 127.0.0.1")
        browser.find("dialog .masks", "ada2 from 127.0.0.1")
        browser.click("dialog button[aria-label^='End ada2']")
        browser.find(".toast", "1 other connection ended")
        assert "Ended by the owner of the account" in phone.until_end()[-1].params[0]
    browser.gone("dialog .masks", "ada2 from")
    # all browsers were signed out, so the other one does not reconnect by itself; this one stays
    stays = "return fetch('/session').then((answer) => answer.json()).then((found) => found.account)"
    browser.until(lambda: browser.run(stays) == "ada")
    browser.click("dialog button", "Create an API token")
    browser.type("weather", Keys.ENTER)
    secret = browser.value("dialog input[readonly]")
    assert secret
    with Http(site.target) as http:
        assert json.loads(http.get("/api/v1/whoami", Authorization=f"Bearer {secret}").body)["account"] == "ada"
        browser.click("dialog button", "Done")
        browser.find("dialog .masks", "A program, may read and say")
        shoot(browser, "account")
        browser.click("dialog button[aria-label^='Revoke: A program']")
        browser.gone("dialog .masks", "A program")
        assert http.get("/api/v1/whoami", Authorization=f"Bearer {secret}").status == 401


def test_moderating_a_channel(site: Site, browser: Browser, other: Browser, shoot: Shoot) -> None:
    """Topic, modes in words, ranks, removing and banning, all by buttons."""
    browser.join(site.address("#mine"), "ada")
    other.join(site.address("#mine"), "bob")
    browser.find(".members", "2 people")
    browser.click(".topic button", "Add a topic")
    browser.press("dialog textarea", "What we do <b>today</b>")
    browser.click("dialog button", "Save topic")
    other.find(".topic", "What we do <b>today</b>")
    browser.click("button[aria-label='About this channel']")
    browser.until(lambda: browser.value(".copy-field") == site.address("#mine"))
    browser.until(lambda: len(str(browser.find(".qr path").get_attribute("d"))) > 500)
    shoot(browser, "dialog")
    browser.click("dialog label", "Moderated")
    other.find(".row.event", "ada set: only voiced members can write")
    browser.type(Keys.ESCAPE)
    other.say("may I?")
    other.find(".row.failed .state", "Not sent")
    browser.click(".members button", "bob")
    browser.click("dialog button", "Give voice")
    other.find(".members h3", "Voiced")
    other.click(".failed button", "Try again")
    browser.message("may I?")
    browser.click(".members button", "bob")
    browser.click("dialog button", "Ban")
    other.find(".row.error", "ada removed you from #mine")
    other.say("/join #mine")
    other.find(".row.error", "You are banned from this channel.")
    browser.click("button[aria-label='About this channel']")
    browser.click("dialog .masks button", "Remove ban")
    browser.gone("dialog .masks li")
    browser.type(Keys.ESCAPE)
    other.say("/join #mine")
    other.find(".members", "2 people")


def test_a_registered_channel(site: Site, browser: Browser) -> None:
    """The dialog of the channel shows the founder."""
    browser.join(site.address("#mine"), "ada")
    browser.register("correct-horse")
    browser.click("button[aria-label='About this channel']")
    browser.click("dialog button", "Register the channel")
    browser.find("dialog", "#mine is now registered to you")
    browser.type(Keys.ESCAPE)
    browser.find(".members h3", "Owners")


def test_channels_are_found_and_created(site: Site, browser: Browser) -> None:
    """By name or topic; an unknown name creates a new one."""
    with Client(site.target, "bob") as bob:
        bob.join("#cake")
        bob.run("TOPIC #cake :Fridays at five")
        browser.join(site.address(), "ada")
        browser.click("button[aria-label='Find or create a channel']")
        browser.press("dialog input", "fridays")
        browser.click("dialog .channel-list .name", "#cake")
        browser.find(".top h1", "#cake")
        browser.click("button[aria-label='Find or create a channel']")
        browser.press("dialog input", "brandnew")
        browser.click("dialog .make")
        browser.find(".top h1", "#brandnew")


def test_refused_joins_are_explained(site: Site, browser: Browser) -> None:
    """Keys, invitations and full channels: the page says what can be done."""
    with Client(site.target, "bob") as bob:
        for channel, modes in (("#secret", "+k sesame"), ("#full", "+l 1"), ("#closed", "+i")):
            bob.join(channel)
            bob.run(f"MODE {channel} {modes}")
        browser.join(site.address(), "ada")
        browser.say("/join #secret")
        browser.press("dialog input", "sesame", Keys.ENTER)
        browser.find(".top h1", "#secret")
        browser.say("/join #full")
        browser.find(".row.error", "The channel is full.")
        browser.say("/join #closed")
        browser.find(".row.error", "The channel is invite-only.")
        bob.run("INVITE ada #closed")
        browser.click("dialog button", "Join")
        browser.find(".top h1", "#closed")


def test_a_ban_is_explained(make_site: MakeSite, browser: Browser) -> None:
    """A banned user reads why, and the page does not keep trying."""
    site = make_site(WITH_OPERS)
    browser.join(site.address(), "ada")
    with become_oper(Client(site.target, "boss")) as root:
        root.run("UBAN ADD ada!*@* 0 spam")
    browser.find(".banner", "spam")
    browser.gone(".banner", "Trying again")
    browser.open(site.address("#other"))
    browser.find("body", "spam")


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Connections(most=8), "This server is full (8 connections)."),
        (Connections(per_address=6, exempt=()), "Too many connections from your address: at most 6 at once."),
    ],
)
@pytest.mark.usefixtures("worker")
def test_a_full_server_is_explained(make_site: MakeSite, browser: Browser, limits: Connections, words: str) -> None:
    """A user with the page open who is refused reads why, and is connected once there is room."""
    site = make_site(connections=limits)
    browser.open(site.address())
    browser.find("#name")
    browser.run("return navigator.serviceWorker.ready.then(() => null)")
    site.stop()  # it ends the browser's connections, of which a spare one would have a place
    site.start()
    others = [Client(site.target) for _ in range(limits.most or limits.per_address)]
    for each in others:
        each.send("CAP LS 302")
        each.until("CAP")
    browser.fill("#name", "ada")
    browser.type(Keys.ENTER)
    browser.find("body", words)
    for each in others:
        each.close()
    browser.find(".composer textarea")
    assert all("a status of 503" in error or "a status of 429" in error for error in browser.errors())


def test_with_a_curses_client_in_one_channel(site: Site, browser: Browser, tmp_path: Path) -> None:
    """Each sees the other's messages, with formatting, several lines and reactions."""
    environment = {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    address = f"carl@127.0.0.1:{site.port}/#tea"
    terminal = Terminal(ForkedClient([address], {"PATH": "/usr/bin:/bin", **environment}))
    try:
        terminal.wait_for("#tea")
        browser.join(site.address(), "ada")
        browser.find(".members", "carl")
        browser.say("hello **there**")
        terminal.wait_for("hello there")
        terminal.enter("hello browser")
        browser.point_at("hello browser")
        browser.click(".tools button[aria-label='React with 👍']")
        terminal.wait_for("👍")
        terminal.enter("/names")
        terminal.wait_for("ada")
    finally:
        terminal.close()


def test_staying_signed_in(site: Site, browser: Browser) -> None:
    """Neither a reload nor a new window asks for a password; logging out ends it, and no script can read the cookie."""
    browser.join(site.address(), "ada")
    browser.say("/register")
    first, again = browser.until(lambda: browser.all("dialog input[type=password]"))
    first.send_keys("correct-horse")
    again.send_keys("correct-horse")
    browser.click("dialog .switch", "Stay signed in on this device")
    again.send_keys(Keys.ENTER)
    browser.find(".toast", "You stay signed in on this device")
    assert browser.run("return document.cookie") == ""
    browser.open(site.address())
    browser.find(".me", "logged in as ada")
    browser.open("about:blank")
    browser.driver.switch_to.new_window("tab")
    browser.open(site.address("#work"))
    browser.find(".me", "logged in as ada")
    browser.find(".top h1", "#work")
    browser.click(".me")
    browser.find("dialog", "This browser stays signed in until you log out.")
    browser.click("dialog button", "Log out")
    browser.find(".toast", "You are logged out,")
    browser.open(site.address())
    browser.find(".question", "This name belongs to an account.")
    browser.driver.close()
    browser.driver.switch_to.window(browser.driver.window_handles[0])


def test_a_new_password_signs_out_all_browsers(site: Site, browser: Browser, other: Browser) -> None:
    """The page says so, and asks for the password."""
    browser.join(site.address(), "ada")
    browser.register("correct-horse")
    other.open(site.address())
    other.fill("#name", "ada")
    other.type(Keys.ENTER)
    other.press("#password", "correct-horse")
    other.click(".join-box .switch", "Stay signed in on this device")
    other.click(".join-box button", "Log in")
    other.find(".toast", "You stay signed in on this device")
    browser.say("/ns PASSWD correct-horse battery-staple")
    browser.find(".row", "Your password was changed")
    other.open(site.address())
    other.find(".question", "ada")
    other.fill("#password", "battery-staple")
    other.type(Keys.ENTER)
    other.find(".me", "logged in as ada")
