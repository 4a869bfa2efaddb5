"""What the pages show of hash sets: figures kept with each version, never counted anew."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from hashsets import import_checks, policies
from hashsets.models import Category, Disposition, Generation, HashSet, Policy, Remote, Subscription
from hashsets.policies import Rule
from workbench import access
from workbench.models import User

ACTING = {Disposition.RELEVANT, Disposition.RESTRICTED, Disposition.NOT_RELEVANT}
MOST_VERSIONS = 60  # on a page of versions
LAST_VERSIONS = 10  # on the page of a set


@dataclass(frozen=True, slots=True)
class Share:
    """A category's part of a set; `share` and `start` in percent, for a bar."""

    category: Category
    count: int
    share: float
    start: float

    @property
    def percent(self) -> float:
        """The share, under the name single bars use."""
        return self.share


@dataclass(frozen=True, slots=True)
class Row:
    """A set in the list of sets."""

    set: HashSet
    role_text: str
    owner: str
    own: bool
    scheme: str
    entries: int
    by_category: list[Share]
    source: str  # of own sets; others' is their owner's business
    reach_text: str
    changed: datetime | None
    policy_text: str
    retired: bool


def rows(user: User) -> list[Row]:
    """Every set in the person's scope, by name. 5 queries for any number of sets."""
    return _rows(user, _with_categories(HashSet.objects.for_actor(user)).order_by("retired_at", "name", "pk"))


def some_rows(user: User, *, after: int, limit: int) -> list[Row]:
    """At most `limit` sets in the person's scope behind a key, in the order they were made. 6 queries."""
    behind = HashSet.objects.for_actor(user).filter(pk__gt=after).order_by("pk")
    keys = list(behind.values_list("pk", flat=True)[:limit])
    return _rows(user, _with_categories(HashSet.objects.for_actor(user).filter(pk__in=keys)).order_by("pk"))


def _rows(user: User, found: Any) -> list[Row]:
    current = {row.set_id: row for row in Generation.objects.filter(set__in=found, in_force=True)}
    rules: dict[int, list[Rule]] = {}
    for rule in policies.effective(user.agency_id):
        rules.setdefault(rule.set_id, []).append(rule)
    return [_row(user, hash_set, current.get(hash_set.pk), rules.get(hash_set.pk, [])) for hash_set in found]


def page(user: User, hash_set: HashSet) -> dict[str, Any]:
    """What the page of one set shows. 8 queries."""
    own = hash_set.owner_id == user.agency_id
    current = Generation.objects.filter(set=hash_set, number=hash_set.generation).first()
    read = Subscription.objects.filter(set=hash_set, peer__agency=user.agency_id)
    return {
        "set": hash_set,
        "role_text": hash_set.get_role_display(),
        "owner": hash_set.owner.name,
        "own": own,
        "entries": current.entries if current else 0,
        "retired": hash_set.retired_at is not None,
        "by_category": (by_category := shares(hash_set.scheme.categories.all(), current)),
        "uncategorised": sum(_codes(current).values()) - sum(share.count for share in by_category),
        "generations": versions(user, hash_set, most=LAST_VERSIONS)[:LAST_VERSIONS],
        "policies": _policies(user, hash_set),
        "read": read.select_related("peer__organisation").first(),
        "follows": Remote.objects.filter(set=hash_set, ended_at=None).first() if own else None,
        "may": may(user, hash_set),
    }


def may(user: User, hash_set: HashSet) -> dict[str, bool]:
    """What the person may do with the set as it is. One query beside those for the roles."""
    own, live = hash_set.owner_id == user.agency_id, hash_set.retired_at is None
    a_list = own and live and not hash_set.receives_offers and not import_checks.follows_server(hash_set)
    return {
        "import": a_list and access.has(user, "set.import"),
        "rollback": a_list and access.has(user, "set.rollback"),
        "watch": own and (a_list or bool(hash_set.watched_by_id)) and access.has(user, "set.watch"),
        "policy": live and access.has(user, "set.policy"),
        "export": own and access.has(user, "set.export"),
        "filter": own and live and access.has(user, "set.filter"),
        "exchange": access.has(user, "peer.view"),
        "retire": own and live and access.has(user, "set.retire"),
        "compare": own and access.has(user, "set.view"),
        "find": access.has(user, "set.lookup"),
    }


def versions(
    user: User, hash_set: HashSet, *, before: int | None = None, most: int = MOST_VERSIONS
) -> list[dict[str, Any]]:
    """At most `most` + 1 versions, newest first, from below number `before`. One query."""
    own = hash_set.owner_id == user.agency_id
    found = Generation.objects.filter(set=hash_set).order_by("-number")
    if before is not None:
        found = found.filter(number__lt=before)
    return [_version(version, own=own) for version in found[: most + 1]]


