"""What an organisation may here: one rule, whether it asks over the network or its opinions come on a stick."""

from collections.abc import Collection
from http import HTTPStatus

from workbench.errors import WorkbenchError
from workbench.words import noop

READ, LOOKUP, CONTRIBUTE, VOTE, ADMIN = "read", "lookup", "contribute", "vote", "admin"


class ScopeMissing(WorkbenchError):
    """Your organisation may not do this here. Ask the agency you are paired with for the scope."""

    code = "scope-missing"
    status = HTTPStatus.FORBIDDEN
    refuses = True


def require(scopes: Collection[str], scope: str) -> None:
    """Raise ScopeMissing unless the scope is among those that the organisation has."""
    if scope not in scopes:
        raise ScopeMissing(
            noop("This needs the scope %(scope)s. Ask the agency you are paired with for it."), scope=scope
        )
