"""Evidence readers, one file each. A new one is one import and one place in `BUILT_IN`."""

import os
from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext_noop as noop

from cases.ingest.archive import Archive
from cases.ingest.base import Reader, SourceUnusable, TriesPasswords
from cases.ingest.folder import Folder
from cases.ingest.image import Image
from cases.ingest.upload import Upload
from cases.ingest.vics_case import VicsCase

BUILT_IN = (Folder, Archive, Image, VicsCase, Upload)
BY_ID = {kind.id: kind for kind in BUILT_IN}


def roots() -> tuple[bytes, ...]:
    """The folders that evidence lies in; on the way from one of them no link is followed."""
    return tuple(os.fsencode(root) for root in (*settings.EVIDENCE_ROOTS, settings.DROP))


def reader(name: str, passwords: Sequence[str] = ()) -> Reader:
    """The reader of that id; one that opens archives tries the passwords. Raises SourceUnusable."""
    if name not in BY_ID:
        raise SourceUnusable(
            noop("There is no reader %(name)s. There are: %(by_id)s."), name=repr(name), by_id=", ".join(BY_ID)
        )
    found: Reader = BY_ID[name](roots())
    if isinstance(found, TriesPasswords):
        found.passwords = tuple(passwords)
    return found
