"""The shell's own part of invariant 8: every role given and every token made is an event."""

from workbench import audit, checks, tokens


@checks.invariant(checks.LEDGER_OF_EVENTS, "every role has exactly one event")
def roles_have_events(_case: int | None) -> list[str]:
    """Roles without their event, and events of roles that are not there."""
    return checks.one_event_each(table="workbench_membership", subject="membership", verbs=[audit.ROLE_GIVEN])


@checks.invariant(checks.LEDGER_OF_EVENTS, "every token has exactly one event")
def tokens_have_events(_case: int | None) -> list[str]:
    """Tokens without their event, and events of tokens that are not there."""
    return checks.one_event_each(table="workbench_apitoken", subject="apitoken", verbs=[tokens.TOKEN_MADE])
