"""NickServ EMAIL and SET EMAIL: an address is the account's when its owner has proved that mail to it arrives."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.options import Address, Email
from greenchat.config.settings import AccountSettings, Settings
from tests.commands.devices import device, make_account
from tests.commands.inside import let_pass
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
    """What NickServ answers, however long a mail takes."""
    client.send(line)
    return client.expect("NOTICE").params[-1]


def code_in(mailbox: Mailbox) -> str:
    found = re.search(r"VERIFYEMAIL (\w+)", mailbox.mail().get_content())
    assert found
    return found[1]


def email_of(server: ServerThread) -> str:
    account = server.call(lambda app: app.network.accounts.get("alice"))
    assert account
    return account.email


@pytest.mark.parametrize("command", ["EMAIL", "SET EMAIL"])
def test_an_address_has_to_be_proved(server: ServerThread, alice: Client, mailbox: Mailbox, command: str) -> None:
    assert "A code was sent to" in answer(alice, f"NS {command} {_NEW} sesame open")
    code = code_in(mailbox)
    assert email_of(server) == ""
    assert any(_NEW in message.params[-1] for message in alice.run("NS INFO")), "it is waiting"
    assert "not valid" in answer(alice, "NS VERIFYEMAIL 00000000")
    assert f"is now {_NEW}" in answer(alice, f"NS VERIFYEMAIL {code}")
    assert email_of(server) == _NEW
    assert "not valid" in answer(alice, f"NS VERIFYEMAIL {code}"), "once"


def test_an_address_that_takes_no_mail(server: ServerThread, alice: Client) -> None:
    assert "could not be sent" in answer(alice, "NS EMAIL alice@nowhere.example sesame open")
    assert email_of(server) == ""


def test_taking_it_away_needs_the_password_only(server: ServerThread, alice: Client, mailbox: Mailbox) -> None:
    answer(alice, f"NS EMAIL {_NEW} sesame open")
    answer(alice, f"NS VERIFYEMAIL {code_in(mailbox)}")
    assert "Wrong password" in answer(alice, "NS SET EMAIL none wrong")
    assert "is now none" in answer(alice, "NS SET EMAIL none sesame open")
    assert email_of(server) == ""
    assert "Usage: EMAIL" in answer(alice, "NS SET EMAIL none")
    assert "not a valid email address" in answer(alice, "NS SET EMAIL nothing sesame open")


def test_an_address_that_waits_does_not_outlive_the_password(
    server: ServerThread, alice: Client, mailbox: Mailbox
) -> None:
    answer(alice, f"NS EMAIL {_NEW} sesame open")
    code = code_in(mailbox)
    assert "was changed" in answer(alice, 'NS PASSWD "sesame open" "another-7"')
    assert "not valid" in answer(alice, f"NS VERIFYEMAIL {code}"), "who asked for it may only have known the old one"
    assert email_of(server) == ""


def test_a_password_that_was_reset_leaves_a_thief_no_way_in(
    server: ServerThread, alice: Client, mailbox: Mailbox
) -> None:
    """Whoever had the old password may have made tokens, and sit there."""
    answer(alice, f"NS EMAIL {_NEW} sesame open")
    answer(alice, f"NS VERIFYEMAIL {code_in(mailbox)}")
    alice.run("NS TOKEN CREATE BOT read,say")
    assert len(server.call(lambda app: list(app.network.tokens))) == 1
    with Client(server.address, "owner") as owner:
        answer(owner, "NS SENDPASS alice")
        found = re.search(r"RESETPASS alice (\w+)", mailbox.mail().get_content())
        assert found
        owner.send(f"NS RESETPASS alice {found[1]} another-password")
        assert "All sessions were logged out" in owner.expect("NOTICE").params[-1]
    alice.expect("901")
    assert server.call(lambda app: list(app.network.tokens)) == []
    assert not server.call(lambda app: [each for each in app.network.sessions if each.account])


def test_no_stranger_keeps_the_owner_from_a_new_password(server: ServerThread, alice: Client, mailbox: Mailbox) -> None:
    """Whoever asks, the code goes to the owner; and it is valid until the next one, ten minutes later."""
    answer(alice, f"NS EMAIL {_NEW} sesame open")
    answer(alice, f"NS VERIFYEMAIL {code_in(mailbox)}")
    with Client(server.address, "stranger") as stranger, Client(server.address, "owner") as owner:
        assert "a mail was sent to it" in answer(stranger, "NS SENDPASS alice")
        code = re.search(r"RESETPASS alice (\w+)", mailbox.mail().get_content())
        assert code
        for _ in range(12):
            assert "within the last ten minutes" in answer(stranger, "NS SENDPASS alice")
            assert "not valid" in answer(stranger, "NS RESETPASS alice 0000 another-password")
        assert mailbox.mails.empty(), "and nobody's mailbox is filled"
        assert "within the last ten minutes" in answer(owner, "NS SENDPASS alice")
        owner.send(f"NS RESETPASS alice {code[1]} another-password")
        assert "All sessions were logged out" in owner.expect("NOTICE").params[-1]
        answer(owner, "NS SENDPASS alice")
        assert "RESETPASS" in mailbox.mail().get_content(), "the code was used: the next one comes at once"
        let_pass(server, 601_000)
        answer(owner, "NS SENDPASS alice")
        assert "RESETPASS" in mailbox.mail().get_content()


def test_who_asks_for_codes_is_counted(server: ServerThread) -> None:
    with Client(server.address, "stranger") as stranger:
        stranger.send("NICK stranger2")
        stranger.expect("NICK")
        for session in server.app.network.sessions:
            session.host = "192.0.2.1"
        said = [answer(stranger, "NS RESETPASS alice 0000 another-password") for _ in range(6)]
    assert ["not valid" in each for each in said] == [True] * 5 + [False]
    assert "Too many attempts" in said[-1]


def test_a_mail_that_could_not_be_sent_is_tried_again_at_once(
    server: ServerThread, alice: Client, mailbox: Mailbox
) -> None:
    answer(alice, f"NS EMAIL {_NEW} sesame open")
    answer(alice, f"NS VERIFYEMAIL {code_in(mailbox)}")
    mailbox.mailbox = "nobody@example.org"
    answer(alice, "NS SENDPASS alice")
    mailbox.mailbox = _NEW
    answer(alice, "NS SENDPASS alice")
    assert "RESETPASS" in mailbox.mail().get_content()
