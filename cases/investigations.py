"""Cases: opening them, their team, closing them."""

from datetime import date
from itertools import chain, count

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop as noop

from cases import closing, ending, events, evidence, publishing
from cases.errors import ReasonNeeded
from cases.models import Case, CaseMember
from cases.second import blind
from hashsets import scheme_tables, sets
from hashsets.models import HashSet
from workbench import access, audit, visible
from workbench.errors import BadInput, NotAllowed
from workbench.models import Agency, Role, User


@transaction.atomic
def create(
    *,
    number: str,
    name: str,
    scheme_id: str,
    by: User,
    agency: Agency | None = None,
    team: list[User] | None = None,
    due: date | None = None,
    legal_reference: str = "",
) -> Case:
    """Open a case under the newest version of a scheme, with its team (who opens it is on it).

    The agency gets the set that receives its decisions under this scheme, if it has none.
    """
    _require_readable(number, name, legal_reference)
    owner = agency or by.agency
    scheme = scheme_tables.latest(scheme_id, owner)
    try:
        with transaction.atomic():
            case = Case.objects.create(
                agency=owner,
                number=number.strip(),
                name=name.strip(),
                scheme=scheme,
                lead=by,
                due=due,
                legal_reference=legal_reference.strip(),
            )
    except IntegrityError as error:
        raise BadInput(
            noop("There is a case %(number)s in this agency already. Choose another number."), number=number
        ) from error
    facts = [audit.Event(events.CASE_CREATED, audit.subject_of(case), case.public_id, {"number": case.number})]
    facts += [_join(case, person) for person in dict.fromkeys([by, *(team or [])])]
    _ensure_publishing_set(case, by=by)
    audit.record_all(facts, by=by, agency=owner)
    return case


def _require_readable(*texts: str) -> None:
    if not all(map(visible.readable, texts)):
        raise BadInput(noop("A number, name or reference holds a character that cannot be seen. Type it anew."))


def may_edit(case: Case, user: User) -> bool:
    """Its lead and the agency's supervisors change what a case is called and when it is due."""
    return case.lead_id == user.pk or Role.SUPERVISOR in access.roles(user)


@transaction.atomic
def edit(*, case: Case, by: User, name: str, due: date | None, legal_reference: str) -> None:
    """Change an open case's name, due date and legal reference; without a change nothing is written.

    Raises NotAllowed, CaseIsClosed, BadInput.
    """
    if not may_edit(case, by):
        raise NotAllowed(noop("The case's lead or a supervisor changes this."))
    closing.require_open(case.pk)
    _require_readable(name, legal_reference)
    wanted = {"name": name.strip(), "due": due, "legal_reference": legal_reference.strip()}
    held = Case.objects.filter(pk=case.pk).values(*wanted).get()
    changed = {field: value for field, value in wanted.items() if held[field] != value}
    if changed:
        Case.objects.filter(pk=case.pk).update(**changed)
        before = {field: str(held[field] or "") for field in changed}
        after = {field: str(value or "") for field, value in changed.items()}
        audit.record(events.CASE_EDITED, by=by, on=case, case=case.public_id, before=before, after=after)


def _ensure_publishing_set(case: Case, *, by: User) -> None:
    """The agency has one for every scheme, whatever version; two cases opened at once make one."""
    Agency.objects.select_for_update(no_key=True).get(pk=case.agency_id)
    if publishing.publishing_set(case) is None:
        sets.create(
            name=_free_name(case.agency, f"{case.agency.name}, {case.scheme.name}"),
            role=HashSet.SetRole.RELEVANT,
            scheme=case.scheme,
            owner=case.agency,
            by=by,
            reach=HashSet.Reach.NODE,
            trust="provisional",
            receives_offers=True,
        )


def _free_name(agency: Agency, wanted: str) -> str:
    """The name, with a number behind it where the agency has a set that is called so."""
    taken = set(HashSet.objects.filter(owner=agency, name__startswith=wanted).values_list("name", flat=True))
    tries = chain([wanted], (f"{wanted} ({number})" for number in count(2)))
    return next(name for name in tries if name not in taken)


def _join(case: Case, person: User) -> audit.Event:
    member = CaseMember.objects.create(case=case, user=person)
    return audit.Event(events.MEMBER_ADDED, audit.subject_of(member), case.public_id, {"user": person.username})


@transaction.atomic
def add_member(*, case: Case, person: User, by: User) -> None:
    """Put a person of the case's agency on its team; twice is harmless."""
    if person.agency_id != case.agency_id:
        raise BadInput(noop("This person belongs to another agency."))
    if not CaseMember.objects.filter(case=case, user=person).exists():
        audit.record_all([_join(case, person)], by=by, agency=case.agency_id)


@transaction.atomic
def remove_member(*, case: Case, person: User, by: User) -> None:
    """Take a person off the team: open batches go back, from the next request on the case is out of reach."""
    gone, _ = CaseMember.objects.filter(case=case, user=person).delete()
    if gone:
        over = ending.release(case=case, user=person)
        over.facts.append(
            audit.Event(events.MEMBER_REMOVED, audit.subject_of(case), case.public_id, {"user": person.username})
        )
        over.record(by, case)


@transaction.atomic
def close(*, case: Case, by: User, reason: str) -> None:
    """Close a case: batches are given back, ingests held, its decisions stay as they are.

    Raises ReasonNeeded, NotInThisState.
    """
    if not reason.strip():
        raise ReasonNeeded
    Case.objects.select_for_update(no_key=True).get(pk=case.pk)  # whoever claims a batch just now waits, and is refused
    over = ending.release(case=case)
    over.facts.extend(evidence.hold_all(case))
    if Case.objects.filter(pk=case.pk, state=Case.State.OPEN).update(state=Case.State.CLOSED):
        closed = audit.Event(events.CASE_CLOSED, audit.subject_of(case), case.public_id, reason=reason.strip())
        over.facts.append(closed)
        blind.lift(case)
    over.record(by, case)
