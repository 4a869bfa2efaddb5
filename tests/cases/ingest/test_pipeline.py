"""An ingest from folder to outcomes: every file once, every content once, whatever happens on the way."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cases import evidence, matching
from cases.ingest import contents, holding, ledger, listing, pipeline
from cases.ingest.contents import Hashed
from cases.models import Case, Content, Item, Match, Stack
from cases.queue import promise
from hashsets.entries import NewEntry
from hashsets.models import HashSet
from tests import factories
from tests.cases.ingest.trees import add, figures, picture, take_in, tree
from tests.cases.ingest.trees import ledger as rows
from tests.database import superuser
from tests.hashsets import makers
from tests.people import People
from workbench import checks, storage
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db(transaction=True)


FILES: dict[bytes | str, bytes] = {
    "a/1.png": picture(1),
    "a/1 again.png": picture(1),
    "b/2.jpg": picture(2, "JPEG"),
    "b/misnamed.txt": picture(3),
    "b/cut.jpg": picture(4, "JPEG", (400, 300))[:1500],
    "notes.txt": b"a list of hills\n" * 20,
    "empty.jpg": b"",
    "no picture.jpg": b"hello\n" * 100,
    b"latin-\xe9.png": picture(5),
}
OUTCOMES = {
    b"a/1.png": ("accepted", ""),
    b"a/1 again.png": ("accepted", ""),
    b"b/2.jpg": ("accepted", ""),
    b"b/misnamed.txt": ("accepted", ""),
    b"b/cut.jpg": ("accepted", "truncated"),
    b"notes.txt": ("without_preview", "not-media"),
    b"empty.jpg": ("without_preview", "empty-file"),
    b"no picture.jpg": ("without_preview", "not-media"),
    b"latin-\xe9.png": ("accepted", ""),
}
FIGURES = (9, 0, 0, 6, 3, 0, 4)


def test_of_every_file_ends_with_its_outcome_and_reason(case: Case, tmp_path: Path) -> None:
    exhibit = take_in(case, tree(tmp_path, FILES))
    assert rows(exhibit) == OUTCOMES
    assert figures(exhibit) == FIGURES
    assert exhibit.state == "done"
    assert promise.due() == [case.pk]
    assert checks.broken(None) == []


def test_of_what_was_hashed_is_what_is_stored(case: Case, tmp_path: Path) -> None:
    take_in(case, tree(tmp_path, FILES))
    paths = [storage.blob_path(case.agency, bytes(c.sha256)) for c in Content.objects.all()]
    assert {path.read_bytes() for path in paths} == set(FILES.values())


def test_of_exact_copies_are_one_item_with_its_previews(case: Case, tmp_path: Path) -> None:
    take_in(case, tree(tmp_path, FILES))
    assert Item.objects.filter(case=case).count() == 6  # five pictures, and what only claims to be one
    assert set(Item.objects.values_list("state", flat=True)) == {"open"}
    assert Stack.objects.filter(case=case, state="open", open_items=1).exclude(cover=None).count() == 6
    made = Content.objects.get(preview="made", sha256=Content.objects.get(md5=_md5(picture(1))).sha256)
    assert made.veil
    assert (storage.preview(case.agency, bytes(made.sha256)) or b"").startswith(b"\xff\xd8\xff")


def test_of_a_list_that_came_a_moment_before_knows_its_files_before_they_are_decoded(
    case: Case, people: People, tmp_path: Path
) -> None:
    knows_a_picture(people.supervisor, "Known")
    assert matching.behind()  # no worker has matched since
    take_in(case, tree(tmp_path, FILES))
    known = Content.objects.get(md5=_md5(picture(5)))
    assert (known.preview, Item.objects.get(content=known).state) == ("deferred", "known")


def knows_a_picture(by: User, name: str) -> HashSet:
    """A set that holds the fifth picture."""
    data = picture(5)
    sha256, md5, sha1 = (hashlib.new(kind, data).digest() for kind in ("sha256", "md5", "sha1"))
    made = makers.hash_set(by, name)
    makers.publish(made, NewEntry(sha256=sha256, md5=md5, sha1=sha1, size=len(data), code="1"), by=by)
    return made


@contextmanager
def unmatchable(hash_set: HashSet) -> Iterator[None]:
    """While the block runs, the database refuses whatever a re-match of the set writes."""
    with superuser() as owner:
        owner.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$BEGIN IF NEW.set_id = {hash_set.pk} THEN RAISE EXCEPTION 'refused'; END IF; RETURN NEW; END$$"
        )
        owner.execute("CREATE TRIGGER refuse BEFORE INSERT ON cases_setsync FOR EACH ROW EXECUTE FUNCTION refuse()")
    try:
        yield
    finally:
        with superuser() as owner:
            owner.execute("DROP FUNCTION refuse CASCADE")


def test_of_a_set_that_cannot_be_matched_holds_up_no_other(
    case: Case, people: People, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = (knows_a_picture(people.supervisor, name) for name in ("First", "Second"))
    with unmatchable(first):
        take_in(case, tree(tmp_path, FILES))
    known = Content.objects.get(md5=_md5(picture(5)))
    assert (known.preview, Item.objects.get(content=known).state) == ("deferred", "known")
    assert f"set {first.pk} is not matched anew" in caplog.text
    assert list(Match.objects.values_list("set", flat=True)) == [second.pk]
    assert [hash_set for agency, hash_set in matching.due() if agency == case.agency_id] == [first.pk]


def test_of_the_same_evidence_again_changes_nothing(case: Case, tmp_path: Path) -> None:
    first = take_in(case, tree(tmp_path, FILES))
    second = take_in(case, tmp_path)
    assert (second.pk, figures(second)) == (first.pk, FIGURES)


def test_of_an_exhibit_reference_belongs_to_one_source(case: Case, tmp_path: Path) -> None:
    take_in(case, tree(tmp_path / "one", {"a.png": picture(1)}))
    with pytest.raises(evidence.ExhibitTaken):
        add(case, tree(tmp_path / "two", {"a.png": picture(1)}))


def test_of_each_step_run_twice_leaves_the_same_totals(case: Case, tmp_path: Path) -> None:
    exhibit = add(case, tree(tmp_path, FILES))
    listing.list_files(exhibit.pk)
    claim = ledger.claim(exhibit.pk)
    with storage.Batch(case.agency) as batch:
        group = [Hashed(row, batch.receive([(tmp_path / row.raw_path.decode("utf-8", "surrogateescape")).read_bytes()]))
                 for row in claim.rows]  # fmt: skip
        batch.commit()
    loaded = holding.get(exhibit.pk)
    contents.take_in(loaded, group)
    contents.take_in(loaded, group)
    assert figures(exhibit)[:3] == (9, 0, 7)
    assert checks.broken(None) == []


def test_of_a_picture_known_as_no_medium_becomes_an_item_when_a_name_claims_it(case: Case, tmp_path: Path) -> None:
    odd = b"not a picture by its first bytes"
    take_in(case, tree(tmp_path / "1", {"odd.bin": odd}))
    assert not Item.objects.exists()
    second = take_in(case, tree(tmp_path / "2", {"odd.jpg": odd}), ref="NM-02")
    assert rows(second) == {b"odd.jpg": ("without_preview", "not-media")}
    assert Item.objects.get().state == "open"
    assert checks.broken(None) == []


def test_of_what_another_case_of_the_agency_holds_is_decoded_once(case: Case, people: People, tmp_path: Path) -> None:
    take_in(case, tree(tmp_path, {"a.png": picture(7)}))
    Content.objects.update(preview_reason="decoded once")
    take_in(factories.case(people.investigator), tmp_path)
    assert Content.objects.get().preview_reason == "decoded once"
    assert Item.objects.filter(state="open").count() == 2


def test_of_adding_and_ending_are_events(case: Case, tmp_path: Path) -> None:
    take_in(case, tree(tmp_path, FILES))
    verbs = AuditEvent.objects.filter(verb__regex="^(evidence|ingest)").order_by("seq").values_list("verb", flat=True)
    assert list(verbs) == ["evidence.add", "ingest.start", "ingest.done"]


def test_of_a_held_ingest_waits_and_a_resumed_one_goes_on(case: Case, tmp_path: Path) -> None:
    exhibit = add(case, tree(tmp_path, FILES))
    evidence.pause(exhibit, by=case.lead)
    assert pipeline.drain(exhibit.pk).seen == 0
    evidence.resume(exhibit, by=case.lead)
    assert figures(pipeline.drain(exhibit.pk)) == FIGURES


def test_of_a_cancelled_ingest_keeps_what_came_in_and_takes_no_more(case: Case, tmp_path: Path) -> None:
    exhibit = add(case, tree(tmp_path, FILES))
    listing.list_files(exhibit.pk)
    evidence.cancel(exhibit, by=case.lead, reason="wrong device")
    assert not pipeline.hash_files(exhibit.pk, evidence.slots(exhibit)[0])
    assert figures(exhibit) == (9, 9, 0, 0, 0, 0, 0)


def _md5(data: bytes) -> bytes:
    import hashlib

    return hashlib.md5(data).digest()
