"""Who may do what with cases; which cases a person reaches is in scope.py."""

from workbench import access
from workbench.models import Role

INVESTIGATOR = {Role.INVESTIGATOR}
SUPERVISOR = {Role.SUPERVISOR}
REVIEWERS = {Role.INVESTIGATOR, Role.SUPERVISOR}
TEAM = {Role.INVESTIGATOR, Role.SUPERVISOR, Role.EXPORTER}

PERMISSIONS = access.register(
    {
        "case.list": set(Role),
        "case.view": TEAM | {Role.AUDITOR, Role.WELFARE},
        "case.create": REVIEWERS,
        "case.edit": REVIEWERS,
        "case.team": SUPERVISOR,
        "case.close": SUPERVISOR,
        "evidence.add": REVIEWERS,
        "evidence.control": REVIEWERS,
        "exhibit.verify": TEAM | {Role.AUDITOR},
        "drop.view": SUPERVISOR,
        "problems.view": TEAM | {Role.AUDITOR},
        "item.view": REVIEWERS,
        "item.confirm": REVIEWERS,
        "batch.claim": INVESTIGATOR,
        "batch.work": INVESTIGATOR,
        "media.clear": REVIEWERS,
        "media.veil": REVIEWERS,
        "decision.supersede": SUPERVISOR,
        "second.waive": SUPERVISOR,
        "second.share": SUPERVISOR,
        "second.agreement": SUPERVISOR,
        "dashboard.view": SUPERVISOR,
        "second.sample": SUPERVISOR,
        "ruling.view": SUPERVISOR,
        "ruling.set": SUPERVISOR,
        "offer.list": TEAM,
        "offer.make": REVIEWERS,
        "offer.approve": SUPERVISOR,
        "export.list": TEAM | {Role.AUDITOR},
        "export.build": {Role.SUPERVISOR, Role.EXPORTER},
        "export.fetch": {Role.SUPERVISOR, Role.EXPORTER},
        "export.media": SUPERVISOR,
        "budget.alarms": {Role.SUPERVISOR, Role.ADMIN},
        "budget.lift": set(Role),
        "care.own": REVIEWERS,
        "care.today": SUPERVISOR,
        "care.override": SUPERVISOR,
        "care.rules": {Role.SUPERVISOR, Role.ADMIN},
        "care.record": {Role.WELFARE, Role.AUDITOR},
    }
)
