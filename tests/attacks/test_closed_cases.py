"""Nothing comes into a closed case: no upload, no resumed ingest, no batch."""

import io

import pytest

from cases import evidence, investigations, uploads
from cases.errors import CaseIsClosed
from cases.models import Case, Exhibit, FileInstance
from workbench import checks
from workbench.models import User

pytestmark = pytest.mark.django_db


def test_files_sent_after_the_case_was_closed_are_refused(case: Case, dana: User) -> None:
    exhibit = evidence.add_upload(case=case, ref="NM-01", by=dana)
    investigations.close(case=case, by=dana, reason="done")
    with pytest.raises(CaseIsClosed):
        uploads.receive(exhibit, [("late.jpg", io.BytesIO(b"late"))])
    with pytest.raises(CaseIsClosed):
        uploads.all_sent(exhibit)
    assert not FileInstance.objects.exists()
    assert checks.broken() == []


def test_closing_holds_the_ingest_and_nobody_resumes_it(case: Case, dana: User) -> None:
    exhibit = evidence.add_upload(case=case, ref="NM-01", by=dana)
    uploads.all_sent(exhibit)
    investigations.close(case=case, by=dana, reason="done")
    exhibit.refresh_from_db()
    assert exhibit.state == Exhibit.State.PAUSED
    with pytest.raises(CaseIsClosed):
        evidence.resume(exhibit, by=dana)
    assert checks.broken() == []
