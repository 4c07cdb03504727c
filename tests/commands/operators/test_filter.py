"""The spam filter on a server: held back, muted, kicked, banned, released; a dry run; and REPORT."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from greenchat.commands.core.steps import STEPS
from greenchat.config.moderation import Moderation, SpamFilter
from greenchat.config.options import Address, ListenerOptions
from greenchat.config.settings import Settings
from greenchat.values.addresses import network
from tests.conftest import Serve, StartServer, quick_options
from tests.irc import Client, people
from tests.staff import STAFFED, become

STRICT = SpamFilter(mode="on", patterns=("buy cheap",))


def settings(spam: SpamFilter, **changes: Any) -> Settings:
    return replace(STAFFED, spam=spam, **changes)


def said(client: Client, *lines: str) -> list[str]:
    """Return the texts that a client gets up to the answer of a PING."""
    return [message.params[-1] for message in client.run(*lines) if message.params]


def test_a_line_is_held_back_and_released(serve: Serve) -> None:
    address = serve(settings(STRICT))
    with people(address, "alice", "bob", channel="#tea") as (alice, bob), Client(address, "root") as root:
        become(root)
        held = said(bob, "PRIVMSG #tea :BUY CHEAP watches")
        assert "Your message was held back because it looks like spam (matches buy cheap)" in held[0]
        assert said(alice) == []
        told = [text for text in said(root, "FILTER LIST") if "held back" in text or "Held back" in text]
        assert any("Held back 1, from bob!" in text for text in told)
        assert told[-1] == "1 line held back; the filter is on"
        root.run("FILTER RELEASE 1")
        assert alice.expect("PRIVMSG").params == ("#tea", "BUY CHEAP watches")
        assert said(root, "FILTER LIST")[-1] == "0 lines held back; the filter is on"


def test_more_and_more_follows(serve: Serve) -> None:
    """At 12 points muted, at 18 out of the channel, at 30 banned."""
    address = serve(settings(replace(STRICT, ban=0)))
    with people(address, "alice", "bob", channel="#tea") as (alice, bob), Client(address, "root") as root:
        become(root)
        bob.run("PRIVMSG #tea :buy cheap a", "PRIVMSG #tea :buy cheap b")
        assert alice.expect("KICK").params == ("#tea", "bob", "Spam")
        assert "held back" in said(bob, "PRIVMSG alice :hello")[-1]  # muted
        assert said(root, "FILTER UNMUTE bob") != []
        assert said(bob, "PRIVMSG alice :hello") == []
        assert alice.expect("PRIVMSG").params[-1] == "hello"


def test_whoever_is_muted_says_nothing_by_leaving_either(serve: Serve) -> None:
    address = serve(settings(replace(STRICT, ban=0)))
    with people(address, "alice", "bob", channel="#tea") as (alice, bob):
        bob.run("PRIVMSG #tea :buy cheap a", "PRIVMSG #tea :buy cheap b")
        assert alice.expect("KICK").params == ("#tea", "bob", "Spam")
        bob.run("JOIN #tea", "PART #tea :come to example.com")
        assert alice.expect("PART").params == ("#tea",)


def test_the_worst_are_banned(serve: Serve, tmp_path: Path) -> None:
    listener = ListenerOptions(Address("127.0.0.1", 0), proxy=(network("127.0.0.1"),))
    options = replace(quick_options(tmp_path), listen=(listener,))
    address = serve(settings(replace(STRICT, ban=10)), options)
    with Client(address) as alice, Client(address) as bob:
        for number, (client, nick) in enumerate(((alice, "alice"), (bob, "bob"))):
            client.send_raw(f"PROXY TCP4 198.51.100.{number} 192.0.2.1 1 2\r\n".encode())
            client.register(nick)
            client.join("#tea")
        bob.send("PRIVMSG #tea :buy cheap")
        bob.until_end()
        assert alice.expect("KICK").params[1] == "bob"
        alice.sync()  # is still there


def test_this_machine_is_never_banned(serve: Serve) -> None:
    """All who come through a proxy that says nothing of them have its address."""
    address = serve(settings(replace(STRICT, ban=10)))
    with Client(address, "root") as root, people(address, "alice", "bob", channel="#tea") as (_, bob):
        become(root)
        bob.send("PRIVMSG #tea :buy cheap")
        bob.expect("KICK")
        assert any("did not ban bob!" in text for text in said(root))
        bob.sync()


def test_a_dry_run_only_tells(serve: Serve) -> None:
    address = serve(settings(replace(STRICT, mode="report")))
    with people(address, "alice", "bob", channel="#tea") as (alice, bob), Client(address, "root") as root:
        become(root)
        assert said(bob, "PRIVMSG #tea :buy cheap", "PRIVMSG #tea :buy cheap") == []
        assert said(alice) == ["buy cheap", "buy cheap"]
        told = [text for text in said(root) if "Dry run" in text]
        assert len(told) == 1  # "once a minute", not for each line
        assert "would hold bob!" in told[0]


def test_people_who_are_trusted_are_not_judged(serve: Serve) -> None:
    address = serve(settings(STRICT))
    with people(address, "alice", "bob", channel="#tea") as (alice, bob):
        assert said(alice, "PRIVMSG #tea :buy cheap") == []  # an operator of the channel
        alice.run("MODE #tea +v bob")
        bob.expect("MODE")
        assert "held back" not in " ".join(said(bob, "PRIVMSG #tea :buy cheap"))


def test_a_channel_can_have_it_alone(serve: Serve) -> None:
    address = serve(settings(replace(STRICT, mode="off")))
    with people(address, "alice", "bob", channel="#tea") as (alice, bob):
        assert said(bob, "PRIVMSG #tea :buy cheap") == []
        alice.run("MODE #tea +G")
        bob.expect("MODE")
        assert "held back" in said(bob, "PRIVMSG #tea :buy cheap too")[-1]


def test_only_those_with_the_right_may_look(serve: Serve) -> None:
    with Client(serve(settings(STRICT)), "alice") as alice:
        assert alice.run("FILTER LIST")[0].command == "481"


def test_a_report_brings_the_last_lines(serve: Serve) -> None:
    address = serve(settings(SpamFilter(), moderation=Moderation(channel="#staff", reports=2)))
    with people(address, "alice", "bob", channel="#tea") as (alice, bob), Client(address, "root") as root:
        become(root)
        root.join("#staff")
        bob.run("PRIVMSG #tea :something rude")
        alice.send("REPORT bob #tea he is rude")
        thanks = "Your report has been sent to the operators, with the last message of #tea"
        assert alice.expect("NOTICE").params[-1] == thanks
        told = said(root)
        assert any("alice!" in text and "reports bob!" in text and "in #tea: he is rude" in text for text in told)
        assert any(text.endswith("bob: something rude") for text in told)
        assert any(message for message in told if message.startswith("*** "))
        alice.run("REPORT bob again")
        assert alice.run("REPORT bob again")[0].command == "263"


def test_whoever_reports_is_told_what_was_included(serve: Serve) -> None:
    """Without a channel that is the private conversation only, which a user may not expect."""
    address = serve(settings(SpamFilter(), moderation=Moderation(reports=9)))
    with people(address, "alice", "bob", channel="#tea") as (alice, bob), Client(address, "root") as root:
        become(root)
        hint = ". To include a channel's messages: REPORT bob <#channel> <reason>"
        thanks = "Your report has been sent to the operators"
        bob.run("PRIVMSG #tea :rude in public")
        alice.sync()
        assert said(alice, "REPORT bob rude") == [f"{thanks}, without messages{hint}"]
        assert not any("in public" in text for text in said(root))
        bob.run("PRIVMSG alice :rude in private", "PRIVMSG alice :and again")
        alice.sync()
        assert said(alice, "REPORT bob rude") == [
            f"{thanks}, with the last 2 messages of your private conversation with bob{hint}"
        ]
        told = said(root)
        assert any("in private" in text for text in told)
        assert not any("in public" in text for text in told)
        assert said(alice, "REPORT bob #tea rude") == [f"{thanks}, with the last message of #tea"]
        assert any("in public" in text for text in said(root))


def test_a_report_is_shown_with_its_words_after_the_channel_was_renamed(serve: Serve) -> None:
    address = serve(settings(SpamFilter()))
    caps = "message-tags draft/message-redaction draft/channel-rename"
    with people(address, "alice", "bob", caps=caps, channel="#tea") as (alice, bob), Client(address, "root") as root:
        become(root)
        bob.send("PRIVMSG #tea :first rudeness", "PRIVMSG #tea :second rudeness")
        msgid = alice.expect("PRIVMSG").tags["msgid"]
        alice.expect("PRIVMSG")
        alice.run("REPORT bob #tea rude", "RENAME #tea #coffee", "RENAME #coffee #water")
        alice.sync()
        told = [text for text in said(root, "AUDIT 10 REPORT") if not text.startswith("***")]
        assert [text.split()[-2] for text in told if text.endswith("rudeness")] == ["first", "second"]
        bob.run(f"REDACT #water {msgid}")
        told = [text for text in said(root, "AUDIT 10 REPORT") if not text.startswith("***")]
        assert [text.split()[-2] for text in told if text.endswith("rudeness")] == ["second"]


def test_a_report_of_before_is_told_without_the_names_of_messages(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(settings(SpamFilter()), quick_options(tmp_path))
    with Client(server.address, "root") as root:
        become(root)
        report = STEPS["report.made"]
        server.call(lambda app: app.run_step(lambda ctx: report(ctx, text="alice reports bob", lines=["bob: rude"])))
        told = said(root)
        assert any("alice reports bob" in text for text in told)
        assert any(text.endswith("bob: rude") for text in told)
        told = said(root, "AUDIT 10 REPORT")
        assert len(told) == 2
        assert told[0].endswith(": alice reports bob")


def test_what_was_reported_and_taken_back_is_in_no_log(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(settings(SpamFilter()), quick_options(tmp_path))
    log = server.call(lambda app: app.audit.path)
    caps = "message-tags draft/message-redaction"
    with (
        people(server.address, "alice", "bob", caps=caps, channel="#tea") as (alice, bob),
        Client(server.address, "root") as root,
    ):
        become(root)
        bob.send("PRIVMSG #tea :first rudeness", "PRIVMSG #tea :second rudeness")
        msgid = alice.expect("PRIVMSG").tags["msgid"]
        alice.expect("PRIVMSG")
        alice.send("REPORT bob #tea he is rude     #tea x")
        alice.expect("NOTICE")
        told = said(root, "AUDIT 10 REPORT")
        assert any(text.endswith("bob: first rudeness") for text in told)
        bob.run(f"REDACT #tea {msgid}")
        told = said(root, "AUDIT 10 REPORT")
        assert not any("first" in text for text in told)
        assert any(text.endswith(f"#tea {msgid}") for text in told)
        assert any(text.endswith("bob: second rudeness") for text in told)
        content = log.read_text()
        assert "he is rude" in content
        assert "rudeness" not in content
