"""The page in a real browser: joining, talking, and what survives reloads and lost connections."""

import shutil
import socket
from pathlib import Path

import pytest

from greenchat.config.settings import Settings
from greenchat.server.app import App
from greenchat.server.http import pages
from greenchat.server.http.outboxes import WebSocketOutbox
from greenchat.server.http.page_version import read_version
from tests.irc import Client
from tests.web.browser import Browser, Keys
from tests.web.conftest import MakeSite, Shoot, Site

_STORED = "return caches.keys()"
# how many bytes were sent for each module and style of the present version
_SIZES = """
  const files = performance.getEntriesByType("resource").filter(({ name }) => name.includes("/v/"));
  return files.map(({ transferSize }) => transferSize);
"""
# the page's configuration arrives when the test says so, and its patience ends then
_SLOW_CONFIGURATION = """
  const load = fetch, arrived = new Promise((then) => (window.arrive = then));
  const later = setTimeout;
  window.setTimeout = (act, after, ...rest) => {
    if (after === 5000 && !window.impatient) window.impatient = act;
    return later(act, after, ...rest);
  };
  window.fetch = (url, options = {}) => !String(url).endsWith("config.json") ? load(url, options) :
    new Promise((then, fail) => {
      options.signal?.addEventListener("abort", () => fail(options.signal.reason));
      arrived.then(() => load(url, options)).then(then, fail);
    });
"""


def test_two_browsers_and_irc_in_one_channel(site: Site, browser: Browser, other: Browser, shoot: Shoot) -> None:
    """Joining by link; each message is received by all, once."""
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
            texts = [text for text in each.texts() if text.startswith("hello")]
            assert texts == ["hello from the first", "hello from the second", "hello from irc"]
        browser.until(lambda: {each.text for each in browser.all(".members .name")} == {"ada", "bob", "irc"})
        assert browser.run("return location.hash") == "#tea"
        assert browser.title().startswith("#tea")


@pytest.mark.usefixtures("worker")
def test_a_reload_is_not_a_quit(site: Site, browser: Browser) -> None:
    """The page returns to the channel, with the unsent text, and nobody sees that it was gone."""
    with Client(site.target, "watch") as watch:
        watch.join("#tea")
        browser.join(site.address(), "ada")
        assert watch.expect("JOIN").nick == "ada"
        browser.say("before")
        browser.message("before")
        browser.fill("#composer", "half a thought")
        browser.open(site.address())
        browser.message("before")
        browser.until(lambda: browser.value("#composer") == "half a thought")
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
def test_a_message_sent_while_the_server_is_away_arrives_once(site: Site, browser: Browser, other: Browser) -> None:
    """Through a lost connection and a reload; the others receive it once."""
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
        messages = watch.run("CHATHISTORY LATEST #tea * 50")
        assert [(m.command, m.nick) for m in messages if m.command in ("JOIN", "QUIT")] == [
            *(("JOIN", nick) for nick in ("ada", "bob", "watch"))
        ]


def test_a_taken_nick_asks_one_question(site: Site, browser: Browser) -> None:
    """Another nick is enough."""
    with Client(site.target, "ada"):
        browser.open(site.address())
        browser.fill("#name", "ada")
        browser.type(Keys.ENTER)
        browser.find(".question", "This name is in use.")
        browser.until(lambda: browser.value("#other-name") == "ada2")
        browser.type(Keys.ENTER)
        browser.find(".me", "ada2")
        browser.find(".top h1", "#tea")


@pytest.mark.parametrize(("end", "channel"), [("arrive()", "#lobby"), ("impatient()", "")], ids=["late", "never"])
def test_a_user_who_is_faster_than_the_configuration(
    make_site: MakeSite, browser: Browser, end: str, channel: str
) -> None:
    """The page waits for the configuration: it says where to connect, and which channel is the default one.

    Where it does not come in five seconds the page connects to its own address.
    """
    site = make_site(Settings(lobby="#lobby"))
    source = {"source": _SLOW_CONFIGURATION}
    added = browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", source)
    try:
        browser.open(site.address(""))
        browser.fill("#name", "ada")
        browser.type(Keys.ENTER)
        browser.find(".join-box", "Connecting…")
        browser.run(end)
        browser.find(".me", "ada")
        browser.find(".top h1", channel)
        told = browser.driver.get_log("browser")  # type: ignore[no-untyped-call]  # Selenium has no types here
        assert [entry for entry in told if "WebSocket" in entry["message"]] == []
    finally:
        browser.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


