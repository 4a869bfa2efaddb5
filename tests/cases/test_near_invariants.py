"""The check of near matches sees what somebody did to them."""

from pathlib import Path

import pytest

from cases.models import Case
from tests.cases.test_matching import sync
from tests.cases.test_near_matching import picture
from tests.damage import Damage
from tests.hashsets import makers
from tests.hashsets.lists import document, load
from tests.hashsets.test_near_index import pdq, with_pdq
from workbench import checks
from workbench.models import User


# what somebody does to the tables, and what the check says of it
@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("UPDATE cases_match SET distance = 3", "by 3 bits in the tables, and by 4"),
        ("UPDATE cases_match SET lost_in = 1", "is near 1 entries of set List that it is not tagged with"),
        ("UPDATE cases_content SET pdq = NULL", "by 4 bits in the tables, and by nothing"),
        ("UPDATE hashsets_entry SET removed_in = 1", "by 4 bits in the tables, and by nothing"),
        ("DELETE FROM hashsets_entryhash", "by 4 bits in the tables, and by nothing"),
    ],
)
def test_the_check_sees_tags_without_ground_and_grounds_without_a_tag(
    damage: Damage, case: Case, dana: User, sam: User, tmp_path: Path, sql: str, words: str
) -> None:
    listed = makers.hash_set(sam, "List", scheme="us-pvic")
    load(listed, document(tmp_path, with_pdq(1)), by=sam)
    sync()
    picture(case, dana, "a", pdq(1, 4))
    damage(sql)
    assert any(words in one.what for one in checks.broken(None, only=7))
