"""What the commands about cases share: finding the case of a number, the exhibit of a reference."""

from cases import evidence
from cases.models import Case, Exhibit
from workbench import access
from workbench.errors import NotFound
from workbench.models import User


def case_of(number: str, permission: str, by: User) -> Case:
    """The case of that number in the person's scope, if the person may. Raises NotFound, NotAllowed.

    A number is unique in an agency only; the person's own agency comes first.
    """
    access.require(by, permission)
    found = list(Case.objects.for_actor(by).filter(number=number).select_related("agency", "scheme", "lead"))
    if not found:
        raise NotFound(f"There is no case {number!r} that {by.username} may see. Add one with `manage.py case create`.")
    first: Case = min(found, key=lambda case: bool(case.agency_id != by.agency_id))
    return first


def exhibit_of(case: Case, ref: str) -> Exhibit:
    """The exhibit of that reference in the case. Raises NotFound, BadInput."""
    found = evidence.named(case, evidence.exhibit_ref(ref))
    if found is None:
        raise NotFound(f"There is no exhibit {ref!r} in case {case.number}. The case's page lists those there are.")
    return found
