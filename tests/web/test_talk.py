"""The page in a real browser: coming in, talking, and what outlives reloads and lost connections."""

import socket

import pytest

from greenchat.server.app import App
from greenchat.server.http.outboxes import WebSocketOutbox
from tests.irc import Client
from tests.web.browser import Browser, Keys
from tests.web.conftest import Shoot, Site


def test_two_browsers_and_irc_talk_in_one_room(site: Site, browser: Browser, other: Browser, shoot: Shoot) -> None:
    """Join by link; what one says all read, once."""
    browser.open(site.address())
    browser.find(".join-box .where", "#tea")
    shoot(browser, "join")
    browser.join(site.address("join/tea"), "ada")
    other.join(site.address(), "bob")
    with Client(site.target, "irc") as irc:
        irc.join("#tea")
        browser.say("hello from the first")
        other.message("hello from the first")
        other.say("hello from the second")
        browser.message("hello from the second")
        irc.send("PRIVMSG #tea :hello from irc")
        for each in (browser, other):
            each.message("hello from irc")
            said = [text for text in each.texts() if text.startswith("hello")]
            assert said == ["hello from the first", "hello from the second", "hello from irc"]
        assert {each.text for each in browser.all(".members .name")} == {"ada", "bob", "irc"}
        assert browser.run("return location.hash") == "#tea"
        assert browser.title().startswith("#tea")


@pytest.mark.usefixtures("worker")
def test_a_reload_is_no_farewell(site: Site, browser: Browser) -> None:
    """The page comes back where it was, with what is being written, and nobody sees that it was gone."""
    with Client(site.target, "watch") as watch:
        watch.join("#tea")
        browser.join(site.address(), "ada")
        assert watch.expect("JOIN").nick == "ada"
        browser.say("before")
        browser.message("before")
        browser.fill("#composer", "half a thought")
        browser.open(site.address())
        browser.message("before")
        assert browser.find("#composer").get_attribute("value") == "half a thought"
        browser.find(".me", "ada")
        assert [(m.command, m.nick) for m in watch.sync()] == [("PRIVMSG", "ada")]
        _break_connections(site)
        browser.find(".banner", "Trying again in")
        watch.run("PRIVMSG #tea :while you were away")
        browser.run("dispatchEvent(new Event('online'))")
        browser.message("while you were away")
        browser.say("half a thought")
        assert [(m.command, m.nick) for m in watch.until("PRIVMSG")] == [("PRIVMSG", "ada")]


def _break_connections(site: Site) -> None:
    def cut(app: App) -> None:
        for connection in app.clients.connections:
            if isinstance(connection.outbox, WebSocketOutbox):
                connection.outbox.cut("Connection reset by peer")

    assert site.thread
    site.thread.call(cut)


@pytest.mark.usefixtures("worker")
def test_what_is_said_while_the_server_is_away_is_said_once(site: Site, browser: Browser, other: Browser) -> None:
    """Through a lost connection and a reload; the others read it once."""
    browser.join(site.address(), "ada")
    other.join(site.address(), "bob")
    site.stop()
    browser.find(".banner", "Trying again in")
    browser.say("said in the dark")
    browser.find(".row.waiting .state", "Sent once you are connected")
    browser.open(site.address())  # the service worker has the page
    browser.find(".row.waiting", "said in the dark")
    site.start()
    browser.run("dispatchEvent(new Event('online'))")
    other.run("dispatchEvent(new Event('online'))")
    browser.message("said in the dark")
    other.message("said in the dark")
    browser.say("and after")
    other.message("and after")
    for each in (browser, other):
        assert [text for text in each.texts() if "dark" in text or "after" in text] == ["said in the dark", "and after"]
    with Client(site.target, "watch", caps="batch draft/chathistory draft/event-playback") as watch:
        watch.join("#tea")
        told = watch.run("CHATHISTORY LATEST #tea * 50")
        assert [(m.command, m.nick) for m in told if m.command in ("JOIN", "QUIT")] == [
            *(("JOIN", nick) for nick in ("ada", "bob", "watch"))
        ]


def test_a_name_that_is_taken_asks_one_question(site: Site, browser: Browser) -> None:
    """Another name is enough."""
    with Client(site.target, "ada"):
        browser.open(site.address())
        browser.fill("#name", "ada")
        browser.type(Keys.ENTER)
        browser.find(".question", "This name is in use.")
        assert browser.find("#other-name").get_attribute("value") == "ada2"
        browser.type(Keys.ENTER)
        browser.find(".me", "ada2")
        browser.find(".top h1", "#tea")


def test_leaving_and_coming_back(site: Site, browser: Browser) -> None:
    """To where the address says, also when that changes meanwhile."""
    browser.join(site.address(), "ada")
    browser.say("/quit")
    browser.find(".join-box", "You left the chat.")
    browser.find(".join-box .where", "#tea")
    browser.run("location.hash = '#work'")
    browser.find(".join-box .where", "#work")
    browser.press("#name", Keys.ENTER)
    browser.find(".top h1", "#work")
    browser.run("location.hash = '#tea'")
    browser.find(".top h1", "#tea")


@pytest.mark.usefixtures("worker")
def test_no_server_in_words(site: Site, browser: Browser) -> None:
    """The page says what is wrong, and when it tries again."""
    browser.open(site.address())
    browser.find("#name")
    browser.until(lambda: browser.run("return navigator.serviceWorker.controller !== null"))
    site.stop()
    browser.open(site.address("#elsewhere"))
    browser.fill("#name", "ada")
    browser.type(Keys.ENTER)
    browser.find(".join-box", "The server can't be reached. Trying again")


def test_half_open_connections_are_noticed(site: Site, browser: Browser) -> None:
    """Where a port takes connections but says nothing, the page continues trying."""
    browser.open(site.address())
    browser.find("#name")
    site.stop()
    with socket.create_server(("127.0.0.1", site.port)):
        browser.fill("#name", "ada")
        browser.type(Keys.ENTER)
        browser.find(".join-box", "Coming in…")


def test_the_next_test_finds_nothing_of_this_one(site: Site, browser: Browser) -> None:
    """Where the server of another one has the same port."""
    browser.join(site.address(), "ada")
    browser.forget()
    browser.open("about:blank")
    browser.open(site.address())
    browser.find("#name")
