"""The example of RFC 8291, and the signatures of RFC 8292."""

import base64
import json

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from greenchat.server.push.encryption import LONGEST, authorization, encrypt, private_key, public_text


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_example_of_rfc_8291() -> None:
    """Section 5: "Push Message Encryption Example"."""
    own = int.from_bytes(decoded("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big")
    made = encrypt(
        b"When I grow up, I want to be a watermelon",
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
        key=ec.derive_private_key(own, ec.SECP256R1()),
        salt=decoded("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    assert made == decoded(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
        "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
        "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_the_longest_text_fits_into_4096_bytes() -> None:
    """ "a push service is not required to support more than 4096 octets of payload body"."""
    device = public_text(ec.generate_private_key(ec.SECP256R1()))
    assert len(encrypt(b"x" * LONGEST, device, "BTBZMqHH6r4Tts7J_aSIgg")) == 4096


def test_two_messages_have_nothing_in_common() -> None:
    device = public_text(ec.generate_private_key(ec.SECP256R1()))
    one, two = (encrypt(b"x", device, "BTBZMqHH6r4Tts7J_aSIgg") for _ in range(2))
    assert one[:16] != two[:16]
    assert one[21:86] != two[21:86]


@pytest.mark.parametrize("key", ["", "AAAA", "BA" + "A" * 85])
def test_invalid_keys(key: str) -> None:
    with pytest.raises(ValueError):  # the library chooses the message
        encrypt(b"x", key, "BTBZMqHH6r4Tts7J_aSIgg")


def test_the_signature() -> None:
    key = private_key(bytes(range(32)))
    assert public_text(key) == public_text(private_key(bytes(range(32))))
    field = authorization(key, "https://push.example.net", "mailto:a@example.org", 1_453_523_768)
    scheme, token, known = field.split()
    assert scheme == "vapid"
    assert known == f"k={public_text(key)}"
    head, claims, signature = token.removeprefix("t=").removesuffix(",").split(".")
    assert json.loads(decoded(head)) == {"typ": "JWT", "alg": "ES256"}
    assert json.loads(decoded(claims)) == {
        "aud": "https://push.example.net",
        "exp": 1_453_523_768,
        "sub": "mailto:a@example.org",
    }
    raw = decoded(signature)
    assert len(raw) == 64
    encoded = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.public_key().verify(encoded, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        key.public_key().verify(encoded, f"{head}.x{claims}".encode(), ec.ECDSA(hashes.SHA256()))
