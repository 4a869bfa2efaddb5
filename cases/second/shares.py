"""How many second views an agency wants, by category: what is in force, and changing it."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_noop as noop

from cases import events
from cases.errors import ReasonNeeded
from cases.models import SecondShare
from cases.second.drawing import FOLLOWED, GRAVE, INHERITED, OTHERS, SHARED
from hashsets.models import Category, Scheme
from workbench import access, audit
from workbench.errors import BadInput
from workbench.models import Agency, User

CHECKS = "checks"  # hidden check items in a batch: asked for under no scheme
NO_SCHEME = ""
Key = tuple[str, str]  # scheme id and code, as they are kept


@dataclass(frozen=True, slots=True)
class Share:
    """Percent of the decisions of a category; `category` None: of those that were inherited. `usual` is the default."""

    category: Category | None
    percent: int
    usual: int

    @property
    def code(self) -> str:
        """The category's code; '' for what was inherited."""
        return self.category.code if self.category else INHERITED


def usual(category: Category | None) -> int:
    """What is asked where the agency says nothing."""
    if category is None:
        return FOLLOWED
    return SHARED if category.publishable or category.disposition in GRAVE else OTHERS


def of(agency: Agency, scheme: Scheme) -> list[Share]:
    """What the agency asks for under a scheme, its categories first. Two queries."""
    said = dict(SecondShare.objects.filter(agency=agency, scheme_id=scheme.scheme_id).values_list("code", "percent"))
    every: list[Category | None] = [*scheme.categories.all(), None]
    return [Share(one, said.get(one.code if one else INHERITED, usual(one)), usual(one)) for one in every]


def of_checks(agency: Agency) -> int:
    """How many hidden check items the agency wants in a hundred second views; none out of the box. One query."""
    kept = SecondShare.objects.filter(agency=agency, scheme_id=NO_SCHEME, code=CHECKS)
    return kept.values_list("percent", flat=True).first() or 0


@transaction.atomic
def change(*, scheme: Scheme, percents: Mapping[str, int], by: User, reason: str, checks: int | None = None) -> int:
    """Set shares by code ('' for what is inherited), and of check items; what was drawn already stays wanted.

    Returns how many changed. Raises NotAllowed, ReasonNeeded, BadInput.
    """
    access.require(by, "second.share")
    if not reason.strip():
        raise ReasonNeeded
    now: dict[Key, int] = {(scheme.scheme_id, share.code): share.percent for share in of(by.agency, scheme)}
    now[NO_SCHEME, CHECKS] = of_checks(by.agency)
    asked: dict[Key, int] = {(scheme.scheme_id, code): percent for code, percent in percents.items()}
    if checks is not None:
        asked[NO_SCHEME, CHECKS] = checks
    if wrong := [code for (of_scheme, code), percent in asked.items() if not _fits(now, (of_scheme, code), percent)]:
        raise BadInput(
            noop("Give a share from 0 to 100 for categories of %(scheme)s, not for %(wrong)s."),
            scheme=scheme,
            wrong=", ".join(wrong),
        )
    changed = {key: percent for key, percent in asked.items() if now[key] != percent}
    for (of_scheme, code), percent in changed.items():  # a scheme has few categories
        SecondShare.objects.update_or_create(
            agency=by.agency, scheme_id=of_scheme, code=code, defaults={"percent": percent}
        )
    if changed:
        told = {_named(key): percent for key, percent in sorted(changed.items())}
        was = {_named(key): now[key] for key in sorted(changed)}
        audit.record(
            events.SHARE_SET, by=by, on=by.agency, reason=reason.strip()[:400],
            scheme=scheme.scheme_id, percent=told, was=was,
        )  # fmt: skip
    return len(changed)


def _fits(now: Mapping[Key, int], key: Key, percent: int) -> bool:
    return key in now and 0 <= percent <= 100


def _named(key: Key) -> str:
    """What the log calls a share."""
    scheme, code = key
    return "hidden checks" if scheme == NO_SCHEME else code or "inherited"
