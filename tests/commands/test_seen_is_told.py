"""No answer is older than what the same connection has sent or been told before.

Each question is asked while each change happens: at once after it, and between any two portions of the answer. What is
answered after the change was told must be what a new question is answered with then, and nothing of it is missing.
"""

import re
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from itertools import product
from pathlib import Path

import pytest

from greenchat.commands.core import registry
from greenchat.protocol.message import Message
from tests.conftest import cheap_passwords, quick_options
from tests.irc import ALL_CAPS, Client
from tests.staff import STAFFED, become
from tests.world import World

_TIMES = "timestamp=2000-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z"
_QUESTIONS = [
    "WHO #room", "WHO *", "WHO b*", "WHO bob", "WHO #room %tcuhnfar,7", "WHO * o", "NAMES", "NAMES #room,#two,#new",
    "LIST", "LIST #*", "LIST #room,#two,#new", "LIST >1", "METADATA *ALL SYNC", "METADATA #room SYNC",
    "METADATA bob LIST",
    "METADATA #room LIST", "METADATA bob GET status", "WHOIS bob", "WHOIS rob", "WHOWAS bob", "WHOWAS b* 9",
    "MONITOR S", "MONITOR L", "MONITOR C", "USERHOST bob rob ann", "ISON bob rob ann", "MODE #room", "MODE #room b",
    "MODE ann", "MODE ann +i", "TOPIC #room", "INVITE", "AWAY", "ACCEPT *", "MARKREAD #room", "LUSERS", "STATS u",
    "STATS l", "STATS k", "STATS d", "STATS p", "WHO 127*", "CHATHISTORY LATEST #room * 50",
    f"CHATHISTORY TARGETS {_TIMES} 50",
    "CHATHISTORY LATEST bob * 50", "SEARCH in=#room", "SEARCH text=said", "HISTSERV PLAY #room", "NICKSERV INFO bob",
    "CHANSERV INFO #room", "CHANSERV AMODE #room", "PRIVMSG *playback :PLAY *", "UBAN LIST", "KLINE", "RESV",
    "METADATA * SUBS", "REDACT #room {msgid}", "HELP", "ISUPPORT", "VERSION",
]  # fmt: skip
_CHANGES = {
    "they are called otherwise": [
        "bob NICK rob", "root SANICK ann amy", "root CHGHOST bob user new.example", "bob SETNAME :Robert",
        "bob MODE bob +B", "cat MODE cat +i",
    ],
    "they go, and others are called like them": ["bob PRIVMSG #room :said bye", "bob QUIT :bye", "cat NICK bob"],
    "they are away": ["bob AWAY :out", "bob PART #room", "dan JOIN #room", "dan AWAY :out"],
    "channels come and go": ["dan PART #two", "dan JOIN #new", "cat JOIN #two"],
    "a channel is called otherwise": ["ann RENAME #room #hall", "dan INVITE ann #two"],
    "a channel is changed": [
        "ann TOPIC #room :new", "ann MODE #room +v cat", "ann MODE #room +ms", "ann MODE #room +b bad!*@*",
        "ann METADATA #room SET status :new", "ann MODE #room -o ann",
    ],
    "an auditorium": ["bob MODE #room +u", "bob MODE #room -o ann"],
    "somebody is sent away": ["ann KICK #room bob", "root KILL cat :bye"],
    "oneself is sent away": ["bob KICK #room ann"],
    "values": ["bob METADATA * SET status :new", "cat METADATA * SET status :new", "bob NICKSERV LOGOUT"],
    "no values": ["bob METADATA * CLEAR", "ann METADATA #room CLEAR"],
    "something is said": ["bob PRIVMSG #room :said new", "bob PRIVMSG ann :said new", "cat TAGMSG #room"],
    "it is taken back": ["bob REDACT #room {msgid}"],
    "the server's": ["root UBAN ADD 192.0.2.1 1h :x", "root UBAN DEL 192.0.2.9", "root QUIT :bye"],
    "no rights": ["ann MODE ann -o"],
}  # fmt: skip


