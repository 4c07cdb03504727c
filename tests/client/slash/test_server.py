"""Commands for the server: /oper."""

from tests.client.world import World


def test_oper_asks_for_the_password(tea: World) -> None:
    tea.type("/oper ada\nsecret\n")
    assert tea.sent() == ["OPER ada secret"]
    assert "secret" not in "\n".join(tea.screen())
