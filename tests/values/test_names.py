"""Valid nicks, and equal ones, under each casemapping."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.values.names import CASEMAPPINGS, MissingPackageError, naming


@pytest.mark.parametrize("casemapping", CASEMAPPINGS)
@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("", False),
        ("alice", True),
        ("[Bot]^_|`{}\\-9", True),
        ("a" * 32, True),
        ("a" * 33, False),
        ("0", False),
        ("0alice", False),
        ("-alice", False),
        ("al ice", False),
        ("al,ice", False),
        ("al*ice", False),
        ("al?ice", False),
        ("al!ice", False),
        ("al@ice", False),
        ("al.ice", False),
        ("al:ice", False),
        (":alice", False),
        ("#alice", False),
        ("@alice", False),
        ("+alice", False),
        ("~alice", False),
        ("$alice", False),
        ("alice\n", False),
        ("alice\x7f", False),
        ("NickServ", False),
        ("chanserv", False),
    ],
)
def test_ascii_nicks(casemapping: str, name: str, allowed: bool) -> None:
    """Modern, Clients: nicknames MUST NOT contain space, comma, `*`, `?`, `!`, `@`, start with `$`, `:` or a prefix."""
    assert naming(casemapping).is_nick(name, 32) is allowed


@pytest.mark.parametrize("name", ["Jürgen", "日本", "Ωmega", "مرحبا", "Αλίκη"])
def test_other_scripts_need_precis(name: str) -> None:
    assert naming("precis").is_nick(name, 32)
    assert not naming("ascii").is_nick(name, 32)
    assert not naming("rfc1459").is_nick(name, 32)


@pytest.mark.parametrize(
    "name",
    [
        "bob♥",  # a symbol
        "\u200balice",  # zero width space
        "al\u202eice",  # right-to-left override
        "\u0301alice",  # begins with a combining mark
        "𝐚lice",  # a compatibility character
        "aب",  # both directions in one word: RFC 5893
        "alice\u00a0",  # a space
        "bob\ufe0f",  # variation selector
    ],
)
def test_characters_that_precis_forbids(name: str) -> None:
    """RFC 8264, section 4.2.3: symbols, spaces, and invisible characters are not valid in an IdentifierClass."""
    assert not naming("precis").is_nick(name, 32)


@pytest.mark.parametrize(
    ("casemapping", "one", "other", "same"),
    [
        ("ascii", "ALICE", "alice", True),
        ("ascii", "a[]\\~", "a{}|^", False),
        ("rfc1459", "A[]\\~", "a{}|^", True),
        ("rfc1459-strict", "A[]\\", "a{}|", True),
        ("rfc1459-strict", "a~", "a^", False),
        ("ascii", "Ä", "ä", False),
        ("precis", "ÄRGER", "ärger", True),
        ("precis", "ａlice", "alice", True),  # RFC 8265: "map fullwidth and halfwidth characters"
        ("precis", "e\u0301va", "éva", True),  # composed or not
        ("precis", "[a]", "{a}", False),
        ("precis", "#Größe♥", "#größe♥", True),  # a channel's name that could not be a nick
    ],
)
def test_spellings(casemapping: str, one: str, other: str, same: bool) -> None:
    """https://modern.ircdocs.horse/#casemapping-parameter"""
    fold = naming(casemapping).fold
    assert (fold(one) == fold(other)) is same


@pytest.mark.parametrize(
    ("name", "victim"),
    [
        ("аlice", "alice"),  # Cyrillic а
        ("ΑLICE", "alice"),  # Greek Α
        ("Ноpe", "hope"),  # Н and о are Cyrillic
        ("раураl", "paypal"),
        ("Straβe", "straße"),
        ("NісkSеrv", "nickserv"),
    ],
)
def test_lookalikes_have_one_skeleton(name: str, victim: str) -> None:
    """UTS #39, section 4: "X and Y are confusable if and only if skeleton(X) = skeleton(Y)"."""
    rules = naming("precis")
    assert rules.fold(name) != rules.fold(victim)
    assert rules.skeleton(name) == rules.skeleton(victim)


def test_the_longest_in_bytes() -> None:
    """32 letters of two bytes, 21 of three: messages need room beside the nick."""
    rules = naming("precis")
    assert rules.is_nick("н" * 32, 32)
    assert rules.is_nick("名" * 21, 32)
    assert not rules.is_nick("名" * 22, 32)


def test_nicks_similar_to_a_service_are_refused() -> None:
    assert not naming("precis").is_nick("NісkSеrv", 32)


@pytest.mark.parametrize(("one", "other"), [("bill", "bi11"), ("O", "0x"), ("rn", "m"), ("jurgen", "jürgen")])
def test_different_looks(one: str, other: str) -> None:
    """In ASCII no two letters look alike, nor under the other casemappings; an umlaut is visible."""
    skeleton = naming("precis").skeleton
    assert skeleton(one) != skeleton(other)


def test_without_its_libraries_precis_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "precis_i18n", None)
    with pytest.raises(MissingPackageError, match=r"'precis' needs more packages: .* install precis-i18n "):
        naming.__wrapped__("precis")


@given(st.sampled_from(CASEMAPPINGS), st.text())
def test_any_text_can_be_looked_up(casemapping: str, name: str) -> None:
    rules = naming(casemapping)
    assert isinstance(rules.is_nick(name, 32), bool)
    assert isinstance(rules.skeleton(name), str)
    assert isinstance(rules.fold(name), str)


@given(st.text(st.characters(categories=["Ll", "Lu", "Lo", "Mn", "Nd"]), min_size=1, max_size=8))
def test_folding_a_folded_nick_changes_nothing(name: str) -> None:
    """A nick is found by any of its spellings."""
    rules = naming("precis")
    if rules.is_nick(name, 32):
        folded = rules.fold(name)
        assert rules.fold(folded) == folded
        if name.lower().upper().lower() == name.lower():  # some letters can't be converted back: ß, ı
            assert rules.fold(name.upper()) == folded
