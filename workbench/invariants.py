"""The shell's own part of invariant 8: every role given is an event."""

from workbench import audit, checks


@checks.invariant(checks.LEDGER_OF_EVENTS, "every role has exactly one event")
def roles_have_events(_case: int | None) -> list[str]:
    """Roles without their event, and events of roles that are not there."""
    return checks.one_event_each(table="workbench_membership", subject="membership", verbs=[audit.ROLE_GIVEN])
