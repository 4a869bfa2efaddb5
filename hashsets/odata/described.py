"""The contract's description, OpenAPI 3.1, beside the CSDL: made from the routes and shapes below."""

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from msgspec import Meta

from hashsets import exchange, kinds, wire
from hashsets.odata import options, scopes
from hashsets.odata.lookups import MOST as MOST_HASHES
from hashsets.odata.lookups import LookedUp
from hashsets.odata.opinions import MOST, Contributed
from hashsets.odata.packages import Listed
from hashsets.odata.sets import SetShape

Schema = dict[str, Any]
REFS = "#/components/schemas/{name}"
REFUSALS = {
    400: "The request does not fit; the message names the place.",
    401: "No token, or none that is good.",
    403: "The scope or the signature is missing, the set is shared for reading only, or the way is no HTTPS.",
    404: "There is nothing here that is shared with the caller.",
    413: "The body is too large.",
    421: "Node only: this node is not at the address that the caller says he asks.",
    429: "The caller asked too often; Retry-After says for how many seconds to wait.",
    501: "This part of OData is not implemented; the details list what is.",
}
OF_POSTS = {409: "The Idempotency-Key stood on another request.", 415: "The body is no JSON."}


class Detail(msgspec.Struct):
    """One part of an error."""

    code: str
    message: str


class Fault(msgspec.Struct):
    """What went wrong, in OData's form."""

    code: str
    message: str
    details: list[Detail]


class Problem(msgspec.Struct):
    """Every error."""

    error: Fault


class Batch(msgspec.Struct):
    """Opinions; each item is judged by itself (docs/exchange.md)."""

    items: Annotated[list[Any], Meta(min_length=1, max_length=MOST)]


class Voted(msgspec.Struct, rename="pascal"):
    """A vote on one entry."""

    category: Annotated[str, Meta(max_length=400, pattern="^[^\\x00]*$")] = ""
    basis: Annotated[str, Meta(max_length=400, pattern="^[^\\x00]*$")] = "viewed"


class Retracted(msgspec.Struct, rename="pascal"):
    """Why a vote is taken back."""

    reason: Annotated[str, Meta(max_length=400, pattern="^[^\\x00]*$")] = ""


class Asked(msgspec.Struct):
    """Hashes to look up."""

    hashes: Annotated[list[str], Meta(min_length=1, max_length=MOST_HASHES)]


class Stated(msgspec.Struct, rename="pascal"):
    """Who answers: `Key` is base64."""

    organisation: UUID
    name: str
    key: str
    fingerprint: str


class Sets(msgspec.Struct):
    """Sets; with $select each has only what was selected."""

    value: list[dict[str, Any]]


class Page(msgspec.Struct):
    """Entries and tombstones; with $select each entry has only what was selected."""

    value: list[dict[str, Any]]


