"""NickServ EMAIL and SET EMAIL: an address belongs to an account once its owner has proved that mail arrives there."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.options import Address, Email
from greenchat.config.settings import AccountSettings, Settings
from tests.commands.devices import device, make_account
from tests.commands.state_changes import advance_clock
from tests.conftest import ServerThread, StartServer, quick_options
from tests.irc import Client
from tests.smtp import Mailbox, mail_server

_NEW = "alice@new.example"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server(_NEW) as server:
        yield server


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path, mailbox: Mailbox) -> ServerThread:
    email = Email(sender="chat@chat.example", server=Address("127.0.0.1", mailbox.port))
    options = replace(quick_options(tmp_path), email=email)
    return start_server(Settings(accounts=AccountSettings(iterations=4096)), options)


@pytest.fixture
def alice(server: ServerThread) -> Iterator[Client]:
    make_account(server.address, "alice")
    with device(server.address, "alice") as client:
        client.until("376", "422")
        yield client


def answer(client: Client, line: str) -> str:
    """Return NickServ's answer, however long the mail takes."""
    client.send(line)
    return client.expect("NOTICE").params[-1]


def code_in(mailbox: Mailbox) -> str:
    match = re.search(r"VERIFYEMAIL (\w+)", mailbox.mail().get_content())
    assert match
    return match[1]


def email_of(server: ServerThread) -> str:
    account = server.call(lambda app: app.network.accounts.get("alice"))
    assert account
    return account.email


@pytest.mark.parametrize("command", ["EMAIL", "SET EMAIL"])
def test_an_address_must_be_proved(server: ServerThread, alice: Client, mailbox: Mailbox, command: str) -> None:
    assert "A code was sent to" in answer(alice, f"NS {command} {_NEW} sesame open")
    code = code_in(mailbox)
    assert email_of(server) == ""
    assert any(_NEW in message.params[-1] for message in alice.run("NS INFO")), (
        "the new address is shown as unconfirmed"
    )
    assert "not valid" in answer(alice, "NS VERIFYEMAIL 00000000")
    assert f"is now {_NEW}" in answer(alice, f"NS VERIFYEMAIL {code}")
    assert email_of(server) == _NEW
    assert "not valid" in answer(alice, f"NS VERIFYEMAIL {code}"), "a code is valid once"


def test_an_address_that_refuses_mail(server: ServerThread, alice: Client) -> None:
    assert "could not be sent" in answer(alice, "NS EMAIL alice@nowhere.example sesame open")
    assert email_of(server) == ""


def test_removing_the_address_needs_the_password_only(server: ServerThread, alice: Client, mailbox: Mailbox) -> None:
    answer(alice, f"NS EMAIL {_NEW} sesame open")
    answer(alice, f"NS VERIFYEMAIL {code_in(mailbox)}")
    assert "Wrong password" in answer(alice, "NS SET EMAIL none wrong")
    assert "is now none" in answer(alice, "NS SET EMAIL none sesame open")
    assert email_of(server) == ""
    assert "Usage: EMAIL" in answer(alice, "NS SET EMAIL none")
    assert "not a valid email address" in answer(alice, "NS SET EMAIL nothing sesame open")


def test_an_unproved_address_is_dropped_with_a_new_password(
    server: ServerThread, alice: Client, mailbox: Mailbox
) -> None:
    answer(alice, f"NS EMAIL {_NEW} sesame open")
    code = code_in(mailbox)
    assert "was changed" in answer(alice, 'NS PASSWD "sesame open" "another-7"')
    assert "not valid" in answer(alice, f"NS VERIFYEMAIL {code}"), (
        "the request may be by somebody who knew the old password"
    )
    assert email_of(server) == ""


def test_resetting_the_password_ends_sessions_and_tokens(server: ServerThread, alice: Client, mailbox: Mailbox) -> None:
    """Anyone who had the old password may have made tokens, and may be connected."""
    answer(alice, f"NS EMAIL {_NEW} sesame open")
    answer(alice, f"NS VERIFYEMAIL {code_in(mailbox)}")
    alice.run("NS TOKEN CREATE BOT read,say")
    assert len(server.call(lambda app: list(app.network.tokens))) == 1
    with Client(server.address, "owner") as owner:
        answer(owner, "NS SENDPASS alice")
        match = re.search(r"RESETPASS alice (\w+)", mailbox.mail().get_content())
        assert match
        owner.send(f"NS RESETPASS alice {match[1]} another-password")
        assert "All sessions were logged out" in owner.expect("NOTICE").params[-1]
    alice.expect("901")
    assert server.call(lambda app: list(app.network.tokens)) == []
    assert not server.call(lambda app: [each for each in app.network.sessions if each.account])


def test_strangers_cannot_prevent_a_reset(server: ServerThread, alice: Client, mailbox: Mailbox) -> None:
    """The code is sent to the owner, whoever requests it, and is valid until the next one, which can be requested ten
    minutes later.
    """
    answer(alice, f"NS EMAIL {_NEW} sesame open")
    answer(alice, f"NS VERIFYEMAIL {code_in(mailbox)}")
    with Client(server.address, "stranger") as stranger, Client(server.address, "owner") as owner:
        assert "a mail was sent to it" in answer(stranger, "NS SENDPASS alice")
        code = re.search(r"RESETPASS alice (\w+)", mailbox.mail().get_content())
        assert code
        for _ in range(12):
            assert "within the last ten minutes" in answer(stranger, "NS SENDPASS alice")
            assert "not valid" in answer(stranger, "NS RESETPASS alice 0000 another-password")
        assert mailbox.mails.empty(), "no second mail is sent"
        assert "within the last ten minutes" in answer(owner, "NS SENDPASS alice")
        owner.send(f"NS RESETPASS alice {code[1]} another-password")
        assert "All sessions were logged out" in owner.expect("NOTICE").params[-1]
        answer(owner, "NS SENDPASS alice")
        assert "RESETPASS" in mailbox.mail().get_content(), "a used code allows the next one at once"
        advance_clock(server, 601_000)
        answer(owner, "NS SENDPASS alice")
        assert "RESETPASS" in mailbox.mail().get_content()


def test_requests_for_codes_are_limited(server: ServerThread) -> None:
    with Client(server.address, "stranger") as stranger:
        stranger.send("NICK stranger2")
        stranger.expect("NICK")
        for session in server.app.network.sessions:
            session.host = "192.0.2.1"
        answers = [answer(stranger, "NS RESETPASS alice 0000 another-password") for _ in range(6)]
    assert ["not valid" in each for each in answers] == [True] * 5 + [False]
    assert "Too many attempts" in answers[-1]


def test_a_failed_mail_can_be_requested_again_at_once(server: ServerThread, alice: Client, mailbox: Mailbox) -> None:
    answer(alice, f"NS EMAIL {_NEW} sesame open")
    answer(alice, f"NS VERIFYEMAIL {code_in(mailbox)}")
    mailbox.mailbox = "nobody@example.org"
    answer(alice, "NS SENDPASS alice")
    mailbox.mailbox = _NEW
    answer(alice, "NS SENDPASS alice")
    assert "RESETPASS" in mailbox.mail().get_content()
