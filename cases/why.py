"""Why a content is where it is: what each match is, what it did, and in plain words why it did nothing.

The rules are SQL (`hashsets_effect_by`, `cases_effect`); here is only said what they answered. Until somebody has
decided, `blind` leaves every category out: a first decision is made without the opinion of others (ux.md section 1.5).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.utils.translation import ngettext

from cases.models import Content, Item
from hashsets import mapping
from workbench import access
from workbench.models import User
from workbench.words import digits

ACTING = ("relevant", "relevant_restricted", "not_relevant")
BLIND = {Item.State.OPEN, Item.State.WAITING, Item.State.UNSURE}
KINDS = {"sha256": "SHA-256", "md5+sha1": noop("MD5 and SHA-1"), "md5": noop("MD5 only"), "sha1": noop("SHA-1 only")}
AGREE = {"sha256": "SHA-256", "md5+sha1": noop("MD5 and SHA-1"), "md5": "MD5", "sha1": "SHA-1"}
EXACT = "circle-check"
ICONS = {"closed": EXACT, "proposed": "circle-help", "lost": "undo-2", "none": "circle-x", "empty": "circle-x",
         "conflict": "scale", "differ": "scale", "later": "refresh-cw", "held": "refresh-cw",
         "more": "layers", "second": "scale", "stack": "layers", "folder": "folder", "camera": "image",
         "order": "list-filter"}  # fmt: skip
NOT_USED = "git-compare"
BLIND_WORDS = {
    "closed": ("closed", noop("Takes the file out of the queue")),
    "proposed": ("proposed", noop("Only proposes, somebody confirms it")),
    "note": ("off", noop("Not used by this agency's policy")),
    "off": ("off", noop("Not used by this agency's policy")),
    "trust": ("trust", noop("Not used: trust below what the policy asks for")),
}
NOTE = noop("Only a note: the set, or the category it has there, says nothing about the file")
LATER = noop("told after the decision")
MOST = 20  # matches told one by one
NAMED = 3  # sets that are named where none has the content

# What is in force first, and of that what acts; then what was found last. Of what only looks alike the nearest of each
# set, unless it is the very file. `others`: what else the entry says of the file that this content is not.
MATCHES = """
SELECT count(*) OVER (), t.* FROM (
SELECT h.name, h.public_id, h.generation, m.found_in, m.lost_in, m.kind, m.strong, m.distance, v.public_id AS entry,
  v.code, g.name AS category, t.name AS scheme, v.disposition, v.trust, v.state, v.conflict, v.effect,
  r.role, r.retired, r.action, r.min_trust, r.may_discard,
  CASE WHEN v.sha256 <> c.sha256 THEN 'SHA-256' WHEN v.sha1 <> c.sha1 THEN 'SHA-1' WHEN v.md5 <> c.md5 THEN 'MD5'
    WHEN v.size <> c.size THEN 'size' END AS others,
  EXISTS (SELECT FROM cases_match n JOIN hashsets_entry e ON e.set_id = n.set_id AND e.id = n.entry
    WHERE n.content_id = c.id AND n.set_id = m.set_id AND n.lost_in IS NULL AND e.public_id = v.public_id) AS changed,
  (SELECT jsonb_build_array(jsonb_path_query_array(e.raw, '$.codes[0 to 19]'), jsonb_array_length(e.raw -> 'codes'))
    FROM hashsets_entry e WHERE e.set_id = m.set_id AND e.id = m.entry AND e.raw ? 'codes')::text AS codes,
  h.scheme_id, m.entry AS row, m.id,
  row_number() OVER (PARTITION BY m.set_id, m.lost_in IS NULL, m.kind = ANY(%(exact)s) ORDER BY m.distance, m.id DESC)
    AS place
FROM cases_match m JOIN cases_content c ON c.id = m.content_id
JOIN hashsets_hashset h ON h.id = m.set_id JOIN hashsets_scheme t ON t.id = h.scheme_id
JOIN hashsets_verdict v ON v.agency_id = c.agency_id AND v.set_id = m.set_id AND v.entry_id = m.entry
JOIN hashsets_rule r ON r.agency_id = c.agency_id AND r.set_id = m.set_id AND r.disposition = v.disposition
LEFT JOIN hashsets_category g ON g.scheme_id = h.scheme_id AND g.code = v.code
WHERE m.content_id = %(content)s AND (m.kind = ANY(%(exact)s) OR NOT EXISTS (SELECT FROM cases_match x
  WHERE x.content_id = m.content_id AND x.set_id = m.set_id AND x.entry = m.entry AND x.kind = ANY(%(exact)s)))
) t WHERE t.kind = ANY(%(exact)s) OR t.place = 1
ORDER BY t.lost_in IS NOT NULL, (CASE WHEN t.strong AND NOT t.retired THEN t.effect ELSE 0 END) DESC, t.strong DESC,
  t.kind = ANY(%(exact)s) DESC, t.id DESC LIMIT 200
