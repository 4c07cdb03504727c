"""Five families of programs without framing, in one channel with each other, with IRC and with `nc`.

Every pair of them meets once, each on a server of its own, all at the same time since they mostly wait.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import combinations_with_replacement
from pathlib import Path

import pytest

from greenchat.config.settings import Settings
from greenchat.protocol.plain import arrival
from greenchat.protocol.plain.text import to_ascii
from tests.conftest import ServerThread, quick_options
from tests.irc import Client
from tests.plain import FAMILIES, Program, Terminal, Tilde, Writes

LONG = "".join(f"{number} grün日本👍 " for number in range(160))  # 3.6 kB
PERSON = 1.0  # seconds that a person takes to type a name
QUICK = 500  # ms: a busy machine may delay a program, but not for as long as a person


@pytest.fixture
def writes() -> Iterator[Writes]:
    """Return all that the servers write to plain clients."""
    with pytest.MonkeyPatch.context() as patch, Writes.noted() as noted:
        patch.setattr(arrival, "QUICK", QUICK)
        yield noted


def test_every_pair_of_families(writes: Writes, tmp_path: Path) -> None:
    pairs = list(combinations_with_replacement(FAMILIES, 2))
    assert len(pairs) == 15
    errors = []
    with ThreadPoolExecutor(len(pairs)) as executor:
        for pair, future in [(pair, executor.submit(meet, *pair, writes, tmp_path)) for pair in pairs]:
            if error := future.exception():
                error.add_note(f"when {pair[0].__name__} met {pair[1].__name__}")
                errors.append(error)
    if errors:
        raise BaseExceptionGroup("some can't talk with each other", errors)


def meet(first: type[Program], second: type[Program], writes: Writes, folder: Path) -> None:
    """Let two programs talk, and a third one ask for the name of the first."""
    options = quick_options(folder)
    with ExitStack() as stack:
        server = ServerThread(Settings(), options, None)
        stack.callback(server.stop)

        def start(family: type[Program], name: str) -> Program:
            program = family(server.address, name, writes, person=PERSON)
            stack.callback(program.close)
            return program

        anna = start(first, "anna")
        anna.wait_for(anna.notice("Connected to the server!"))
        anna.wait_for(anna.notice("anna joined the chat!"))
        bert = start(second, "bert")
        double = start(first, "anna")
        bert.wait_for(bert.notice("Connected to the server!"))
        anna.wait_for(anna.notice("bert joined the chat!"))
        double.wait_for(double.notice("The name anna is taken, so you are anna_2."))
        anna.wait_for(anna.notice("anna_2 joined the chat!"))

        talk(anna, "hello ~ there", bert, double)
        talk(bert, "~hello~ anna: to you", anna, double)
        talk_as(double, "anna_2", "who am I?", anna, bert)

        burst(anna, bert)
        burst(bert, anna)
        long_text(anna, bert)
        long_text(bert, anna)

        double.close()
        for program in (anna, bert):
            program.wait_for(program.notice("anna_2 left the chat!"))
        server.stop()
        for program in (anna, bert):
            program.wait_for_end()
            assert program.ended == program.ends_with, program.report()
            assert program.shown[-1] == program.notice("The test is over")
            assert program.count(program.notice("bert joined the chat!")) == 1
        for program in (anna, bert, double):
            program.check_pauses()
            assert program.prompts == (0 if isinstance(program, Tilde) else 1), program.report()


def talk(speaker: Program, text: str, *others: Program) -> None:
    """Send one message: every client receives it once, and the sender, too, where it does not show its own."""
    talk_as(speaker, speaker.name, text, *others)


def talk_as(speaker: Program, nick: str, text: str, *others: Program) -> None:
    """The same for a sender that has not got the name that it assumes."""
    speaker.say(text)
    for program in others:
        program.wait_for(program.seen(nick, text))
    if speaker.echo:
        speaker.wait_for(speaker.seen(nick, text))
    assert speaker.count(speaker.seen(nick, text)) == speaker.echo
    for program in others:
        assert program.count(program.seen(nick, text)) == 1


def burst(speaker: Program, other: Program) -> None:
    """Send twenty messages without a pause; tilde programs wait for each, since nothing marks the end of one."""
    texts = [f"burst {number}." for number in range(20)]
    for text in texts:
        speaker.say(text)
        if isinstance(speaker, Tilde):
            speaker.wait_for(speaker.seen(speaker.name, text))
    other.wait_for(other.seen(speaker.name, texts[-1]))
    before = other.seen(speaker.name, "burst")
    assert [entry for entry in other.shown if entry.startswith(before)] == [
        other.seen(speaker.name, text) for text in texts
    ]


def long_text(speaker: Program, other: Program) -> None:
    """Send more than 3 kB in one message, in characters of one to four bytes: nothing is lost."""
    text = to_ascii(LONG) if isinstance(speaker, Terminal) else LONG
    expected = to_ascii(text) if isinstance(other, Terminal) else text
    already = other.whole(speaker.name)
    speaker.say(text)
    other.wait(lambda: len(other.whole(speaker.name)) >= len(already) + len(expected))
    assert other.whole(speaker.name) == already + expected


def test_all_families_and_irc_in_one_room(writes: Writes, tmp_path: Path) -> None:
    options = quick_options(tmp_path)
    with ExitStack() as stack:
        server = ServerThread(Settings(), options, None)
        stack.callback(server.stop)
        irc = stack.enter_context(Client(server.address, "irene"))
        irc.join("#lobby")
        names = ["anna", "bert", "carl", "dora", "emil"]
        programs = []
        for family, name in zip(FAMILIES, names, strict=True):
            program = family(server.address, name, writes, person=PERSON)
            stack.callback(program.close)
            programs.append(program)
        joined = {irc.expect("JOIN").nick for _ in programs}
        assert joined == set(names)
        for program in programs:
            program.wait_for(program.notice("Connected to the server!"))

        irc.send("PRIVMSG #lobby :\x02hello\x02 ~ all", "PRIVMSG #lobby :\x01ACTION waves\x01")
        for program in programs:
            program.wait_for(program.seen("irene", "hello ~ all"))
            waving = "irene: * irene waves" if isinstance(program, Tilde) else "* irene waves"
            program.wait_for(waving)
        for program in programs:
            program.say(f"I am {program.name}")
            message = irc.expect("PRIVMSG")
            assert (message.nick, message.params) == (program.name, ("#lobby", f"I am {program.name}"))
            for other in programs:
                if other is not program or other.echo:
                    other.wait_for(other.seen(program.name, f"I am {program.name}"))
        assert irc.sync() == []
        programs[0].close()
        assert irc.expect("QUIT").nick == "anna"
        irc.send("QUIT")
        for program in programs[1:]:
            program.wait_for(program.notice("irene left the chat!"))
            assert program.count(program.notice("anna left the chat!")) == 1
            program.check_pauses()
