"""MD5: 16 bytes; finds a file, but alone never hides one (security.md 2.5). PURE."""

from hashsets.kinds.base import Digest


class MD5(Digest):
    """See base."""

    id = "md5"
    label = "MD5"
    size = 16
    example = "c7c683c01ab99e6c8d919d53167a9a76"
    empty = bytes.fromhex("d41d8cd98f00b204e9800998ecf8427e")
