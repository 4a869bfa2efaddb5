"""Packages: what is exchanged as files, for labs without a network (sharing.md section 6; docs/protocol.md). PURE.

A package is a tar of three kinds of files in this order: `manifest.json`, `manifest.sig`, and the records in
`entries-0001.ndjson.gz` and so on. Writing and reading need nothing but the standard library and msgspec.
"""

from hashsets.courier.manifest import (
    MANIFEST,
    PROTOCOL,
    SIGNATURE,
    VOTES,
    File,
    Issuer,
    Manifest,
    PackageDamaged,
    entries_name,
)
from hashsets.courier.opinions import MOST, Batch, Opinion, batches
from hashsets.courier.reading import Opened, opened
from hashsets.courier.records import of_a_set
from hashsets.courier.writing import Written, assemble, draft, package_name, sha256, write_records

__all__ = [
    "MANIFEST",
    "MOST",
    "PROTOCOL",
    "SIGNATURE",
    "VOTES",
    "Batch",
    "File",
    "Issuer",
    "Manifest",
    "Opened",
    "Opinion",
    "PackageDamaged",
    "Written",
    "assemble",
    "batches",
    "draft",
    "entries_name",
    "of_a_set",
    "opened",
    "package_name",
    "sha256",
    "write_records",
]
