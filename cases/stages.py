"""Where a case stands, in a word: Ingest, Review, Second view, Publish, Closed; else New or Decided.

Of cases at hand it is worked out here (`of_each`); which cases stand at one is asked of the database (`at`).
"""

from collections.abc import Mapping, Sequence

from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from cases.days.counts import Counts
from cases.figures import Figures
from cases.models import Case, Disagreement, Exhibit, Offer, SecondView, Tally

# In the order a case goes through them: the word, and the kind of its pill.
STAGES = {
    "new": (noop("New"), ""),
    "ingest": (noop("Ingest"), "acc"),
    "review": (noop("Review"), "acc"),
    "second": (noop("Second view"), "warn"),
    "publish": (noop("Publish"), "warn"),
    "decided": (noop("Decided"), "ok"),
    "closed": (noop("Closed"), ""),
}

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
    stages = {case.pk: STAGES[_of(case, figures[case.pk], counts[case.pk], *waits[case.pk])] for case in cases}
    return {case: (_(word), kind) for case, (word, kind) in stages.items()}


def _of(case: Case, figures: Figures, counts: Counts, second: bool, publish: bool) -> str:
    """The first that holds."""
    if case.state == Case.State.CLOSED:
        return "closed"
    if figures.pending:
        return "ingest"
    if figures.to_confirm or counts["items", "open"] or counts["items", "waiting"]:
        return "review"
    if second or counts["items", "unsure"]:
        return "second"
    if publish:
        return "publish"
    return "decided" if figures.unique else "new"


def at(stage: str) -> Q:
    """The condition that a case stands at one of STAGES; all by presence, through indexes that begin with the case."""
    if stage == "closed":
        return Q(state=Case.State.CLOSED)
    reached = Q(state=Case.State.OPEN)
    for name, test in _tests().items():
        if name == stage:
            return reached & test
        reached &= ~test
    return reached


def _tests() -> dict[str, Q]:
    """What `_of` asks, in its order; a case of which nothing holds is new."""
    exhibits = Exhibit.objects.filter(case=OuterRef("pk"), removed_at__isnull=True)
    views = SecondView.objects.filter(case=OuterRef("pk"), state=SecondView.State.OPEN).exclude(why="check")
    rulings = Disagreement.objects.filter(case=OuterRef("pk"), closed_at__isnull=True)
    offers = Offer.objects.filter(case=OuterRef("pk"), state__in=[Offer.State.DRAFT, Offer.State.WITHDRAWAL])
    return {
        "ingest": Q(Exists(exhibits.filter(Q(pending__gt=0) | Q(hashed__gt=0)))),
        "review": _items("confirm", "open", "waiting"),
        "second": Q(Exists(views)) | Q(Exists(rulings)) | _items("unsure"),
        "publish": Q(Exists(offers)),
        "decided": _items("decided", "known", "confirm", "open", "waiting", "unsure"),
    }


def _items(*states: str) -> Q:
    """Whether a case has items in one of these states, from its running counts."""
    return Q(Exists(Tally.objects.filter(case=OuterRef("pk"), exhibit__isnull=True, state__in=states, items__gt=0)))
