"""What must hold of second views and rulings: statements that return broken rows in words (cases/invariants.py)."""

OF_CASE = "(%(case)s::bigint IS NULL OR {0} = %(case)s::bigint)"

VIEWS = f"""
SELECT format('second view %%s is %%s and held for batch %%s, which is %%s', v.public_id, v.state, b.public_id,
  CASE WHEN b.case_id <> v.case_id OR b.kind <> 'second' THEN 'none of its case' ELSE b.state END)
FROM cases_secondview v JOIN cases_batch b ON b.id = v.batch_id
WHERE {OF_CASE.format("v.case_id")}
  AND (v.state <> 'open' OR b.state <> 'open' OR b.case_id <> v.case_id OR b.kind <> 'second')
"""  # noqa: S608 only constants of this module
# What was ruled has its event, and what has one was ruled.
RULINGS = """
SELECT format('disagreement:%%s is %%s, and the log holds %%s of its rulings', g.public_id,
  CASE WHEN g.ruling_id IS NULL THEN 'not ruled' ELSE 'ruled' END, e.told)
FROM cases_disagreement g CROSS JOIN LATERAL (SELECT count(*) AS told FROM workbench_auditevent e
  WHERE e.subject = 'disagreement:' || g.public_id AND e.verb = ANY(%(verbs)s)) e
WHERE e.told <> (g.ruling_id IS NOT NULL)::int
"""
# A ruling is by a third person, on what stood then; a decision with a second view open, or a disagreement, stands.
RULED = f"""
SELECT format('disagreement %%s was ruled by one of the two, or by a decision on something else', g.public_id)
FROM cases_disagreement g JOIN cases_decision r ON r.id = g.ruling_id JOIN cases_secondopinion o ON o.id = g.opinion_id
JOIN cases_decision d ON d.id = g.decision_id
WHERE {OF_CASE.format("g.case_id")}
  AND (r.by_id IN (d.by_id, o.by_id) OR r.by_id <> g.ruled_by_id OR r.supersedes_id <> d.id OR o.decision_id <> d.id)
"""  # noqa: S608 only constants of this module
DIFFERING = f"""
SELECT format('disagreement %%s is open, and its decision is over', g.public_id) FROM cases_disagreement g
WHERE {OF_CASE.format("g.case_id")} AND g.closed_at IS NULL
  AND NOT EXISTS (SELECT FROM cases_standing st WHERE st.decision_id = g.decision_id)
"""  # noqa: S608 only constants of this module