def test_leaving_and_coming_back(site: Site, browser: Browser) -> None:
    """To the channel of the address, also when that changes meanwhile."""
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
def test_an_unreachable_server_is_explained(site: Site, browser: Browser) -> None:
    """The page says what is wrong, and when it tries again."""
    browser.open(site.address())
    browser.find("#name")
    browser.until(lambda: browser.run("return navigator.serviceWorker.controller !== null"))
    site.stop()
    browser.open(site.address("#elsewhere"))
    browser.fill("#name", "ada")
    browser.type(Keys.ENTER)
    browser.find(".join-box", "The server can't be reached. Trying again")


@pytest.mark.usefixtures("worker")
def test_a_new_version_of_the_page_replaces_the_old_one(
    make_site: MakeSite, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the next visit, although browsers keep the files of a version; then without a server, too."""
    folder = shutil.copytree(pages.FOLDER, tmp_path / "page")
    monkeypatch.setattr(pages.Pages.__init__, "__defaults__", (folder,))
    site = make_site()
    browser.open(site.address())
    browser.find(".join-box button", "Join")
    browser.driver.execute_async_script("navigator.serviceWorker.ready.then(arguments[0])")
    module = folder / "view" / "join.js"
    module.write_text(module.read_text().replace('"Join"', '"Come in"'))
    stored = browser.run(_STORED)
    browser.open(site.address())
    browser.find(".join-box button", "Come in")
    browser.until(lambda: set(browser.run(_STORED)).isdisjoint(stored), "the old version is still stored")
    site.stop()
    browser.open(site.address("join/elsewhere"))
    browser.find(".join-box button", "Come in")


@pytest.mark.usefixtures("worker")
def test_an_old_file_at_the_address_of_a_new_version_is_replaced(
    make_site: MakeSite, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a node that is upgraded after the one that gave the address."""
    folder = shutil.copytree(pages.FOLDER, tmp_path / "page")
    monkeypatch.setattr(pages.Pages.__init__, "__defaults__", (folder,))
    module = folder / "view" / "join.js"
    module.write_text(module.read_text().replace('"Join"', '"New"'))
    shutil.copy2(module, tmp_path)
    new = read_version(folder)
    monkeypatch.setattr(pages.Pages, "_version", lambda _: new)
    module.write_text(module.read_text().replace('"New"', '"Former"'))
    site = make_site()
    browser.open(site.address())
    browser.driver.execute_async_script("navigator.serviceWorker.ready.then(arguments[0])")
    browser.open(site.address())
    browser.find(".join-box button", "Former")
    shutil.copy2(tmp_path / "join.js", module)
    browser.open(site.address())
    browser.find(".join-box button", "New")


def test_half_open_connections_are_noticed(site: Site, browser: Browser) -> None:
    """The page keeps trying where a port accepts connections but does not answer."""
    browser.open(site.address())
    browser.find("#name")
    site.stop()
    with socket.create_server(("127.0.0.1", site.port)):
        browser.fill("#name", "ada")
        browser.type(Keys.ENTER)
        browser.find(".join-box", "Connecting…")


def test_tests_do_not_share_stored_data(site: Site, browser: Browser) -> None:
    """Their servers have the same address. What is kept is what a browser keeps of the page until its next version."""
    browser.join(site.address(), "ada")
    browser.forget(site.address("").rstrip("/"))
    browser.open(site.address())
    browser.find("#name")
    sizes = browser.run(_SIZES)
    assert len(sizes) > 50
    assert set(sizes) == {0}
