"""What the codes of a scheme are in another one, for statements that compare categories (vics.md section 5).

A mapping only suggests; here it serves to tell who says the same in other words from who says something else.
"""

# In front of a statement: what codes of one scheme version are in other schemes; the numbers are those of rows.
MAPPED = """
mapped AS MATERIALIZED (
  SELECT s.id AS of_scheme, c.key AS code, t.id AS in_scheme, c.value AS there
  FROM hashsets_scheme s, jsonb_array_elements(s.mappings) m, jsonb_each_text(m -> 'codes') c, hashsets_scheme t
  WHERE t.scheme_id = m ->> 'to'
  UNION ALL
  SELECT s.id, g.code, t.id, g.code FROM hashsets_category g JOIN hashsets_scheme s ON s.id = g.scheme_id
  JOIN hashsets_scheme t ON t.scheme_id = s.scheme_id AND t.id <> s.id)
"""


def other_category(scheme: str, code: str, other_scheme: str, other_code: str) -> str:
    """The condition that two codes, each of a scheme version, differ in category: columns of the statement.

    One scheme must lead to the other; where both do, it is enough that one of them says the same.
    """
    there, back = _there(scheme, code, other_scheme), _there(other_scheme, other_code, scheme)
    return f"""CASE WHEN {scheme} = {other_scheme} THEN {code} <> {other_code} ELSE
      ({there} IS NOT NULL OR {back} IS NOT NULL)
      AND {there} IS DISTINCT FROM {other_code} AND {back} IS DISTINCT FROM {code} END"""


def _there(scheme: str, code: str, other_scheme: str) -> str:
    return f"""(SELECT p.there FROM mapped p WHERE p.of_scheme = {scheme} AND p.code = {code}
      AND p.in_scheme = {other_scheme} LIMIT 1)"""  # noqa: S608 names of columns of the statement
