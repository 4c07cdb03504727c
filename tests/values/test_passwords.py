"""Passwords are kept as scrypt hashes in the PHC string format."""

import hashlib
from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenchat.values.passwords import check_hash, hash_password, verify_password

SALT = b"salt of the eart"
# A password comes in a line, and `protocol.message` refuses lines with a NUL. To scrypt a NUL at the end of a password
# is nothing, since its HMAC fills short keys with zero bytes: RFC 2104, section 2
_PASSWORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


def cheap(password: str) -> str:
    """Hash a password as hash_password does, at the lowest cost."""
    digest = hashlib.scrypt(password.encode(), salt=SALT, n=2, r=1, p=1, dklen=32)
    salt, text = (b64encode(data).decode().rstrip("=") for data in (SALT, digest))
    return f"$scrypt$ln=1,r=1,p=1${salt}${text}"


def test_a_password_is_verified_and_another_is_not() -> None:
    hashed = hash_password("open sesame", SALT)
    assert verify_password("open sesame", hashed)
    assert not verify_password("open sesame ", hashed)
    assert hash_password("open sesame", b"another salt....") != hashed


def test_the_hash_is_that_of_scrypt() -> None:
    """RFC 7914: N is 2 to the power of ln."""
    *_, parameters, salt, digest = hash_password("x", SALT).split("$")
    assert parameters == "ln=15,r=8,p=1"
    expected = hashlib.scrypt(b"x", salt=SALT, n=2**15, r=8, p=1, dklen=32, maxmem=1 << 26)
    assert (salt, digest) == tuple(b64encode(data).decode().rstrip("=") for data in (SALT, expected))


@settings(deadline=None)
@given(_PASSWORDS, _PASSWORDS)
def test_only_the_same_text_is_the_same_password(one: str, other: str) -> None:
    assert verify_password(one, cheap(one))
    assert verify_password(other, cheap(one)) is (one == other)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "secret",
        "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
        "$scrypt$ln=15,r=8,p=1$c2FsdA",
        "$scrypt$ln=15,r=8,p=1$c2FsdA$aGFzaA",
        "$scrypt$ln=15,r=8,p=1$c$kvyUERzKtPUIIFLfFUNYgsNUmqBnbIPJ6wN3ihkqnGI",
        "$scrypt$ln=0,r=8,p=1$c2FsdA$kvyUERzKtPUIIFLfFUNYgsNUmqBnbIPJ6wN3ihkqnGI",
        "$scrypt$ln=15,r=0,p=1$c2FsdA$kvyUERzKtPUIIFLfFUNYgsNUmqBnbIPJ6wN3ihkqnGI",
        "$scrypt$ln=40,r=8,p=1$c2FsdA$kvyUERzKtPUIIFLfFUNYgsNUmqBnbIPJ6wN3ihkqnGI",
        "$scrypt$ln=15,r=99,p=99$c2FsdA$kvyUERzKtPUIIFLfFUNYgsNUmqBnbIPJ6wN3ihkqnGI",
        "$scrypt$ln=15,r=8,p=1$c2FsdA$kvyUERzKtPUIIFLfFUNYgsNUmqBnbIPJ6wN3ihkqnGI\n",
    ],
)
def test_invalid_hashes_are_refused(wrong: str) -> None:
    for use in check_hash, lambda hashed: verify_password("x", hashed):
        with pytest.raises(ValueError, match=r"must be a hash|is a hash"):
            use(wrong)


def test_a_complete_hash_is_accepted() -> None:
    assert check_hash(cheap("x")) == cheap("x")
