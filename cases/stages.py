"""Where a case stands, in a word: Ingest, Review, Second view, Publish, Closed; else New or Decided."""

from collections.abc import Mapping, Sequence

from django.db import connection
from django.utils.translation import gettext as _

from cases.days.counts import Counts
from cases.figures import Figures
from cases.models import Case

# Second views or rulings that are awaited, and offers that wait for a second person; by index, whatever their number.
WAITS = """
SELECT c.id, EXISTS (SELECT FROM cases_secondview v WHERE v.case_id = c.id AND v.state = 'open' AND v.why <> 'check')
  OR EXISTS (SELECT FROM cases_disagreement g WHERE g.case_id = c.id AND g.closed_at IS NULL),
  EXISTS (SELECT FROM cases_offer o WHERE o.case_id = c.id AND o.state IN ('draft', 'withdrawal'))
FROM unnest(%s::bigint[]) AS c(id)
"""

Stage = tuple[str, str]  # the word, and the kind of its pill


def of_each(cases: Sequence[Case], figures: Mapping[int, Figures], counts: Mapping[int, Counts]) -> dict[int, Stage]:
    """The stage of each case, by id. One query."""
    with connection.cursor() as cursor:
        cursor.execute(WAITS, [[case.pk for case in cases]])
        waits = {case: (second, publish) for case, second, publish in cursor.fetchall()}
    return {case.pk: _of(case, figures[case.pk], counts[case.pk], *waits[case.pk]) for case in cases}


def _of(case: Case, figures: Figures, counts: Counts, second: bool, publish: bool) -> Stage:
    """The first that holds."""
    if case.state == Case.State.CLOSED:
        return _("Closed"), ""
    if figures.pending:
        return _("Ingest"), "acc"
    if figures.to_confirm or counts["items", "open"] or counts["items", "waiting"]:
        return _("Review"), "acc"
    if second or counts["items", "unsure"]:
        return _("Second view"), "warn"
    if publish:
        return _("Publish"), "warn"
    return (_("Decided"), "ok") if figures.unique else (_("New"), "")
