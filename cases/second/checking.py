"""Hidden check items: some of a second-view batch have an answer that two people, or a ruling, gave already.

They lie among the others and look like them. What is given of them is a second opinion with reason `check`: it opens no
disagreement and holds nothing back, and is counted for all together, never by person.
"""

from typing import Any

from django.db import connection

from cases.models import Batch

LATEST = 2000  # decisions with a known answer that are drawn from
# Version 2, as what was claimed for the first time has.
ADD = """
INSERT INTO cases_secondview (public_id, case_id, item_id, content_id, decision_id, why, not_for, had_by,
  sort_key, state, version, batch_id, position, mark, at)
SELECT gen_random_uuid(), %(case)s, i.id, k.content_id, k.id, 'check', '{}', ARRAY[%(by)s::bigint],
  '', 'open', 2, %(batch)s, 0, '', now()
FROM (
  SELECT d.id, d.content_id, d.public_id FROM cases_decision d JOIN cases_act a ON a.id = d.act_id
  WHERE d.case_id = %(case)s AND d.by_id <> %(by)s AND d.code IS NOT NULL
    AND (a.via = 'ruling' OR EXISTS (SELECT FROM cases_secondopinion o WHERE o.decision_id = d.id AND o.code = d.code))
    AND NOT EXISTS (SELECT FROM cases_secondopinion o WHERE o.decision_id = d.id AND o.code <> d.code)
  ORDER BY d.id DESC LIMIT %(latest)s) k
JOIN cases_standing st ON st.decision_id = k.id
JOIN cases_item i ON i.case_id = %(case)s AND i.content_id = k.content_id AND i.state = 'decided'
WHERE NOT EXISTS (SELECT FROM cases_secondopinion o JOIN cases_decision e ON e.id = o.decision_id
    WHERE e.content_id = k.content_id AND o.by_id = %(by)s)
  AND NOT EXISTS (SELECT FROM cases_decision e WHERE e.content_id = k.content_id AND e.by_id = %(by)s)
ORDER BY sha256(uuid_send(k.public_id) || uuid_send(%(seed)s::uuid)) LIMIT %(number)s
ON CONFLICT (decision_id) WHERE state = 'open' DO NOTHING
"""
# Nothing tells them apart, their place least of all: the batch is put into an order that knows of neither kind.
MIX = """
UPDATE cases_secondview v SET position = n.place
FROM (SELECT id, row_number() OVER (ORDER BY sha256(uuid_send(public_id))) AS place FROM cases_secondview
  WHERE batch_id = %s) n
WHERE v.id = n.id
"""


def add(batch: Batch, percent: int) -> int:
    """Add check items to a batch that was just claimed, so many in a hundred, one at least; returns how many.

    Only what this person neither decided nor gave an opinion of. Two statements, none where none are asked for.
    """
    number = -(-batch.size * percent // 100)
    if not number:
        return 0
    values: dict[str, Any] = {
        "case": batch.case_id,
        "by": batch.user_id,
        "batch": batch.pk,
        "seed": batch.public_id,
        "latest": LATEST,
        "number": number,
    }
    with connection.cursor() as cursor:
        cursor.execute(ADD, values)
        added: int = cursor.rowcount
        if added:
            cursor.execute(MIX, [batch.pk])
    return added
