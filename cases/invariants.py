"""The invariants of a case (model.md section 5): one statement each, which returns broken rows in words.

They are written apart from the code they check: what `states.py` computes is recounted here from the ledger.
"""

from cases import events, matching, near_invariants, states
from cases.days import invariants as days
from cases.models import Offer
from cases.second import invariants as second
from hashsets.generations import in_force
from workbench import checks

OF_CASE = "(%(case)s::bigint IS NULL OR {0} = %(case)s::bigint)"


def _rows(sql: str, case: int | None) -> list[str]:
    return checks.sentences(sql, {"case": case, "batch": None})


LEDGER = f"""
SELECT format('exhibit %%s: the counters say %%s, the ledger %%s', x.ref,
  ROW(x.seen, x.pending, x.hashed, x.accepted, x.without_preview, x.rejected, x.problems), l.counted)
FROM cases_exhibit x CROSS JOIN LATERAL (
  SELECT ROW(count(*), count(*) FILTER (WHERE f.state = 'pending'), count(*) FILTER (WHERE f.state = 'hashed'),
    count(*) FILTER (WHERE f.state = 'accepted'), count(*) FILTER (WHERE f.state = 'without_preview'),
    count(*) FILTER (WHERE f.state = 'rejected'), count(*) FILTER (WHERE f.reason <> '')) AS counted
  FROM cases_fileinstance f WHERE f.exhibit_id = x.id) l
WHERE {OF_CASE.format("x.case_id")}
  AND ROW(x.seen, x.pending, x.hashed, x.accepted, x.without_preview, x.rejected, x.problems) <> l.counted
"""  # noqa: S608 only constants of this module

LEDGER_ROWS = f"""
SELECT format('file %%s of exhibit %%s is %%s with reason "%%s" and content %%s', f.id, x.ref, f.state, f.reason,
  coalesce(f.content_id::text, 'none'))
FROM cases_fileinstance f JOIN cases_exhibit x ON x.id = f.exhibit_id
WHERE {OF_CASE.format("x.case_id")} AND CASE f.state
  WHEN 'pending' THEN f.content_id IS NOT NULL
  WHEN 'rejected' THEN f.reason = '' OR f.content_id IS NOT NULL
  ELSE f.content_id IS NULL END
"""  # noqa: S608 only constants of this module

# What lies in others: below a file of the same exhibit whose bytes came in, one level further down.
LEDGER_PARENTS = f"""
SELECT format('file %%s of exhibit %%s lies in file %%s of exhibit %%s, levels %%s and %%s', f.id, x.ref, p.id,
  p.exhibit_id, f.depth, p.depth)
FROM cases_fileinstance f JOIN cases_exhibit x ON x.id = f.exhibit_id JOIN cases_fileinstance p ON p.id = f.parent_id
WHERE {OF_CASE.format("x.case_id")}
  AND (p.exhibit_id <> f.exhibit_id OR p.content_id IS NULL OR f.depth <> p.depth + 1)
"""  # noqa: S608 only constants of this module
LEDGER_UNLISTED = f"""
SELECT format('file %%s of exhibit %%s waits to be listed, and is %%s in an exhibit that is %%s', f.id, x.ref, f.state,
  x.state)
FROM cases_fileinstance f JOIN cases_exhibit x ON x.id = f.exhibit_id
WHERE {OF_CASE.format("x.case_id")} AND f.members = 'unlisted' AND (f.content_id IS NULL OR x.state = 'done')
"""  # noqa: S608 only constants of this module


@checks.invariant(1, "the ledger of every exhibit adds up")
def ledger(case: int | None) -> list[str]:
    """Counters against rows; rejected has a reason and no content, all others after pending have a content.

    Files in files lie below a file that came in; nothing waits to be listed in an exhibit that is done.
    """
    return [broken for sql in (LEDGER, LEDGER_ROWS, LEDGER_PARENTS, LEDGER_UNLISTED) for broken in _rows(sql, case)]


