"""The API's description, OpenAPI 3.1, made from the views and their shapes; nothing of it is written by hand."""

import json
from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from workbench.api.shapes import Problem

V = TypeVar("V", bound=Callable[..., Any])
REFS = "#/components/schemas/{name}"
ALWAYS = {  # what any call may answer instead
    400: "The request does not fit; the message names the place.",
    401: "No token, or none that is good.",
    403: "The token's person or the token may not do this.",
    404: "There is nothing here that the token's person may see.",
    413: "The body is too large.",
    429: "The token asked too often; Retry-After says for how many seconds to wait.",
}
WITH_BODY = {415: "The body is no JSON."}


class Described(AutoSchema):
    """How a call is described: its docstring, its shapes, and the errors that every call may answer."""

    def get_tags(self) -> list[str]:
        """One group: there are few calls."""
        return []


class OfStruct(OpenApiSerializerExtension):
    """A msgspec struct describes itself; what it is made of goes beside it."""

    target_class = msgspec.Struct
    match_subclasses = True

    def get_name(self, auto_schema: AutoSchema, direction: Any) -> str:
        """Its own."""
        return str(self.target.__name__)

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        """Its JSON schema."""
        _top, found = msgspec.json.schema_components([self.target], ref_template=REFS)
        for name, schema in found.items():
            if name != self.target.__name__:
                part = ResolvedComponent(name=name, type=ResolvedComponent.SCHEMA, schema=schema, object=name)
                auto_schema.registry.register_on_missing(part)
        own: dict[str, Any] = found[self.target.__name__]
        return own


class OfToken(OpenApiAuthenticationExtension):
    """How a call says who asks."""

    target_class = "workbench.api.base.ByToken"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """A bearer token in the header."""
        return {"type": "http", "scheme": "bearer"}


def described(
    name: str,
    answer: type[msgspec.Struct],
    *,
    status: int = HTTPStatus.OK,
    body: type[msgspec.Struct] | None = None,
    query: type[msgspec.Struct] | None = None,
    headers: tuple[OpenApiParameter, ...] = (),
    refusals: dict[int, str] | None = None,
) -> Callable[[V], V]:
    """Say what a call takes and answers. `name`: its stable operation id; `refusals`: its own, by status."""
    told = ALWAYS | (WITH_BODY if body else {}) | (refusals or {})
    responses: dict[Any, Any] = {int(status): OpenApiResponse(answer, description="Done.")}
    responses |= {number: OpenApiResponse(Problem, description=why) for number, why in told.items()}
    return extend_schema(
        operation_id=name,
        request={"application/json": body} if body else None,
        responses=responses,
        parameters=[*_parameters(query), *headers],
    )


def _parameters(query: type[msgspec.Struct] | None) -> list[OpenApiParameter]:
    """The fields of a query as parameters of the address."""
    if query is None:
        return []
    _top, found = msgspec.json.schema_components([query], ref_template=REFS)
    fields = found[query.__name__]["properties"]
    return [
        OpenApiParameter(name, type={key: value for key, value in field.items() if key != "description"},
                         description=field.get("description", ""))
        for name, field in fields.items()
    ]  # fmt: skip


@cache
def _document() -> bytes:
    """The same for everybody, so it is made once a process."""
    return json.dumps(SchemaGenerator().get_schema(request=None, public=True)).encode()


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """The description; it holds nothing that is not in the published source, so it needs no token."""
    return HttpResponse(_document(), content_type="application/vnd.oai.openapi+json")
