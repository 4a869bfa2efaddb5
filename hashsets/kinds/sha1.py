"""SHA-1: 20 bytes; finds a file, but alone never hides one (security.md 2.5). PURE."""

from hashsets.kinds.base import Digest


class SHA1(Digest):
    """See base."""

    id = "sha1"
    label = "SHA-1"
    size = 20
    example = "43dd4adf7419377897ac3d54259e6450c1e5993e"
    empty = bytes.fromhex("da39a3ee5e6b4b0d3255bfef95601890afd80709")