# What only its name or its signature claims to be a picture may have an item; what is one must.
ITEMS_MISSING = f"""
SELECT format('content %%s is in exhibit %%s, but no item of case %%s', c.public_id, min(x.ref), k.number)
FROM cases_fileinstance f JOIN cases_exhibit x ON x.id = f.exhibit_id JOIN cases_case k ON k.id = x.case_id
JOIN cases_content c ON c.id = f.content_id
WHERE {OF_CASE.format("x.case_id")} AND k.state = 'open' AND x.removed_at IS NULL AND c.kind IN ('still', 'video')
  AND NOT EXISTS (SELECT FROM cases_item i WHERE i.case_id = x.case_id AND i.content_id = c.id)
GROUP BY c.public_id, k.number
"""  # noqa: S608 only constants of this module

ITEMS_UNFOUNDED = f"""
SELECT format('item %%s of case %%s has no file', i.public_id, k.number)
FROM cases_item i JOIN cases_case k ON k.id = i.case_id
WHERE {OF_CASE.format("i.case_id")} AND NOT EXISTS (
  SELECT FROM cases_fileinstance f JOIN cases_exhibit x ON x.id = f.exhibit_id
  WHERE f.content_id = i.content_id AND x.case_id = i.case_id)
"""  # noqa: S608 only constants of this module

ITEMS_ASTRAY = f"""
SELECT format('item %%s is in a stack of another case', i.public_id)
FROM cases_item i JOIN cases_stack s ON s.id = i.stack_id
WHERE {OF_CASE.format("i.case_id")} AND s.case_id <> i.case_id
"""  # noqa: S608 only constants of this module


@checks.invariant(2, "an item exists exactly when a kept file of a reviewable content does")
def items(case: int | None) -> list[str]:
    """Contents without their item, items without a file, items in a stack of another case."""
    return _rows(ITEMS_MISSING, case) + _rows(ITEMS_UNFOUNDED, case) + _rows(ITEMS_ASTRAY, case)


STACKS = f"""
SELECT format('stack %%s is %%s with %%s open items, and has %%s', s.public_id, s.state, s.open_items, n.open)
FROM cases_stack s CROSS JOIN LATERAL (
  SELECT count(*) AS open FROM cases_item i WHERE i.stack_id = s.id AND i.state = 'open') n
WHERE {OF_CASE.format("s.case_id")}
  AND (s.open_items <> n.open OR s.state <> CASE WHEN n.open > 0 THEN 'open' ELSE 'done' END)
"""  # noqa: S608 only constants of this module


# What somebody holds keeps its cover until the batch closes.
COVERS = f"""
SELECT format('stack %%s shows first %%s', s.public_id, CASE WHEN i.id IS NULL THEN 'nothing'
  WHEN i.stack_id <> s.id THEN 'an item of another' ELSE 'an item that is ' || i.state END)
FROM cases_stack s LEFT JOIN cases_item i ON i.id = s.cover_id
WHERE {OF_CASE.format("s.case_id")} AND (i.stack_id <> s.id OR (s.state = 'open' AND s.batch_id IS NULL
  AND i.state IS DISTINCT FROM 'open'))
"""  # noqa: S608 only constants of this module


@checks.invariant(3, "a stack is open exactly when it has open items, and shows one of them first")
def stacks(case: int | None) -> list[str]:
    """Stacks whose count or state is not that of their items, or whose cover is none of those that are open."""
    return _rows(STACKS, case) + _rows(COVERS, case)


# A set or policy that waits for its re-match has not reached its items yet.
STATES = f"""
WITH behind (agency, set) AS ({matching.BEHIND})
SELECT format('item %%s is %%s (known: %%s), and should be %%s (known: %%s)', i.public_id, n.old_state, n.old_known,
  n.state, n.known)
FROM ({states.COMPUTED} WHERE {OF_CASE.format("i.case_id")} AND s.batch_id IS NULL) n
JOIN cases_item i ON i.id = n.id JOIN cases_content t ON t.id = n.content_id
WHERE (n.state, n.known) IS DISTINCT FROM (n.old_state, n.old_known) AND NOT EXISTS (
  SELECT FROM cases_match k JOIN behind b ON b.set = k.set_id AND b.agency = t.agency_id WHERE k.content_id = t.id)
"""  # noqa: S608 only constants of this module

