"""What somebody who owes second views must not read meanwhile: who asks shows neither decisions nor what sets say.

A person is blind to the contents that he held in a second-view batch, in every case of the agency, and to the log and
the exports of those cases: until the view is given, by him or another, or he gave it back for somebody else. The end of
a batch alone opens nothing: what he did not give, he may be asked again.
"""

from typing import Any
from uuid import UUID

from django.db import connection

from cases.errors import SecondViewOwed
from cases.models import Case
from workbench.models import User

# By the index of what somebody has had; `not_for` are those who are not asked again.
OPEN = """
FROM cases_secondview v, (SELECT %s::bigint AS id) me
WHERE v.state = 'open' AND v.had_by <> '{}' AND v.had_by @> ARRAY[me.id] AND NOT me.id = ANY(v.not_for)
"""
CONTENTS = f"SELECT v.content_id {OPEN}"
ITEMS = f"""
SELECT i.public_id::text FROM cases_item i WHERE i.content_id IN (SELECT v.content_id {OPEN})
"""  # noqa: S608 only a constant
CASES = f"""
SELECT c.public_id FROM cases_case c WHERE c.id IN (SELECT v.case_id {OPEN})
"""  # noqa: S608 only a constant
DIGESTS = f"""
SELECT unnest(ARRAY[c.md5, c.sha1, c.sha256, c.pdq]) FROM cases_content c WHERE c.id IN (SELECT v.content_id {OPEN})
"""  # noqa: S608 only a constant


def contents(user: User) -> list[int]:
    """Ids of the contents; at most what the person's batches held and did not give. One query."""
    return _column(CONTENTS, user)


def holds(user: User, content: int) -> bool:
    """Whether this content is one of them. One query."""
    return bool(_column(f"{CONTENTS} AND v.content_id = %s LIMIT 1", user, content))


def items(user: User) -> set[str]:
    """Public ids of their items, in every case. One query."""
    return set(_column(ITEMS, user))


def cases(user: User) -> list[UUID]:
    """Public ids of the cases. One query."""
    return _column(CASES, user)


def digests(user: User) -> set[bytes]:
    """Their hashes of every kind, for those who look hashes up. One query."""
    return {bytes(value) for value in _column(DIGESTS, user) if value is not None}


def require_sight(user: User, case: Case) -> None:
    """Refuse what would tell a case's decisions. Raises SecondViewOwed."""
    if case.public_id in cases(user):
        raise SecondViewOwed


# Nobody is asked any more: those who had it may read, and are not asked should the case ever go on.
LIFT = """
UPDATE cases_secondview SET not_for = not_for || had_by WHERE case_id = %s AND state = 'open' AND had_by <> '{}'
"""


def lift(case: Case) -> None:
    """Let everybody read a case that is being closed. One statement, inside the transaction that closes it."""
    with connection.cursor() as cursor:
        cursor.execute(LIFT, [case.pk])


def _column(sql: str, user: User, *values: int) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [user.pk, *values])
        return [row[0] for row in cursor.fetchall()]
