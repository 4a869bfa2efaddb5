"""Hash kinds, one file each. PURE. A new kind is one import and one place in `BUILT_IN`."""

from hashsets.kinds.base import BadHash, EmptyFileHash, Hasher, HashKind
from hashsets.kinds.md5 import MD5
from hashsets.kinds.sha1 import SHA1
from hashsets.kinds.sha256 import SHA256

BUILT_IN: tuple[HashKind, ...] = (MD5(), SHA1(), SHA256())
BY_ID: dict[str, HashKind] = {kind.id: kind for kind in BUILT_IN}
BY_LENGTH: dict[int, HashKind] = {2 * kind.size: kind for kind in BUILT_IN}  # hex digits -> kind

__all__ = ["BUILT_IN", "BY_ID", "BY_LENGTH", "BadHash", "EmptyFileHash", "HashKind", "Hasher"]