TALLIES = f"""
WITH held AS (
  SELECT x.case_id, f.exhibit_id, f.content_id, count(*) AS files
  FROM cases_fileinstance f JOIN cases_exhibit x ON x.id = f.exhibit_id
  WHERE x.removed_at IS NULL AND f.content_id IS NOT NULL GROUP BY 1, 2, 3),
whole AS (SELECT case_id, content_id, sum(files) AS files FROM held GROUP BY 1, 2),
counted AS (
  SELECT i.case_id, NULL::bigint AS exhibit_id, i.state, c.kind, count(*) AS items,
    count(*) FILTER (WHERE i.known) AS known, coalesce(sum(w.files), 0) AS files
  FROM cases_item i JOIN cases_content c ON c.id = i.content_id
  LEFT JOIN whole w ON w.case_id = i.case_id AND w.content_id = i.content_id GROUP BY 1, 3, 4
  UNION ALL
  SELECT i.case_id, h.exhibit_id, i.state, c.kind, count(*), count(*) FILTER (WHERE i.known), sum(h.files)
  FROM cases_item i JOIN cases_content c ON c.id = i.content_id
  JOIN held h ON h.case_id = i.case_id AND h.content_id = i.content_id GROUP BY 1, 2, 3, 4),
stored AS (SELECT * FROM cases_tally WHERE items <> 0 OR known <> 0 OR files <> 0)
SELECT format('case %%s, exhibit %%s: the tally of %%s %%s says %%s, a recount %%s', k.number,
  coalesce(x.ref, 'all'), coalesce(n.state, t.state), coalesce(n.kind, t.kind),
  ROW(t.items, t.known, t.files), ROW(n.items, n.known, n.files))
FROM counted n FULL JOIN stored t ON t.case_id = n.case_id AND t.state = n.state AND t.kind = n.kind
  AND coalesce(t.exhibit_id, 0) = coalesce(n.exhibit_id, 0)
JOIN cases_case k ON k.id = coalesce(n.case_id, t.case_id)
LEFT JOIN cases_exhibit x ON x.id = coalesce(n.exhibit_id, t.exhibit_id)
WHERE {OF_CASE.format("k.id")} AND (t.items, t.known, t.files) IS DISTINCT FROM (n.items, n.known, n.files)
"""  # noqa: S608 only constants of this module


# What the queue keeps of an open item so that it need not be looked up.
KEPT = f"""
SELECT format('item %%s: the queue has it as a %%s of %%s bytes by "%%s", it is a %%s of %%s bytes by "%%s"',
  i.public_id, i.kind, coalesce(i.size::text, 'unknown'), i.camera, c.kind, c.size, n.camera)
FROM cases_item i JOIN cases_content c ON c.id = i.content_id LEFT JOIN cases_metadata m ON m.content_id = c.id
CROSS JOIN LATERAL (SELECT coalesce(cases_camera(m.make, m.model), '') AS camera) n
WHERE {OF_CASE.format("i.case_id")} AND i.state = 'open'
  AND (i.kind, i.size, i.camera) IS DISTINCT FROM (c.kind, c.size, n.camera)
"""  # noqa: S608 only constants of this module


@checks.invariant(4, "stored states and tallies are what they would be if computed now")
def computed(case: int | None) -> list[str]:
    """Items outside live leases whose state is not the computed one; tallies that differ from a recount; open items
    of which the queue keeps something else than their content says; counts of days that do not add up to a recount."""
    return _rows(STATES, case) + _rows(TALLIES, case) + _rows(KEPT, case) + days.days(case)


BATCHES = f"""
SELECT format('stack %%s is held for batch %%s, which is %%s', s.public_id, coalesce(b.public_id::text, 'none'),
  CASE WHEN b.case_id <> s.case_id THEN 'of another case' ELSE coalesce(b.state, 'not there') END)
FROM cases_stack s LEFT JOIN cases_batch b ON b.id = s.batch_id
WHERE {OF_CASE.format("s.case_id")} AND s.lease_until > now()
  AND (b.id IS NULL OR b.state <> 'open' OR b.case_id <> s.case_id)
"""  # noqa: S608 only constants of this module

PLACES = f"""
SELECT format('place %%s of batch %%s holds %%s stacks', s.position, b.public_id, count(*))
FROM cases_stack s JOIN cases_batch b ON b.id = s.batch_id AND b.state = 'open'
WHERE {OF_CASE.format("s.case_id")} GROUP BY b.public_id, s.position HAVING count(*) > 1
"""  # noqa: S608 only constants of this module


