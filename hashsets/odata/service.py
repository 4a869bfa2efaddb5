"""The service document, its metadata, and the answer to everything that is not there."""

from functools import cache
from pathlib import Path
from typing import ClassVar

from django.http import HttpRequest, HttpResponse

from hashsets.odata import base, options, scopes
from hashsets.odata.base import ODataView, answered
from hashsets.odata.errors import NotShared, Unsupported

METADATA = Path(__file__).with_name("metadata.xml")


@cache
def metadata() -> bytes:
    """The CSDL, as it lies beside this module."""
    return METADATA.read_bytes()


class Service(ODataView):
    """What there is."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The entity sets."""
        options.of(request, known={"$format"})
        names = [{"name": name, "kind": "EntitySet", "url": name} for name in ("HashSets", "Media")]
        return answered({"@odata.context": f"{base.root(request)}$metadata", "value": names})


class Metadata(ODataView):
    """What it is made of."""

    def get(self, _request: HttpRequest) -> HttpResponse:
        """The CSDL."""
        return HttpResponse(metadata(), content_type="application/xml")


class Nothing(ODataView):
    """Any other address: of a thing, that is not there; else it is no part of the subset."""

    scopes: ClassVar[dict[str, str]] = {"GET": scopes.READ, "HEAD": scopes.READ, "POST": scopes.READ}

    def get(self, _request: HttpRequest, rest: str) -> HttpResponse:
        """Never an answer."""
        raise NotShared if rest.startswith(("HashSets(", "Media(")) and "/" not in rest else Unsupported

    post = get


class All(ODataView):
    """The entries of all sets at once: they are read set by set."""

    def get(self, _request: HttpRequest) -> HttpResponse:
        """Never an answer."""
        raise Unsupported("Entries are read set by set: HashSets(<id>)/Media.")
