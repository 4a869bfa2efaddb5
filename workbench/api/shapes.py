"""What calls take and answer: msgspec structs, which check, encode and describe themselves in the schema."""

from datetime import datetime
from typing import Annotated, Any, TypeVar

import msgspec
from django.http import HttpRequest

from workbench.errors import BadInput, WorkbenchError

MOST_ROWS = 200  # of a page
S = TypeVar("S", bound=msgspec.Struct)

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Text = Annotated[str, msgspec.Meta(pattern="^[^\\x00]*$")]  # no character that no text has


class UnknownType(WorkbenchError):
    """The body must be JSON, and say so: Content-Type: application/json."""

    code = "unknown-type"
    status = 415


class Asked(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What the address of a list says. `after`: the `next` of the page before."""

    after: Annotated[str, msgspec.Meta(pattern="^[0-9]{1,18}$", description="The `next` of the page before.")] = "0"
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_ROWS, description="Rows of a page.")] = 60


class Fault(msgspec.Struct):
    """What went wrong, by its stable code and in a sentence that says what to do."""

    code: str
    message: str
    details: list[str]


class Problem(msgspec.Struct):
    """Every error of the API."""

    error: Fault


def body(request: HttpRequest, shape: type[S]) -> S:
    """The request's JSON in that shape. Raises UnknownType, BadInput naming the place."""
    if request.content_type != "application/json":
        raise UnknownType
    try:
        return msgspec.json.decode(request.body, type=shape)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise BadInput(f"The request's body does not fit: {error}") from error


def query(request: HttpRequest, shape: type[S]) -> S:
    """What the address asks for, each field once. Raises BadInput naming the field."""
    if several := [name for name, values in request.GET.lists() if len(values) > 1]:
        raise BadInput(f"Say {several[0]} once.")
    try:
        return msgspec.convert(request.GET.dict(), shape, strict=False)
    except msgspec.ValidationError as error:
        raise BadInput(f"The address does not fit: {error}") from error


def page(rows: list[Any], limit: int) -> tuple[list[Any], Any]:
    """Of `limit` + 1 rows those of this page, and its last one where another page follows."""
    return rows[:limit], rows[limit - 1] if len(rows) > limit else None
