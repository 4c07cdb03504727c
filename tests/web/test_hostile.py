"""Text controlled by strangers reaches the page as text: no script runs, and the layout stays intact."""

import pytest

from tests.irc import Client
from tests.web.browser import PHONE, WIDE, Browser, Keys
from tests.web.conftest import Shoot, Site

MARKUP = "<img/src=x/onerror=alert(1)>"
SCRIPT = "<script>alert(1)</script>"
LINES = (
    MARKUP,
    SCRIPT,
    "\"'><svg/onload=alert(1)>",
    "javascript:alert(1)",
    'https://x.example/"onmouseover=alert(1)//',
    "https://x.example/<script>alert(1)</script>",
    "data:text/html,<script>alert(1)</script>",
    "[link](javascript:alert(1))",
    "&lt;b&gt; &amp; %3Cscript%3E ${alert(1)} {{alert(1)}}",
    "\x02\x03" + "04,99\x04zzzzzz\x1d\x16" * 20,
    "x" * 380,
    "\u202e\u2066reversed\u202c" + "\u0301" * 60 + "z\u0335\u0336" * 40,
    "🏴\u200d☠️👩\u200d👩\u200d👧\u200d👦" * 6,
    "ﷺ" * 60,
    "\t \u00a0\u3000\u200b\u2028\u2029 blank?",
    '#<script>alert(1)</script> #dev"onclick=alert(1)',
)
# traces of an attack: foreign markup, a handler, a foreign address, a page that is too wide
_BROKEN = """
const bad = [];
for (const each of document.querySelectorAll('*')) {
  const ours = each.src || String(each.className).includes('composer') || each.closest('dialog');
  if (/^(script|iframe|object|embed|style|base|form)$/i.test(each.tagName) && !ours) bad.push(each.outerHTML);
  if (each.tagName === 'IMG' && !each.src.startsWith(location.origin)) bad.push(each.outerHTML);
  for (const name of each.getAttributeNames()) if (/^on/i.test(name)) bad.push(name);
  const address = each.tagName === 'A' ? each.href : 'https:';
  if (!/^(https?|ftps?|ircs?|gemini|mailto):/.test(address)) bad.push(address);
}
if (document.documentElement.scrollWidth > innerWidth) bad.push(`page is ${document.documentElement.scrollWidth} wide`);
for (const row of document.querySelectorAll('.row')) {
  const box = row.getBoundingClientRect();
  const area = document.querySelector('.talk-scroller').getBoundingClientRect();
  if (box.right > area.right + 1 || box.left < area.left - 1) bad.push(`row: ${row.textContent.slice(0, 50)}`);
}
return bad;
"""


def _whole(browser: Browser) -> None:
    """Check that nothing ran and the layout is intact, wide and on a phone."""
    for size in (WIDE, PHONE):
        browser.size(*size)
        browser.until(lambda: browser.run("return document.querySelectorAll('.row').length"))
        assert browser.run(_BROKEN) == []
    browser.size(*WIDE)
    assert browser.run("return window.pwned === undefined")


def test_messages_topics_and_names(site: Site, browser: Browser, shoot: Shoot) -> None:
    """Each text unchanged, in messages, actions, notices, topics, reasons, and real names."""
    browser.join(site.address(), "ada")
    with Client(site.target, "bob", caps="message-tags") as bob:
        bob.join("#tea")
        for line in LINES:
            bob.run(f"PRIVMSG #tea :{line}", f"PRIVMSG #tea :\x01ACTION {line}\x01", f"NOTICE #tea :{line}")
        bob.run("PRIVMSG #tea :the end")
        browser.message("the end")
        _whole(browser)
        assert any(SCRIPT in text for text in browser.texts())
        for line in LINES:
            bob.run(f"PART #tea :{line}")
            bob.join("#tea")
        bob.run("JOIN #free", f"TOPIC #free :{SCRIPT}{MARKUP}" + "w" * 200)
        browser.say("/join #free")
        browser.find(".topic", SCRIPT)
        _whole(browser)
        shoot(browser, "hostile")
        browser.say(f"/topic {SCRIPT}")
        bob.run(f"SETNAME :{MARKUP}{SCRIPT}", f"AWAY :{SCRIPT}")
        browser.say("/whois bob")
        browser.find("dialog .facts", SCRIPT)
        browser.type(Keys.ESCAPE)
        bob.run(f"PRIVMSG ada :{SCRIPT}", f"KICK #free ada :{SCRIPT}{MARKUP}")
        browser.find(".row.error", "bob removed you")
        _whole(browser)


