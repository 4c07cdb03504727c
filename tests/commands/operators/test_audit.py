"""The audit log of operators' actions, and reading it."""

import ssl
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from greenchat.config.opers import RIGHTS, OperClass
from greenchat.server.net.certificate import ensure_certificate
from greenchat.server.net.tls import Tls
from tests.commands.operators.test_uban import SETTINGS as UBAN_SETTINGS
from tests.commands.operators.test_uban import arrive
from tests.conftest import ServerThread, StartServer, quick_options
from tests.irc import Client, people
from tests.opers import WITH_OPERS, become_oper


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> ServerThread:
    return start_server(WITH_OPERS, quick_options(tmp_path))


def entries(client: Client, line: str) -> list[str]:
    """Return the entries without time, and without the count at the end."""
    found = [m.params[1] for m in client.run(line) if m.command == "NOTICE" and not m.params[1].startswith("***")]
    assert found.pop() == f"{len(found)} entr{'y' if len(found) == 1 else 'ies'}"
    return [entry.split(" ", 1)[1] for entry in found]


def test_reading_needs_the_right(server: ServerThread) -> None:
    with Client(server.address, "alice") as alice:
        assert alice.commands("AUDIT") == ["481"]
        become_oper(alice, "helper")
        assert alice.commands("AUDIT") == ["723"]


@pytest.mark.parametrize(
    ("line", "action", "text"),
    [
        ("SAMODE #a +m", "SAMODE", "root used SAMODE: #a +m"),
        ("SAJOIN bob #b", "SAJOIN", "root joined bob to #b"),
        ("SAPART bob #a", "SAPART", "root parted bob from #a"),
        ("REMOVE bob #a", "REMOVE", "root removed bob from #a"),
        ("SANICK bob robert", "SANICK", "root changed the nickname of bob to robert"),
        ("KILL bob :go \x02away\x02", "KILL", "root killed bob!~bob@127.0.0.1 (go ?away?)"),
        ("WALLOPS :hear ye", "WALLOPS", "root sent to all with user mode +w: hear ye"),
        ("UBAN ADD 192.0.2.1 1h spam", "UBAN", "root banned 192.0.2.1 for 1h: spam"),
        ("KLINE x@y spam", "UBAN", "root banned *!x@y for ever: spam"),
        ("DEFCON 4", "DEFCON", "root set DEFCON 4: no registrations of accounts"),
        ("OPER nobody secret", "OPER", "root!~root@127.0.0.1 failed to become operator of an unknown name"),
        (
            "REHASH",
            "REHASH",
            "root tried to reload the configuration, which was not changed: "
            "the server was started without a configuration",
        ),
    ],
)
def test_every_action_of_an_operator_is_logged(server: ServerThread, line: str, action: str, text: str) -> None:
    with become_oper(Client(server.address, "root")) as root, people(server.address, "alice", "bob", channel="#a"):
        root.run(line)
        who = "the server" if action == "REHASH" else "root!~root@127.0.0.1 (root)"
        assert entries(root, "AUDIT 1") == [f"{action} {who}: {text}"]


def test_accounts_created_for_others_are_logged_without_the_password(server: ServerThread, tmp_path: Path) -> None:
    with become_oper(Client(server.address, "root")) as root:
        root.send("NS SAREGISTER carol sesame-open")
        while root.expect("NOTICE").params[1] != "The account carol is registered":
            pass
        assert entries(root, "AUDIT 1 saregister") == [
            "SAREGISTER root!~root@127.0.0.1 (root): root created the account carol"
        ]
        assert entries(root, "AUDIT sesame") == []


def test_actions_of_members_are_logged(server: ServerThread) -> None:
    """In channels and with accounts, without keys and passwords."""
    with (
        people(server.address, "alice", "bob", channel="#a", caps="draft/message-redaction message-tags") as (
            alice,
            bob,
        ),
        become_oper(Client(server.address, "root")) as root,
    ):
        alice.send("NS REGISTER sesame-open")
        alice.expect("900")
        alice.run("CS REGISTER #a", "CS AMODE #a +v alice", "MODE #a +bk x!*@* hush")
        bob.send("PRIVMSG #a :rude")
        msgid = alice.expect("PRIVMSG").tags["msgid"]
        alice.run(f"REDACT #a {msgid} :rude", "KICK #a bob :go away", "MODE #a", "MODE #a b")
        alice.send("NS PASSWD sesame-open sesame-shut")
        while "changed" not in alice.expect("NOTICE").params[1]:
            pass
        code = alice.run("CS UNREGISTER #a")[-1].params[1].split()[-1]
        alice.run(f"CS UNREGISTER #a {code}")
        alice.send("NS DROP alice sesame-shut")
        alice.expect("901")
        found = [entry.replace("alice!~alice@127.0.0.1 ", "") for entry in entries(root, "AUDIT 99 alice!~alice")]
        assert found == [
            "NICKSERV (no account): alice registered the account alice",
            "CHANSERV (alice): alice registered #a",
            "CHANSERV (alice): alice set +v for the account alice in #a",
            "MODE (alice): alice set #a +bk x!*@* *",
            "REDACT (alice): alice deleted a message of bob!~bob@127.0.0.1 in #a: rude",
            "KICK (alice): alice kicked bob!~bob@127.0.0.1 from #a: go away",
            "NICKSERV (alice): alice changed the password of the account alice",
            "CHANSERV (alice): alice unregistered #a",
            "NICKSERV (alice): alice dropped the account alice",
        ]
        assert entries(root, "AUDIT sesame") == entries(root, "AUDIT hush") == []


