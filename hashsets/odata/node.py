"""Who this node is, for whoever wants to be paired with it: the one answer that needs no credential."""

from base64 import b64encode
from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from hashsets.odata import callers
from hashsets.odata.base import ODataView, answered
from hashsets.odata.errors import NotShared
from workbench import signing
from workbench.api import limits
from workbench.api.base import WrongMethod
from workbench.errors import BadInput
from workbench.models import Agency

ASKINGS = 60  # a minute, from one address


class NodeShape(msgspec.Struct, rename="pascal"):
    """An organisation here, and the key that all of this node's answers are signed with: base64 of its 32 bytes."""

    organisation: UUID
    name: str
    key: str
    fingerprint: str


class NodeView(ODataView):
    """The organisation and the key; the signature of the answer shows that the key is ours."""

    def _answer(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponseBase:
        callers.require_https(request)
        address = request.META.get("REMOTE_ADDR", "")
        limits.count(f"nodes:{address}", 1, ASKINGS, f"One address may ask {ASKINGS} times a minute who we are.")
        if request.method not in {"GET", "HEAD"}:
            raise WrongMethod
        return self.get(request)

    def get(self, request: HttpRequest) -> HttpResponse:
        """The node's first agency, or the one whose id is asked for (`?organisation=`). One query."""
        agencies = Agency.objects.filter(is_local=True).order_by("pk")
        if wanted := request.GET.get("organisation"):
            agencies = agencies.filter(organisation=_id(wanted))
        found = agencies.first()
        if found is None:
            raise NotShared("There is no such organisation on this node.")
        key = signing.public_key()
        shown = NodeShape(found.organisation, found.name, b64encode(key).decode(), signing.fingerprint(key))
        return answered(shown)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadInput("organisation= takes the id of an organisation.") from None