@pytest.mark.parametrize("nick", ["ada[\\]^_{|}", "Анна", "아다", "_____________"])
def test_nicks(site: Site, browser: Browser, nick: str) -> None:
    """Any nick that a server may allow."""
    browser.join(site.address(), "eve")
    with Client(site.target, "x") as other:
        other.join("#tea")
        if other.run(f"NICK {nick}", "PRIVMSG #tea :it is me")[0].command == "432":
            pytest.skip("this server takes no such name")
        browser.message("it is me")
        browser.find(".members .name", nick)
        _whole(browser)
        browser.click(".row.talk button.nick", nick)
        browser.find("dialog h2", nick)


def test_channels(site: Site, browser: Browser) -> None:
    """Channel names, in the list of channels, in links, and in texts."""
    names = ("#<b>x</b>", '#"onclick=alert(1)', "#a%3Cscript%3E", "#" + "ш" * 28)
    browser.join(site.address(), "ada")
    with Client(site.target, "bob") as bob:
        for name in names:
            bob.run(f"JOIN {name}", f"TOPIC {name} :{MARKUP}")
            bob.run(f"INVITE ada {name}")
            browser.click("dialog button", "Join")
            browser.find(".top h1", name)
            _whole(browser)
            browser.open(browser.run("return location.href"))
            browser.find(".top h1", name)
            browser.arrived()
        browser.click("button[aria-label='Find or create a channel']")
        browser.find("dialog .channel-list", MARKUP)
        assert browser.run(_BROKEN) == []


def test_tags_reactions_and_replies(site: Site, browser: Browser) -> None:
    """Client-only tags and metadata of any content."""
    browser.join(site.address(), "ada")
    browser.say("react to this")
    browser.message("react to this")
    with Client(site.target, "bob", caps="message-tags draft/chathistory batch") as bob:
        bob.join("#tea")
        history = bob.run("CHATHISTORY LATEST #tea * 5")
        target = next(each.tags["msgid"] for each in history if each.params[-1] == "react to this")
        for sign in ("<b>x</b>", "\u202ex", "👍" * 8, "<img/src=x>", "__proto__", "constructor"):
            bob.run(f"@+draft/react={sign};+draft/reply={target} TAGMSG #tea")
        bob.run("@+draft/react=ok;+draft/reply=__proto__ TAGMSG #tea", "@+draft/react=ok;+draft/reply=<b> TAGMSG #tea")
        bob.run(
            "@+draft/reply=__proto__ PRIVMSG #tea :answer to nothing", f"@+draft/reply={target} PRIVMSG #tea :{MARKUP}"
        )
        bob.run("@+typing=<b> TAGMSG #tea", "@+typing=active TAGMSG #tea", "@+greenchat/id=<b> PRIVMSG #tea :the end")
    browser.message("the end")
    assert len(browser.all(".reaction")) == 6
    _whole(browser)


def test_hostile_links_to_the_page(site: Site, browser: Browser) -> None:
    """A link names a channel, and can do nothing else."""
    for path in (
        "#<script>alert(1)</script>",
        "join/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "#%E0%A4%A",
        "join/..%2f..%2fetc",
        "#a b",
    ):
        browser.open(site.address(path))
        browser.find("#name")
        assert browser.run("return document.scripts.length") == 1
