"""KnownOrigins: bounded for each account, so that nobody can push out the places of others."""

from greenchat.chat.protection.known_origins import KnownOrigins


def test_so_many_places_of_an_account_are_known() -> None:
    places = KnownOrigins()
    places.note("bob", "cafe")
    for number in range(20):
        places.note("alice", f"place{number}")
    places.note("alice", "place0")
    places.note("alice", "new")
    known = [name for name in (*[f"place{number}" for number in range(20)], "new") if places.knows("alice", name)]
    assert known == ["place0", *[f"place{number}" for number in range(2, 20)], "new"]
    assert places.knows("bob", "cafe")
    assert not places.knows("carol", "cafe")


def test_who_takes_the_name_of_an_account_that_was_given_up_is_somebody_else() -> None:
    places = KnownOrigins()
    places.note("alice", "cafe")
    places.forget("alice")
    places.forget("nobody")
    assert not places.knows("alice", "cafe")
