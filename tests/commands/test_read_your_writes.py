"""No answer is older than what the same connection has sent or been told before.

Each query is made while each change happens: at once after it, and between any two portions of the answer. The part of
the answer that comes after the change was announced must equal the answer to a new query, and nothing may be missing.
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
from tests.opers import WITH_OPERS, become_oper
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
    "nicks, hosts and names change": [
        "bob NICK rob", "root SANICK ann amy", "root CHGHOST bob user new.example", "bob SETNAME :Robert",
        "bob MODE bob +B", "cat MODE cat +i",
    ],
    "a user quits, and another takes the nick": [
        "bob PRIVMSG #room :said bye", "bob QUIT :bye", "cat NICK bob",
    ],
    "users go away": ["bob AWAY :out", "bob PART #room", "dan JOIN #room", "dan AWAY :out"],
    "channels are created and end": ["dan PART #two", "dan JOIN #new", "cat JOIN #two"],
    "a channel is renamed": ["ann RENAME #room #hall", "dan INVITE ann #two"],
    "a topic, modes, a ban and metadata change": [
        "ann TOPIC #room :new", "ann MODE #room +v cat", "ann MODE #room +ms", "ann MODE #room +b bad!*@*",
        "ann METADATA #room SET status :new", "ann MODE #room -o ann",
    ],
    "auditorium mode": ["bob MODE #room +u", "bob MODE #room -o ann"],
    "another user is kicked or killed": ["ann KICK #room bob", "root KILL cat :bye"],
    "the asker is kicked": ["bob KICK #room ann"],
    "metadata changes, and a logout": [
        "bob METADATA * SET status :new", "cat METADATA * SET status :new", "bob NICKSERV LOGOUT",
    ],
    "metadata is cleared": ["bob METADATA * CLEAR", "ann METADATA #room CLEAR"],
    "messages arrive": ["bob PRIVMSG #room :said new", "bob PRIVMSG ann :said new", "cat TAGMSG #room"],
    "a message is redacted": ["bob REDACT #room {msgid}"],
    "server bans, and an operator quits": [
        "root UBAN ADD 192.0.2.1 1h :x", "root UBAN DEL 192.0.2.9", "root QUIT :bye",
    ],
    "the asker loses operator rights": ["ann MODE ann -o"],
}  # fmt: skip

# The lines that restore the state before a change, where that is possible; "comes" connects a client that has quit.
_UNDONE = {
    "": [],
    "nicks, hosts and names change": [
        "bob NICK bob", "root SANICK amy ann", "root CHGHOST bob bob 127.0.0.1", "bob SETNAME :Bob", "bob MODE bob -B",
        "cat MODE cat -i",
    ],
    "users go away": ["dan AWAY", "dan PART #room", "bob AWAY", "bob JOIN #room", "ann MODE #room +o bob"],
    "channels are created and end": ["cat PART #two", "dan PART #new", "dan JOIN #two", "dan TOPIC #two :two"],
    "a channel is renamed": ["ann RENAME #hall #room"],
    "a topic, modes, a ban and metadata change": [
        "bob MODE #room +o ann", "ann TOPIC #room :old", "ann MODE #room -v cat", "ann MODE #room -ms",
        "ann MODE #room -b bad!*@*", "ann METADATA #room SET status :old",
    ],
    "auditorium mode": ["bob MODE #room +o ann", "bob MODE #room -u"],
    "another user is kicked or killed": ["bob JOIN #room", "ann MODE #room +o bob", "cat comes", "cat JOIN #room"],
    "the asker is kicked": ["ann JOIN #room", "bob MODE #room +o ann"],
    "metadata changes, and a logout": [
        "bob METADATA * SET status :old", "cat METADATA * SET status", "bob NICKSERV IDENTIFY bob a-good-password",
    ],
    "metadata is cleared": ["bob METADATA * SET status :old", "ann METADATA #room SET status :old"],
    "messages arrive": [],
    "server bans, and an operator quits": ["root comes", "root UBAN DEL 192.0.2.1", "root UBAN ADD 192.0.2.9 1h :old"],
    "the asker loses operator rights": ["ann OPER root secret"],
}  # fmt: skip


class _Scenario:
    """A world where ann makes the queries and bob, cat, dan and root make the changes. Ann and bob are in #room.

    Its clock stands still: answers contain the seconds since something happened.
    """

    def __init__(self, data: Path) -> None:
        self.world = World(cheap_passwords(WITH_OPERS, 1), quick_options(data))
        self.world.stop_clock()
        self.people: dict[str, Client] = {}
        for nick in "ann", "bob", "cat", "dan", "root":
            self._come(nick)
        ann, bob, cat, dan, root = self.people.values()
        root.run("UBAN ADD 192.0.2.9 1h :old")
        become_oper(ann)
        bob.run("REGISTER bob * a-good-password", "METADATA * SET status :old", "MONITOR + ann")
        dan.run("JOIN #two", "TOPIC #two :two")
        for client in ann, bob, cat:
            client.run("JOIN #room")
        ann.run("MODE #room +o bob", "TOPIC #room :old", "METADATA #room SET status :old", "MODE #room +b x!*@*")
        ann.run("METADATA * SUB status", "MONITOR + bob,rob,dan", "ACCEPT bob", "ACCEPT -bob")
        bob.run("PRIVMSG #room :said one", "PRIVMSG #room :said two", "PRIVMSG ann :said three")
        messages = [each for each in ann.sync() if each.command == "PRIVMSG"]
        self.msgid = next(each.tags["msgid"] for each in messages if each.params[-1] == "said two")

    def _come(self, nick: str) -> None:
        """Connect a client. The other clients' output is not looked at."""
        caps = ALL_CAPS if nick == "ann" else "message-tags draft/message-redaction"
        self.people[nick] = Client(self.world, nick, caps=caps)
        if nick == "root":
            become_oper(self.people[nick])

    def change(self, what: str) -> None:
        """Make a change, all of its lines before any other client's."""
        self._run(*_CHANGES[what])

    def undo(self, what: str) -> bool:
        """Undo a change; return whether that is possible."""
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
        """Return the answer that ann receives, without its framing lines."""
        messages = self.people["ann"].run(question.format(msgid=self.msgid))
        return [_comparable(each) for each in messages if each.command not in ("BATCH", "219", "FAIL")]

    def close(self) -> None:
        """End it."""
        for client in self.people.values():
            client.close()
        self.world.stop()


