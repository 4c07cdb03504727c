"""Lists of masks. https://modern.ircdocs.horse/#ban-channel-mode and #extban-parameter"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.chat.mask_lists import ListEntry, MaskError, MaskList, parse
from greenchat.values.masks import mask_fold
from tests.chat.users import make_user


def listed(*masks: str) -> MaskList:
    entries = MaskList()
    for mask in masks:
        entries.add(ListEntry(parse(mask), "alice", 0))
    return entries


@pytest.mark.parametrize(
    ("mask", "joining", "speaking"),
    [
        ("bob", True, True),
        ("BOB!*@*", True, True),
        ("*!~bob@*", True, True),
        ("*!*@192.0.2.1", True, True),  # the host that others see ...
        ("*!*@203.0.113.7", True, True),  # ... and the one from which bob connects, for those who know it already,
        ("bob!*@203.0.113.7", True, True),
        ("*!*@203.0.113.*", False, False),  # which wildcards must not help to find out
        ("*!*@203.0.113.?", False, False),
        ("*@203.0.113.7", True, True),
        ("~m:*!*@203.0.113.*", False, True),
        ("b?b", True, True),
        ("bo", False, False),
        ("m:bob", False, True),
        ("m:carol", False, False),
        ("~m:carol", False, True),
        ("~m:bob", False, False),
        ("a:Bobby", True, True),
        ("a:bob*", True, True),
        ("a:*", True, True),
        ("~a:*", False, False),
        ("~a:carol", True, True),
        ("m:a:bobby", False, True),
        ("m:~a:bobby", False, False),
        ("~m:~a:bobby", False, True),
    ],
)
def test_users_that_a_mask_matches(mask: str, joining: bool, speaking: bool) -> None:
    bob = make_user("bob", account="bobby", host="192.0.2.1", real_host="203.0.113.7")
    assert listed(mask).means(bob) is joining
    assert listed(mask).means(bob, speaking=True) is speaking


def test_an_address_in_another_notation() -> None:
    assert listed("*!*@2001:DB8::7").means(make_user("bob", host="x.cloaked", real_host="2001:db8::7"))


@pytest.mark.parametrize("mask", ["a:bob", "a:*"])
def test_a_mask_of_an_account_matches_no_guest(mask: str) -> None:
    assert not listed(mask).means(make_user("bob"))
    assert listed("~" + mask).means(make_user("bob"))


def test_a_cached_verdict_follows_changes() -> None:
    bob, bans = make_user("bob"), listed("bob", "a:bobby")
    assert bans.means(bob)
    bob.nick = "robert"
    assert not bans.means(bob)
    bob.account = "bobby"
    assert bans.means(bob)
    bans.remove(parse("A:BOBBY".lower()))
    assert not bans.means(bob)
    bans.add(ListEntry(parse("robert"), "alice", 0))
    assert bans.means(bob)


def test_a_mask_is_listed_once() -> None:
    bans = listed("Bob", "carol", "BOB!*@*")
    assert [entry.mask.text for entry in bans] == ["BOB!*@*", "carol!*@*"]
    assert len(bans) == 2
    assert parse("bob") in bans
    removed = bans.remove(parse("bob"))
    assert removed
    assert removed.mask.text == "BOB!*@*"
    assert bans.remove(parse("bob")) is None


@given(st.text())
def test_any_text(text: str) -> None:
    """Any text is either a mask that is read back unchanged, or refused in the declared way."""
    try:
        mask = parse(text)
    except MaskError:
        return
    assert parse(mask.text) == mask
    assert " " not in mask.text


def test_under_rfc1459_a_mask_is_found_by_either_spelling() -> None:
    bans = MaskList(mask_fold("rfc1459"))
    bans.add(ListEntry(parse("bob[away]"), "alice", 0))
    assert bans.means(make_user("BOB{AWAY}"))
    assert parse("BOB{AWAY}") in bans
    assert bans.remove(parse("BOB{away]"))
