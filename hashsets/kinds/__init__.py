"""Hash kinds, one file each. PURE. A new kind is one import and one place in `BUILT_IN`."""

from hashsets.kinds.base import BadHash, Digest, EmptyFileHash, Hasher, HashKind, LowQuality
from hashsets.kinds.md5 import MD5
from hashsets.kinds.pdq import PDQ
from hashsets.kinds.sha1 import SHA1
from hashsets.kinds.sha256 import SHA256

BUILT_IN: tuple[HashKind, ...] = (MD5(), SHA1(), SHA256(), PDQ())
BY_ID: dict[str, HashKind] = {kind.id: kind for kind in BUILT_IN}
DIGESTS: dict[str, Digest] = {kind.id: kind for kind in BUILT_IN if isinstance(kind, Digest)}
BY_LENGTH: dict[int, Digest] = {2 * kind.size: kind for kind in DIGESTS.values()}  # hex digits of a bare value -> kind

__all__ = [
    "BUILT_IN",
    "BY_ID",
    "BY_LENGTH",
    "DIGESTS",
    "BadHash",
    "Digest",
    "EmptyFileHash",
    "HashKind",
    "Hasher",
    "LowQuality",
]
