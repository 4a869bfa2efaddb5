"""Who may do what in the shell itself: the audit log and the node's people."""

from workbench import access
from workbench.models import Role

PEOPLE = "node.people"
OF_THE_NODE = frozenset({PEOPLE})  # the command line's `operator` has these without a role
PERMISSIONS = access.register(
    {
        "audit.read": {Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN},
        "audit.verify": {Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN},
        PEOPLE: {Role.ADMIN},
    }
)