class _Town:
    """Ann asks; bob, cat, dan and root change things. Ann and bob run #room."""

    def __init__(self, world: World, stack: ExitStack) -> None:
        self.people: dict[str, Client] = {}
        for nick in "ann", "bob", "cat", "dan", "root":  # of what the others are told nothing is asked
            caps = ALL_CAPS if nick == "ann" else "message-tags draft/message-redaction"
            self.people[nick] = stack.enter_context(Client(world, nick, caps=caps))
        ann, bob, cat, dan = (self.people[nick] for nick in ("ann", "bob", "cat", "dan"))
        become(self.people["root"]).run("UBAN ADD 192.0.2.9 1h :old")
        become(ann)
        bob.run("REGISTER bob * a-good-password", "METADATA * SET status :old", "MONITOR + ann")
        dan.run("JOIN #two", "TOPIC #two :two")
        for client in ann, bob, cat:
            client.run("JOIN #room")
        ann.run("MODE #room +o bob", "TOPIC #room :old", "METADATA #room SET status :old", "MODE #room +b x!*@*")
        ann.run("METADATA * SUB status", "MONITOR + bob,rob,dan", "ACCEPT bob", "ACCEPT -bob")
        bob.run("PRIVMSG #room :said one", "PRIVMSG #room :said two", "PRIVMSG ann :said three")
        said = [each for each in ann.sync() if each.command == "PRIVMSG"]
        self.msgid = next(each.tags["msgid"] for each in said if each.params[-1] == "said two")

    def change(self, what: str) -> None:
        """Let something happen, all of it before anybody else does anything."""
        for each in _CHANGES[what]:
            nick, _, line = each.partition(" ")
            self.people[nick].send(line.format(msgid=self.msgid))

    def ask(self, question: str) -> list[str]:
        """What ann is told, without what frames it."""
        told = self.people["ann"].run(question.format(msgid=self.msgid))
        return [_shown(each) for each in told if each.command not in ("BATCH", "219", "FAIL")]


def _shown(message: Message) -> str:
    """A message without tags, and without its numbers that count on."""
    text = " ".join((message.source or "", message.command, *message.params))
    return re.sub(r"\d{9,}|[0-9TZ:.-]{20,}|\d\d:\d\d:\d\d|(?<= 211 ).*|(?<=End of history: ).*", "?", text)


_MARK = "NOTICE ann :-- changed --"


def _at(moment: int, happen: Callable[[], None]) -> tuple[Callable[[], None], list[int]]:
    """Return what calls something once, at the so many-th moment, and what counts the moments."""
    count = [0]

    def note() -> None:
        count[0] += 1
        if count[0] == moment:
            happen()

    return note, count


def _asked(data: Path, question: str, what: str = "", moment: int = 0) -> tuple[list[str], list[str], int]:
    """Return what is answered while something happens, what is answered again then, and how many moments there were.

    moment: which one it happens at, from 1; 0: nothing happens.
    """
    world = World(cheap_passwords(STAFFED, 1), quick_options(data))
    with ExitStack() as stack:
        stack.callback(world.stop)
        town = _Town(world, stack)
        line = town.people["ann"].sock

        def happen() -> None:
            world.meanwhile = lambda: None
            town.change(what)
            line.mailbox.send(f"{_MARK}\r\n".encode())  # type: ignore[attr-defined]  # it is a world's

        world.meanwhile, count = _at(moment, happen)
        answer = town.ask(question)
        world.meanwhile = lambda: None
        anew = town.ask(question)
        if "channel is called otherwise" in what:  # a batch that was started under the old name ends under it
            anew += town.ask(question.replace("#room", "#hall"))
            anew += [each.replace("#hall", "#room") for each in anew]
        return answer, anew, count[0]


@pytest.mark.parametrize("question", _QUESTIONS)
def test_no_answer_is_older_than_what_was_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, question: str) -> None:
    monkeypatch.setattr(registry, "_STEPS", 1)
    before, _, moments = _asked(tmp_path, question)
    for moment, what in product({1, 2, moments // 2, moments} - {0} if moments else (), _CHANGES):
        if moment > moments:
            continue
        answer, anew, _ = _asked(tmp_path, question, what, moment)
        told = answer.index(" " + _MARK.replace(":", ""))
        old = Counter(answer[told + 1 :]) - Counter(anew)
        lost = (Counter(before) & Counter(anew)) - Counter(answer)
        if what == "a channel is called otherwise":
            lost.clear()  # nothing is called so any more
        if what == "oneself is sent away" and re.match("CHATHISTORY|SEARCH|HISTSERV|PRIVMSG", question):
            old.clear()  # that was said while they were in
        assert (old, lost) == (Counter(), Counter()), (what, moment, moments)
