"""Fills the scheme tables from the files in `schemes/`, and from drafts. From then on the tables rule."""

from dataclasses import asdict

from django.db import models, transaction
from django.db.models import Count, Max

from hashsets import schemes
from hashsets.models import Category, HashSet, Scheme
from hashsets.schemes import SchemeDoc
from workbench.errors import NotFound, WorkbenchError
from workbench.models import Agency, User

CATEGORY_FIELDS = ("code", "key", "name", "disposition", "colour", "glyph", "publishable")


class SchemeFrozen(WorkbenchError):
    """A scheme's file was changed while its version is in use. Give the changed one a new version."""

    code = "scheme-frozen"


class UnknownScheme(NotFound):
    """There is no scheme of that name."""

    code = "unknown-scheme"


@transaction.atomic
def load(docs: tuple[SchemeDoc, ...] | None = None) -> None:
    """Bring the tables up to `docs` (default: every file); safe to repeat.

    Raises SchemeFrozen for a file that differs from a version that something refers to.
    """
    for doc in schemes.load_all() if docs is None else docs:
        load_one(doc)


def latest(scheme_id: str, owner: Agency | None = None) -> Scheme:
    """The newest version of a scheme that came with Winnow, or is `owner`'s. Raises UnknownScheme, naming those."""
    usable = Scheme.objects.of_agencies([owner.pk] if owner else [])
    found: Scheme | None = usable.filter(scheme_id=scheme_id).order_by("-version").first()
    if found is None:
        known = ", ".join(usable.order_by("scheme_id").values_list("scheme_id", flat=True).distinct())
        raise UnknownScheme(f"There is no scheme {scheme_id!r}. Known: {known}.")
    return found


def choices(user: User) -> list[tuple[str, str]]:
    """(scheme id, name of its newest version) of the schemes a person may choose, by name. One query."""
    rows = Scheme.objects.for_actor(user).order_by("scheme_id", "-version").distinct("scheme_id")
    return sorted(rows.values_list("scheme_id", "name"), key=lambda row: row[1])


def usual(agency: Agency) -> str:
    """The id of the scheme that an agency uses by default: that of most of its sets in use, else its own; "" none.

    Of schemes with as many sets, that of the newest set. Two queries.
    """
    used = HashSet.objects.filter(owner=agency, retired_at=None).values("scheme__scheme_id")
    most = used.annotate(sets=Count("pk"), last=Max("pk")).order_by("-sets", "-last").first()
    if most:
        return str(most["scheme__scheme_id"])
    own = Scheme.objects.filter(owner=agency).order_by("-pk").first()
    return own.scheme_id if own else ""


def load_one(doc: SchemeDoc, owner: Agency | None = None) -> Scheme:
    """Enter one version, of Winnow's own or an agency's. In a transaction. Raises SchemeFrozen."""
    heading = {"name": doc.name, "region": doc.region}
    scheme: Scheme
    scheme, made = Scheme.objects.select_for_update(of=("self",)).get_or_create(
        scheme_id=doc.id, version=doc.version, defaults=heading | {"owner": owner}
    )
    suggestions = {"source": doc.source, "mappings": [asdict(mapping) for mapping in doc.mappings]}
    Scheme.objects.filter(pk=scheme.pk).update(**suggestions)  # they decide nothing, so they are never frozen
    labels = {category.code: category.labels for category in doc.categories}
    wanted = [{name: getattr(category, name) for name in CATEGORY_FIELDS} for category in doc.categories]
    have = list(scheme.categories.values(*CATEGORY_FIELDS))
    by_code = sorted(wanted, key=lambda row: str(row["code"]))
    if not made and by_code == sorted(have, key=lambda row: str(row["code"])) and _heading(scheme) == heading:
        return _labelled(scheme, labels)
    if not made and _used(scheme):
        raise SchemeFrozen(f"{doc.id} version {doc.version} is in use and its file differs. Give it a new version.")
    Scheme.objects.filter(pk=scheme.pk).update(**heading)
    scheme.categories.all().delete()
    Category.objects.bulk_create(Category(scheme=scheme, **row) for row in wanted)
    return _labelled(scheme, labels)


def _labelled(scheme: Scheme, labels: dict[str, dict[str, str]]) -> Scheme:
    """Bring what the categories are called in other languages up to date: no more frozen than the suggestions are."""
    changed = [row for row in scheme.categories.all() if row.labels != labels[row.code]]
    for row in changed:
        row.labels = labels[row.code]
    Category.objects.bulk_update(changed, ["labels"])
    return scheme


def _heading(scheme: Scheme) -> dict[str, str]:
    return {"name": scheme.name, "region": scheme.region}


def _used(scheme: Scheme) -> bool:
    """Whether any row of any app refers to this version (its own categories apart)."""
    return any(
        relation.related_model._base_manager.filter(**{relation.field.name: scheme}).exists()
        for relation in scheme._meta.related_objects
        if isinstance(relation, models.ManyToOneRel) and relation.related_model is not Category
    )
