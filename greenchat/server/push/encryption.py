"""Encrypts a push message, so that only the device can read it, and signs the request to the push service.

https://www.rfc-editor.org/rfc/rfc8291 (keys), rfc8188 (the coding aes128gcm), rfc8292 (VAPID)
"""

import base64
import hmac
import json
import os

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_CURVE = ec.SECP256R1()
_RECORD = 4096  # bytes: the content is a single record
LONGEST = _RECORD - 17 - 86  # bytes of a text: "a push service is not required to support more than 4096 bytes"


def private_key(secret: bytes) -> ec.EllipticCurvePrivateKey:
    """Return the server's own key, always the same for a secret of 32 bytes."""
    order = int("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", 16)
    return ec.derive_private_key(int.from_bytes(secret, "big") % (order - 1) + 1, _CURVE)


def public_text(key: ec.EllipticCurvePrivateKey) -> str:
    """Return the public half of a key in the form for clients."""
    return _encoded(_point(key.public_key()))


def encrypt(
    text: bytes, p256dh: str, auth: str, *, key: ec.EllipticCurvePrivateKey | None = None, salt: bytes = b""
) -> bytes:
    """Encrypt a text of at most LONGEST bytes for a device. key and salt: by default new ones.

    Raises ValueError if the device's key is invalid.
    """
    key, salt = key or ec.generate_private_key(_CURVE), salt or os.urandom(16)
    device = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, _decoded(p256dh))
    own = _point(key.public_key())
    shared = _extract(_decoded(auth), key.exchange(ec.ECDH(), device))
    material = _expand(shared, b"WebPush: info\0" + _point(device) + own, 32)
    secret = _extract(salt, material)
    content_key = _expand(secret, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _expand(secret, b"Content-Encoding: nonce\0", 12)
    head = salt + _RECORD.to_bytes(4, "big") + bytes([len(own)]) + own
    return head + AESGCM(content_key).encrypt(nonce, text + b"\x02", None)  # 2: it is the last record


def authorization(key: ec.EllipticCurvePrivateKey, origin: str, contact: str, expires: int) -> str:
    """Return the field Authorization for an origin. contact: mailto: or https: of an operator. expires: epoch, in s."""
    claims = {"aud": origin, "exp": expires} | ({"sub": contact} if contact else {})
    parts = ({"typ": "JWT", "alg": "ES256"}, claims)
    signed = ".".join(_encoded(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    one, two = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    signature = _encoded(one.to_bytes(32, "big") + two.to_bytes(32, "big"))
    return f"vapid t={signed}.{signature}, k={public_text(key)}"


def _extract(salt: bytes, material: bytes) -> bytes:
    return hmac.digest(salt, material, "sha256")


def _expand(secret: bytes, info: bytes, length: int) -> bytes:
    """Expand a secret by HKDF of RFC 5869, up to one block."""
    return hmac.digest(secret, info + b"\x01", "sha256")[:length]


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