class Document(msgspec.Struct):
    """The entity sets."""

    value: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `answer` None: no JSON, but `content`. `query`: name -> its schema."""

    name: str
    path: str
    method: str
    says: str
    scope: str = scopes.READ
    answer: type | None = None
    content: str = "application/json"
    body: type | None = None
    query: dict[str, Schema] = field(default_factory=dict)
    more: dict[int, str] = field(default_factory=dict)


TEXT: Schema = {"type": "string"}
FORMAT: dict[str, Schema] = {"$format": {"type": "string", "enum": ["json"]}}
SELECT: dict[str, Schema] = {"$select": TEXT}
NUMBER: Schema = {"type": "integer", "minimum": 0, "maximum": 999_999_999}
COLLECTION: dict[str, Schema] = {"$top": NUMBER, "$count": {"type": "boolean"}, "$filter": TEXT, **SELECT, **FORMAT}
PAGES: dict[str, Schema] = {**COLLECTION, "$skiptoken": TEXT, "$deltatoken": TEXT}
SAME = {304: "Nothing changed since the ETag that was sent."}
GONE = {410: "What changed since then cannot be told; Location names where to begin anew."}
FILES = "application/octet-stream"
PART = {
    206: "The part that Range asked for.",
    410: "The file is not kept any more.",
    416: "The file has no such part; Content-Range says how long it is.",
}
CALLS = (
    Call("service", "", "get", "The service document", answer=Document, query=FORMAT),
    Call("metadata", "$metadata", "get", "The CSDL", content="application/xml"),
    Call("node", "Node", "get", "Who answers here", scope="", answer=Stated, query={
        "organisation": {"type": "string", "format": "uuid"}, "at": {"type": "string", "format": "uri"}}),
    Call("sets", "HashSets", "get", "Sets that are shared", answer=Sets, query=COLLECTION),
    Call("set", "HashSets({set_id})", "get", "One set", answer=SetShape, query=FORMAT, more=SAME),
    Call("media", "HashSets({set_id})/Media", "get", "Baseline and delta", answer=Page, query=PAGES, more=SAME | GONE),
    Call("contribute", "HashSets({set_id})/Contribute", "post", "Entries and votes",
         scope=scopes.CONTRIBUTE, answer=Contributed, body=Batch),
    Call("export", "HashSets({set_id})/Export", "get", "A list for other tools", content=FILES, query={
        "format": {"type": "string", "enum": list(exchange.WRITERS), "required": True},
        "region": {"type": "string", "pattern": "^[A-Za-z]{1,20}$"}}),
    Call("filter", "HashSets({set_id})/Filter", "get", "The compact filter", scope=scopes.LOOKUP, content=FILES,
         query={"kind": {"type": "string", "enum": list(kinds.DIGESTS)}}),
    Call("packages", "HashSets({set_id})/Packages", "get", "Packages made of it", answer=Listed, query=FORMAT),
    Call("package", "HashSets({set_id})/Packages({package_id})/$value", "get", "The file of a package", content=FILES,
         more=SAME | PART),
    Call("entry", "Media({entry_id})", "get", "One entry", answer=wire.Media, query=FORMAT),
    Call("vote", "Media({entry_id})/Vote", "post", "A vote", scope=scopes.VOTE, answer=Contributed, body=Voted),
    Call("retract", "Media({entry_id})/Retract", "post", "A vote taken back",
         scope=scopes.VOTE, answer=Contributed, body=Retracted),
    Call("by_hash", "Media/ByHash(algo='{algo}',value='{value}')", "get", "Entries by hash",
         answer=Page, query=SELECT | FORMAT),
    Call("lookup", "Lookup", "post", "Look hashes up", scope=scopes.LOOKUP, answer=LookedUp, body=Asked),
    Call("range", "Range/{algo}/{prefix}", "get", "Suffixes under a prefix", scope=scopes.LOOKUP, content="text/plain"),
)  # fmt: skip
PLACES: dict[str, Schema] = {
    "set_id": {"type": "string", "format": "uuid"},
    "package_id": {"type": "string", "format": "uuid"},
    "entry_id": {"type": "string", "format": "uuid"},
    "algo": {"type": "string", "enum": list(kinds.DIGESTS)},
    "value": {"type": "string", "pattern": "^[0-9A-Fa-f]{32}$"},
    "prefix": {"type": "string", "pattern": "^[0-9A-Fa-f]{5}$"},
}
KEY = {"type": "string", "pattern": "^[\\x21-\\x7e]{8,100}$"}
VERSION = {"type": "string", "enum": sorted(("4.0", "4.01"))}


@require_safe
def described(_request: HttpRequest) -> HttpResponse:
    """The description; it holds nothing that is not in the published source, so it needs no token."""
    return HttpResponse(_document(), content_type="application/vnd.oai.openapi+json")


@cache
def _document() -> bytes:
    """The same for everybody, so it is made once a process."""
    shapes = [shape for call in CALLS for shape in (call.answer, call.body) if shape]
    _top, schemas = msgspec.json.schema_components([Problem, *dict.fromkeys(shapes)], ref_template=REFS)
    paths: dict[str, dict[str, Any]] = {}
    for call in CALLS:
        paths.setdefault(f"/odata/v1/{call.path}", {})[call.method] = _operation(call)
    flow = {"tokenUrl": "/odata/v1/token", "scopes": scopes.SCOPES}
    security = {
        "token": {"type": "http", "scheme": "bearer"},
        "oauth": {"type": "oauth2", "flows": {"clientCredentials": flow}},
    }
    told = {
        "openapi": "3.1.0",
        "info": {"title": "Winnow exchange", "version": "1", "description": "See docs/exchange.md."},
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": security},
    }
    return json.dumps(told).encode()


def _operation(call: Call) -> dict[str, Any]:
    """One call, with all it takes and may answer."""
    schema = {"$ref": REFS.format(name=call.answer.__name__)} if call.answer else {}
    refusals = REFUSALS | (OF_POSTS if call.method == "post" else {}) | call.more
    done = {"description": "Done.", "content": {call.content: {"schema": schema}}}
    told: dict[str, Any] = {
        "operationId": call.name,
        "summary": call.says,
        "parameters": list(_parameters(call)),
        "responses": {"200": done}
        | {str(status): _said(status, why, done) for status, why in sorted(refusals.items())},
    }
    if call.scope:
        told["security"] = [{"token": []}]
    if call.body:
        content = {"application/json": {"schema": {"$ref": REFS.format(name=call.body.__name__)}}}
        told["requestBody"] = {"required": True, "content": content}
    return told


def _said(status: int, why: str, done: dict[str, Any]) -> dict[str, Any]:
    problem = {"application/json": {"schema": {"$ref": REFS.format(name="Problem")}}}
    content = {304: {}, 206: {"content": done["content"]}}.get(status, {"content": problem})
    return {"description": why} | content


def _parameters(call: Call) -> Any:
    for name, schema in PLACES.items():
        if f"{{{name}}}" in call.path:
            yield {"name": name, "in": "path", "required": True, "schema": schema}
    for name, schema in call.query.items():
        plain = {key: value for key, value in schema.items() if key != "required"}
        yield {"name": name, "in": "query", "required": schema.get("required", False), "schema": plain}
    if call.scope:
        yield {"name": "OData-MaxVersion", "in": "header", "schema": VERSION}
    if call.method == "post":
        yield {"name": "Idempotency-Key", "in": "header", "required": True, "schema": KEY}
    if call.name == "package":
        yield {"name": "Range", "in": "header", "schema": TEXT}  # what is no range is ignored
    if call.name == "media":
        text = f"odata.track-changes, odata.maxpagesize= up to {options.MOST:,}"
        yield {"name": "Prefer", "in": "header", "schema": TEXT, "description": text}
