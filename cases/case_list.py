"""The list of cases: which ones somebody asks for, a page at a time, and what he keeps under a name."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Self

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from cases import events, stages
from cases.listing import PAGE, Page
from cases.models import Case, CaseFilter
from workbench import audit
from workbench.errors import BadInput
from workbench.models import User
from workbench.visible import readable

DUE = {"late": -1, "week": 7}  # days from today until which a case is due
DUE_WORDS = {"week": noop("Due within a week"), "late": noop("Late")}
MOST = 50  # filters of one person
LONGEST = 200  # characters of what is searched for


@dataclass(frozen=True, slots=True)
class Asked:
    """Which cases are asked for; what is empty asks for nothing.

    `state`: open or closed; `stage`: one of stages.STAGES; `due`: open ones that are `late`, or due within the
    `week`; `mine`: led by the person; `text`: a part of number or name.
    """

    state: str = ""
    stage: str = ""
    due: str = ""
    mine: bool = False
    text: str = ""

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> Self:
        """What the fields of an address or form ask for; what they cannot mean is not asked for."""
        stage, state, due = (fields.get(name, "") for name in ("stage", "state", "due"))
        return cls(
            state=state if state in Case.State.values else "",
            stage=stage if stage in stages.STAGES else "",
            due=due if due in DUE else "",
            mine=fields.get("mine") == "1",
            text=fields.get("q", "").strip()[:LONGEST],
        )

    @property
    def fields(self) -> dict[str, str]:
        """The same as fields of an address or form, without empty ones."""
        told = {"q": self.text, "stage": self.stage, "state": self.state, "due": self.due, "mine": "1" * self.mine}
        return {name: value for name, value in told.items() if value}

    @property
    def words(self) -> list[str]:
        """The same for people."""
        parts = [
            self.stage and _(stages.STAGES[self.stage][0]),
            self.state and str(Case.State(self.state).label),
            self.due and _(DUE_WORDS[self.due]),
            self.mine and _("Led by me"),
            self.text,
        ]
        return [part for part in parts if part]


def page(by: User, asked: Asked, *, before: int = 0, limit: int = PAGE) -> Page:
    """Cases in the person's reach that are asked for, newest first. One query, whatever their number."""
    found = Case.objects.for_actor(by).select_related("lead", "scheme", "agency")
    if asked.state:
        found = found.filter(state=asked.state)
    if asked.stage:
        found = found.filter(stages.at(asked.stage))
    if asked.mine:
        found = found.filter(lead=by)
    if asked.due:
        found = found.filter(state=Case.State.OPEN, due__lte=timezone.localdate() + timedelta(DUE[asked.due]))
    if asked.text:
        found = found.filter(Q(number__icontains=asked.text) | Q(name__icontains=asked.text))
    if before:
        found = found.filter(pk__lt=before)
    rows = list(found.order_by("-pk")[: limit + 1])
    return Page(rows[:limit], str(rows[limit - 1].pk) if len(rows) > limit else None)


def kept(by: User) -> list[CaseFilter]:
    """The person's own filters, by name."""
    return list(CaseFilter.objects.for_actor(by).order_by("name")[:MOST])


def keep(asked: Asked, *, name: str, by: User) -> CaseFilter:
    """Keep what is asked for under a name. Raises BadInput. One transaction."""
    name = name.strip()
    if not 0 < len(name) <= 60 or not readable(name):
        raise BadInput(noop("Give the filter a name of up to 60 characters that can be seen."))
    if not asked.fields:
        raise BadInput(noop("Choose what to filter by first, then keep it."))
    if CaseFilter.objects.for_actor(by).count() >= MOST:
        raise BadInput(noop("You keep %(most)s filters here already. Remove one first."), most=MOST)
    try:
        with transaction.atomic():
            made = CaseFilter.objects.create(owner=by, name=name, wanted=asdict(asked))
            audit.record(events.CASES_KEPT, by=by, on=made, name=name, **_told(made))
    except IntegrityError as error:
        raise BadInput(noop("You have a filter of this name here already. Choose another name.")) from error
    return made


@transaction.atomic
def forget(found: CaseFilter, *, by: User) -> None:
    """Remove the filter."""
    about = CaseFilter(pk=found.pk, public_id=found.public_id, owner=found.owner, name=found.name)
    if CaseFilter.objects.filter(pk=found.pk).delete()[0]:
        audit.record(events.CASES_FORGOTTEN, by=by, on=about, name=found.name)


def asked_by(found: CaseFilter) -> Asked:
    """What the filter asks for."""
    return Asked(**found.wanted)


def _told(made: CaseFilter) -> dict[str, Any]:
    """For the log: what is asked for, but not the text, which may name a person."""
    return {name: value for name, value in made.wanted.items() if value and name != "text"}