@checks.invariant(5, "no stack is in two open batches")
def batches(case: int | None) -> list[str]:
    """Stacks, and second views, held for no open batch of their case; two stacks in one place of a batch."""
    return _rows(BATCHES, case) + _rows(PLACES, case) + _rows(second.VIEWS, case)


LINES = """
WITH steps AS (
  SELECT d.id, d.content_id, v.scheme_id, d.code, d.supersedes_id, n.id IS NULL AS is_end
  FROM cases_decision d JOIN hashsets_scheme v ON v.id = d.scheme_id
  LEFT JOIN cases_decision n ON n.supersedes_id = d.id),
lines AS (
  SELECT content_id, scheme_id, count(*) FILTER (WHERE supersedes_id IS NULL) AS starts,
    count(*) FILTER (WHERE is_end) AS ends, max(id) FILTER (WHERE is_end) AS last,
    (array_agg(code ORDER BY id DESC) FILTER (WHERE is_end))[1] AS code
  FROM steps GROUP BY content_id, scheme_id)
SELECT format(
  'content %%s under %%s: %%s starts, %%s ends of its decisions; standing %%s %%s, last decision %%s %%s',
  c.public_id, coalesce(l.scheme_id, st.scheme_id), coalesce(l.starts, 0), coalesce(l.ends, 0),
  st.decision_id, st.code, l.last, l.code)
FROM lines l FULL JOIN cases_standing st ON st.content_id = l.content_id AND st.scheme_id = l.scheme_id
JOIN cases_content c ON c.id = coalesce(l.content_id, st.content_id)
WHERE (l.starts = 1 AND l.ends = 1 AND st.decision_id = l.last AND st.code IS NOT DISTINCT FROM l.code) IS NOT TRUE
  AND (%(case)s::bigint IS NULL OR EXISTS (
    SELECT FROM cases_item i WHERE i.content_id = c.id AND i.case_id = %(case)s::bigint))
"""

STEPS = f"""
SELECT format('decision %%s supersedes one of another content or scheme, or a later one', d.public_id)
FROM cases_decision d JOIN hashsets_scheme v ON v.id = d.scheme_id
JOIN cases_decision p ON p.id = d.supersedes_id JOIN hashsets_scheme w ON w.id = p.scheme_id
WHERE {OF_CASE.format("d.case_id")}
  AND (p.content_id <> d.content_id OR w.scheme_id <> v.scheme_id OR p.id >= d.id)
"""  # noqa: S608 only constants of this module


@checks.invariant(6, "the decisions of a content under a scheme form one line, and its end stands")
def lines(case: int | None) -> list[str]:
    """Lines with two starts or ends, standings that are not the end, steps to something else."""
    return _rows(LINES, case) + _rows(STEPS, case)


# Every pair of a content and an entry that agree in a digest, once, and whether it is strong (model.md section 3).
PAIRS = " UNION ".join(
    f"""SELECT c.id AS content_id, y.set_id, e.id AS entry,
    coalesce(e.sha256 = c.sha256,
      e.md5 = c.md5 AND e.sha1 = c.sha1 AND coalesce(e.size = c.size, true), false) AS strong
  FROM cases_content c JOIN cases_setsync y ON y.agency_id = c.agency_id
  JOIN hashsets_entry e ON e.set_id = y.set_id AND e.{digest} = c.{digest}
    AND {in_force("y.generation")}
  WHERE c.size > 0"""  # noqa: S608 only constants of this module
    for digest in ("sha256", "md5", "sha1")
)

MATCHES = f"""
SELECT format('content %%s and entry %%s of set %%s: %%s in the tables, %%s when matched now', c.public_id,
  coalesce(p.entry, m.entry), h.name,
  CASE WHEN m.id IS NULL THEN 'no match' WHEN m.strong THEN 'a strong match' ELSE 'a weak match' END,
  CASE WHEN p.entry IS NULL THEN 'no match' WHEN p.strong THEN 'a strong match' ELSE 'a weak match' END)
FROM ({PAIRS}) p
FULL JOIN (SELECT * FROM cases_match WHERE lost_in IS NULL AND kind <> 'pdq') m
  ON m.content_id = p.content_id AND m.set_id = p.set_id AND m.entry = p.entry
JOIN cases_content c ON c.id = coalesce(p.content_id, m.content_id)
JOIN hashsets_hashset h ON h.id = coalesce(p.set_id, m.set_id)
WHERE p.strong IS DISTINCT FROM m.strong AND NOT EXISTS (SELECT FROM cases_setsync y
  WHERE y.agency_id = c.agency_id AND y.set_id = h.id AND y.moved IS NOT NULL)
AND (%(case)s::bigint IS NULL OR EXISTS (
  SELECT FROM cases_item i WHERE i.content_id = c.id AND i.case_id = %(case)s::bigint))
"""  # noqa: S608 only constants of this module


