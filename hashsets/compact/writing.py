"""PURE: writes a filter file: under a temporary name, synced, and only then under its own.

The bits are held in memory, 1.2 bytes a digest, and one block of digests beside them. The same digests give the same
bits, in whatever order and however often they come.
"""

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import numpy as np

from hashsets import caches
from hashsets.compact import bits
from hashsets.compact.layout import Header, bits_for
from workbench import durable


@dataclass(frozen=True, slots=True)
class Facts:
    """What a filter is of; see Header."""

    kind: str
    set: UUID
    generation: int
    entries: int
    count: int


def write(path: Path, facts: Facts, blocks: Iterable[bytes]) -> Header:
    """Make the file from blocks of digests, the first 16 bytes of each. Raises OSError."""
    made = _header(facts)
    body = np.zeros(made.bits // 8, np.uint8)
    for block in blocks:
        bits.mark(body, bits.keys(block, bits.KEY), made.hashes)
    made = replace(made, digest=hashlib.sha256(body.data).digest())
    temporary = caches.draft(path.parent)
    try:
        with durable.new_file(temporary) as file:
            file.write(made.packed())
            file.write(body.data)
        durable.place(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return made


def _header(facts: Facts) -> Header:
    return Header(
        kind=facts.kind,
        set=facts.set,
        generation=facts.generation,
        entries=facts.entries,
        count=facts.count,
        bits=bits_for(facts.count),
        made_at=int(time.time()),
    )
