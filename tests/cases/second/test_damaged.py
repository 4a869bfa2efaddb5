"""Damage to second views and rulings is seen by the invariants."""

import pytest

from cases import ending
from cases.models import Case, Disagreement
from cases.second import queue, ruling
from tests.cases.second.test_queue import decide, give
from tests.damage import Damage
from workbench import checks
from workbench.models import User

BY_ONE_OF_THE_TWO = """
UPDATE cases_disagreement SET ruling_id = (SELECT min(id) FROM cases_decision), ruled_by_id = decided_by_id
"""


@pytest.mark.parametrize(
    ("number", "sql"),
    [
        (5, "UPDATE cases_secondview SET batch_id = (SELECT min(id) FROM cases_batch)"),
        (8, "UPDATE cases_disagreement SET ruling_id = NULL, ruled_by_id = NULL"),
        (9, "UPDATE cases_disagreement SET closed_at = NULL, ruling_id = NULL, ruled_by_id = NULL"),
        (9, BY_ONE_OF_THE_TWO),
    ],
)
def test_damage_is_seen(damage: Damage, case: Case, dana: User, milo: User, sam: User, number: int, sql: str) -> None:
    decide(case, dana, "2", 1)
    batch = queue.claim(case=case, by=milo)
    give(batch, milo, "1")
    ending.close(batch=batch, by=milo)
    ruling.rule(disagreement=Disagreement.objects.get(), code="1", reason="no water line", by=sam)
    assert checks.broken(None) == []
    damage("ALTER TABLE cases_disagreement DROP CONSTRAINT ruled_by_another")
    damage(sql)
    assert number in {one.invariant for one in checks.broken(None)}