@checks.invariant(7, "a match is in force exactly when its entry is")
def matches(case: int | None) -> list[str]:
    """Matches without their entry and entries without their match, as of the generation matched so far.

    While a re-match is under way its matches are of two generations.
    """
    return _rows(MATCHES, case) + near_invariants.broken(case)


# The step an offer took last, by its state.
LAST_STEP = {
    Offer.State.DRAFT: [events.OFFERED],
    Offer.State.HELD: [events.HELD],
    Offer.State.RETURNED: [events.RETURNED],
    Offer.State.PUBLISHED: [events.APPROVED, events.WITHDRAWAL_REFUSED],
    Offer.State.WITHDRAWAL: [events.WITHDRAWAL_OFFERED],
    Offer.State.WITHDRAWN: [events.WITHDRAWN],
}
OFFER_STEPS = """
SELECT format('offer:%%s is %%s, and its last event is %%s', o.public_id, o.state, coalesce(e.verb, 'missing'))
FROM cases_offer o LEFT JOIN LATERAL (
  SELECT verb FROM workbench_auditevent e WHERE e.subject = 'offer:' || o.public_id ORDER BY e.seq DESC LIMIT 1) e
  ON true
WHERE NOT EXISTS (SELECT FROM unnest(%(states)s::text[], %(verbs)s::text[]) AS s(state, verb)
                  WHERE s.state = o.state AND s.verb = e.verb)
"""

# What an event says of a decision must be what the table says.
DECISION_CODES = """
SELECT format('decision:%%s is %%s, and its event says %%s', d.public_id, coalesce(d.code, 'taken back'),
  coalesce(e.said, 'taken back'))
FROM cases_decision d JOIN LATERAL (
  SELECT e.body::jsonb -> 'details' ->> 'code' AS said, e.actor FROM workbench_auditevent e
  WHERE e.subject = 'decision:' || d.public_id AND e.verb = ANY(%(verbs)s)) e ON true
JOIN workbench_user u ON u.id = d.by_id
WHERE e.said IS DISTINCT FROM d.code OR e.actor <> u.username
"""
DECISION_VERBS = [events.DECIDED, events.TAKEN_BACK, events.SUPERSEDED]


@checks.invariant(checks.LEDGER_OF_EVENTS, "every decision, second opinion, offer step and export has its event")
def have_events(_case: int | None) -> list[str]:
    """Rows without exactly one event, events without their row, rows that say something else than their event."""
    steps = [(state.value, verb) for state, verbs in LAST_STEP.items() for verb in verbs]
    return [
        *checks.one_event_each(table="cases_decision", subject="decision", verbs=DECISION_VERBS),
        *checks.one_event_each(table="cases_secondopinion", subject="secondopinion", verbs=[events.SECOND_OPINION]),
        *checks.one_event_each(table="cases_offer", subject="offer", verbs=[events.OFFERED]),
        *checks.one_event_each(table="cases_export", subject="export", verbs=[events.EXPORTED]),
        *checks.one_event_each(table="cases_break", subject="break", verbs=[events.BREAK_STARTED]),
        *checks.one_event_each(table="cases_limitoverride", subject="limitoverride", verbs=[events.LIMIT_OVERRIDDEN]),
        *checks.sentences(OFFER_STEPS, {"states": [one for one, _ in steps], "verbs": [one for _, one in steps]}),
        *checks.sentences(DECISION_CODES, {"verbs": DECISION_VERBS}),
        *checks.sentences(second.RULINGS, {"verbs": [events.RULED]}),
    ]


