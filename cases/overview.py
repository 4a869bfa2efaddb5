"""What the home and case pages show: read models, each a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from cases import approvable, desks, listing, resuming
from cases.models import Batch, Case, CaseMember, Exhibit, Offer
from workbench.models import Role, User

UNMATCHED_PER_EXHIBIT = """
SELECT exhibit_id, sum(items - known) FROM cases_tally
WHERE case_id = %s AND exhibit_id IS NOT NULL AND state <> 'excluded' GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Continue:
    """The batch a person stopped in: its place, and what is left of it."""

    batch: Batch
    place: int
    size: int
    left: int
    items: Sequence[str]  # public ids of the next items, whose veils the card shows
    minutes: int | None  # at the pace of this batch so far; None before the first few decisions


def open_batch(user: User) -> Continue | None:
    """The person's latest open batch, if there is one."""
    mine = Batch.objects.for_actor(user).filter(state=Batch.State.OPEN, lease_until__gt=Now())
    batch = mine.select_related("case").order_by("-pk").first()
    if batch is None:
        return None
    desk = desks.of(batch)
    now = desk.progress(batch)
    place = desk.place(batch) or now.size
    return Continue(batch, place, now.size, now.left, desk.next_items(batch), resuming.minutes_left(batch, now))


def has_open_batch(user: User) -> bool:
    """Whether there is a batch to go on with. One query."""
    return Batch.objects.for_actor(user).filter(state=Batch.State.OPEN, lease_until__gt=Now()).exists()


def exhibits(case: Case) -> list[tuple[Exhibit, int]]:
    """The case's exhibits with their unmatched contents, those that were removed last. Two queries."""
    rows = list(Exhibit.objects.filter(case=case).order_by(F("removed_at").asc(nulls_first=True), "ref"))
    with connection.cursor() as cursor:
        cursor.execute(UNMATCHED_PER_EXHIBIT, [case.pk])
        unmatched = dict(cursor.fetchall())
    return [(row, int(unmatched.get(row.pk, 0))) for row in rows]


def team(case: Case) -> list[dict[str, Any]]:
    """Who works on the case now."""
    members = CaseMember.objects.filter(case=case).select_related("user").prefetch_related("user__memberships")
    return [
        {
            "public_id": member.user.public_id,
            "name": member.user.name,
            "initials": member.user.initials,
            "role_text": ", ".join(sorted(str(Role(row.role).label) for row in member.user.memberships.all())),
            "until": member.until,
        }
        for member in members.order_by("user__name")
    ]


def candidates(case: Case) -> list[User]:
    """People of the agency who are not on the team yet."""
    here = CaseMember.objects.filter(case=case).values("user")
    return list(User.objects.filter(agency=case.agency_id, is_active=True).exclude(pk__in=here).order_by("name"))


def person_of(case: Case, public_id: str) -> User | None:
    """A person of the case's agency; None for anything else."""
    try:
        wanted = UUID(public_id)
    except ValueError:
        return None
    return User.objects.filter(agency=case.agency_id, public_id=wanted).first()


def offers_waiting(case: Case, by: User) -> int:
    """Offers that a second person can settle, to 1,000 of them, but of what this one owes a second view of."""
    waiting = Offer.objects.filter(approvable.FREE, state__in=[Offer.State.DRAFT, Offer.State.WITHDRAWAL])
    return listing.up_to(waiting.for_actor(by).filter(agency=case.agency_id, case=case))
