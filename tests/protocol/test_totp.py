"""Codes of a second factor, by the vectors of the RFCs and another implementation."""

import base64
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from greenchat.protocol.totp import code_at, find_step, format_recovery, split_code, uri

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("count", "code"), [(0, "755224"), (1, "287082"), (2, "359152"), (3, "969429"), (8, "399871"), (9, "520489")]
)
def test_the_vectors_of_rfc_4226(count: int, code: str) -> None:
    assert code_at(SECRET, count) == code


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "94287082"), (1111111109, "07081804"), (1234567890, "89005924"), (20000000000, "65353130")],
)
def test_the_vectors_of_rfc_6238(seconds: int, code: str) -> None:
    assert code_at(SECRET, seconds // 30) == code[-6:]


def test_codes_equal_those_of_an_app() -> None:
    app = pyotp.TOTP(base64.b32encode(SECRET).decode())
    assert all(code_at(SECRET, moment // 30) == app.at(moment) for moment in range(0, 2_000_000_000, 12_345_678))


def test_when_a_code_is_valid() -> None:
    """RFC 6238, section 5.2: "We RECOMMEND that at most one time step is allowed as the network delay"."""
    now = 1_000_000 * 30
    valid = [find_step(SECRET, code_at(SECRET, 1_000_000 + drift), now, 0) for drift in range(-3, 4)]
    assert valid == [None, None, 999_999, 1_000_000, 1_000_001, None, None]


def test_a_code_is_accepted_once() -> None:
    """ "The verifier MUST NOT accept the second attempt of the OTP after the successful validation"."""
    now = 1_000_000 * 30
    assert find_step(SECRET, code_at(SECRET, 1_000_000), now, 1_000_000) is None
    assert find_step(SECRET, code_at(SECRET, 999_999), now, 1_000_000) is None
    assert find_step(SECRET, code_at(SECRET, 1_000_001), now, 1_000_000) == 1_000_001


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345x", "\u0661\u0662\u0663\u0664\u0665\u0666", "\ud800"])
def test_invalid_codes(code: str) -> None:
    assert find_step(SECRET, code, 59, 0) is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ("", "")),
        ("sesame", ("sesame", "")),
        ("sesame 123456", ("sesame", "123456")),
        ("sesame123456", ("sesame", "123456")),
        ("sesame  123456", ("sesame ", "123456")),
        ("sesame 12345", ("sesame 12345", "")),
        ("sesame 1234567", ("sesame 1", "234567")),
        ("123456", ("", "123456")),
        ("a b ABCD-efgh-2345-mnop", ("a b", "abcd-efgh-2345-mnop")),
        ("a b abcd-efgh-2345", ("a b abcd-efgh-2345", "")),
        ("a \u0661\u0662\u0663\u0664\u0665\u0666", ("a \u0661\u0662\u0663\u0664\u0665\u0666", "")),
    ],
)
def test_the_code_after_the_password(text: str, parts: tuple[str, str]) -> None:
    assert split_code(text) == parts


def test_recovery_codes() -> None:
    code = format_recovery(bytes(range(10)))
    assert base64.b32decode(code.replace("-", "").upper()) == bytes(range(10))
    assert len(code) == 19
    assert split_code("x " + format_recovery(b"\xff" * 10)) == ("x", "7777-7777-7777-7777")


def test_the_uri_for_apps() -> None:
    given = uri("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "J\u00f6rg[1]", "caf\u00e9 & co")
    app = pyotp.parse_uri(given)
    assert (app.secret, app.name, app.issuer) == ("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "J\u00f6rg[1]", "caf\u00e9 & co")
    assert parse_qs(urlsplit(given).query)["issuer"] == ["caf\u00e9 & co"]
    assert " " not in given
