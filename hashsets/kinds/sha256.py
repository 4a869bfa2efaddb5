"""SHA-256: 32 bytes; identifies content (security.md 2.4). PURE."""

from hashsets.kinds.base import Digest


class SHA256(Digest):
    """See base."""

    id = "sha256"
    label = "SHA-256"
    size = 32
    example = "f1c01ae726fd268ed10606d63225deced6528b0bd1d69417e21c792851d68447"
    empty = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
