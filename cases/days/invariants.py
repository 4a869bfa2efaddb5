"""What the counts of days must come to: recounted from the rows they count (`case check`)."""

from workbench import checks

OF_CASE = "(%(case)s::bigint IS NULL OR {0} = %(case)s::bigint)"

DAYS = f"""
WITH counted AS (
  SELECT i.case_id, 'items' AS what, i.state AS key, count(*) AS n FROM cases_item i
  WHERE i.state IN ('open', 'waiting', 'unsure') GROUP BY 1, 3
  UNION ALL
  SELECT s.case_id, 'stacks', '', count(*) FROM cases_stack s WHERE s.state = 'open' GROUP BY 1
  UNION ALL
  SELECT i.case_id, 'code', st.code, count(*) FROM cases_item i JOIN cases_case c ON c.id = i.case_id
  JOIN hashsets_scheme v ON v.id = c.scheme_id
  JOIN cases_standing st ON st.content_id = i.content_id AND st.scheme_id = v.scheme_id AND st.code IS NOT NULL
  WHERE i.state = 'decided' GROUP BY 1, 3
  UNION ALL
  SELECT d.case_id, 'decided', d.basis, count(*) FROM cases_standing st JOIN cases_decision d ON d.id = st.decision_id
  WHERE st.code IS NOT NULL GROUP BY 1, 3
  UNION ALL
  SELECT v.case_id, 'shown', '', count(DISTINCT v.content_id) FROM cases_viewing v WHERE v.revealed_ms > 0 GROUP BY 1),
stored AS (
  SELECT case_id, what, key, sum(n) AS n FROM cases_daycount
  WHERE what IN ('items', 'stacks', 'code', 'decided', 'shown') GROUP BY 1, 2, 3 HAVING sum(n) <> 0)
SELECT format('case %%s: the days say %%s of %%s %%s, a recount %%s', k.number, coalesce(s.n, 0),
  coalesce(s.what, c.what), coalesce(s.key, c.key), coalesce(c.n, 0))
FROM stored s FULL JOIN counted c ON c.case_id = s.case_id AND c.what = s.what AND c.key = s.key
JOIN cases_case k ON k.id = coalesce(s.case_id, c.case_id)
WHERE {OF_CASE.format("k.id")} AND coalesce(s.n, 0) <> coalesce(c.n, 0)
"""  # noqa: S608 only constants of this module


def days(case: int | None) -> list[str]:
    """Counts of days whose sum is not what a recount gives."""
    return checks.sentences(DAYS, {"case": case})
