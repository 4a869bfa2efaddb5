"""PURE: evidence that a browser sent: the files lie below the source under names of ours, theirs are only data."""

from collections.abc import Iterator

from cases.ingest.base import Found
from cases.ingest.folder import Folder


class Upload(Folder):
    """Reads what `uploads.receive` entered into the ledger; there is nothing to find."""

    id = "upload"
    label = "Upload"

    def find(self, source: bytes) -> Iterator[Found]:
        """Nothing: every file was entered when it came."""
        with self._handles(source):
            yield from ()
