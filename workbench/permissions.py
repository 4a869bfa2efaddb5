"""Who may do what in the shell itself: the audit log, the node's people and its store."""

from workbench import access
from workbench.models import Role

PEOPLE, STORE = "node.people", "node.store"
OF_THE_NODE = frozenset({PEOPLE, STORE})  # the command line's `operator` has these without a role
PERMISSIONS = access.register(
    {
        "audit.read": {Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN},
        "audit.verify": {Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN},
        PEOPLE: {Role.ADMIN},
        STORE: {Role.ADMIN},
    }
)