APPROVALS = f"""
SELECT format('offer %%s was approved, or taken back, by one of the people who may not', o.public_id)
FROM cases_offer o JOIN cases_decision d ON d.id = o.decision_id
WHERE {OF_CASE.format("o.case_id")}
  AND (o.approved_by_id IN (o.offered_by_id, o.decided_by_id, d.by_id) OR o.decided_by_id <> d.by_id
    OR o.confirmed_by_id = o.withdrawn_by_id OR (o.state = 'published' AND o.approved_by_id IS NULL)
    OR (o.state = 'withdrawn' AND o.confirmed_by_id IS NULL))
"""  # noqa: S608 only constants of this module

OPINIONS = f"""
SELECT format('second opinion %%s is by the person who decided', s.public_id)
FROM cases_secondopinion s JOIN cases_decision d ON d.id = s.decision_id
WHERE {OF_CASE.format("d.case_id")} AND (s.by_id = d.by_id OR s.decided_by_id <> d.by_id)
"""  # noqa: S608 only constants of this module


@checks.invariant(9, "nobody approves what he decided or offered")
def two_people(case: int | None) -> list[str]:
    """Offers, second opinions and rulings that needed another person; disagreements about what is over."""
    return [broken for sql in (APPROVALS, OPINIONS, second.RULED, second.DIFFERING) for broken in _rows(sql, case)]


# Each line: what leads from a case's agency to a row of another one.
CROSSINGS = (
    ("item", "cases_item r JOIN cases_content o ON o.id = r.content_id", "o.agency_id"),
    ("decision", "cases_decision r JOIN cases_content o ON o.id = r.content_id", "o.agency_id"),
    ("decision", "cases_decision r", "r.agency_id"),
    ("offer", "cases_offer r", "r.agency_id"),
    ("offer", "cases_offer r JOIN hashsets_hashset o ON o.id = r.set_id", "o.owner_id"),
    (
        "exhibit",
        "cases_exhibit r JOIN cases_fileinstance f ON f.exhibit_id = r.id JOIN cases_content o ON o.id = f.content_id",
        "o.agency_id",
    ),
)

GUESTS = f"""
SELECT format('%%s of another agency is on the team of case %%s without an end', u.username, k.number)
FROM cases_casemember m JOIN cases_case k ON k.id = m.case_id JOIN workbench_user u ON u.id = m.user_id
WHERE {OF_CASE.format("k.id")} AND u.agency_id <> k.agency_id AND m.until IS NULL
"""  # noqa: S608 only constants of this module

UNUSED_SETS = """
SELECT format('content %%s is matched against set %%s, which its agency cannot use', c.public_id, h.name)
FROM cases_match m JOIN cases_content c ON c.id = m.content_id JOIN hashsets_hashset h ON h.id = m.set_id
WHERE h.owner_id <> c.agency_id AND h.reader_id IS DISTINCT FROM c.agency_id AND h.reach <> 'node'
  AND (%(case)s::bigint IS NULL OR EXISTS (
  SELECT FROM cases_item i WHERE i.content_id = c.id AND i.case_id = %(case)s::bigint))
"""


@checks.invariant(10, "no row of another agency is reachable but published entries and team cases")
def agencies(case: int | None) -> list[str]:
    """Rows that lead from a case to another agency, guests without an end, sets that are none of the agency's."""
    found = []
    for name, rows, agency in CROSSINGS:
        sql = f"""SELECT DISTINCT format('{name} %%s leads from case %%s to another agency', r.public_id, k.number)
          FROM {rows} JOIN cases_case k ON k.id = r.case_id
          WHERE {agency} <> k.agency_id AND {OF_CASE.format("k.id")}"""  # noqa: S608 only constants of this module
        found += _rows(sql, case)
    return found + _rows(GUESTS, case) + _rows(UNUSED_SETS, case)


EXPORTS = f"""
SELECT format('case %%s: %%s exports of %%s as of event %%s differ', k.number, count(*), x.product, x.as_of)
FROM cases_export x JOIN cases_case k ON k.id = x.case_id
WHERE {OF_CASE.format("k.id")} GROUP BY k.number, x.product, x.as_of
HAVING count(DISTINCT (x.state_digest, x.sha256, x.size)) > 1
"""  # noqa: S608 only constants of this module


@checks.invariant(11, "exports of one product as of one event are the same bytes")
def exports(case: int | None) -> list[str]:
    """Two exports of the same state that differ."""
    return _rows(EXPORTS, case)
