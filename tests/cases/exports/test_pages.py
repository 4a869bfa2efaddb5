"""The pages of exports: who sees, who builds, who takes a file away; other agencies find nothing."""

from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.urls import reverse

from cases import exports
from cases.exports import Options, jobs
from cases.models import Case, Export
from tests.cases.exports import scene
from tests.people import People, signed_in
from workbench.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(people: People) -> Case:
    return scene.made(people)


def page(case: Case) -> str:
    return reverse("cases:exports", args=[case.public_id])


def file(export: Export) -> str:
    return reverse("cases:export_file", args=[export.public_id])


@pytest.mark.parametrize("product", ["vics", "schedule", "summary"])
def test_an_exporter_builds_and_saves_each_product(case: Case, people: People, product: str) -> None:
    client = signed_in(people.exporter)
    assert client.post(page(case), {"product": product, "version": "1.3"}, secure=True).status_code == 302
    export = Export.objects.get()
    shown = client.get(page(case), secure=True)
    assert export.file_name in shown.content.decode()
    answer = client.get(file(export), secure=True)
    data = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert len(data) == export.size
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == f'attachment; filename="{export.file_name}"'
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert AuditEvent.objects.filter(verb="export.fetch", subject=f"export:{export.public_id}").count() == 1


def test_the_version_of_vics_is_the_one_chosen(case: Case, people: People) -> None:
    signed_in(people.supervisor).post(page(case), {"product": "vics", "version": "1.3"}, secure=True)
    assert Export.objects.get().product == "vics1.3"


def test_building_again_says_that_nothing_changed(case: Case, people: People) -> None:
    client = signed_in(people.supervisor)
    client.post(page(case), {"product": "summary"}, secure=True)
    again = client.post(page(case), {"product": "summary"}, secure=True, follow=True)
    assert "Nothing has changed" in again.content.decode()


def test_a_decision_made_since_is_told(case: Case, people: People) -> None:
    client = signed_in(people.supervisor)
    client.post(page(case), {"product": "summary"}, secure=True)
    assert not client.get(page(case), secure=True).context["rows"][0]["stale"]
    scene.decide(case, "lake", "1", people.investigator)
    assert client.get(page(case), secure=True).context["rows"][0]["stale"]


def test_an_investigator_sees_what_was_made_and_may_neither_build_nor_save(case: Case, people: People) -> None:
    export = scene.build(case, people.supervisor)
    client = signed_in(people.investigator)
    assert client.get(page(case), secure=True).status_code == 200
    assert client.post(page(case), {"product": "summary"}, secure=True).status_code == 403
    assert client.get(file(export), secure=True).status_code == 403
    assert Export.objects.count() == 1


def test_another_agency_finds_nothing(case: Case, people: People) -> None:
    export = scene.build(case, people.supervisor)
    client = signed_in(people.outsider)
    assert client.get(page(case), secure=True).status_code == 404
    assert client.post(page(case), {"product": "summary"}, secure=True).status_code == 404
    assert client.get(file(export), secure=True).status_code == 404
    assert export.file_name not in client.get(reverse("cases:all_exports"), secure=True).content.decode()
    assert not AuditEvent.objects.filter(verb="export.fetch").exists()
    assert Export.objects.count() == 1


def test_an_exporter_outside_the_team_finds_nothing(people: People) -> None:
    from tests import factories

    alone = factories.case(people.investigator)
    assert signed_in(people.exporter).get(page(alone), secure=True).status_code == 404


def test_exports_with_files_are_for_supervisors(case: Case, people: People) -> None:
    asked = {"product": "vics", "version": "2.0", "media": "yes"}
    assert signed_in(people.exporter).post(page(case), asked, secure=True).status_code == 403


@pytest.mark.parametrize("asked", [{}, {"product": "court"}, {"product": "vics", "version": "9"}])
def test_what_is_not_offered_is_refused(case: Case, people: People, asked: dict[str, str]) -> None:
    assert signed_in(people.supervisor).post(page(case), asked, secure=True).status_code == 400
    assert not Export.objects.exists()


def test_a_missing_export_is_not_found(case: Case, people: People) -> None:
    gone = reverse("cases:export_file", args=[uuid4()])
    assert signed_in(people.supervisor).get(gone, secure=True).status_code == 404


def test_all_exports_lists_the_cases_in_reach_newest_first(case: Case, people: People) -> None:
    made = [scene.build(case, people.supervisor, product) for product in ("vics", "summary")]
    shown = signed_in(people.exporter).get(reverse("cases:all_exports"), secure=True)
    assert [row["export"] for row in shown.context["rows"]] == made[::-1]


def test_a_long_export_is_ordered_once_and_built_by_a_worker(
    case: Case, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "INLINE_ITEMS", 0)
    client = signed_in(people.supervisor)
    for _ in range(2):
        assert client.post(page(case), {"product": "summary"}, secure=True).status_code == 302
    [job] = jobs.waiting()
    assert not Export.objects.exists()
    assert "Summary is being built." in client.get(page(case), secure=True).content.decode()
    built = jobs.build(job)
    assert built == Export.objects.get()
    assert jobs.build(job) is None, "a second wake-up does nothing"
    assert not jobs.waiting()
    assert not jobs.of(case)


def test_an_order_that_cannot_be_built_says_why(case: Case, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "INLINE_ITEMS", 0)
    asked = {"product": "vics", "version": "2.0", "media": "yes"}
    signed_in(people.supervisor).post(page(case), asked, secure=True)
    [job] = jobs.waiting()
    assert jobs.build(job) is None
    assert [one.state for one in jobs.of(case)] == ["failed"]
    shown = signed_in(people.supervisor).get(page(case), secure=True).content.decode()
    assert "VICS case 2.0 with media was not built." in shown
    assert "The evidence store lacks" in shown


def test_an_order_whose_builders_end_early_is_given_up_with_a_sentence(
    case: Case, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = jobs.order(case=case, product=exports.BUILT_IN[0], by=people.supervisor, options=Options())
    monkeypatch.setattr(settings, "DATA_DIR", Path("/proc/winnow"))  # nothing can be written there
    for _ in range(jobs.TRIES):
        with pytest.raises(OSError, match="winnow"):
            jobs.build(order.pk)
    assert jobs.build(order.pk) is None
    assert not jobs.waiting()
    assert "three times" in jobs.of(case)[0].message