"""
# What the agency asks, and whether a newer version or policy of one of these sets still waits for its re-match.
ASKED = """
SELECT count(*), coalesce(sum(g.entries), 0)::bigint,
  array_agg(h.name ORDER BY h.name) FILTER (WHERE s.generation IS NULL OR s.generation < h.generation),
  cases_effect(%(content)s), array_agg(h.name ORDER BY h.name)
FROM hashsets_hashset h LEFT JOIN hashsets_generation g ON g.set_id = h.id AND g.number = h.generation
LEFT JOIN cases_setsync s ON s.set_id = h.id AND s.agency_id = %(agency)s
WHERE h.retired_at IS NULL AND (%(agency)s IN (h.owner_id, h.reader_id) OR h.reach = 'node')
"""


@dataclass(frozen=True, slots=True)
class Found:
    """One match as the tables hold it. `effect` is what its entry may do; `strong` matches only do it."""

    set: str
    set_id: Any
    generation: int
    found_in: int
    lost_in: int | None
    kind: str
    strong: bool
    distance: int
    entry: Any
    code: str
    category: str | None
    scheme: str
    disposition: str
    trust: str
    state: str
    conflict: bool
    effect: int
    role: str
    retired: bool
    action: str
    min_trust: str
    may_discard: bool
    others: str | None
    changed: bool
    codes: str | None = None  # JSON: the first 20 categories the list gives it, and how many, where they are several
    scheme_row: int = 0
    row: int = 0  # of the entry's version


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence. `did` is a word for scripts; `facts` are label and value pairs of a match, else empty.

    `entry`: the match's, as (public id, row), for whoever may read its history now.
    """

    did: str
    text: str
    set_id: str = ""
    facts: list[list[str]] = field(default_factory=list)
    entry: tuple[str, int] | None = None

    @property
    def icon(self) -> str:
        """The picture beside it."""
        return ICONS.get(self.did, NOT_USED)

    def as_json(self) -> dict[str, Any]:
        """For the review desk and scripts."""
        return {"did": self.did, "icon": self.icon, "text": self.text, "facts": self.facts}


def lines(content: Content, *, blind: bool) -> list[Line]:
    """What to say about a content, the most important first; of very many matches how many more. 2 queries."""
    with connection.cursor() as cursor:
        cursor.execute(MATCHES, {"content": content.pk, "exact": list(KINDS)})
        rows = cursor.fetchall()
        found = [Found(*row[1:-2]) for row in rows]
        more = rows[0][0] - min(len(rows), MOST) if rows else 0
        cursor.execute(ASKED, {"content": content.pk, "agency": content.agency_id})
        sets, entries, late, effect, names = cursor.fetchone()
    said = [_line(match, effect or 0, blind=blind) for match in found[:MOST]]
    about = _about_all(content, found, (sets, entries, names or []), blind=blind)
    return [*about, *said, *_rest(more), *_late(late or [])]


def is_blind(item: Item, by: User) -> bool:
    """Whether the person may still be asked to decide the item, and so is not told what others think it is."""
    return item.state in BLIND and access.has(by, "batch.work")


