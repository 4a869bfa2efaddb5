"""`manage.py audit verify`: recompute the audit logs of this node."""

from typing import Any

from django.core.management.base import CommandParser

from workbench import audit, checks, event_log
from workbench.commands import Done, WinnowCommand
from workbench.models import AuditLog


class Command(WinnowCommand):
    """Verify the audit logs."""

    help = "The audit logs of this node."

    def add_arguments(self, parser: CommandParser) -> None:
        """One act."""
        verify = self.acts(parser).add("verify", self.verify, "Recompute every log; exit 1 names the first bad entry.")
        verify.add_argument("--deep", action="store_true", help="also compare the events with the tables")

    def verify(self, options: dict[str, Any]) -> Done:
        """Every chain on the node, then (deep) the tables; the check itself is an event."""
        self.require("audit.verify")
        verdicts = {log: audit.verify(log) for log in AuditLog.objects.select_related("agency").order_by("pk")}
        found = [what.what for what in checks.broken(only=checks.LEDGER_OF_EVENTS)] if options["deep"] else []
        bad = [named(log, verdict) for log, verdict in verdicts.items() if verdict.first_bad]
        own = next(verdict for log, verdict in verdicts.items() if log.agency_id == self.by.agency_id)
        event_log.note_verified(own, by=self.by, ok=not bad and not found)
        fields = {
            "ok": not bad and not found,
            "events": sum(verdict.events for verdict in verdicts.values()),
            "head": own.head,
            "first_bad": next((v.first_bad for v in verdicts.values() if v.first_bad), None),
            "logs": {name_of(log): v.head for log, v in verdicts.items()},
            "broken": found,
        }
        return Done(f"{fields['events']:,} events in {len(verdicts)} logs verified.", fields, bad + found)


def name_of(log: AuditLog) -> str:
    """The agency's id, or `node`."""
    return log.agency.slug if log.agency else "node"


def named(log: AuditLog, verdict: audit.Verdict) -> str:
    """The sentence about a broken log."""
    bad = verdict.first_bad or {}
    return f"The log of {name_of(log)} is broken at entry {bad.get('seq')}: {bad.get('why')}."
