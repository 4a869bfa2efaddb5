"""Fills the scheme tables from the files in `schemes/`. From then on the tables rule."""

from django.db import models, transaction

from hashsets import schemes
from hashsets.models import Category, Scheme
from hashsets.schemes import SchemeDoc
from workbench.errors import NotFound, WorkbenchError

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
        _load_one(doc)


def latest(scheme_id: str) -> Scheme:
    """The newest version of a scheme. Raises UnknownScheme, naming those there are."""
    found = Scheme.objects.filter(scheme_id=scheme_id).order_by("-version").first()
    if found is None:
        known = ", ".join(Scheme.objects.order_by("scheme_id").values_list("scheme_id", flat=True).distinct())
        raise UnknownScheme(f"There is no scheme {scheme_id!r}. Known: {known}.")
    return found


def _load_one(doc: SchemeDoc) -> None:
    heading = {"name": doc.name, "region": doc.region}
    scheme, made = Scheme.objects.select_for_update().get_or_create(
        scheme_id=doc.id, version=doc.version, defaults=heading
    )
    wanted = [{name: getattr(category, name) for name in CATEGORY_FIELDS} for category in doc.categories]
    have = list(scheme.categories.values(*CATEGORY_FIELDS))
    by_code = sorted(wanted, key=lambda row: str(row["code"]))
    if not made and by_code == sorted(have, key=lambda row: str(row["code"])) and _heading(scheme) == heading:
        return
    if not made and _used(scheme):
        raise SchemeFrozen(f"{doc.id} version {doc.version} is in use and its file differs. Give it a new version.")
    Scheme.objects.filter(pk=scheme.pk).update(**heading)
    scheme.categories.all().delete()
    Category.objects.bulk_create(Category(scheme=scheme, **row) for row in wanted)


def _heading(scheme: Scheme) -> dict[str, str]:
    return {"name": scheme.name, "region": scheme.region}


def _used(scheme: Scheme) -> bool:
    """Whether any row of any app refers to this version (its own categories apart)."""
    return any(
        relation.related_model._base_manager.filter(**{relation.field.name: scheme}).exists()
        for relation in scheme._meta.related_objects
        if isinstance(relation, models.ManyToOneRel) and relation.related_model is not Category
    )
