"""Which of the offers that wait a person can approve as they are, how many by category, and why not the others."""

from collections import Counter
from typing import Any

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When

from cases import reasons
from cases.models import Offer
from cases.second import holding
from workbench.models import User

S = Offer.State
OWN = "own"  # and no reason of the log: another person approves it
# What approving would leave or hold, as publishing.approve says it of each. A withdrawal waits for no view, no ruling.
BACK = {
    holding.DIFFERENT: Q(state=S.DRAFT) & holding.different("decision"),
    holding.AWAITED: Q(state=S.DRAFT) & holding.awaited("decision"),
    reasons.SET_TAKES_NONE: Q(state=S.DRAFT) & (Q(set__receives_offers=False) | Q(set__retired_at__isnull=False)),
}
FREE = ~(BACK[holding.DIFFERENT] | BACK[holding.AWAITED] | BACK[reasons.SET_TAKES_NONE])


def own(by: User) -> Q:
    """What another person must approve: the drafts that this one decided or offered, the withdrawals he asked for."""
    drafts = Q(state=S.DRAFT) & (Q(decided_by=by) | Q(offered_by=by))
    return drafts | Q(state=S.WITHDRAWAL, withdrawn_by=by)


def why(by: User) -> Case:
    """Why the person cannot sign an offer that waits, as SQL: OWN, a reason of BACK, or "" where he can."""
    whens = [When(own(by), then=Value(OWN))]
    whens += [When(condition, then=Value(reason)) for reason, condition in BACK.items()]
    return Case(*whens, default=Value(""), output_field=CharField())


def counted(found: QuerySet[Offer], by: User) -> tuple[list[dict[str, Any]], Counter[str]]:
    """What waits among these offers: rows of `scheme`, `code`, `publish`, `withdraw`, by category; the rest by reason.

    Reasons are OWN and those of BACK. One query.
    """
    waiting = found.filter(state__in=[S.DRAFT, S.WITHDRAWAL]).annotate(why=why(by))
    groups = waiting.values("state", "why", scheme=F("decision__scheme"), code=F("decision__code"))
    rows, rest = dict[tuple[int, str], dict[str, Any]](), Counter[str]()
    for group in groups.annotate(n=Count("pk")).order_by("scheme", "code"):
        if group["why"]:
            rest[group["why"]] += group["n"]
            continue
        key = (group["scheme"], group["code"])
        row = rows.setdefault(key, {"scheme": key[0], "code": key[1], "publish": 0, "withdraw": 0})
        row["publish" if group["state"] == S.DRAFT else "withdraw"] += group["n"]
    return list(rows.values()), rest
