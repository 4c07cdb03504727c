"""The users who may connect at each DEFCON level."""

import pytest

from greenchat.chat.protection.defcon import MEANINGS, ONLY_ACCOUNTS, ONLY_OPERATORS, DefconGate
from greenchat.config.opers import Oper
from greenchat.values.addresses import network

OPERS = (Oper("admin", "", hosts=("*@192.0.2.*", "root@2001:db8::7")), Oper("admin", "", hosts=("*@*",)))
GATEWAYS = (network("198.51.100.0/24"),)


@pytest.mark.parametrize("level", MEANINGS)
@pytest.mark.parametrize(
    ("host", "is_known"),
    [
        ("127.0.0.1", True),
        ("0::1", True),
        ("::ffff:127.0.0.1", True),
        ("192.0.2.77", True),
        ("2001:db8::7", True),
        ("198.51.100.3", True),
        ("203.0.113.1", False),
        ("2001:db8::8", False),
    ],
)
def test_at_level_1_only_known_hosts_connect(level: int, host: str, is_known: bool) -> None:
    objection = DefconGate(level, OPERS, GATEWAYS).objection(host)
    assert (objection == "") is (is_known or level > ONLY_OPERATORS)


@pytest.mark.parametrize("level", MEANINGS)
@pytest.mark.parametrize(("host", "is_local"), [("127.0.0.1", True), ("0::1", True), ("192.0.2.77", False)])
def test_at_levels_1_and_2_guests_connect_from_this_machine_only(level: int, host: str, is_local: bool) -> None:
    objection = DefconGate(level, OPERS, GATEWAYS).objection_to_guest(host)
    assert (objection == "") is (is_local or level > ONLY_ACCOUNTS)