def did(match: Found, effect: int) -> tuple[str, str]:
    """What a match does and why, in a word and in words; `effect` is what all matches of the content amount to."""
    if match.lost_in is not None:
        words = (
            _("The entry was changed in version %(n)s")
            if match.changed
            else _("The entry was withdrawn in version %(n)s")
        )
        return "lost", words % {"n": match.lost_in}
    if match.retired:
        return "retired", _("Not used: the set is retired")
    if not match.strong:
        return "weak", _("Hides nothing: %(weak)s") % {"weak": _weak(match)}
    return _held_back(match) if match.effect == 0 else _acts(match, effect)


def _weak(match: Found) -> str:
    if match.kind not in KINDS:
        return _("looks alike, %(distance)s of 256 bits differ, which is never proof") % {"distance": match.distance}
    if match.others:
        return _("weak: %(kinds)s agree, but the entry has another %(others)s") % {
            "kinds": _(AGREE[match.kind]),
            "others": match.others,
        }
    return _("%(kind)s: weak") % {"kind": _(KINDS[match.kind])}


def _acts(match: Found, effect: int) -> tuple[str, str]:
    """What a strong match that may act does, beside the others of its content."""
    if effect == 0:
        return "conflict", _("Not used: conflict between sets, so a person looks")
    if match.effect == 2:
        return "closed", _("Takes the file out of the queue: policy %(action)s") % {"action": match.action}
    if effect == 2:
        return "proposed", _("Would only propose, but another set takes the file out of the queue")
    if match.action == "propose":
        return "proposed", _("Proposes its category, somebody confirms it: policy propose")
    return "proposed", _("Only proposes: policy %(action)s, but harmless files may not be hidden unseen yet") % {
        "action": match.action
    }


def _held_back(match: Found) -> tuple[str, str]:
    """Why a strong match may not act; the rule itself is `hashsets_effect_by`."""
    reasons = [
        (match.conflict, "conflicted", _("Not used: the set itself holds it under conflicting categories")),
        ("disputed" in {match.state, match.trust}, "disputed", _("Not used: the entry is disputed")),
        (match.state == "held", "held-back", _("Not used: it waits for a word of the set's owner")),
        (match.trust == "unknown", "unknown", _("Not used: its sender says of it what means nothing here")),
        (
            match.state != "published" or match.trust == "retracted",
            "retracted",
            _("Not used: the entry was taken back"),
        ),
        (match.role == "comparison" or match.disposition not in ACTING, "note", _(NOTE)),
        (match.action in {"off", "suppress"}, "off", _("Not used: policy %(action)s") % {"action": match.action}),
    ]
    trust = _("Not used: trust below what the policy asks for (%(trust)s, asked %(min_trust)s)") % {
        "trust": _(match.trust),
        "min_trust": _(match.min_trust),
    }
    return next(((word, words) for holds, word, words in reasons if holds), ("trust", trust))


def _line(match: Found, effect: int, *, blind: bool) -> Line:
    word, words = _unsaid(*did(match, effect)) if blind else did(match, effect)
    kind = _kind(match)
    where = _("%(set)s, version %(found_in)s: %(kind)s") % {"set": match.set, "found_in": match.found_in, "kind": kind}
    told = None if blind or match.lost_in is not None else (str(match.entry), match.row)
    return Line(word, f"{where}. {words}.", str(match.set_id), _facts(match, words, kind, blind=blind), told)


def _kind(match: Found) -> str:
    if match.kind in KINDS:
        return _(KINDS[match.kind])
    return _("%(kind)s, distance %(n)s") % {"kind": match.kind.upper(), "n": match.distance}


def _unsaid(word: str, words: str) -> tuple[str, str]:
    """The same without what tells the disposition: the policy, and whether the set calls the file harmless."""
    return (BLIND_WORDS[word][0], _(BLIND_WORDS[word][1])) if word in BLIND_WORDS else (word, words)


