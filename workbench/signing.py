"""The node's signature: what leaves it for another organisation says who made it (Ed25519, RFC 8032).

The private key is made at first use in `WINNOW_DATA/keys/signing`, mode 0600. Others know the node by the fingerprint
of its public key, which two people compare on two screens.
"""

import hashlib
from base64 import urlsafe_b64decode
from functools import cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from workbench.launcher import keys

KEY_BYTES = 32
SIGNATURE_BYTES = 64


@cache
def _private() -> Ed25519PrivateKey:
    secret = keys.secret(settings.DATA_DIR, "signing")  # base64url of 32 random bytes, without its padding
    return Ed25519PrivateKey.from_private_bytes(urlsafe_b64decode(secret + "="))


def public_key() -> bytes:
    """The 32 bytes of this node's public key."""
    return _private().public_key().public_bytes_raw()


def sign(data: bytes) -> bytes:
    """The 64 bytes of this node's signature over `data`."""
    return _private().sign(data)


def is_by(key: bytes, signature: bytes, data: bytes) -> bool:
    """Whether the holder of a public key signed exactly these bytes; False for a key or signature that is none."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(key: bytes) -> str:
    """A public key for two people to compare: SHA-256, 16 groups of 4 hex digits, all of it."""
    digest = hashlib.sha256(key).hexdigest().upper()
    return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))
