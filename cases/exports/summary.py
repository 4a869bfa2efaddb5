"""The summary: one printable page of counts, category by exhibit by still or moving, with the rules they follow.

`figures.json` holds the counts; the page is only another form of them.
"""

from collections.abc import Iterable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from django.template import Context, Engine, Template

from cases import names
from cases.counting import UNDECIDED, Count, CountingRules, CountRow, CountTable, tabulate
from cases.exports.base import Described, Options, without_options
from cases.exports.package import Package, Stamp
from cases.exports.snapshot import Snapshot
from hashsets.models import Category
from workbench.audit import canonical
from workbench.words import noop

PAGE = Path(__file__).with_name("summary.html")

COUNTS = """,
held AS (SELECT content_id, exhibit_id, ref, count(*) AS files FROM files GROUP BY 1, 2, 3)
SELECT coalesce(s.code, '') AS code, h.ref AS exhibit, s.kind, count(DISTINCT s.content_id) AS unique,
  sum(h.files)::bigint AS instances, s.known
FROM shown s JOIN held h ON h.content_id = s.content_id
GROUP BY GROUPING SETS ((s.code, h.ref, s.kind, s.known), (s.code, s.kind, s.known))
ORDER BY s.code COLLATE "C", h.ref COLLATE "C" NULLS FIRST, s.kind COLLATE "C", s.known
"""  # a reference is never null, so a null one is the whole case

BASES = """
SELECT CASE WHEN s.code IS NULL THEN s.state ELSE s.basis END AS basis, count(*) AS unique
FROM shown s GROUP BY 1 ORDER BY 1
"""

MOMENTS = "SELECT count(*) AS decided FROM shown s WHERE s.from_ms IS NOT NULL"

REASONS = """
SELECT f.reason, count(*) AS files FROM cases_fileinstance f JOIN cases_exhibit x ON x.id = f.exhibit_id
WHERE x.case_id = %(case)s AND x.removed_at IS NULL AND f.state = 'rejected' GROUP BY 1 ORDER BY f.reason COLLATE "C"
"""

LEDGER = ("seen", "accepted", "without_preview", "rejected")

BASES_IN_WORDS = {
    "viewed": "Decided by a person who looked at the picture itself",
    "veiled": "Decided by a person from the veiled picture or its surroundings",
    "inherited": "Decided together with a look-alike",
    "confirmed": "Confirmed as a hash set proposed; nobody here looked",
    "set": "Category of a hash set that knows the exact file; nobody here looked",
    "known": "Known to a hash set, without a category of this scheme",
    "confirm": "Proposed by a hash set, waits for a person",
    "unsure": "Put aside as unsure",
    "waiting": "Waits for its preview",
    "open": "Not decided yet",
    "decided": "Decision taken back since",
}

RULES = (
    "Pictures and videos are counted. Other files are in the ledger below and in no other count.",
    "Only a video is moving; everything else is still.",
    "A file's category is the decision in force.",
    "Where nobody decided and a hash set in force knows the exact file, it is that set's category, in this scheme.",
    "Known: a hash set in force knows the file by its exact hash. New: no set does.",
    "Evidence that was removed from the case is not counted.",
)

GLOSSARY = (
    ("Exhibit", "One device or delivery of the case."),
    ("File", "One place on an exhibit. The same bytes in two places are two files."),
    ("Content", "Unique bytes, whatever they are called and however often they occur (SHA-256)."),
    ("Category", "A line of the scheme, chosen by a person for one content. Exact copies always share it."),
    ("Hash set", "A list of hashes with categories, made by agencies. Only exact matches count here."),
    ("Known", "In a hash set in force, by its exact hash; a decision of this case that was published is in one, too."),
    ("Veiled", "Shown small, grey and blurred, to spare whoever decides."),
    ("Event", "A numbered entry of the agency's audit log, which cannot be changed unnoticed."),
)

README = """summary.html is the page to read and print; any browser opens it, without a network.
figures.json holds the same counts for programs.

manifest.json names every file of this package with its size and SHA-256.
"""


class Summary:
    """Counts for the court: category x exhibit x still or moving."""

    id = "summary"
    layout = 3
    described = Described(
        noop("Summary"),
        noop("One page to print: category by exhibit, still and moving, unique and all files, known and new."),
    )
    readme = README

    def variant(self, options: Options) -> str:
        """It has no options."""
        return without_options(self.id, options)

    def write(self, snapshot: Snapshot, _options: Options, package: Package) -> None:
        """README.txt, the figures, the page."""
        figures = _figures(snapshot)
        package.add("README.txt", README.encode())
        package.add("figures.json", (canonical(figures) + "\n").encode())
        package.add("summary.html", _page(snapshot, figures, package.seal()).encode())

    def check(self, package: Package) -> None:
        """Nothing of ours reads it back."""


