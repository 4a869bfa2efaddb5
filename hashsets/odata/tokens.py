"""The token endpoint: client credentials against an access token of an hour (RFC 6749 section 4.4).

Its answers have the form that OAuth wants, made by django-oauth-toolkit; what comes before a credential is looked at
is refused like everything else here.
"""

import json
from base64 import b64decode
from typing import ClassVar
from urllib.parse import unquote_plus

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider.models import Application
from oauth2_provider.views import TokenView

from hashsets import events
from hashsets.models import Peer
from hashsets.odata import base, callers
from hashsets.odata.errors import NoSuchMethod
from workbench import audit
from workbench.api import limits
from workbench.errors import BadInput, WorkbenchError

TRIES = 20  # a minute, for one client from one address: each costs a slow hash
FORM = "application/x-www-form-urlencoded"


@method_decorator(csrf_exempt, name="dispatch")  # a script has no session that somebody could use for him
class Token(TokenView):  # type: ignore[misc] # not typed by its makers
    """Gives tokens."""

    http_method_names: ClassVar[list[str]] = ["post"]

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """Over HTTPS, not too often, by POST."""
        try:
            callers.require_https(request)
            if request.method != "POST":
                raise NoSuchMethod
            if request.content_type != FORM:  # others Django would read to the disk, of anybody
                raise BadInput(f"Ask for a token with a form: {FORM}.")
            limits.count(f"tokens:{_counted(request)}", 1, TRIES, f"One client may ask for {TRIES} tokens a minute.")
        except WorkbenchError as error:
            answer = base.refusal(error)
            if isinstance(error, NoSuchMethod):
                answer["Allow"] = "POST"
            return answer
        answered: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return answered

    @transaction.atomic
    def post(self, request: HttpRequest, *_args: object, **_kwargs: object) -> HttpResponse:
        """A token, or why not; both are events of the agency whose peer it is."""
        if request.POST.get("grant_type") not in {"client_credentials", None}:
            return HttpResponse(b'{"error": "unsupported_grant_type"}', "application/json", 400)
        answer: HttpResponse = super().authorization_flow_token_response(request)
        _note(request, answer)
        return answer


def _note(request: HttpRequest, answer: HttpResponse) -> None:
    """Tell the log; of a client nobody knows nothing is kept."""
    client = _client(request)
    peer = Peer.objects.filter(application__client_id=client).select_related("organisation").first() if client else None
    if peer is None:
        return
    good = answer.status_code == 200
    told = json.loads(answer.content)
    audit.record(
        events.TOKEN_ISSUED if good else events.TOKEN_DENIED, by=None, on=peer, agency=peer.agency_id,
        outcome="ok" if good else "refused", organisation=peer.organisation.name,
        **({"scope": told["scope"]} if good else {"why": told.get("error", "")}),
    )  # fmt: skip


def _counted(request: HttpRequest) -> str:
    """As whom a request is counted: as its client where there is one, else as one of all strangers.

    Behind a proxy everybody has one address: counted by that alone, any stranger could keep all peers out.
    """
    client = _client(request)
    known = bool(client) and Application.objects.filter(client_id=client).exists()
    return f"{client if known else ''}:{request.META.get('REMOTE_ADDR', '')}"


def _client(request: HttpRequest) -> str:
    """The client id a request names, in its header or body."""
    word, _, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if word.lower() == "basic":
        try:
            return unquote_plus(b64decode(text).decode().partition(":")[0]).replace("\0", "")
        except ValueError:
            return ""
    return str(request.POST.get("client_id", ""))