def _facts(match: Found, words: str, kind: str, *, blind: bool) -> list[list[str]]:
    words_of = {"action": match.action, "trust": _(match.min_trust)}
    policy = _("%(action)s, from %(trust)s on") % words_of + (
        _(", harmless may be hidden") if match.may_discard else ""
    )
    none = _("none")
    category = f"{match.code or none} {match.category or ''}".strip()
    several = _(" (its list says %(codes)s)") % {"codes": _several(*json.loads(match.codes))} if match.codes else ""
    return [
        [_("Set"), match.set],
        [
            _("Version"),
            _("in it since %(found_in)s, now %(generation)s")
            % {"found_in": match.found_in, "generation": match.generation},
        ],
        [_("Entry"), str(match.entry)],
        [_("Kind"), kind],
        [_("Distance"), str(match.distance)],
        [_("Category"), _(LATER) if blind else category + several],
        [_("Trust"), _(match.trust)],
        [_("Policy"), _(LATER) if blind else policy],
        [_("What it did"), words],
    ]


def _several(first: Sequence[str], number: int) -> str:
    more = _(" and %(n)s more") % {"n": digits(number - len(first))} if number > len(first) else ""
    return _listed(code or _("none") for code in first) + more


Searched = tuple[int, int, Sequence[str]]  # sets in force, their entries, their names


def _about_all(content: Content, found: Sequence[Found], searched: Searched, *, blind: bool) -> list[Line]:
    """What is said of all matches together: an empty file, none at all, sets that disagree."""
    if content.size == 0:
        return [Line("empty", _("An empty file: its hashes say nothing, so it is never matched."))]
    live = [match for match in found if match.lost_in is None and not match.retired and match.kind in KINDS]
    if not live:
        sets, entries, names = searched
        held = ngettext("%(n)s entry", "%(n)s entries", entries) % {"n": digits(entries)}
        named = f": {'; '.join(names[:NAMED])}{'; …' if len(names) > NAMED else ''}" if names else ""
        where = f"{_sets(sets)}, {held}{named}"
        return [Line("none", _("No exact match in %(where)s.") % {"where": where})]
    return _disagreement([match for match in live if match.strong and match.effect], blind=blind)


def _disagreement(acting: Sequence[Found], *, blind: bool) -> list[Line]:
    """`3 sets: 1, 1, 2`, where those that may act do not say the same; a conflict where they differ in disposition."""
    if len({match.code for match in acting}) < 2:
        return []
    several = len({match.scheme for match in acting}) > 1
    codes = _listed(f"{match.code} ({match.scheme})" if several else match.code for match in acting)
    number = len({match.set_id for match in acting})
    told = _sets(number) if blind else f"{_sets(number)}: {codes}"
    if len({match.disposition for match in acting}) > 1:
        return [
            Line(
                "conflict",
                _("Conflict between sets, %(told)s. Nothing is closed by itself: somebody decides.") % {"told": told},
            )
        ]
    other, unknown = mapping.compare({(match.scheme_row, match.code) for match in acting})
    if other:
        return [
            Line(
                "differ",
                _("The sets differ in the category, %(told)s. What it means for the queue is the same.")
                % {"told": told},
            )
        ]
    return (
        [
            Line(
                "differ",
                _("The schemes cannot be compared, %(told)s. It means the same for the queue.") % {"told": told},
            )
        ]
        if unknown
        else []
    )


def _sets(number: int) -> str:
    return ngettext("%(n)s set", "%(n)s sets", number) % {"n": digits(number)}


def _listed(codes: Iterable[str]) -> str:
    return ", ".join(sorted(codes))


def _rest(more: int) -> list[Line]:
    return (
        [
            Line(
                "more",
                ngettext(
                    "And %(n)s more match, older or of less weight.",
                    "And %(n)s more matches, older or of less weight.",
                    more,
                )
                % {"n": digits(more)},
            )
        ]
        if more
        else []
    )


def _late(names: Sequence[str]) -> list[Line]:
    if not names:
        return []
    return [
        Line(
            "later",
            _("A newer version is being matched: %(names)s. This may change in a moment.")
            % {"names": ", ".join(names[:5])},
        )
    ]