def test_adding_a_certificate_is_logged(start_server: StartServer, tmp_path: Path) -> None:
    certificate = ensure_certificate(tmp_path / "server", "greenchat.local", ["localhost"])
    server = start_server(WITH_OPERS, quick_options(tmp_path), Tls(*certificate))
    context = ssl.create_default_context(cafile=certificate[0])
    own = ensure_certificate(tmp_path / "client", "alice", [])
    context.load_cert_chain(*own)
    fingerprint = sha256(ssl.PEM_cert_to_DER_cert(own[0].read_text())).hexdigest()
    with Client(server.address, "alice", tls=context) as alice, become_oper(Client(server.address, "root")) as root:
        alice.send("NS REGISTER sesame-open")
        alice.expect("900")
        alice.run("NS CERT ADD")
        alice.run("NS CERT ADD " + "ab" * 32)  # a certificate of another client, which needs proof
        assert entries(root, "AUDIT 9 certificate") == [
            "NICKSERV alice!~alice@127.0.0.1 (alice): alice added a certificate to the account alice: " + fingerprint
        ]


def test_operators_are_told_of_one_who_acts_for_a_founder(server: ServerThread) -> None:
    with (
        people(server.address, "alice", "bob", channel="#a") as (alice, _),
        become_oper(Client(server.address, "root")) as root,
        become_oper(Client(server.address, "other")) as other,
    ):
        alice.send("NS REGISTER sesame-open")
        alice.expect("900")
        alice.run("CS REGISTER #a")
        root.send("NS REGISTER sesame-open")
        root.expect("900")
        root.sync()
        other.sync()
        root.run("CS OP #a bob", "CS AMODE #a +o root")
        texts = ["root made bob!~bob@127.0.0.1 an operator of #a", "root set +o for the account root in #a"]
        assert [m.params[1] for m in other.sync()] == [f"*** {text}" for text in texts]
        assert entries(root, "AUDIT 2 CHANSERV root!") == [
            f"CHANSERV root!~root@127.0.0.1 (root): {text}" for text in texts
        ]


def test_addresses_are_hidden_without_the_right(start_server: StartServer, tmp_path: Path) -> None:
    rights = tuple(right for right in RIGHTS if right != "addresses")
    classes = {**WITH_OPERS.staff.classes, "admin": OperClass(rights)}
    settings = replace(UBAN_SETTINGS, staff=replace(UBAN_SETTINGS.staff, classes=classes))
    server = start_server(settings, quick_options(tmp_path))
    with become_oper(Client(server.address, "root")) as root, arrive(server.address, "alice", "203.0.113.7") as alice:
        alice.run("JOIN #a", "MODE #a +m")
        (entry,) = entries(root, "AUDIT 1 alice")
        cloak = server.call(lambda app: app.network.protection.cloaks.host("203.0.113.7"))
        assert entry == f"MODE alice!~alice@{cloak} (no account): alice set #a +m"
        assert "203.0.113.7" in str(server.call(lambda app: app.moderation.read(1, "")))


def test_reading_by_count_and_text(server: ServerThread) -> None:
    with become_oper(Client(server.address, "root")) as root:
        for number in range(30):
            root.run(f"UBAN ADD 192.0.2.{number} x")
        assert [line.split()[-3] for line in entries(root, "AUDIT 3")] == ["for", "for", "for"]
        assert len(entries(root, "AUDIT")) == 20
        assert len(entries(root, "AUDIT 9999")) == 31
        assert len(entries(root, "AUDIT 192.0.2.7")) == 1
        assert len(entries(root, "AUDIT 5 192.0.2.2")) == 5
        assert "become" not in entries(root, "AUDIT 0 become")