class _Scenarios:
    """Unchanged worlds: one whose change was undone is used again, if the query's answer shows that it is as before."""

    def __init__(self, data: Path, question: str) -> None:
        self._data = data
        self._question = question
        self._spare: _Scenario | None = None
        self.before: list[str] = []
        """The answer."""

    @contextmanager
    def one(self, what: str) -> Iterator[_Scenario]:
        """Return a world for the next change."""
        scenario, self._spare = self._spare or _Scenario(self._data), None
        try:
            yield scenario
            if scenario.undo(what) and sorted(scenario.ask(self._question)) == sorted(self.before):
                self._spare = scenario
        finally:
            if self._spare is None:
                scenario.close()

    def close(self) -> None:
        """Stop the last world."""
        if self._spare:
            self._spare.close()


def _comparable(message: Message) -> str:
    """Return a message without tags, and with its counters masked."""
    text = " ".join((message.source or "", message.command, *message.params))
    return re.sub(r"\d{9,}|[0-9TZ:.-]{20,}|\d\d:\d\d:\d\d|(?<= 211 ).*|(?<=End of history: ).*", "?", text)


_MARK = "NOTICE ann :-- changed --"


def _call_at(moment: int, happen: Callable[[], None]) -> tuple[Callable[[], None], list[int]]:
    """Return a function that makes the change when called for the n-th time, and the list that counts its calls."""
    count = [0]

    def note() -> None:
        count[0] += 1
        if count[0] == moment:
            happen()

    return note, count


def _asked(scenario: _Scenario, question: str, what: str = "", moment: int = 0) -> tuple[list[str], list[str], int]:
    """Return the answer to a query during which the change happens, the answer to a new query after it, and the number
    of moments there were.

    moment: when the change happens, from 1; 0: never.
    """
    line = scenario.people["ann"].sock

    def happen() -> None:
        scenario.world.meanwhile = lambda: None
        scenario.change(what)
        line.mailbox.send(f"{_MARK}\r\n".encode())  # type: ignore[attr-defined]  # it is a world's

    scenario.world.meanwhile, count = _call_at(moment, happen)
    answer = scenario.ask(question)
    scenario.world.meanwhile = lambda: None
    anew = scenario.ask(question)
    if "channel is renamed" in what:  # a batch that began under the old name ends under it
        anew += scenario.ask(question.replace("#room", "#hall"))
        anew += [each.replace("#hall", "#room") for each in anew]
    return answer, anew, count[0]


@pytest.mark.parametrize("question", _QUESTIONS)
def test_no_answer_is_older_than_what_was_announced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    monkeypatch.setattr(registry, "_STEPS", 1)
    with closing(_Scenarios(tmp_path, question)) as scenarios:
        with scenarios.one("") as scenario:
            scenarios.before, _, moments = _asked(scenario, question)
        for moment, what in product({1, 2, moments // 2, moments} - {0} if moments else (), _CHANGES):
            if moment > moments:
                continue
            with scenarios.one(what) as scenario:
                answer, anew, _ = _asked(scenario, question, what, moment)
            announced = answer.index(" " + _MARK.replace(":", ""))
            old = Counter(answer[announced + 1 :]) - Counter(anew)
            lost = (Counter(scenarios.before) & Counter(anew)) - Counter(answer)
            if what == "a channel is renamed":
                lost.clear()  # no name is lost any more
            if what == "the asker is kicked" and re.match("CHATHISTORY|SEARCH|HISTSERV|PRIVMSG", question):
                old.clear()  # those messages were sent while they were members
            assert (old, lost) == (Counter(), Counter()), (what, moment, moments)
