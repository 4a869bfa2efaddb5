"""The files of evidence inside a VICS package: where each lies, and that each is what its hash says."""

import shutil
from typing import Any

from cases.exports.package import Package
from cases.exports.snapshot import Snapshot
from cases.ingest import base, originals
from cases.ingest.base import Spoiled
from hashsets.exchange.vics_media import stored_path
from workbench.errors import WorkbenchError

CHUNK = 1 << 20  # bytes
GONE = {
    base.LOST: "The evidence store lacks {}. Restore it from the backup.",
    base.DIFFERS: "The file {} was left in place and is no longer what came in. Restore the share from its backup.",
}

# Of contents with one MD5, all but the first need another name.
TWINS = """
SELECT sha256 FROM (
  SELECT sha256, row_number() OVER (PARTITION BY md5 ORDER BY sha256) AS number FROM shown) s WHERE number > 1
"""

MEDIA = """
SELECT c.md5, c.sha256, c.size FROM cases_content c
WHERE c.id IN (SELECT content_id FROM shown UNION SELECT content_id FROM files WHERE record IS NOT NULL)
ORDER BY c.md5, c.sha256
"""


class EvidenceMissing(WorkbenchError):
    """A file of the evidence store is missing or damaged, so the package was not made. Restore it from the backup."""

    code = "evidence-missing"


def twins(snapshot: Snapshot) -> set[bytes]:
    """SHA-256 of the contents that share their MD5 with another and come after it."""
    return {bytes(row["sha256"]) for row in snapshot.rows(TWINS)}


def stored(row: dict[str, Any], twins: set[bytes]) -> tuple[str, ...]:
    """Where the package keeps a file. Different files with one MD5 are told apart by their SHA-256."""
    *folders, name = stored_path(bytes(row["md5"]))
    sha256_ = bytes(row["sha256"])
    return (*folders, f"{name}.{sha256_.hex()[:16]}" if sha256_ in twins else name)


def write(snapshot: Snapshot, package: Package, twins: set[bytes]) -> None:
    """Every file of the case once, checked against its SHA-256 on the way. Raises EvidenceMissing."""
    for row in snapshot.rows(MEDIA):
        wanted = bytes(row["sha256"])
        try:
            with (
                originals.opened(snapshot.case.agency, wanted) as file,
                package.member("/".join(stored(row, twins))) as into,
            ):
                shutil.copyfileobj(file, into, CHUNK)
        except Spoiled as spoiled:
            raise EvidenceMissing(GONE[spoiled.reason].format(wanted.hex())) from spoiled
        if package.members[-1].sha256 != wanted.hex():
            raise EvidenceMissing(f"The evidence store holds other bytes under {wanted.hex()}. Restore the backup.")
