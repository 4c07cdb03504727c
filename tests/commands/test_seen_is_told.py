"""No answer is older than what the same connection has sent or been told before.

Each question is asked while each change happens: at once after it, and between any two portions of the answer. What is
answered after the change was told must be what a new question is answered with then, and nothing of it is missing.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
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

# What makes things as they were before a change, where something does; "comes" connects somebody who is gone again.
_UNDONE = {
    "": [],
    "they are called otherwise": [
        "bob NICK bob", "root SANICK amy ann", "root CHGHOST bob bob 127.0.0.1", "bob SETNAME :Bob", "bob MODE bob -B",
        "cat MODE cat -i",
    ],
    "they are away": ["dan AWAY", "dan PART #room", "bob AWAY", "bob JOIN #room", "ann MODE #room +o bob"],
    "channels come and go": ["cat PART #two", "dan PART #new", "dan JOIN #two", "dan TOPIC #two :two"],
    "a channel is called otherwise": ["ann RENAME #hall #room"],
    "a channel is changed": [
        "bob MODE #room +o ann", "ann TOPIC #room :old", "ann MODE #room -v cat", "ann MODE #room -ms",
        "ann MODE #room -b bad!*@*", "ann METADATA #room SET status :old",
    ],
    "an auditorium": ["bob MODE #room +o ann", "bob MODE #room -u"],
    "somebody is sent away": ["bob JOIN #room", "ann MODE #room +o bob", "cat comes", "cat JOIN #room"],
    "oneself is sent away": ["ann JOIN #room", "bob MODE #room +o ann"],
    "values": [
        "bob METADATA * SET status :old", "cat METADATA * SET status", "bob NICKSERV IDENTIFY bob a-good-password",
    ],
    "no values": ["bob METADATA * SET status :old", "ann METADATA #room SET status :old"],
    "something is said": [],
    "the server's": ["root comes", "root UBAN DEL 192.0.2.1", "root UBAN ADD 192.0.2.9 1h :old"],
    "no rights": ["ann OPER root secret"],
}  # fmt: skip


class _Town:
    """Ann asks; bob, cat, dan and root change things. Ann and bob run #room."""

    def __init__(self, data: Path) -> None:
        self.world = World(cheap_passwords(STAFFED, 1), quick_options(data))
        self.people: dict[str, Client] = {}
        for nick in "ann", "bob", "cat", "dan", "root":
            self._come(nick)
        ann, bob, cat, dan, root = self.people.values()
        root.run("UBAN ADD 192.0.2.9 1h :old")
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

    def _come(self, nick: str) -> None:
        """Connect somebody. Of what the others are told nothing is asked."""
        caps = ALL_CAPS if nick == "ann" else "message-tags draft/message-redaction"
        self.people[nick] = Client(self.world, nick, caps=caps)
        if nick == "root":
            become(self.people[nick])

    def change(self, what: str) -> None:
        """Let something happen, all of it before anybody else does anything."""
        self._run(*_CHANGES[what])

    def undo(self, what: str) -> bool:
        """Make all as it was before a change; return whether that can be done."""
        for each in _UNDONE.get(what, ()):
            if each.endswith(" comes"):
                self._come(each.removesuffix(" comes"))
            else:
                self._run(each)
        self.people["ann"].sync()
        return what in _UNDONE

    def _run(self, *lines: str) -> None:
        for each in lines:
            nick, _, line = each.partition(" ")
            self.people[nick].send(line.format(msgid=self.msgid))

    def ask(self, question: str) -> list[str]:
        """What ann is told, without what frames it."""
        told = self.people["ann"].run(question.format(msgid=self.msgid))
        return [_shown(each) for each in told if each.command not in ("BATCH", "219", "FAIL")]

    def close(self) -> None:
        """End it."""
        for client in self.people.values():
            client.close()
        self.world.stop()


class _Towns:
    """Towns in which nothing has changed: one in which a change was undone, where the question's answer says so."""

    def __init__(self, data: Path, question: str) -> None:
        self._data = data
        self._question = question
        self._spare: _Town | None = None
        self.before: list[str] = []
        """The answer."""

    @contextmanager
    def one(self, what: str) -> Iterator[_Town]:
        """Lend a town to which something will happen."""
        town, self._spare = self._spare or _Town(self._data), None
        try:
            yield town
            if town.undo(what) and sorted(town.ask(self._question)) == sorted(self.before):
                self._spare = town
        finally:
            if self._spare is None:
                town.close()

    def close(self) -> None:
        """End the last one."""
        if self._spare:
            self._spare.close()


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


def _asked(town: _Town, question: str, what: str = "", moment: int = 0) -> tuple[list[str], list[str], int]:
    """Return what is answered while something happens, what is answered again then, and how many moments there were.

    moment: which one it happens at, from 1; 0: nothing happens.
    """
    line = town.people["ann"].sock

    def happen() -> None:
        town.world.meanwhile = lambda: None
        town.change(what)
        line.mailbox.send(f"{_MARK}\r\n".encode())  # type: ignore[attr-defined]  # it is a world's

    town.world.meanwhile, count = _at(moment, happen)
    answer = town.ask(question)
    town.world.meanwhile = lambda: None
    anew = town.ask(question)
    if "channel is called otherwise" in what:  # a batch that was started under the old name ends under it
        anew += town.ask(question.replace("#room", "#hall"))
        anew += [each.replace("#hall", "#room") for each in anew]
    return answer, anew, count[0]


@pytest.mark.parametrize("question", _QUESTIONS)
def test_no_answer_is_older_than_what_was_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, question: str) -> None:
    monkeypatch.setattr(registry, "_STEPS", 1)
    with closing(_Towns(tmp_path, question)) as towns:
        with towns.one("") as town:
            towns.before, _, moments = _asked(town, question)
        for moment, what in product({1, 2, moments // 2, moments} - {0} if moments else (), _CHANGES):
            if moment > moments:
                continue
            with towns.one(what) as town:
                answer, anew, _ = _asked(town, question, what, moment)
            told = answer.index(" " + _MARK.replace(":", ""))
            old = Counter(answer[told + 1 :]) - Counter(anew)
            lost = (Counter(towns.before) & Counter(anew)) - Counter(answer)
            if what == "a channel is called otherwise":
                lost.clear()  # nothing is called so any more
            if what == "oneself is sent away" and re.match("CHATHISTORY|SEARCH|HISTSERV|PRIVMSG", question):
                old.clear()  # that was said while they were in
            assert (old, lost) == (Counter(), Counter()), (what, moment, moments)
