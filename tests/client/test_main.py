"""What the client does before there is a screen."""

import pytest

from greenchat.client.main import _user_name


@pytest.mark.parametrize(
    ("user", "nick"), [("ada", "ada"), ("root", ""), ("admin", ""), ("administrator", ""), ("no nick", "")]
)
def test_the_nickname_to_begin_with_is_one_that_can_be_had(
    monkeypatch: pytest.MonkeyPatch, user: str, nick: str
) -> None:
    """greenchat-server keeps root and admin for its operators: who accepts what stands there must come in with it."""
    monkeypatch.setenv("USER", user)
    assert _user_name() == nick
