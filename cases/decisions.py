"""Decisions outside a batch: by command or token, a supervisor superseding, or what sets propose being confirmed."""

import re
from collections.abc import Sequence
from uuid import UUID, uuid4

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_noop as noop

from cases import closing, publishing, reasons, standing, states
from cases.errors import KeyReused, ReasonNeeded, SecondViewOwed, UnknownCategory
from cases.models import Act, Case, Content, Decision, Item
from cases.second import blind
from cases.standing import Planned, Written
from workbench import access, audit
from workbench.errors import BadInput, NotAllowed, NotFound
from workbench.models import User


@transaction.atomic
def decide_content(
    *,
    case: Case,
    content: Content,
    code: str,
    by: User,
    via: str,
    reason: str = "",
    viewed: bool | None = False,
    key: UUID | None = None,
    may_supersede: bool = True,
) -> Written:
    """One decision outside a batch: by command, by token, or a supervisor superseding with a reason.

    `viewed` as in `standing.write`.
    The same `key` again changes nothing and returns what was written then. Raises UnknownCategory, CaseIsClosed,
    ReasonNeeded (where a decision stands already), KeyReused, SecondViewOwed.
    """
    closing.require_open(case.pk)
    if blind.holds(by, content.pk):
        raise SecondViewOwed
    codes = list(case.scheme.categories.values_list("code", flat=True))
    if code not in codes:
        raise UnknownCategory(
            noop("The scheme %(name)s has these codes: %(codes)s."), name=case.scheme.name, codes=", ".join(codes)
        )
    with states.settling([content.pk]):
        if before := _repeated(by, key, case, content, code):
            return before
        earlier = standing.held([content.pk], case.scheme.scheme_id).get(content.pk)
        if earlier and earlier.code is not None and not may_supersede:
            raise NotAllowed(noop("Somebody decided this meanwhile. A supervisor may supersede it."))
        if earlier and earlier.code is not None and not reason.strip():
            raise ReasonNeeded
        planned = [Planned(_act(by, key, case, via, code), content.pk, code, reason=reason.strip()[:400])]
        written = standing.write(planned, case=case, by=by, viewed=viewed)
        facts = [standing.event(row, case, reason=reason.strip(), via=via) for row in written]
        if earlier:
            facts += publishing.drop_drafts([earlier.decision], by=by)
        facts += publishing.offer(written, case=case, by=by)
    audit.record_all(facts, by=by, agency=case.agency_id)
    return written[0]


def decide_hash(
    *,
    case: Case,
    sha256: str,
    code: str,
    by: User,
    via: str,
    reason: str = "",
    viewed: bool | None = False,
    key: UUID | None = None,
) -> Written:
    """`decide_content` for the content of that digest; where a decision stands, only for those who may supersede.

    Raises BadInput, NotFound and NotAllowed too.
    """
    content = content_of(case, sha256)
    if before := _repeated(by, key, case, content, code):
        return before
    stands = standing.held([content.pk], case.scheme.scheme_id).get(content.pk)
    superseding = bool(stands and stands.code)
    access.require(by, "decision.supersede" if superseding else "batch.work")
    return decide_content(
        case=case, content=content, code=code, by=by, via=via, reason=reason, viewed=viewed, key=key,
        may_supersede=superseding,
    )  # fmt: skip


def content_of(case: Case, sha256: str) -> Content:
    """The content of that digest in the case. Raises BadInput, NotFound."""
    if not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise BadInput(noop("A SHA-256 has 64 hex digits."))
    found = Content.objects.filter(agency=case.agency_id, sha256=bytes.fromhex(sha256), item__case=case).first()
    if found is None:
        raise NotFound(noop("Case %(number)s has no picture or video with that SHA-256."), number=case.number)
    return found


def _act(by: User, key: UUID | None, case: Case, via: str, code: str) -> int:
    """The id of a new act. Raises KeyReused where another request with the key was faster."""
    try:
        with transaction.atomic():
            act = Act.objects.create(
                user=by, idempotency_key=key or uuid4(), kind="decide", case=case, via=via, code=code
            )
    except IntegrityError as error:
        raise KeyReused from error
    return act.pk


def _repeated(by: User, key: UUID | None, case: Case, content: Content, code: str) -> Written | None:
    """What the person wrote with that key before; None if nothing. Raises KeyReused if it was something else."""
    if key is None:
        return None
    act = Act.objects.filter(user=by, idempotency_key=key).first()
    if act is None:
        return None
    made = Decision.objects.filter(act=act, content=content, case=case, code=code).select_related("supersedes").first()
    if made is None:
        raise KeyReused
    earlier, digest = made.supersedes, bytes(content.sha256).hex()
    superseded = earlier.code if earlier else None
    return Written(made.pk, made.public_id, act.pk, content.pk, code, made.basis, superseded, digest)


# What strong matches propose for items that wait for confirmation; only where they agree on one code of the scheme.
PROPOSED = """
SELECT i.content_id, min(v.code), min(h.name)
FROM cases_item i JOIN cases_case c ON c.id = i.case_id JOIN hashsets_scheme s ON s.id = c.scheme_id
JOIN cases_match m ON m.content_id = i.content_id AND m.strong AND m.lost_in IS NULL
JOIN hashsets_verdict v ON v.agency_id = c.agency_id AND v.set_id = m.set_id AND v.entry_id = m.entry AND v.effect = 1
JOIN hashsets_hashset h ON h.id = m.set_id
JOIN hashsets_scheme t ON t.id = h.scheme_id AND t.scheme_id = s.scheme_id
JOIN hashsets_category g ON g.scheme_id = c.scheme_id AND g.code = v.code
WHERE i.case_id = %(case)s AND i.content_id = ANY(%(contents)s) AND i.state = 'confirm'
GROUP BY i.content_id HAVING count(DISTINCT v.code) = 1 ORDER BY i.content_id
"""


@transaction.atomic
def confirm(*, case: Case, items: Sequence[UUID], by: User) -> int:
    """Decide items as a set proposes, without looking (basis inherited: it is nobody's own opinion and never offered).

    Items whose matches do not agree on one category of the case's scheme are left alone. Returns how many were decided.
    """
    closing.require_open(case.pk)
    contents = list(Item.objects.filter(case=case, public_id__in=items).values_list("content", flat=True))
    with states.settling(contents):
        rows = _proposed(case, contents)
        if not rows:
            return 0  # an act that decides nothing would be a row without an event
        act = Act.objects.create(user=by, idempotency_key=uuid4(), kind="decide", case=case, via="confirm")
        planned = [
            Planned(act.pk, content, code, inherited=True, reason=reasons.confirmed(name))
            for content, code, name in rows
        ]
        written = standing.write(planned, case=case, by=by)
    audit.record_all([standing.event(row, case) for row in written], by=by, agency=case.agency_id)
    return len(written)


def _proposed(case: Case, contents: list[int]) -> list[tuple[int, str, str]]:
    """Content, code and set, for those of the locked contents on whose category the sets agree; nobody decided them."""
    with connection.cursor() as cursor:
        cursor.execute(PROPOSED, {"case": case.pk, "contents": contents})
        rows = cursor.fetchall()
    taken = standing.held([row[0] for row in rows], case.scheme.scheme_id)
    return [row for row in rows if row[0] not in taken or taken[row[0]].code is None]