def _figures(snapshot: Snapshot) -> dict[str, Any]:
    """Everything the page shows, as plain values."""
    return snapshot.about | {
        "categories": [[one.code, one.name, one.colour, one.glyph] for one in snapshot.categories],
        "exhibits": [
            {"ref": one.ref, "description": one.description, "state": one.state}
            | {name: getattr(one, name) for name in LEDGER}
            | {"pending": one.pending + one.hashed}
            for one in snapshot.exhibits
        ],
        "counts": list(snapshot.rows(COUNTS)),
        "bases": {row["basis"]: row["unique"] for row in snapshot.rows(BASES)},
        "on_moments": next(iter(snapshot.rows(MOMENTS)))["decided"],
        "rejected": {row["reason"]: row["files"] for row in snapshot.rows(REASONS)},
    }


def _page(snapshot: Snapshot, figures: dict[str, Any], stamp: Stamp) -> str:
    """The page. Every number is text already, so no locale has a say."""
    codes = [category.code for category in snapshot.categories]
    rows = [CountRow(**row) for row in figures["counts"]]
    unique, files = (tabulate(rows, codes, CountingRules(duplicates=every)) for every in (False, True))
    exhibits = figures["exhibits"]
    context = {
        "case": _shown(figures["case"]),
        "agency": _shown(figures["agency"]),
        "scheme": figures["scheme"],
        "as_of": str(stamp.as_of),
        "state": stamp.state.hex(),
        "groups": _groups(unique, files, snapshot.categories),
        "counting": [*RULES, *CountingRules(duplicates=False).sentences(), "All files: exact copies are counted, too.",
                     *_on_moments(figures["on_moments"])],
        "bases": [(text, _number(figures["bases"].get(key, 0))) for key, text in BASES_IN_WORDS.items()
                  if key in figures["bases"]],
        "ledger": [{**_shown(one), **{name: _number(one[name]) for name in (*LEDGER, "pending")}} for one in exhibits],
        "ledger_total": {name: _number(sum(one[name] for one in exhibits)) for name in (*LEDGER, "pending")},
        "rejected": [(reason, _number(files)) for reason, files in figures["rejected"].items()],
        "unfinished": any(one["pending"] for one in exhibits),
        "glossary": GLOSSARY,
    }  # fmt: skip
    return _template().render(Context(context, use_l10n=False, use_tz=False))


def _on_moments(decided: int) -> list[str]:
    """Of how many films the decision names the part that it rests on; nothing where of none."""
    if not decided:
        return []
    films = "1 film" if decided == 1 else f"{_number(decided)} films"
    return [f"Of {films} the person marked on what moment the decision rests: the schedule names it."]


def _groups(unique: CountTable, files: CountTable, categories: Iterable[Category]) -> list[dict[str, Any]]:
    """The lines of the table: all exhibits first, then each exhibit."""
    by_code = {category.code: category for category in categories}
    pairs = list(zip((*unique.categories, unique.total), (*files.categories, files.total), strict=True))
    whole = [_line(one.code, by_code, one.total, two.total) for one, two in pairs]
    groups: list[dict[str, Any]] = [{"title": "All exhibits", "lines": whole}]
    for ref in unique.exhibits:
        lines = [_line(one.code, by_code, one.exhibits[ref], two.exhibits[ref]) for one, two in pairs]
        groups.append({"title": ref, "lines": lines})
    for group in groups:
        *_lines, total = group["lines"]
        total.update(total=True, name="Total", code="")
    return groups


def _line(code: str, categories: dict[str, Category], unique: Count, files: Count) -> dict[str, Any]:
    category = categories.get(code)
    return {
        "code": code,
        "name": category.name if category else ("Not decided" if code == UNDECIDED else "Not in this scheme"),
        "colour": str(category.colour) if category else "0",
        "glyph": category.glyph if category else "",
        "unique": {name: _number(value) for name, value in (asdict(unique) | {"total": unique.total}).items()},
        "files": {name: _number(value) for name, value in (asdict(files) | {"total": files.total}).items()},
        "empty": files.total == 0,
    }


def _shown(value: Any) -> Any:
    """Texts of people with nothing invisible in them."""
    if isinstance(value, dict):
        return {name: _shown(inner) for name, inner in value.items()}
    return names.display(value.encode("utf-8", "surrogatepass")) if isinstance(value, str) else value


def _number(value: int) -> str:
    return f"{value:,}"


@cache
def _template() -> Template:
    return Engine().from_string(PAGE.read_text(encoding="utf-8"))
