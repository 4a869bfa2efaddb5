"""$filter: what may be named is ours, how it is written is OData's (odata-query reads it).

`eq` and `in` on everything, `gt` and `ge` on what has an order, joined by `and`; anything else is refused with the
list of what there is (sharing.md section 4). Values become parameters, never text of a statement.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from odata_query import ast
from odata_query.exceptions import ODataException
from odata_query.grammar import ODataLexer, ODataParser

from hashsets.feed_pages import EVERYTHING, Wanted
from hashsets.odata.errors import Unsupported
from hashsets.wire import FLAGS
from workbench.errors import BadInput

LONGEST, MOST = 4000, 200  # characters of a filter; values of an `in`
SIGNS = {ast.Eq: "=", ast.Gt: ">", ast.GtE: ">="}


@dataclass(frozen=True, slots=True)
class Field:
    """A property that may be filtered by. `sql` is of `c` (the step) and `e` (the entry); `ordered`: gt and ge, too."""

    sql: str
    read: Callable[[Any], Any]
    type: str  # of PostgreSQL
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """`name` `sign` each or any of `values`; several values only with `=`."""

    name: str
    sign: str
    values: list[Any]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise BadInput("Write texts of a filter in quotes: Category eq 'A'.")
    return value


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise BadInput("Seq is compared with a whole number.")
    return value


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    raise BadInput("DateUpdated is compared with a moment such as 2026-03-01T10:00:00Z.")


def _flag(value: Any) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise BadInput("A flag is true, false or null.")
    return value


MEDIA = {
    "Seq": Field("c.seq", _number, "bigint", ordered=True),
    "DateUpdated": Field("c.at", _moment, "timestamptz", ordered=True),
    "Category": Field("e.code", _text, "text"),
    "Trust": Field("e.trust", _text, "text"),
}
FULL = MEDIA | {
    name: Field(f"(e.flags ->> '{key}')::boolean", _flag, "boolean") for name, key in FLAGS.items()
}  # of readers with the law-enforcement scope
SETS = {"Kind": Field("", _text, "text")}


def parse(text: str, fields: Mapping[str, Field]) -> list[Condition]:
    """The conditions of a filter, all of which must hold. Raises BadInput, Unsupported."""
    if len(text) > LONGEST or "\0" in text:
        raise BadInput(f"A filter may have {LONGEST:,} characters, and none that no text has.")
    if not text.strip():
        return []
    try:
        tree = ODataParser().parse(_single_lists(ODataLexer().tokenize(text.strip())))
        return list(_conditions(tree, fields))
    except (ODataException, ValueError, OverflowError, RecursionError) as error:
        raise BadInput(
            "The filter cannot be read. It looks like: Trust eq 'trusted' and Category in ('1','2')."
        ) from error


def wanted(conditions: Iterable[Condition], fields: Mapping[str, Field]) -> Wanted:
    """The conditions for a statement of `feed_pages`."""
    parts, values = [], dict[str, Any]()
    for number, one in enumerate(conditions):
        field, name = fields[one.name], f"filter_{number}"
        if one.sign == "=":
            values[name] = [value for value in one.values if value is not None]
            null = f" OR {field.sql} IS NULL" if None in one.values else ""
            parts.append(f"coalesce({field.sql} = ANY(%({name})s::{field.type}[]), false){null}")
        else:
            values[name] = one.values[0]
            parts.append(f"{field.sql} {one.sign} %({name})s::{field.type}")
    return Wanted(" AND ".join(f"({part})" for part in parts), values) if parts else EVERYTHING


def _conditions(node: Any, fields: Mapping[str, Field]) -> Iterator[Condition]:
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        yield from _conditions(node.left, fields)
        yield from _conditions(node.right, fields)
        return
    if not (isinstance(node, ast.Compare) and isinstance(node.left, ast.Identifier) and not node.left.namespace):
        raise Unsupported
    name, kind = node.left.name, type(node.comparator)
    field = fields.get(name)
    values = list(node.right.val) if isinstance(node.right, ast.List) else [node.right]
    if field is None or not all(isinstance(value, ast._Literal) for value in values):
        raise Unsupported(f"No filter by {name[:40]} is supported here, or not in this way.")
    if kind is not ast.In and (kind not in SIGNS or (kind is not ast.Eq and not field.ordered)):
        raise Unsupported(f"{name[:40]} cannot be compared in this way.")
    if len(values) > MOST:
        raise BadInput(f"An `in` may have {MOST} values.")
    yield Condition(name, SIGNS.get(kind, "="), [field.read(_value(value)) for value in values])


def _value(literal: Any) -> Any:
    return literal.py_val


def _single_lists(tokens: Iterable[Any]) -> Iterator[Any]:
    """The same tokens, where odata-query wants `in ('1',)` for OData's own `in ('1')`."""
    since: list[Any] = []  # of `in (` up to here
    for token in tokens:
        if token.type == "IN":
            since = [token]
        elif since and token.type == ")":
            inside = [one for one in since[2:] if one.type != "WS"]
            if len(since) > 1 and len(inside) == 1:
                yield _comma(token)
            since = []
        elif since:
            since = [] if len(since) == 1 and token.type not in {"(", "WS"} else [*since, token]
        yield token


def _comma(beside: Any) -> Any:
    made = type(beside)()
    made.type = made.value = ","
    made.lineno, made.index = beside.lineno, beside.index
    return made
