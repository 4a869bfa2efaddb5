"""What waits for a person, each with a number, how old its oldest is, and where to go: on My work and the dashboard."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from cases import approvable, figures, listing, shown
from cases.models import Case, Offer
from cases.second import agreement, ruling
from cases.stacking import arrivals
from hashsets import disputes, exchange_overview
from workbench import access
from workbench.models import User

COUNTED = 1000  # of each kind; of more it is said that there are more
CASES = 5  # rows for single cases, of each kind


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits. `where`: the case, or empty for all; `act`: what the link says."""

    what: str
    where: str
    number: int
    act: str
    url: str
    oldest: datetime | None = None

    @property
    def is_more(self) -> bool:
        """Whether nobody counted to the end."""
        return self.number >= COUNTED

    @property
    def age(self) -> str:
        """How old the oldest is; empty where nobody asked."""
        return shown.age(self.oldest, timezone.now()) if self.oldest else ""


def of(by: User, cases: Sequence[Case]) -> list[Waiting]:
    """What waits for the person, in all cases within reach, and in the open ones given. A fixed number of queries."""
    return [*_rulings(by), *_offers(by), *_exchange(by), *_in_cases(by, cases)]


def _rulings(by: User) -> Iterator[Waiting]:
    if access.has(by, "ruling.set"):
        rows = ruling.waiting(by, limit=COUNTED)
        if rows:
            url = reverse("cases:rulings")
            yield Waiting(_("Two people differ"), "", len(rows), _("Rule"), url, rows[0].at)


def _offers(by: User) -> Iterator[Waiting]:
    """What another person made and this one may approve."""
    if not access.has(by, "offer.approve"):
        return
    own = approvable.own(by)
    for what, state in ((_("To publish"), Offer.State.DRAFT), (_("To withdraw"), Offer.State.WITHDRAWAL)):
        found = Offer.objects.for_actor(by).filter(agency=by.agency_id, state=state).exclude(own)
        found = found.filter(approvable.FREE)
        if number := listing.up_to(found, COUNTED):
            oldest = Offer.objects.filter(pk__in=found.order_by("pk").values("pk")[:1]).aggregate(at=Min("at"))["at"]
            yield Waiting(what, "", number, pgettext("act", "Check"), reverse("cases:sign"), oldest)


def _exchange(by: User) -> Iterator[Waiting]:
    """Entries on which organisations differ, and what another supervisor began with a peer and this one ends."""
    if access.has(by, "entry.resolve"):
        number, oldest = disputes.waiting(by, COUNTED)
        if number:
            yield Waiting(_("Organisations differ"), "", number, _("Resolve"), reverse("exchange:disputes"), oldest)
    if access.has(by, "peer.pair"):
        for what, peer, at in exchange_overview.begun_by_others(by)[:CASES]:
            url = reverse("exchange:peer", args=[peer.public_id])
            yield Waiting(_(what), str(peer), 1, pgettext("act", "Check"), url, at)


def _in_cases(by: User, cases: Sequence[Case]) -> Iterator[Waiting]:
    """What came to his stacks, proposals of sets to confirm, then files that could not be taken or shown."""
    yield from _arrived(by, cases)
    counted = figures.of_each(cases)
    if access.has(by, "item.confirm"):
        for case in [case for case in cases if counted[case.pk].to_confirm][:CASES]:
            url = f"{reverse('cases:items', args=[case.public_id])}?state=confirm"
            yield Waiting(_("To confirm"), str(case), counted[case.pk].to_confirm, _("Confirm"), url)
    if access.has(by, "problems.view"):
        for case in [case for case in cases if counted[case.pk].problems][:CASES]:
            url = reverse("cases:problems", args=[case.public_id])
            yield Waiting(_("Problems"), str(case), counted[case.pk].problems, _("See"), url)


def _arrived(by: User, cases: Sequence[Case]) -> Iterator[Waiting]:
    """What came to the person's stacks after his batches were over."""
    if access.has(by, "batch.claim"):
        found = arrivals.still_open(cases, by)
        for case in [case for case in cases if case.pk in found][:CASES]:
            number, since = found[case.pk].number, found[case.pk].since
            url = reverse("cases:queue", args=[case.public_id])
            yield Waiting(_("Came after your batch"), str(case), number, _("See"), url, since)


def second_views(by: User) -> list[Waiting]:
    """Second views that others still have to give, by case, for who oversees them."""
    return [
        Waiting(
            _("Second views awaited"),
            f"{row.number} {row.name}",
            row.views,
            _("See"),
            reverse("cases:case", args=[row.case]),
            row.since,
        )
        for row in agreement.awaited(by, most=CASES)
    ]
