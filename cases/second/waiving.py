"""A supervisor who must know what was decided reads it, and is not asked for the second view (decision 0013)."""

from django.db import connection, transaction

from cases import events
from cases.errors import SecondViewOwed
from cases.models import Item
from cases.second import blind
from workbench import audit
from workbench.models import User

# Of his own open batch nothing: there he gives it back with a key.
WAIVE = """
UPDATE cases_secondview v SET not_for = v.not_for || %(by)s::bigint
WHERE v.content_id = %(content)s AND v.state = 'open' AND v.had_by <> '{}' AND v.had_by @> ARRAY[%(by)s::bigint]
  AND NOT (%(by)s = ANY(v.not_for))
  AND NOT EXISTS (SELECT FROM cases_batch b WHERE b.id = v.batch_id AND b.user_id = %(by)s)
"""


@transaction.atomic
def waive(*, item: Item, by: User) -> None:
    """Let the person read what was decided of the item, and never ask him for its second view. One event.

    Raises SecondViewOwed while a batch of his holds it.
    """
    with connection.cursor() as cursor:
        cursor.execute(WAIVE, {"content": item.content_id, "by": by.pk})
        waived = cursor.rowcount
    if blind.holds(by, item.content_id):
        raise SecondViewOwed
    if waived:
        audit.record(
            events.SECOND_WAIVED, by=by, on=item, case=item.case.public_id, agency=item.case.agency_id, views=waived
        )
