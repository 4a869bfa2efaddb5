"""Who answers here: what two people compare before their nodes are paired. Anybody may ask."""

from base64 import b64encode
from http import HTTPStatus
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from hashsets.odata import base, callers
from hashsets.odata.errors import NoSuchMethod, NotShared
from workbench import signing
from workbench.api import limits
from workbench.errors import BadInput, WorkbenchError
from workbench.models import Agency


class NotHere(WorkbenchError):
    """This node is not at the address you ask: somebody passes its answers on. Ask its operator for the address."""

    code = "not-here"
    status = HTTPStatus.MISDIRECTED_REQUEST


@method_decorator(csrf_exempt, name="dispatch")
class Node(View):
    """The node's key, and an organisation of it."""

    def dispatch(self, request: HttpRequest, *_args: object, **_kwargs: object) -> HttpResponseBase:
        """Answer, signed."""
        try:
            callers.require_https(request)
            address = request.META.get("REMOTE_ADDR", "")
            often = "One address may ask who answers here so often a minute."
            limits.count(f"node:{address}", 1, settings.PEER_REQUESTS, often)
            if request.method not in {"GET", "HEAD"}:
                raise NoSuchMethod
            answer = base.answered(_stated(request))
        except WorkbenchError as error:
            answer = base.refusal(error)
            if isinstance(error, NoSuchMethod):
                answer["Allow"] = "GET, HEAD"
        return base.finished(request, answer)


def _stated(request: HttpRequest) -> dict[str, str]:
    if (asked_at := request.GET.get("at", "")) and asked_at != base.root(request):
        raise NotHere
    found = _agency(request.GET.get("organisation", ""))
    key = signing.public_key()
    return {
        "Organisation": str(found.organisation),
        "Name": found.name,
        "Key": b64encode(key).decode(),
        "Fingerprint": signing.fingerprint(key),
    }


def _agency(named: str) -> Agency:
    """The agency of this node with that organisation id; the only one where none is named."""
    local = Agency.objects.filter(is_local=True)
    if named:
        try:
            found = local.filter(organisation=UUID(named)).first()
        except ValueError as error:
            raise BadInput("organisation is a UUID.") from error
        if found is None:
            raise NotShared
        return found
    several = list(local.order_by("pk")[:2])
    if len(several) != 1:
        raise BadInput("Several agencies work here. Say which: Node?organisation=<its id>.")
    return several[0]
