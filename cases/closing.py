"""What a closed case refuses: nothing comes in any more, its decisions stay as they were (model.md section 1.4)."""

from cases.errors import CaseIsClosed
from cases.models import Case


def require_open(case_id: int) -> None:
    """Raise CaseIsClosed. Inside a transaction, before its other locks: the case cannot be closed until its end."""
    case = Case.objects.select_for_update(no_key=True).get(pk=case_id)
    if case.state != Case.State.OPEN:
        raise CaseIsClosed
