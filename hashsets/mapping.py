"""What the codes of a scheme are in another one, for statements that compare categories (vics.md section 5).

A mapping only suggests; here it serves to tell who says the same in other words from who says something else.
"""

from collections.abc import Collection

from django.db import connection

from hashsets.models import Scheme

# Whether any two of these codes differ in category, and whether any two cannot be compared.
COMPARE = """
SELECT coalesce(bool_or({other}), false), coalesce(bool_or(NOT {comparable}), false)
FROM unnest(%(schemes)s::bigint[], %(codes)s::text[]) AS x(scheme, code),
  unnest(%(schemes)s::bigint[], %(codes)s::text[]) AS y(scheme, code)
"""


def compare(said: Collection[tuple[int, str]]) -> tuple[bool, bool]:
    """Whether any two of these (id of a scheme version, code) differ in category; and whether any have no mapping."""
    names = ("x.scheme", "x.code", "y.scheme", "y.code")
    sql = COMPARE.format(other=other_category(*names), comparable=_comparable(*names))
    with connection.cursor() as cursor:
        cursor.execute(sql, {"schemes": [scheme for scheme, _code in said], "codes": [code for _scheme, code in said]})
        other, unknown = cursor.fetchone()
    return other, unknown


def elsewhere(scheme: Scheme, code: str) -> list[str]:
    """`us-pvic 1`: what a code is in each scheme that this one has a mapping to; without the code where it has none."""
    return [f"{one['to']} {one['codes'].get(code, '–')}" for one in scheme.mappings]


def other_category(scheme: str, code: str, other_scheme: str, other_code: str) -> str:
    """The condition that two codes differ in category: columns of a statement, the schemes' as ids of their rows.

    One scheme must lead to the other; where both do, it is enough that one of them says the same.
    """
    there, back = _there(scheme, code, other_scheme), _there(other_scheme, other_code, scheme)
    return f"""CASE WHEN {scheme} = {other_scheme} THEN {code} <> {other_code} ELSE
      {_comparable(scheme, code, other_scheme, other_code)}
      AND {there} IS DISTINCT FROM {other_code} AND {back} IS DISTINCT FROM {code} END"""


def _comparable(scheme: str, code: str, other_scheme: str, other_code: str) -> str:
    there, back = _there(scheme, code, other_scheme), _there(other_scheme, other_code, scheme)
    return f"({there} IS NOT NULL OR {back} IS NOT NULL)"


def _there(scheme: str, code: str, other_scheme: str) -> str:
    """What a code is in the other scheme; itself in another version of its own."""
    return f"""(SELECT CASE WHEN a.scheme_id = b.scheme_id THEN {code} ELSE (
        SELECT m -> 'codes' ->> {code} FROM jsonb_array_elements(a.mappings) m
        WHERE m ->> 'to' = b.scheme_id LIMIT 1) END
      FROM hashsets_scheme a, hashsets_scheme b WHERE a.id = {scheme} AND b.id = {other_scheme})"""  # noqa: S608 columns
