"""KnownOrigins: bounded for each account, so that nobody can push out the origins of others."""

from greenchat.chat.protection.known_origins import KnownOrigins


def test_so_many_origins_of_an_account_are_known() -> None:
    origins = KnownOrigins()
    origins.note("bob", "cafe")
    for number in range(20):
        origins.note("alice", f"origin{number}")
    origins.note("alice", "origin0")
    origins.note("alice", "new")
    known = [name for name in (*[f"origin{number}" for number in range(20)], "new") if origins.knows("alice", name)]
    assert known == ["origin0", *[f"origin{number}" for number in range(2, 20)], "new"]
    assert origins.knows("bob", "cafe")
    assert not origins.knows("carol", "cafe")


def test_who_takes_the_name_of_an_account_that_was_given_up_is_somebody_else() -> None:
    origins = KnownOrigins()
    origins.note("alice", "cafe")
    origins.forget("alice")
    origins.forget("nobody")
    assert not origins.knows("alice", "cafe")
