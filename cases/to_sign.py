"""What a second person is about to sign, of some cases at once: what is ready and why the rest stays, and what leaves.

Nothing here writes but `sign`, which hands the very offers that were shown to `publishing`, or says that they changed.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db.models import Count, F, QuerySet

from cases import approvable, before_signing, contradictions, listing, publishing, reasons
from cases.before_signing import Ahead
from cases.errors import OfferMoved, ReadyChanged
from cases.models import Case, Offer
from cases.offers import Outcome
from cases.second import holding
from hashsets.models import Category, HashSet
from hashsets.to_be_sent import ToBeSent
from workbench.models import User

MOST = 1_000  # offers of one signature; what is left comes with the next
MOST_ROUNDS = 10  # of so many, to look for some that no rule holds
SHOWN = 20  # records shown
S = Offer.State


@dataclass(slots=True)
class Waits:
    """How much waits. `ready`: this person can sign it; in one case, what a rule at signing may still hold is in it."""

    new: int = 0
    back: int = 0  # withdrawals
    ready: int = 0
    why: Counter[str] = field(default_factory=Counter)  # all of it, by reason, "" of none

    def take(self, state: str, why: str, n: int) -> None:
        """Count a group."""
        self.new += n if state == S.DRAFT else 0
        self.back += n if state == S.WITHDRAWAL else 0
        self.why[why] += n
        self.ready = self.why[""]

    @property
    def views(self) -> int:
        """Those that wait for a second view."""
        return self.why[holding.AWAITED]

    @property
    def disputes(self) -> int:
        """Those that wait for a ruling."""
        return self.why[holding.DIFFERENT]

    @property
    def own(self) -> int:
        """Those that this person decided or offered."""
        return self.why[approvable.OWN]


@dataclass(slots=True, kw_only=True)
class InCase(Waits):
    """What waits in one case."""

    id: UUID
    number: str
    name: str


@dataclass(slots=True)
class InCategory(Waits):
    """What waits in one category."""

    category: Category | None = None


@dataclass(frozen=True, slots=True)
class ToSign:
    """All that one page shows. `held`: what would be held at signing, by reason; `differ`: where lists say otherwise.

    `seen` names the very offers; `more`: there are more than one signature takes.
    """

    rows: list[InCategory]
    ready: list[Offer]
    held: Counter[str]
    sent: list[ToBeSent]
    differ: int
    more: bool

    @property
    def seen(self) -> str:
        """A digest over the offers that were shown, and whether each comes or leaves."""
        return sha256(b"".join(sorted(row.public_id.bytes + row.state.encode() for row in self.ready))).hexdigest()

    @property
    def sets(self) -> list[HashSet]:
        """The sets that change."""
        return list({row.set_id: row.set for row in self.ready}.values())

    @property
    def first(self) -> list[str]:
        """Who signed first: the people who decided or offered."""
        return sorted({row.offered_by.name for row in self.ready})

    @property
    def total(self) -> Waits:
        """The sum of the rows."""
        whole = Waits()
        for row in self.rows:
            whole.new, whole.back, whole.ready = whole.new + row.new, whole.back + row.back, whole.ready + row.ready
            whole.why += row.why
        return whole

    @property
    def comes(self) -> int:
        """How many entries are new in their sets."""
        return sum(one.is_new for one in self.sent)

    @property
    def changes(self) -> int:
        """How many change: another category or trust, one more organisation."""
        return sum(bool(one.differs) for one in self.sent)

    @property
    def leaves(self) -> int:
        """How many leave."""
        return sum(one.is_tombstone for one in self.sent)


def choices(by: User) -> list[InCase]:
    """The cases in which something waits for a signature, by number. One query."""
    groups = _why(_waiting(by), by).values("state", "why", "case__public_id", "case__number", "case__name")
    found: dict[UUID, InCase] = {}
    for group in groups.annotate(n=Count("pk")).order_by("case__number"):
        case = group["case__public_id"]
        row = found.setdefault(case, InCase(id=case, number=group["case__number"], name=group["case__name"]))
        row.take(group["state"], group["why"], group["n"])
    return list(found.values())


def look(by: User, cases: Collection[Case]) -> ToSign:
    """What is ready in these cases, at most MOST of it. About 15 queries for any number, unless rules hold many."""
    waiting = _why(_waiting(by).filter(case__in=[case.pk for case in cases]), by)
    ready, ahead, more = _ready(waiting)
    said = contradictions.of_decisions([offer.decision_id for offer in ready] if contradictions.may_see(by) else [])
    sent = [ahead[offer.pk].sent for offer in ready if offer.pk in ahead]
    return ToSign(
        _by_category(waiting, ready),
        ready,
        Counter(one.held for one in ahead.values() if one.held),
        [one for one in sent if one],
        sum(1 for says in said.values() if says),
        more,
    )


def sign(by: User, cases: Collection[Case], *, seen: str) -> tuple[Outcome, list[HashSet]]:
    """Publish, and withdraw, what was shown; the sets that changed.

    Raises ReadyChanged where something else is ready now, and what `publishing.settle` raises.
    """
    now = look(by, cases)
    if not now.ready or now.seen != seen:
        raise ReadyChanged
    shown = {offer.public_id: offer.state for offer in now.ready}
    try:
        return publishing.settle(act="approve", offers=list(shown), by=by, shown=shown), now.sets
    except OfferMoved as error:
        raise ReadyChanged from error


def _waiting(by: User) -> QuerySet[Offer]:
    found: QuerySet[Offer] = Offer.objects.for_actor(by)
    return found.filter(agency=by.agency_id, state__in=[S.DRAFT, S.WITHDRAWAL])


def _why(found: QuerySet[Offer], by: User) -> QuerySet[Any]:
    return found.annotate(why=approvable.why(by))


def _ready(waiting: QuerySet[Any]) -> tuple[list[Offer], dict[int, Ahead], bool]:
    """The oldest that can go, what lies ahead of these and of those that a rule would hold, and whether there are more.

    What a rule holds takes no place of what can go.
    """
    ready, ahead, after = list[Offer](), dict[int, Ahead](), 0
    for _round in range(MOST_ROUNDS):
        rows, following = _free(waiting, after)
        found = before_signing.of(rows)
        ahead |= found
        ready += [offer for offer in rows if not (offer.pk in found and found[offer.pk].held)]
        if following is None or len(ready) >= MOST:
            return ready[:MOST], ahead, following is not None or len(ready) > MOST
        after = following
    return ready, ahead, True


def _free(waiting: QuerySet[Any], after: int) -> tuple[list[Offer], int | None]:
    """The oldest behind `after` that nobody has to do anything for, and where the next begin; None where none do."""
    free = list[Offer]()
    while len(free) < MOST:
        page = listing.offers(waiting.filter(why=""), after)
        free += page.rows
        if not page.next:
            return free, None
        after = int(page.next)
    return free, after


def _by_category(waiting: QuerySet[Any], ready: Iterable[Offer]) -> list[InCategory]:
    """Rows by scheme and category; `ready` is what would go now, the rules that hold some at signing included."""
    groups = waiting.values("state", "why", scheme=F("decision__scheme"), code=F("decision__code"))
    found: dict[tuple[int, str], InCategory] = defaultdict(InCategory)
    for group in groups.annotate(n=Count("pk")).order_by("scheme", "code"):
        found[group["scheme"], group["code"]].take(group["state"], group["why"], group["n"])
    goes = Counter((offer.decision.scheme_id, offer.decision.code or "") for offer in ready)
    known = Category.objects.filter(scheme__in={scheme for scheme, _code in found}).select_related("scheme")
    by_key = {(row.scheme_id, row.code): row for row in known}
    for key, row in found.items():
        row.category, row.ready = by_key.get(key), goes[key]
    return list(found.values())


def goes_nowhere(held: Counter[str]) -> list[tuple[int, str]]:
    """What would be held at signing, as (number, reason in words)."""
    return [(number, reasons.in_words(why)) for why, number in held.most_common()]