def shares(categories: Iterable[Category], current: Generation | None) -> list[Share]:
    """The categories that occur, with their part; codes the scheme does not have are left out."""
    numbers = _codes(current)
    total, start, found = sum(numbers.values()) or 1, 0.0, []
    for category in categories:
        if count := numbers.get(category.code, 0):
            share = round(100 * count / total, 2)
            found.append(Share(category, count, share, round(start, 2)))
            start += share
    return found


def _codes(current: Generation | None) -> dict[str, int]:
    """Entries in force by code, as the version's report counted them."""
    return current.report.get("codes", {}) if current else {}


def _with_categories(sets: Any) -> Any:
    prefetch = Prefetch("scheme__categories", Category.objects.order_by("key"))
    return sets.select_related("owner", "scheme").prefetch_related(prefetch)


def _row(user: User, hash_set: HashSet, current: Generation | None, rules: Sequence[Rule]) -> Row:
    return Row(
        set=hash_set,
        role_text=hash_set.get_role_display(),
        owner=hash_set.owner.name,
        own=hash_set.owner_id == user.agency_id,
        scheme=hash_set.scheme.name,
        entries=current.entries if current else 0,
        by_category=shares(hash_set.scheme.categories.all(), current),
        source=current.source if current and hash_set.owner_id == user.agency_id else "",
        reach_text=hash_set.get_reach_display(),
        changed=current.at if current else None,
        policy_text=_policy_text(hash_set, rules),
        retired=hash_set.retired_at is not None,
    )


def _policy_text(hash_set: HashSet, rules: Sequence[Rule]) -> str:
    """What a match does: one word, or how relevant and harmless differ."""
    actions = {rule.disposition: _does(hash_set, rule) for rule in rules}
    relevant, harmless = actions.get("relevant", ""), actions.get("not_relevant", "")
    return relevant if relevant == harmless else f"{relevant}; harmless: {harmless}"


def _version(version: Generation, *, own: bool) -> dict[str, Any]:
    """A version; where it came from is its owner's business."""
    return {
        "number": version.number,
        "before": version.number - 1 or None,
        "at": version.at,
        "by": version.by_name if own else "",
        "source": version.source if own else "",
        "added": version.added,
        "removed": version.removed,
        "entries": version.entries,
        "in_force": version.in_force,
        "run": version.report.get("run") if own else None,
    }


def _acts(hash_set: HashSet, disposition: str) -> bool:
    """Whether any policy lets such a match do more than be shown; the rule is `hashsets_effect_by`, migration 0003."""
    return hash_set.role != HashSet.SetRole.COMPARISON and disposition in ACTING


def _does(hash_set: HashSet, rule: Rule) -> str:
    """What a match comes to, in a word: what would close a known-good file only proposes until it may discard."""
    if not _acts(hash_set, rule.disposition):
        return _("Noted only")
    closes = rule.action in {Policy.Action.ACCEPT, Policy.Action.HIDE}
    only_proposes = closes and hash_set.role == HashSet.SetRole.KNOWN_GOOD and not rule.may_discard
    return str(Policy.Action.PROPOSE.label if only_proposes else Policy.Action(rule.action).label)


def _discards(hash_set: HashSet, rule: Rule) -> str:
    """Whether harmless files may leave the queue unseen: leave is needed for known-good sets and category 0 only."""
    if not _acts(hash_set, rule.disposition):
        return "–"
    if rule.may_discard:
        return "yes"
    if hash_set.role == HashSet.SetRole.KNOWN_GOOD:
        return "no"
    return _("yes, but not category 0") if rule.disposition == Disposition.NOT_RELEVANT else "–"


def _policies(user: User, hash_set: HashSet) -> list[dict[str, Any]]:
    """The rules in force, in the order of the dispositions; `default` where the agency set none."""
    chosen = set(Policy.objects.filter(agency=user.agency_id, set=hash_set).values_list("disposition", flat=True))
    rules = {rule.disposition: rule for rule in policies.effective(user.agency_id, hash_set.pk)}
    return [
        {
            "disposition": value,
            "disposition_text": label,
            "action": rules[value].action,
            "action_text": _does(hash_set, rules[value]),
            "min_trust": rules[value].min_trust,
            "discards": _discards(hash_set, rules[value]),
            "default": not chosen & {value, None},
        }
        for value, label in Disposition.choices
        if value in rules
    ]
