"""No name in a delivery, and nothing else that evidence provokes, keeps an exhibit listing for ever."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cases import events, evidence
from cases.ingest import listing, pipeline
from cases.ingest.base import Found
from cases.ingest.folder import Folder
from cases.models import Case, Exhibit, ImportedRecord
from tests.cases.ingest import trees
from workbench.models import AuditEvent, Job, User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        (b"caf\xe9.jpg", b"caf\xe9.jpg"),  # Latin-1 in a document that should be UTF-8
        (rb"a\ud800b.jpg", b"a\xed\xa0\x80b.jpg"),  # half a character, as JSON can spell it
        (rb"a\ud800" + b"\xe9.jpg", b"a\xed\xa0\x80\xed\xb3\xa9.jpg"),  # both
        (rb"a\u0000b.jpg", b"Media[1]"),  # no file system has such a path: it is refused
    ],
)
def test_a_name_that_is_no_unicode_is_kept_as_it_is_told(case: Case, tmp_path: Path, name: bytes, raw: bytes) -> None:
    context = b"http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Cases"
    record = {"MD5": "0" * 32, "RelativeFilePath": "@", "MediaFiles": [{"Written": "@"}]}
    text = json.dumps({"@odata.context": context.decode(), "value": [{"Media": [record]}]}).encode()
    (tmp_path / "case.json").write_bytes(text.replace(b"@", name).replace(name + b"odata", b"@odata"))
    exhibit = trees.take_in(case, tmp_path, reader="vics")
    assert (exhibit.state, set(trees.ledger(exhibit))) == ("done", {raw})
    assert ImportedRecord.objects.get().path_key.isprintable()


class Broken(Folder):
    """A source over which its reader stumbles in a way nobody foresaw."""

    def find(self, source: bytes) -> Iterator[Found]:
        yield Found(b"first")
        raise ZeroDivisionError


def test_a_listing_that_always_fails_stops_after_three_tries_and_says_so(
    case: Case, dana: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exhibit = evidence.add_exhibit(case=case, ref="NM-01", reader_id="folder", source=os.fsencode(tmp_path), by=dana)
    with monkeypatch.context() as patched:
        patched.setattr("cases.ingest.BY_ID", {"folder": Broken})
        for state in ("listing", "listing", "stopped"):
            listing.list_files(exhibit.pk)
            exhibit.refresh_from_db()
            assert exhibit.state == state
    assert "ZeroDivisionError, three times" in exhibit.state_reason
    assert "three times" in AuditEvent.objects.get(verb=events.INGEST_STOPPED).body
    evidence.resume(exhibit, by=dana)
    assert pipeline.drain(exhibit.pk).state == "done"
    assert not Job.objects.filter(state__in=Job.LIVE, subject__startswith=str(exhibit.public_id)).exists()
    assert Exhibit.objects.get().seen == 0
