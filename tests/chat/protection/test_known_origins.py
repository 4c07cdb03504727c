"""KnownOrigins: bounded per account, so that a user can't push out the origins of others."""

from greenchat.chat.protection.known_origins import KnownOrigins


def test_the_number_of_origins_per_account_is_limited() -> None:
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


def test_a_later_account_of_the_name_has_no_known_origins() -> None:
    origins = KnownOrigins()
    origins.note("alice", "cafe")
    origins.forget("alice")
    origins.forget("nobody")
    assert not origins.knows("alice", "cafe")
