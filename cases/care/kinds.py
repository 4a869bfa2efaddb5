"""What a person's looks were, of each kind: how long, and how many, today and in thirty days. The person's own record.

What else is counted in milliseconds by its token joins here, by a name in KINDS and its rows in SUMS.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as lazy

from workbench.models import User

KINDS: dict[str, Any] = {
    "picture": lazy("Pictures and frames unveiled"),
    "play": lazy("Film played"),
    "listen": lazy("Sound heard, picture off"),
}
# Each millisecond is in the rows of one kind only; what is part of another kind says so in its words.
SUMS = """
WITH counted (kind, at, ms) AS (
  SELECT CASE WHEN from_ms IS NULL THEN 'picture' ELSE 'play' END, at, revealed_ms
  FROM cases_viewing WHERE user_id = %(user)s AND at >= %(first)s AND revealed_ms > 0
  UNION ALL
  SELECT 'listen', at, heard_ms FROM cases_listening WHERE user_id = %(user)s AND at >= %(first)s AND heard_ms > 0)
SELECT kind, coalesce(sum(ms) FILTER (WHERE at >= %(midnight)s), 0), count(*) FILTER (WHERE at >= %(midnight)s),
  sum(ms), count(*) FROM counted GROUP BY kind
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: milliseconds and number of pictures or pieces, today and since the first of the days."""

    id: str
    text: str
    today_ms: int
    today: int
    ms: int
    number: int


def of(user: User, *, midnight: datetime, first: datetime) -> list[Kind]:
    """Every kind in its order, those without anything too. One query."""
    with connection.cursor() as cursor:
        cursor.execute(SUMS, {"user": user.pk, "midnight": midnight, "first": first})
        found = {kind: map(int, sums) for kind, *sums in cursor.fetchall()}
    return [Kind(kind, str(text), *found.get(kind, (0, 0, 0, 0))) for kind, text in KINDS.items()]
