"""Nothing that a browser sends replaces, hides or outlives what was sent before."""

import base64
import io
import json
import os
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.http import HttpResponse
from django.test import Client

from cases import evidence, uploads
from cases.evidence import NotInThisState
from cases.ingest import pipeline
from cases.models import Case, Exhibit
from tests.people import signed_in
from workbench import storage
from workbench.models import User

pytestmark = pytest.mark.django_db(transaction=True)
LEDGER = ("raw_path", "ordinal", "content__size")


def incoming() -> list[Path]:
    return list(Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir())


def in_ledger(exhibit: Exhibit) -> list[tuple[bytes, int, int]]:
    rows = exhibit.files.order_by("name_key", "ordinal").values_list(*LEDGER)
    return [(bytes(path), ordinal, size) for path, ordinal, size in rows]


class AllSentMeanwhile(io.BytesIO):
    """A file so long that somebody says "all sent" while it comes."""

    def __init__(self, exhibit: Exhibit, *, drain: bool) -> None:
        super().__init__(b"long")
        self.exhibit, self.drain = exhibit, drain

    def read(self, size: int | None = -1) -> bytes:
        if not self.tell():
            uploads.all_sent(Exhibit.objects.get(pk=self.exhibit.pk))
            if self.drain:
                pipeline.drain(self.exhibit.pk)
        return super().read(size)


@pytest.mark.parametrize("drain", [False, True])
def test_an_upload_that_is_refused_replaces_nothing_and_leaves_nothing(case: Case, dana: User, drain: bool) -> None:
    exhibit = evidence.add_upload(case=case, ref="NM-01", by=dana)
    uploads.receive(exhibit, [(b"evidence.txt", io.BytesIO(b"true"))])
    late = [(b"evidence.txt", io.BytesIO(b"forged")), (b"long", AllSentMeanwhile(exhibit, drain=drain))]
    with pytest.raises(NotInThisState):
        uploads.receive(exhibit, late)
    assert incoming() == []
    folder = Path(evidence.upload_folder(exhibit.public_id))
    assert [path.read_bytes() for path in folder.glob("*")] == ([] if drain else [b"true"])
    pipeline.drain(exhibit.pk)
    assert in_ledger(exhibit) == [(b"evidence.txt", 0, 4)]


def test_files_of_one_name_are_all_kept_and_sent_again_they_are_no_more(case: Case, dana: User) -> None:
    exhibit = evidence.add_upload(case=case, ref="NM-01", by=dana)
    requests = [[b"1", b"22"], [b"333"], [b"22"]]
    for request in requests:
        uploads.receive(exhibit, [(b"DCIM/a.jpg", io.BytesIO(data)) for data in request])
    uploads.all_sent(exhibit)
    pipeline.drain(exhibit.pk)
    assert in_ledger(exhibit) == [(b"DCIM/a.jpg", n, n + 1) for n in range(3)]


def post(user: User, path: str, **fields: object) -> HttpResponse:
    return signed_in(user).post(path, fields, secure=True)  # type: ignore[return-value]


def multipart(names: list[bytes]) -> bytes:
    parts = [b'name="names"\r\n\r\n' + base64.b64encode(name) for name in names]
    parts += [b'name="files"; filename="x"\r\nContent-Type: application/octet-stream\r\n\r\nsame'] * len(names)
    return b"".join(b"--cut\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts) + b"--cut--\r\n"


def test_names_that_are_not_utf8_stay_the_names_they_were(case: Case, dana: User) -> None:
    exhibit = evidence.add_upload(case=case, ref="NM-01", by=dana)
    names = [b"caf\xe9.jpg", b"caf\xe8.jpg", "caf\u00e9.jpg".encode(), b"two\nlines\r.jpg", b"nul\0.jpg"]
    path = f"/exhibits/{exhibit.public_id}/files/"
    browser: Client = signed_in(dana)
    answer = browser.generic("POST", path, multipart(names), "multipart/form-data; boundary=cut", secure=True)
    assert json.loads(answer.content) == {"received": 5}
    assert {bytes(row) for row in exhibit.files.values_list("raw_path", flat=True)} == set(names)


def test_evidence_on_its_way_in_lies_in_a_folder_of_ours_until_it_is_old() -> None:
    with TemporaryUploadedFile("a.jpg", "image/jpeg", 0, None) as coming:
        place = Path(coming.temporary_file_path())
        assert place.parent == settings.DATA_DIR / "uploads" / "incoming"
        assert place.parent.stat().st_mode & 0o777 == 0o700
    left = place.with_name("left"), place.with_name("fresh")
    for path in left:
        path.write_bytes(b"half")
    os.utime(left[0], (time.time() - 2 * storage.ABANDONED,) * 2)
    storage.sweep_incoming()
    assert [path.exists() for path in left] == [False, True]
    left[1].unlink()
