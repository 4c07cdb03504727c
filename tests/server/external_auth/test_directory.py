"""Passwords of an LDAP directory, with the real slapd."""

import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.commands.core.process import ExternalAuthError
from greenchat.config.external_auth import Ldap
from greenchat.server.external_auth.directory import ask
from greenchat.server.net.certificate import ensure_certificate
from tests.ldap_directory import Directory, directory
from tests.patience import PATIENCE
from tests.ports import reserved_port


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return ensure_certificate(tmp_path_factory.mktemp("certificate"), "localhost", ["localhost", "127.0.0.1"])


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory, certificate: tuple[Path, Path]) -> Iterator[Directory]:
    with directory(tmp_path_factory.mktemp("slapd"), *certificate) as found:
        yield found


@pytest.fixture
def by_name(people: Directory) -> Ldap:
    return Ldap(url=people.url, dn="uid={name}," + people.people, timeout=PATIENCE)


@pytest.fixture
def by_look(people: Directory) -> Ldap:
    return Ldap(
        url=people.url,
        base=people.people,
        bind_dn=people.looker,
        bind_password=people.looker_password,
        timeout=PATIENCE,
    )


@pytest.mark.parametrize(
    ("name", "password", "right"),
    [
        ("", "", False),
        ("alice", "in the directory", True),
        ("alice", "wrong", False),
        ("alice", "bob's own", False),
        ("nobody", "in the directory", False),
        # RFC 4513, section 5.1.2: "Clients SHOULD disallow an empty password input"
        ("alice", "", False),
        ("", "in the directory", False),
        ("*", "in the directory", False),
        ("alice)(uid=*", "in the directory", False),
        ("alice,ou=people", "in the directory", False),
        ("ali*", "in the directory", False),
        ("al\\69ce", "in the directory", False),
        ("alice\0", "in the directory", False),
        ("alice+cn=Alice", "in the directory", False),
        ("\u00e4\U0001f600", "in the directory", False),
    ],
)
def test_a_password_is_checked_for_the_right_entry(
    by_name: Ldap, by_look: Ldap, name: str, password: str, right: bool
) -> None:
    """However the entry is found, no special character in a name selects another one."""
    for rules in (by_name, by_look):
        assert ask(rules, name, password) == (name if right else None)


@pytest.mark.parametrize("typed", ["jose", "JOSE", "jos\u00e9", "Jose\u0301", "jos\u00ea"])
def test_the_name_is_that_of_the_entry(by_look: Ldap, typed: str) -> None:
    """A directory may match josé for jose: the login is for the account of the entry's name, not of the typed one."""
    rules = replace(by_look, filter="(cn~={name})", adopt=True)
    assert ask(rules, typed, "jo's own") == "Jos\u00e9"
    assert ask(rules, typed, "wrong") is None


@pytest.mark.parametrize("typed", ["alice", "ALICE", "Alice"])
def test_the_entrys_name_also_where_the_dn_is_made_of_the_typed_one(by_name: Ldap, by_look: Ldap, typed: str) -> None:
    for rules in by_name, by_look, replace(by_look, filter="(&(objectClass=*)(| (uid:caseIgnoreMatch:={name})(cn=x)))"):
        for adopt in False, True:
            assert ask(replace(rules, adopt=adopt), typed, "in the directory") == "alice"


def test_without_the_entrys_name_no_existing_account_is_adopted(
    by_name: Ldap, by_look: Ldap, monkeypatch: pytest.MonkeyPatch
) -> None:
    for rules in by_name, replace(by_look, filter="(!(!(uid={name})))"):
        monkeypatch.setattr("greenchat.server.external_auth.directory._PLACE", re.compile("$(.)(.)(.)"))
        assert ask(rules, "alice", "in the directory") == "alice"
        with pytest.raises(ExternalAuthError, match="how it spells the name"):
            ask(replace(rules, adopt=True), "alice", "in the directory")


def test_a_filter_that_matches_several_entries_refuses_the_login(by_look: Ldap) -> None:
    assert ask(replace(by_look, filter="(mail={name})"), "shared@example.org", "in the directory") is None


def test_tls(people: Directory, by_name: Ldap, certificate: tuple[Path, Path]) -> None:
    secure = replace(by_name, url=people.secure_url, ca=str(certificate[0]))
    assert ask(secure, "alice", "in the directory") == "alice"
    assert ask(secure, "alice", "wrong") is None
    with pytest.raises(ExternalAuthError, match="the LDAP directory failed"):
        ask(replace(secure, ca=""), "alice", "in the directory")
    host = by_name.url.replace("127.0.0.1", "localhost")
    started = replace(by_name, url=host, starttls=True, ca=str(certificate[0]))
    assert ask(started, "alice", "in the directory") == "alice"
    with pytest.raises(ExternalAuthError):
        ask(replace(started, ca=""), "alice", "in the directory")


def test_a_refused_bind_dn(by_look: Ldap) -> None:
    with pytest.raises(ExternalAuthError, match=r"refuses ldap\.bind_dn"):
        ask(replace(by_look, bind_password="wrong"), "alice", "in the directory")


def test_an_unreachable_directory(by_name: Ldap) -> None:
    with reserved_port() as port, pytest.raises(ExternalAuthError, match="the LDAP directory failed") as raised:
        ask(replace(by_name, url=f"ldap://127.0.0.1:{port}"), "alice", "in the directory")
    assert "\n" not in str(raised.value)
    assert "in the directory" not in str(raised.value)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x30\x84\xff\xff\xff\xff"])
def test_another_service_at_that_port(by_name: Ldap, answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ended = threading.Event()

        def talk() -> None:
            with listener.accept()[0] as peer:
                peer.recv(1000)
                if answer:
                    peer.sendall(answer)
                ended.wait(PATIENCE)

        thread = threading.Thread(target=talk)
        thread.start()
        try:
            with pytest.raises(ExternalAuthError):
                ask(replace(by_name, url=f"ldap://127.0.0.1:{listener.getsockname()[1]}", timeout=1), "alice", "x")
        finally:
            ended.set()
            thread.join()
