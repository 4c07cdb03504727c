"""The passwords that are accepted: NIST SP 800-63B, 3.1.1.2."""

import pytest

from greenchat.commands.accounts.password_rules import why_not
from greenchat.config.settings import AccountSettings

RULES = AccountSettings()


@pytest.mark.parametrize("password", ["sesame open", "x" * 300, "Ünïcödé!", "        ", "aaaabbbbcccc-1"])
def test_no_composition_rules(password: str) -> None:
    """ "Verifiers and CSPs SHALL NOT impose other composition rules (e.g., requiring mixtures of different character
    types) for passwords"."""
    assert why_not(password, "alice", RULES) is None


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("sesame.", "WEAK_PASSWORD"),  # too short
        ("x" * 301, "UNACCEPTABLE_PASSWORD"),
        ("\u00fc" * 151, "UNACCEPTABLE_PASSWORD"),
        ("password1", "WEAK_PASSWORD"),
        ("PassWord1", "WEAK_PASSWORD"),
        ("qwertyuiop", "WEAK_PASSWORD"),
        ("AliceLiddell", "WEAK_PASSWORD"),
        ("null\0null", "UNACCEPTABLE_PASSWORD"),
    ],
)
def test_guessable_passwords_are_refused(password: str, code: str) -> None:
    """ "Verifiers SHALL compare the prospective secret against a blocklist that contains known commonly used, expected,
    or compromised passwords" and "context-specific words, such as ... the username, and derivatives thereof"."""
    refusal = why_not(password, "aliceliddell", RULES)
    assert refusal is not None
    assert refusal[0] == code


def test_what_is_configured() -> None:
    assert why_not("abc", "alice", AccountSettings(password_least=3, password_common=True)) is None
    assert why_not("password1", "alice", AccountSettings(password_common=True)) is None
    assert why_not("x" * 65, "alice", AccountSettings(password_most=64)) is not None
