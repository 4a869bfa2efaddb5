"""Evidence that is a disk image: raw, E01, qcow2, VHD or VMDK, opened and read in the jail, never mounted.

Every file of every file system is a row, deleted ones too; the image's hashes are compared with those stored in it.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

from django.utils.translation import gettext_noop as noop

from cases.ingest import base
from cases.ingest.base import Found, Integrity, Reading, Row, SourceUnusable, Spoiled
from cases.ingest.decoding import images
from cases.ingest.segments import Segments
from cases.names import display
from workbench.jail import image_results, image_signatures
from workbench.jail.image_results import PLACE, ImageEntry
from workbench.jail.image_source import CannotOpenImage, OpenImage

REFUSALS = {
    image_results.BROKEN: noop("The image is damaged: it cannot be opened. Get a whole copy, then add it again."),
    image_results.LOCKED: noop("The image is encrypted. Add it again after it was decrypted."),
    image_results.LOGICAL: noop(
        "AD1 and L01 are not read. Have the files exported as a folder or a zip, or add an E01."
    ),
    image_results.MISSING_SEGMENT: noop("The segment {next} is missing. Put it beside the others, then add it again."),
    image_results.NEEDS_PARENT: noop(
        "This image holds only what changed since another one. Merge the two, then add it."
    ),
    image_results.NOTHING_IN_IT: noop(
        "No file system can be read in this image. Check that it is the image of a disk."
    ),
    image_results.UNKNOWN_CONTAINER: noop(
        "This kind of image or archive is not read as a disk. Convert it to E01 or raw."
    ),
}


class Image:
    """Lists file systems, reads files by where the file system keeps them."""

    id = "image"
    label = "Disk image"

    def __init__(self, within: tuple[bytes, ...] = ()) -> None:
        self.within = within

    def check(self, source: bytes) -> None:
        """See Reader. All segments are there, and nothing speaks against the first one's signature."""
        segments = Segments(source, self.within)
        if code := image_signatures.refusal(segments.head, segments.tail):
            raise SourceUnusable(REFUSALS[code])

    def find(self, source: bytes) -> Iterator[Found]:
        """See Reader. Volume by volume; kept folders first, then deleted ones, orphans last."""
        with self._opened(source) as image:
            for entry in image.entries():
                yield found(entry)

    def read(self, source: bytes, rows: list[Row]) -> Iterator[Reading]:
        """See Reader."""
        with self._opened(source) as image:
            for row in rows:
                place = row.locator.decode("ascii", "replace")
                if PLACE.fullmatch(place) and row.size is not None:
                    yield Reading(row, chunks=_chunks(image, place, row.size))
                else:
                    yield Reading(row, base.UNREADABLE)

    def marks(self, source: bytes) -> dict[str, list[int]]:
        """See Verifying. Of every segment."""
        return Segments(source, self.within).marks

    def verify(self, source: bytes, go_on: Callable[[], bool]) -> Integrity | None:
        """See Verifying. Reads the whole medium once."""
        with self._opened(source) as image:
            digests = image.digests(go_on)
            if digests is None:
                return None
            return Integrity(image.facts.says, image.facts.stored, digests.hashes, digests.problem)

    @contextmanager
    def _opened(self, source: bytes) -> Iterator[OpenImage]:
        segments = Segments(source, self.within)
        try:
            with images().opened(segments) as image:
                yield image
        except CannotOpenImage as error:
            raise SourceUnusable(
                REFUSALS.get(error.code, REFUSALS[image_results.BROKEN]).format(next=display(segments.after_last))
            ) from error


def found(entry: ImageEntry) -> Found:
    """A file of the image as a node of the ledger."""
    return Found(
        entry.raw_path, entry.ordinal, entry.place.encode() or entry.target, entry.size,
        str(entry.about.get("modified", "")), entry.reason, about=entry.about,
    )  # fmt: skip


def _chunks(image: OpenImage, place: str, size: int) -> Generator[bytes, None, None]:
    problem = yield from image.read(place, size)
    if problem:
        raise Spoiled(problem)
