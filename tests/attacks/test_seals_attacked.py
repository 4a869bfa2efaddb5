"""Changing tables, by whatever role, an exhibit that is no longer what was sealed is not said to be."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection, transaction

from cases import sealing, verifying
from cases.models import Case, Content, Exhibit, FileInstance
from tests import factories
from tests.cases.ingest.trees import picture, take_in, tree
from tests.people import People
from workbench import audit, storage
from workbench.models import AuditEvent

pytestmark = pytest.mark.django_db(transaction=True)
Change = Callable[[Exhibit], object]


@pytest.fixture
def exhibit(people: People, tmp_path: Path) -> Exhibit:
    case: Case = factories.case(people.investigator)
    return take_in(case, tree(tmp_path, {"a.png": picture(1), "b.png": picture(2)}))


def says_whole(exhibit: Exhibit) -> bool:
    exhibit.refresh_from_db()
    return verifying.verify(exhibit=exhibit, by=exhibit.case.lead).ok


def change(sql: str) -> Change:
    def changed(_exhibit: Exhibit) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql)

    return changed


def lose_a_blob(exhibit: Exhibit) -> None:
    content = Content.objects.order_by("pk")[0]
    storage.blob_path(exhibit.case.agency, bytes(content.sha256)).unlink()


def lose_one_and(sql: str) -> Change:
    def changed(exhibit: Exhibit) -> None:
        lose_a_blob(exhibit)
        change(sql)(exhibit)

    return changed


def slip_in_a_file(exhibit: Exhibit) -> None:
    """A file that lies in one of itself, and so in nothing."""
    row = FileInstance.objects.filter(exhibit=exhibit)[0]
    row.pk, row.raw_path, row.name_key = None, b"slipped in.png", bytes(32)
    row.save()
    FileInstance.objects.filter(pk=row.pk).update(parent=row.pk)


def forge_a_seal(exhibit: Exhibit) -> None:
    """Entries far beyond the end of the log, which fit each other, for a list that was changed."""
    change("UPDATE cases_fileinstance SET raw_path = 'elsewhere.png' WHERE raw_path = 'a.png'")(exhibit)
    told = AuditEvent.objects.filter(verb="ingest.done").latest("seq")
    forged = sealing.file_list(exhibit)
    body = json.loads(told.body)
    body["details"]["list"]["sha256"] = forged.sha256
    digest = audit.GENESIS
    with transaction.atomic():
        for body["seq"] in (10_000, 10_001):
            told.seq, told.body = body["seq"], json.dumps(body)
            digest = told.hash = audit.chain_hash(digest, told.body)
            told.save(force_insert=True)
        told.log.head_seq, told.log.head_hash = told.seq, digest
        told.log.save()
        sealing.keep(exhibit, {"list": body["details"]["list"]})


@pytest.mark.parametrize(
    "attack",
    [
        lose_a_blob,
        lose_one_and("UPDATE cases_content SET purged_at = now()"),
        lose_one_and("UPDATE cases_exhibit SET removed_at = now(), keep = 'place'"),
        lose_one_and("UPDATE cases_content SET agency_id = (SELECT max(id) FROM workbench_agency)"),
        change("UPDATE cases_content SET md5 = decode(repeat('00', 16), 'hex')"),
        change("UPDATE cases_content SET sha1 = decode(repeat('00', 20), 'hex')"),
        change("UPDATE cases_content SET size = size + 1"),
        slip_in_a_file,
        forge_a_seal,
    ],
)
def test_an_exhibit_that_was_changed_is_not_said_to_be_whole(exhibit: Exhibit, attack: Change) -> None:
    assert says_whole(exhibit)
    attack(exhibit)
    assert not says_whole(exhibit)
