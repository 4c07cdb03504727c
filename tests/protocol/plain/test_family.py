"""The families of plain clients: an output style outlives an upgrade of the server."""

import json

import pytest

from greenchat.protocol.plain.family import Family, OutputStyle


@pytest.mark.parametrize("family", Family)
def test_a_style_survives_as_plain_values(family: Family) -> None:
    style = OutputStyle(family, newline=False, ascii=True, hold_until=1234, ascii_only=True)
    again = OutputStyle.load(json.loads(json.dumps(style.dump())))
    assert again.dump() == style.dump()
    assert again.family is family
    assert again.hold_until == 1234


@pytest.mark.parametrize(("family", "echo"), [(Family.LINE, False), (Family.RAW, True), (Family.TILDE, True)])
def test_only_line_clients_show_what_their_users_type(family: Family, echo: bool) -> None:
    assert OutputStyle(family).echo is echo
