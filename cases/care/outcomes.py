"""What came of a person's work: closed cases, and hashes that matched elsewhere since. Counts only."""

from django.db import connection
from django.utils.translation import ngettext

from cases import figures
from cases.models import Batch, Case
from workbench.models import User
from workbench.words import digits

MOST = 3  # closed cases

MATCHED = """
SELECT count(DISTINCT o.id), count(DISTINCT c.agency_id) FROM cases_offer o
JOIN cases_match m ON m.set_id = o.set_id AND m.entry = o.entry AND m.strong AND m.lost_in IS NULL
JOIN cases_content c ON c.id = m.content_id AND c.agency_id <> %(agency)s
WHERE o.decided_by_id = %(user)s AND o.state = 'published'
"""


def of(user: User) -> list[str]:
    """Sentences; none where nothing came of it so far. A fixed number of queries."""
    return _matched(user) + _closed(user)


def _matched(user: User) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(MATCHED, {"user": user.pk, "agency": user.agency_id})
        files, agencies = cursor.fetchone()
    if not files:
        return []
    where = ngettext("%d other agency", "%d other agencies", agencies) % agencies
    return [ngettext("%(n)d of your hashes matched files in %(where)s. Nobody there had to look at them.",
                     "%(n)d of your hashes matched files in %(where)s. Nobody there had to look at them.", files)
            % {"n": files, "where": where}]  # fmt: skip


def _closed(user: User) -> list[str]:
    mine = Batch.objects.filter(user=user).values("case")
    closed = list(Case.objects.for_actor(user).filter(pk__in=mine, state=Case.State.CLOSED).order_by("-pk")[:MOST])
    counted = figures.of_each(closed)
    return [
        ngettext("%(case)s is closed: %(n)s file decided.", "%(case)s is closed: %(n)s files decided.",
                 counted[case.pk].decided) % {"case": case, "n": digits(counted[case.pk].decided)}
        for case in closed
    ]  # fmt: skip
