"""Bytes that pass through and are not kept: only hashed, or copied for a moment."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from workbench import storage
from workbench.media_types import HEAD_BYTES
from workbench.models import Agency
from workbench.storage import INCOMING, Digests


def digests(chunks: Iterable[bytes]) -> Digests:
    """Hash the bytes and keep nothing."""
    hashes = [hashlib.new(name, usedforsecurity=False) for name in ("md5", "sha1", "sha256")]
    size, head = 0, b""
    for chunk in chunks:
        for one in hashes:
            one.update(chunk)
        head += chunk[: HEAD_BYTES - len(head)]
        size += len(chunk)
    md5, sha1, sha256 = (one.digest() for one in hashes)
    return Digests(md5, sha1, sha256, size, head)


def borrow(agency: Agency, chunks: Iterable[bytes]) -> tuple[BinaryIO, bytes]:
    """A copy of the bytes without a name, read-only, and its SHA-256; gone when it is closed. Raises StoreFull.

    It lies on the store's disk, which is made for large files, and not in memory.
    """
    evidence, digest = storage.evidence_folder(agency), hashlib.sha256()
    if not (evidence / INCOMING).is_dir():
        storage.make_store(evidence)
    with TemporaryFile(dir=evidence / INCOMING) as file:
        for chunk in chunks:
            digest.update(chunk)
            with storage.space():
                file.write(chunk)
        with storage.space():
            file.flush()
        return Path(f"/proc/self/fd/{file.fileno()}").open("rb"), digest.digest()
