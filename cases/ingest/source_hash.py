"""Whether a source that is one file stood still: its SHA-256 before the first read of it and after the last."""

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress

from django.db import transaction
from django.utils.translation import gettext_noop as noop

from cases import evidence, sealing
from cases.ingest import base, nodes, roots
from cases.ingest.archive import Archive
from cases.ingest.base import SourceGone
from cases.ingest.vics_case import VicsCase
from cases.models import Exhibit

READERS = (Archive.id, VicsCase.id)  # a folder is compared file by file; a disk image has hashes of its own
CHANGED = noop("The source changed while it was read: its SHA-256 differs. Resume takes it in all the same.")

GoesOn = Callable[[], bool]


def noted(exhibit: Exhibit, goes_on: GoesOn) -> bool:
    """Hash the source, once, before anything of it is read; False when the ingest was held meanwhile.

    Raises SourceGone.
    """
    if exhibit.reader not in READERS or sealing.SOURCE in exhibit.integrity:
        return True
    digest = _digest(exhibit, goes_on)
    if digest:
        sealing.keep(exhibit, {sealing.SOURCE: {"before": digest}})
    return digest is not None


def stands(exhibit: Exhibit, goes_on: GoesOn) -> bool:
    """Whether the ingest may end: the source is what it was before. If not, the ingest is stopped.

    Who resumes it goes on although the source differs. After a seal nothing is compared again, unless more was read
    of the source since. Raises SourceGone.
    """
    known = exhibit.integrity.get(sealing.SOURCE)
    if not known or exhibit.sealed_at or known.get("agrees") is False:
        return True
    digest = _digest(exhibit, goes_on)
    if digest is None:
        return False
    agrees = bool(digest == known["before"])
    with suppress(evidence.NotInThisState), transaction.atomic():  # held in this very moment: compared again later
        sealing.keep(exhibit, {sealing.SOURCE: known | {"after": digest, "agrees": agrees}})
        if not agrees:
            evidence.stop(exhibit, why=CHANGED)
    return agrees


def _digest(exhibit: Exhibit, goes_on: GoesOn) -> str | None:
    """SHA-256 of the source in hexadecimal; empty where it is no single file, None when the ingest was held."""
    digest = hashlib.sha256()
    try:
        with nodes.file_at(bytes(exhibit.source), roots()) as descriptor:
            while chunk := os.read(descriptor, base.CHUNK):
                digest.update(chunk)
                if not goes_on():
                    return None
    except IsADirectoryError:
        return ""
    except OSError as error:
        raise SourceGone from error
    return digest.hexdigest()
