"""The spam filter: messages held back and released; mute, kick and ban; the dry run; and REPORT."""

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
from tests.opers import WITH_OPERS, become_oper

STRICT = SpamFilter(mode="on", patterns=("buy cheap",))


def settings(spam: SpamFilter, **changes: Any) -> Settings:
    return replace(WITH_OPERS, spam=spam, **changes)


def received_texts(client: Client, *lines: str) -> list[str]:
    """Return the texts that a client receives until a PONG."""
    return [message.params[-1] for message in client.run(*lines) if message.params]


def test_a_message_is_held_back_and_released(serve: Serve) -> None:
    address = serve(settings(STRICT))
    with people(address, "alice", "bob", channel="#tea") as (alice, bob), Client(address, "root") as root:
        become_oper(root)
        held = received_texts(bob, "PRIVMSG #tea :BUY CHEAP watches")
        assert "Your message was held back because it looks like spam (matches buy cheap)" in held[0]
        assert received_texts(alice) == []
        texts = [text for text in received_texts(root, "FILTER LIST") if "held back" in text or "Held back" in text]
        assert any("Held back 1, from bob!" in text for text in texts)
        assert texts[-1] == "1 line held back; the filter is on"
        root.run("FILTER RELEASE 1")
        assert alice.expect("PRIVMSG").params == ("#tea", "BUY CHEAP watches")
        assert received_texts(root, "FILTER LIST")[-1] == "0 lines held back; the filter is on"


def test_repeated_spam_is_muted_kicked_and_banned(serve: Serve) -> None:
    """At 12 points muted, at 18 out of the channel, at 30 banned."""
    address = serve(settings(replace(STRICT, ban=0)))
    with people(address, "alice", "bob", channel="#tea") as (alice, bob), Client(address, "root") as root:
        become_oper(root)
        bob.run("PRIVMSG #tea :buy cheap a", "PRIVMSG #tea :buy cheap b")
        assert alice.expect("KICK").params == ("#tea", "bob", "Spam")
        assert "held back" in received_texts(bob, "PRIVMSG alice :hello")[-1]  # muted
        assert received_texts(root, "FILTER UNMUTE bob") != []
        assert received_texts(bob, "PRIVMSG alice :hello") == []
        assert alice.expect("PRIVMSG").params[-1] == "hello"


def test_reasons_of_a_muted_user_are_left_out(serve: Serve) -> None:
    address = serve(settings(replace(STRICT, ban=0)))
    with people(address, "alice", "bob", channel="#tea") as (alice, bob):
        bob.run("PRIVMSG #tea :buy cheap a", "PRIVMSG #tea :buy cheap b")
        assert alice.expect("KICK").params == ("#tea", "bob", "Spam")
        bob.run("JOIN #tea", "PART #tea :come to example.com")
        assert alice.expect("PART").params == ("#tea",)


def test_the_highest_score_is_banned(serve: Serve, tmp_path: Path) -> None:
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
        alice.sync()  # she is still connected


def test_loopback_is_never_banned(serve: Serve) -> None:
    """All users of a proxy that does not pass on their addresses have this one."""
    address = serve(settings(replace(STRICT, ban=10)))
    with Client(address, "root") as root, people(address, "alice", "bob", channel="#tea") as (_, bob):
        become_oper(root)
        bob.send("PRIVMSG #tea :buy cheap")
        bob.expect("KICK")
        assert any("did not ban bob!" in text for text in received_texts(root))
        bob.sync()


def test_a_dry_run_only_reports(serve: Serve) -> None:
    address = serve(settings(replace(STRICT, mode="report")))
    with people(address, "alice", "bob", channel="#tea") as (alice, bob), Client(address, "root") as root:
        become_oper(root)
        assert received_texts(bob, "PRIVMSG #tea :buy cheap", "PRIVMSG #tea :buy cheap") == []
        assert received_texts(alice) == ["buy cheap", "buy cheap"]
        texts = [text for text in received_texts(root) if "Dry run" in text]
        assert len(texts) == 1  # "once a minute", not for each message
        assert "would hold bob!" in texts[0]


def test_trusted_users_are_not_filtered(serve: Serve) -> None:
    address = serve(settings(STRICT))
    with people(address, "alice", "bob", channel="#tea") as (alice, bob):
        assert received_texts(alice, "PRIVMSG #tea :buy cheap") == []  # an operator of the channel
        alice.run("MODE #tea +v bob")
        bob.expect("MODE")
        assert "held back" not in " ".join(received_texts(bob, "PRIVMSG #tea :buy cheap"))


def test_a_channel_can_switch_the_filter_on_for_itself(serve: Serve) -> None:
    address = serve(settings(replace(STRICT, mode="off")))
    with people(address, "alice", "bob", channel="#tea") as (alice, bob):
        assert received_texts(bob, "PRIVMSG #tea :buy cheap") == []
        alice.run("MODE #tea +G")
        bob.expect("MODE")
        assert "held back" in received_texts(bob, "PRIVMSG #tea :buy cheap too")[-1]


def test_filter_needs_the_right(serve: Serve) -> None:
    with Client(serve(settings(STRICT)), "alice") as alice:
        assert alice.run("FILTER LIST")[0].command == "481"


