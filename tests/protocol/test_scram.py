"""SCRAM-SHA-256, first with the example of RFC 7677, section 3; SCRAM-SHA-512 as RFC 5802 makes it."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenchat.protocol.scram import ClientExchange, ScramError, ServerExchange, Verifier, make_verifier

SALT = b"[m\x99h\x9d\x125\x8e\xec\xa0K\x14\x126\xfa\x81"
CLIENT_NONCE = "rOprNGfwEbeRWgbNEkqO"
SERVER_NONCE = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
CLIENT_FIRST = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
SERVER_FIRST = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
CLIENT_FINAL = (
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
)
SERVER_FINAL = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def test_the_example_of_rfc_7677() -> None:
    client = ClientExchange("user", "pencil", CLIENT_NONCE)
    assert client.first() == CLIENT_FIRST
    server = ServerExchange(CLIENT_FIRST, SERVER_NONCE)
    assert server.username == "user"
    assert server.first(make_verifier("pencil", SALT, 4096)) == SERVER_FIRST
    assert client.final(SERVER_FIRST) == CLIENT_FINAL
    assert server.final(CLIENT_FINAL) == SERVER_FINAL
    client.check(SERVER_FINAL)


def test_a_wrong_password_is_refused() -> None:
    client = ClientExchange("user", "pen", CLIENT_NONCE)
    server = ServerExchange(client.first(), SERVER_NONCE)
    with pytest.raises(ScramError, match="wrong password"):
        server.final(client.final(server.first(make_verifier("pencil", SALT, 4096))))


BOUND = {"tls-exporter": b"\x01" * 32, "tls-server-end-point": b"\x02" * 32}


@pytest.mark.parametrize("kind", BOUND)
def test_channel_binding(kind: str) -> None:
    """RFC 5802, section 7: cbind-input = gs2-header [ cbind-data ]"""
    client = ClientExchange("user", "pencil", CLIENT_NONCE, binding=(kind, BOUND[kind]))
    assert client.first() == f"p={kind},,n=user,r={CLIENT_NONCE}"
    server = ServerExchange(client.first(), SERVER_NONCE, BOUND, plus=True)
    final = client.final(server.first(make_verifier("pencil", SALT, 4096)))
    assert base64.b64decode(final[2 : final.index(",")]) == f"p={kind},,".encode() + BOUND[kind]
    client.check(server.final(final))


def test_a_man_in_the_middle_is_noticed() -> None:
    """RFC 5802, section 6: "the client and server ... MUST verify" that both mean the same channel."""
    client = ClientExchange("user", "pencil", CLIENT_NONCE, binding=("tls-exporter", b"another channel"))
    server = ServerExchange(client.first(), SERVER_NONCE, BOUND, plus=True)
    with pytest.raises(ScramError, match="binding does not match"):
        server.final(client.final(server.first(make_verifier("pencil", SALT, 4096))))


@pytest.mark.parametrize(
    ("first", "plus"),
    [
        ("p=tls-unique,,n=user,r=x", True),  # a type that this connection does not have
        ("tls-exporter,,n=user,r=x", True),
        ("n,,n=user,r=x", True),  # "-PLUS" is there "if and only if" channel binding is used
        ("y,,n=user,r=x", True),
        ("p=tls-exporter,,n=user,r=x", False),
        (
            "y,,n=user,r=x",
            False,
        ),  # "If the flag is set to "y" and the server supports channel binding, the server MUST"
        ("", True),
    ],
)
def test_a_header_that_does_not_fit_the_mechanism_is_refused(first: str, plus: bool) -> None:
    with pytest.raises(ScramError):
        ServerExchange(first, SERVER_NONCE, BOUND, plus=plus)


def test_a_server_that_does_not_know_the_password_is_noticed() -> None:
    client = ClientExchange("user", "pencil", CLIENT_NONCE)
    client.final(SERVER_FIRST)
    with pytest.raises(ScramError, match="not what it seems"):
        client.check("v=" + "A" * 43 + "=")


@pytest.mark.parametrize(
    "first", ["", "n", "n,", "n,,", "n,,n=user", "n,,r=x", "p=tls-unique,,n=user,r=x", "n,,m=x,n=user,r=x", "n,,n=,r="]
)
def test_a_bad_first_message_is_refused(first: str) -> None:
    with pytest.raises(ScramError):
        ServerExchange(first, SERVER_NONCE)


@pytest.mark.parametrize(
    "final", ["", "c=biws", "c=biws,r=x,p=AAAA", CLIENT_FINAL[:-4], CLIENT_FINAL.replace("biws", "eSws")]
)
def test_a_bad_final_message_is_refused(final: str) -> None:
    server = ServerExchange(CLIENT_FIRST, SERVER_NONCE)
    server.first(make_verifier("pencil", SALT, 4096))
    with pytest.raises(ScramError):
        server.final(final)


@pytest.mark.parametrize(
    "first",
    ["", "r=other,s=AAAA,i=4096", SERVER_FIRST.replace("4096", "1"), SERVER_FIRST.replace("4096", "999999999")],
)
def test_a_client_refuses_invalid_answers(first: str) -> None:
    with pytest.raises(ScramError):
        ClientExchange("user", "pencil", CLIENT_NONCE).final(first)


@given(st.text(max_size=100))
@settings(max_examples=300)
def test_any_input_raises_the_declared_errors_only(text: str) -> None:
    for attempt in (
        lambda: ServerExchange(text, SERVER_NONCE),
        lambda: ServerExchange("n,," + text, SERVER_NONCE),
        lambda: Verifier.parse(text),
    ):
        try:
            attempt()
        except ScramError:
            continue


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=30), st.text("=,ab", min_size=1))
@settings(max_examples=20)
def test_any_name_and_password(password: str, name: str) -> None:
    client = ClientExchange(name, password, CLIENT_NONCE)
    server = ServerExchange(client.first(), SERVER_NONCE)
    assert server.username == name
    verifier = Verifier.parse(str(make_verifier(password, SALT, 4096)))
    client.check(server.final(client.final(server.first(verifier))))
    assert verifier.matches(password)
    assert not verifier.matches(password + "x")


def test_sha_512_is_the_same_with_another_hash() -> None:
    """RFC 5802, section 3: "ClientProof := ClientKey XOR ClientSignature", with "H(str)" and "HMAC(key, str)" of the
    mechanism's hash function."""
    client = ClientExchange("user", "pencil", CLIENT_NONCE, "sha512")
    server = ServerExchange(client.first(), SERVER_NONCE)
    final = client.final(server.first(make_verifier("pencil", SALT, 4096, "sha512")))
    salted = hashlib.pbkdf2_hmac("sha512", b"pencil", SALT, 4096)
    key = hmac.new(salted, b"Client Key", "sha512").digest()
    auth = f"n=user,r={CLIENT_NONCE},{SERVER_FIRST},c=biws,r={CLIENT_NONCE}{SERVER_NONCE}".encode()
    signature = hmac.new(hashlib.sha512(key).digest(), auth, "sha512").digest()
    proof = bytes(a ^ b for a, b in zip(key, signature, strict=True))
    assert final.rpartition(",p=")[2] == base64.b64encode(proof).decode()
    client.check(server.final(final))
    assert str(make_verifier("pencil", SALT, 4096, "sha512")).startswith("SCRAM-SHA-512$4096:")


def test_a_verifier_is_for_one_hash_only() -> None:
    client = ClientExchange("user", "pencil", CLIENT_NONCE, "sha512")
    server = ServerExchange(client.first(), SERVER_NONCE)
    with pytest.raises(ScramError, match="wrong password"):
        server.final(client.final(server.first(make_verifier("pencil", SALT, 4096))))
    with pytest.raises(ScramError):
        Verifier.parse(str(make_verifier("pencil", SALT, 4096)).replace("256", "1", 1))
