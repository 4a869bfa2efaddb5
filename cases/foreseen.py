"""What another version of a set would do in open cases, before anybody puts it in force; `hashsets.effects` asks.

The rule is that of `cases_effects` (migration 0018) and `states.COMPUTED`, over the matches there would be: those that
are there now, without those whose entry ends, and the strong ones with what comes. Weak matches move nothing.
"""

from collections.abc import Iterator

from django.db import connection
from django.urls import reverse

from cases import matching as rematches
from cases.models import Case
from hashsets.effects import Change, Figures, InCase
from hashsets.models import HashSet
from workbench.models import User

ROWS = 250_000  # contents read at once

# What becomes of the items of every content that something comes for, or whose entry ends. {comes}, {join}, {ends}: see
# effects.Change. A strong match is by SHA-256; where the entry has none, by MD5 and SHA-1 with no other size. With no
# statistics yet, `+ 0` keeps the planner from reading all the agency's contents for each entry, and what ended lies
# beside its content so that nothing is compared with everything.
FORESEE = """
WITH comes AS MATERIALIZED ({comes}),
pairs AS (
  SELECT c.id AS content, e.* FROM comes e JOIN cases_content c ON c.sha256 = e.sha256
  WHERE c.agency_id = %(agency)s AND c.size > 0
  UNION ALL
  SELECT c.id, e.* FROM comes e JOIN cases_content c ON c.md5 = e.md5 AND c.sha1 = e.sha1
  WHERE e.sha256 IS NULL AND (e.size = c.size) IS NOT FALSE AND c.agency_id + 0 = %(agency)s AND c.size > 0),
found AS MATERIALIZED (
  SELECT p.content, p.disposition, hashsets_effect_by(r.role, r.retired, r.action, r.min_trust, r.may_discard,
    p.code, p.disposition, p.trust, p.conflict, p.state) AS effect
  FROM pairs p JOIN hashsets_rule r
    ON r.agency_id = %(agency)s AND r.set_id = %(set)s AND r.disposition = p.disposition),
ended AS MATERIALIZED (
  SELECT k.id, k.content_id AS content FROM cases_match k JOIN cases_content c ON c.id = k.content_id {join}
  WHERE k.set_id = %(set)s AND k.lost_in IS NULL AND k.strong AND c.agency_id = %(agency)s AND ({ends})),
touched AS (
  SELECT content, array_remove(array_agg(id), NULL) AS ended FROM (
    SELECT content, NULL::bigint AS id FROM found UNION ALL SELECT content, id FROM ended) every_one GROUP BY content),
stay AS (
  SELECT k.content_id AS content, v.disposition, v.effect
  FROM touched t JOIN cases_match k ON k.content_id = t.content AND k.lost_in IS NULL AND k.strong
  JOIN hashsets_verdict v ON v.agency_id = %(agency)s AND v.set_id = k.set_id AND v.entry_id = k.entry
  WHERE k.id <> ALL (t.ended)),
"then" AS (
  SELECT content, CASE WHEN min(disposition) FILTER (WHERE effect > 0) <> max(disposition) FILTER (WHERE effect > 0)
                       THEN 0 ELSE max(effect) END AS effect
  FROM (SELECT * FROM found UNION ALL SELECT * FROM stay) every_one GROUP BY content),
moved AS (
  SELECT s.public_id::text AS one, count(*) FILTER (WHERE n.effect = 2 AND NOT i.known) AS known,
    count(*) FILTER (WHERE n.effect = 2 AND i.state IN ('open', 'waiting')) AS left_queue,
    count(*) FILTER (WHERE n.effect = 1 AND i.state IN ('open', 'waiting', 'known')) AS confirm,
    count(*) FILTER (WHERE coalesce(n.effect, 0) = 0 AND i.state IN ('known', 'confirm')) AS back
  FROM touched t LEFT JOIN "then" n USING (content)
  JOIN cases_item i ON i.content_id = t.content AND i.state <> 'excluded'
  JOIN cases_case s ON s.id = i.case_id AND s.state = 'open' GROUP BY 1)
SELECT * FROM moved WHERE known + left_queue + confirm + back > 0 ORDER BY one
"""
FIGURES = ("known", "left", "confirm", "back")
DIGESTS = """
SELECT max(md5), string_agg(md5, ''::bytea) FROM (
  SELECT md5 FROM cases_content
  WHERE md5 > %(after)s AND md5 <= %(high)s AND agency_id = %(agency)s AND size > 0 ORDER BY md5 LIMIT %(rows)s) c
"""


def matching(agency_id: int) -> int:
    """See effects.Cases."""
    return sum(agency == agency_id for agency, _set in rematches.behind())


def digests(agency_id: int, low: bytes, high: bytes) -> Iterator[bytes]:
    """See effects.Cases. Pages by key."""
    after = (int.from_bytes(low) - 1).to_bytes(16) if any(low) else b""
    while True:
        with connection.cursor() as cursor:
            cursor.execute(DIGESTS, {"after": after, "high": high, "agency": agency_id, "rows": ROWS})
            last, block = cursor.fetchone()
        if last is None:
            return
        yield block
        after = last


def foresee(hash_set: HashSet, change: Change) -> Figures:
    """See effects.Cases."""
    pieces = {"comes": change.comes, "join": change.join, "ends": change.ends}
    with connection.cursor() as cursor:
        values = change.values | {"agency": hash_set.owner_id, "set": hash_set.pk}
        cursor.execute(FORESEE.format(**pieces), values)
        return {one: dict(zip(FIGURES, figures, strict=True)) for one, *figures in cursor.fetchall()}


def told(user: User, figures: Figures) -> list[InCase]:
    """See effects.Cases. By the cases' numbers."""
    cases = Case.objects.for_actor(user).filter(public_id__in=list(figures), agency=user.agency_id).order_by("number")
    return [
        InCase(
            f"{case.number} {case.name}", reverse("cases:case", args=[case.public_id]), **figures[str(case.public_id)]
        )
        for case in cases
    ]