def test_a_report_includes_the_last_messages(serve: Serve) -> None:
    address = serve(settings(SpamFilter(), moderation=Moderation(channel="#staff", reports=2)))
    with people(address, "alice", "bob", channel="#tea") as (alice, bob), Client(address, "root") as root:
        become_oper(root)
        root.join("#staff")
        bob.run("PRIVMSG #tea :something rude")
        alice.send("REPORT bob #tea he is rude")
        thanks = "Your report has been sent to the operators, with the last message of #tea"
        assert alice.expect("NOTICE").params[-1] == thanks
        texts = received_texts(root)
        assert any("alice!" in text and "reports bob!" in text and "in #tea: he is rude" in text for text in texts)
        assert any(text.endswith("bob: something rude") for text in texts)
        assert any(message for message in texts if message.startswith("*** "))
        alice.run("REPORT bob again")
        assert alice.run("REPORT bob again")[0].command == "263"


def test_the_reporter_is_told_what_was_included(serve: Serve) -> None:
    """Without a channel that is the private conversation only, which the user may not expect."""
    address = serve(settings(SpamFilter(), moderation=Moderation(reports=9)))
    with people(address, "alice", "bob", channel="#tea") as (alice, bob), Client(address, "root") as root:
        become_oper(root)
        hint = ". To include a channel's messages: REPORT bob <#channel> <reason>"
        thanks = "Your report has been sent to the operators"
        bob.run("PRIVMSG #tea :rude in public")
        alice.sync()
        assert received_texts(alice, "REPORT bob rude") == [f"{thanks}, without messages{hint}"]
        assert not any("in public" in text for text in received_texts(root))
        bob.run("PRIVMSG alice :rude in private", "PRIVMSG alice :and again")
        alice.sync()
        assert received_texts(alice, "REPORT bob rude") == [
            f"{thanks}, with the last 2 messages of your private conversation with bob{hint}"
        ]
        texts = received_texts(root)
        assert any("in private" in text for text in texts)
        assert not any("in public" in text for text in texts)
        assert received_texts(alice, "REPORT bob #tea rude") == [f"{thanks}, with the last message of #tea"]
        assert any("in public" in text for text in received_texts(root))


def test_a_report_keeps_its_messages_after_a_rename(serve: Serve) -> None:
    address = serve(settings(SpamFilter()))
    caps = "message-tags draft/message-redaction draft/channel-rename"
    with people(address, "alice", "bob", caps=caps, channel="#tea") as (alice, bob), Client(address, "root") as root:
        become_oper(root)
        bob.send("PRIVMSG #tea :first rudeness", "PRIVMSG #tea :second rudeness")
        msgid = alice.expect("PRIVMSG").tags["msgid"]
        alice.expect("PRIVMSG")
        alice.run("REPORT bob #tea rude", "RENAME #tea #coffee", "RENAME #coffee #water")
        alice.sync()
        texts = [text for text in received_texts(root, "AUDIT 10 REPORT") if not text.startswith("***")]
        assert [text.split()[-2] for text in texts if text.endswith("rudeness")] == ["first", "second"]
        bob.run(f"REDACT #water {msgid}")
        texts = [text for text in received_texts(root, "AUDIT 10 REPORT") if not text.startswith("***")]
        assert [text.split()[-2] for text in texts if text.endswith("rudeness")] == ["second"]


def test_a_report_of_an_older_version_is_shown_without_msgids(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(settings(SpamFilter()), quick_options(tmp_path))
    with Client(server.address, "root") as root:
        become_oper(root)
        report = STEPS["report.made"]
        server.call(lambda app: app.run_step(lambda ctx: report(ctx, text="alice reports bob", lines=["bob: rude"])))
        texts = received_texts(root)
        assert any("alice reports bob" in text for text in texts)
        assert any(text.endswith("bob: rude") for text in texts)
        texts = received_texts(root, "AUDIT 10 REPORT")
        assert len(texts) == 2
        assert texts[0].endswith(": alice reports bob")


def test_redacted_messages_of_a_report_are_in_no_log(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(settings(SpamFilter()), quick_options(tmp_path))
    log = server.call(lambda app: app.audit.path)
    caps = "message-tags draft/message-redaction"
    with (
        people(server.address, "alice", "bob", caps=caps, channel="#tea") as (alice, bob),
        Client(server.address, "root") as root,
    ):
        become_oper(root)
        bob.send("PRIVMSG #tea :first rudeness", "PRIVMSG #tea :second rudeness")
        msgid = alice.expect("PRIVMSG").tags["msgid"]
        alice.expect("PRIVMSG")
        alice.send("REPORT bob #tea he is rude     #tea x")
        alice.expect("NOTICE")
        texts = received_texts(root, "AUDIT 10 REPORT")
        assert any(text.endswith("bob: first rudeness") for text in texts)
        bob.run(f"REDACT #tea {msgid}")
        texts = received_texts(root, "AUDIT 10 REPORT")
        assert not any("first" in text for text in texts)
        assert any(text.endswith(f"#tea {msgid}") for text in texts)
        assert any(text.endswith("bob: second rudeness") for text in texts)
        content = log.read_text()
        assert "he is rude" in content
        assert "rudeness" not in content
