"""Workers are killed in the middle of their work, and nothing is lost or doubled (security.md 1.1)."""

from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests import factories, seed
from tests.cases.ingest.pictures import varied
from tests.cases.ingest.trees import take_in
from tests.people import People
from tests.programmes import kills
from tests.programmes.kills import Run

FILES, KILLS, SEED = 200, 2, 7


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_of_an_ingest_whose_worker_is_killed_ends_like_one_that_was_left_alone(people: People, tmp_path: Path) -> None:
    evidence = varied(tmp_path / "evidence", FILES, SEED)
    calm = left_alone(people, evidence)
    disturbed = kills.run(evidence, KILLS, seconds=0.0, data=seed.folder(seed.code()))  # soon done
    assert disturbed.kills == KILLS
    assert kills.differences(calm, disturbed) == []


def left_alone(people: People, evidence: Path) -> Run:
    """The same files taken in here, by one process that nobody kills."""
    case = factories.case(people.investigator)
    take_in(case, evidence)
    blobs = sum(1 for _ in (settings.DATA_DIR / "evidence" / str(case.agency.public_id)).glob("??/??/*"))
    with connection.cursor() as cursor:
        cursor.execute(kills.OUTCOME)
        rows = cursor.fetchall()
        cursor.execute(kills.COUNTS)
        counts = cursor.fetchone()
    return Run(rows, (*counts, blobs), 0, 0.0)
