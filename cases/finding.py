"""Going to anything: cases, exhibits, items by their hash, files by their name, people on a team.

Nothing is found outside of the person's scope, and nothing tells that there was something: who does not reach a case
finds none of its exhibits, items, files or people. All is looked for by an index or among the few rows of the scope.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from cases.models import Case, CaseMember, Exhibit, Item
from cases.names import display
from workbench import access
from workbench.models import User

MOST = 8  # rows of a kind
EXHIBITS = 200  # newest in reach, in which files are looked for by name
DIGESTS = {"sha256": 64, "sha1": 40, "md5": 32}

# By how a file's name begins, in any case; bytes that are no ASCII are written as the index has them.
FILES = """
SELECT DISTINCT ON (n.name, i.id) i.public_id, f.raw_path, x.ref, k.number
FROM unnest(%(exhibits)s::bigint[]) e CROSS JOIN LATERAL (
  SELECT f.id, cases_name(f.raw_path) AS name FROM cases_fileinstance f
  WHERE f.exhibit_id = e AND f.content_id IS NOT NULL AND cases_name(f.raw_path) COLLATE "C" >= %(low)s
    AND cases_name(f.raw_path) COLLATE "C" < %(high)s ORDER BY cases_name(f.raw_path) COLLATE "C" LIMIT %(most)s) n
JOIN cases_fileinstance f ON f.id = n.id JOIN cases_exhibit x ON x.id = f.exhibit_id
JOIN cases_case k ON k.id = x.case_id JOIN cases_item i ON i.case_id = x.case_id AND i.content_id = f.content_id
ORDER BY n.name, i.id, f.id LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing to go to. `is_exact`: what was typed names just this."""

    kind: str
    name: str
    about: str
    url: str
    is_exact: bool = False

    def as_json(self) -> dict[str, str]:
        """For the list below the field."""
        return {"kind": str(self.kind), "name": self.name, "about": self.about, "url": self.url}


def find(user: User, text: str) -> list[Found]:
    """What a text names, in the person's scope: at most MOST of each kind, the best first. At most 9 queries."""
    text = text.strip()[:200]
    if not text or "\0" in text:
        return []
    return [found for look in LOOKS for found in look(user, text)]


def _cases(user: User, text: str) -> list[Found]:
    rows = Case.objects.for_actor(user).filter(Q(number__icontains=text) | Q(name__icontains=text)).order_by("-pk")
    exact = Case.objects.for_actor(user).filter(Q(number__iexact=text) | Q(name__iexact=text))[:MOST]
    every = {case.pk: case for case in [*exact, *rows[:MOST]]}
    wanted = text.lower()
    return [
        Found(_("Case"), case.number, case.name, reverse("cases:case", args=[case.public_id]),
              wanted in {case.number.lower(), case.name.lower()})
        for case in list(every.values())[:MOST]
    ]  # fmt: skip


def _exhibits(user: User, text: str) -> list[Found]:
    rows = Exhibit.objects.for_actor(user).filter(ref__icontains=text, removed_at__isnull=True).select_related("case")
    see = access.has(user, "item.view")

    def address(exhibit: Exhibit) -> str:
        case = exhibit.case.public_id
        if see:
            return f"{reverse('cases:items', args=[case])}?{urlencode({'exhibit': exhibit.public_id})}"
        return reverse("cases:case", args=[case])

    return [Found(_("Exhibit"), row.ref, row.case.number, address(row)) for row in rows.order_by("-pk")[:MOST]]


def _hashes(user: User, text: str) -> list[Found]:
    """Whole digests, or how one begins, from 8 digits on."""
    digits = re.sub(r"[\s:]", "", text).lower()
    if not re.fullmatch(r"[0-9a-f]{8,64}", digits) or not access.has(user, "item.view"):
        return []
    agencies = list(Case.objects.for_actor(user).order_by().values_list("agency", flat=True).distinct())
    found = list[Found]()
    for kind, length in DIGESTS.items():
        if len(digits) > length:
            continue
        low, high = (bytes.fromhex(digits.ljust(length, fill)) for fill in "0f")
        reached = Item.objects.for_actor(user).filter(
            **{f"content__{kind}__gte": low, f"content__{kind}__lte": high}, content__agency__in=agencies
        )
        for item in reached.select_related("content", "case").order_by("pk")[:MOST]:
            value = bytes(getattr(item.content, kind)).hex()
            found.append(
                Found(_("Item"), f"{kind.upper()} {value[:16]}…", item.case.number,
                      reverse("cases:item", args=[item.public_id]), len(digits) == length)
            )  # fmt: skip
    return found[:MOST]


def _files(user: User, text: str) -> list[Found]:
    if len(text) < 3 or not access.has(user, "item.view"):
        return []
    exhibits = Exhibit.objects.for_actor(user).filter(removed_at__isnull=True).order_by("-pk")
    low = escaped(text)[:100]
    values: dict[str, Any] = {"exhibits": list(exhibits.values_list("pk", flat=True)[:EXHIBITS]), "most": MOST}
    with connection.cursor() as cursor:
        cursor.execute(FILES, values | {"low": low, "high": f"{low}\x7f"})
        return [
            Found(_("File"), display(bytes(raw)), f"{number}, {ref}", reverse("cases:item", args=[item]))
            for item, raw, ref, number in cursor.fetchall()
        ]


def escaped(text: str) -> str:
    """A name as `cases_name` of the database has it."""
    raw = text.encode("utf-8", "surrogateescape").replace(b"\\", b"\\\\")
    return "".join(chr(byte) if 0 < byte < 128 else f"\\{byte:03o}" for byte in raw).lower()


def _people(user: User, text: str) -> list[Found]:
    """Those on the teams of cases in reach, each with a case."""
    reached = CaseMember.objects.filter(case__in=Case.objects.for_actor(user), user__name__icontains=text)
    rows = (
        reached.select_related("user", "case")
        .order_by("user__name", "user_id", "-case_id")
        .distinct("user__name", "user_id")
    )
    return [
        Found(
            _("Person"),
            row.user.name,
            f"{row.case.number} {row.case.name}",
            reverse("cases:case", args=[row.case.public_id]),
        )
        for row in rows[:MOST]
    ]


LOOKS: tuple[Callable[[User, str], list[Found]], ...] = (_hashes, _cases, _exhibits, _files, _people)
