"""Decisions outside a batch: by command, or a supervisor superseding with a reason."""

from uuid import uuid4

from django.db import transaction

from cases import publishing, standing, states
from cases.errors import CaseIsClosed, ReasonNeeded, UnknownCategory
from cases.models import Act, Case, Content
from cases.standing import Planned, Written
from workbench import audit
from workbench.models import User


@transaction.atomic
def decide_content(
    *, case: Case, content: Content, code: str, by: User, via: str, reason: str = "", viewed: bool = False
) -> Written:
    """One decision outside a batch: by command, or a supervisor superseding with a reason.

    Raises UnknownCategory, CaseIsClosed, ReasonNeeded (where a decision stands already).
    """
    if case.state != Case.State.OPEN:
        raise CaseIsClosed
    codes = list(case.scheme.categories.values_list("code", flat=True))
    if code not in codes:
        raise UnknownCategory(f"The scheme {case.scheme.name} has these codes: {', '.join(codes)}.")
    with states.changing([content.pk]):
        earlier = standing.held([content.pk], case.scheme.scheme_id).get(content.pk)
        if earlier and earlier.code is not None and not reason.strip():
            raise ReasonNeeded
        act_row = Act.objects.create(user=by, idempotency_key=uuid4(), kind="decide", case=case, via=via, code=code)
        planned = [Planned(act_row.pk, content.pk, code, reason=reason.strip()[:400])]
        written = standing.write(planned, case=case, by=by, viewed=viewed)
        facts = [standing.event(row, case, reason=reason.strip()) for row in written]
        if earlier:
            facts += publishing.drop_drafts([earlier.decision], case=case, by=by)
        facts += publishing.offer(written, case=case, by=by)
    audit.record_all(facts, by=by, agency=case.agency_id)
    return written[0]
