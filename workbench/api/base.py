"""What every call of the public API does before and after its own work.

A token and nothing else says who asks: a browser's session does not, so no other site can make a browser call it.
"""

from http import HTTPStatus
from typing import Any, ClassVar

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from workbench import denials, tokens
from workbench.api import limits
from workbench.errors import NotAllowed, WorkbenchError, as_json
from workbench.models import ApiToken, User
from workbench.views.errors import WrongMethod

READ, WRITE = ApiToken.Scope.READ, ApiToken.Scope.WRITE


class NoSuchCall(WrongMethod):
    """This address has no such method. The schema at /api/v1/schema/ lists what there is."""


class ByToken(BaseAuthentication):
    """`Authorization: Bearer winnow_...`; a token in an address is never looked at, addresses end up in logs."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken]:
        """The token's person, and the token. Raises TokenNeeded."""
        word, _, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if word.lower() != "bearer" or not text.strip():
            raise tokens.TokenNeeded
        token = tokens.bearer(text.strip())
        return token.user, token


class OnlyJson(BaseContentNegotiation):
    """Whatever is asked for, the answer is JSON."""

    def select_parser(self, request: Request, parsers: Any) -> None:
        """Bodies are read by `workbench.api.shapes`."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Only there is one."""
        return JSONRenderer(), "application/json"


class ApiView(APIView):
    """One address of the public API. `scopes`: what a token needs for each method."""

    authentication_classes = [ByToken]
    permission_classes = []  # each call asks `access` for its own
    http_method_names = ["get", "post", "head"]
    content_negotiation_class = OnlyJson
    scopes: ClassVar[dict[str, ApiToken.Scope]] = {"GET": READ, "HEAD": READ, "POST": WRITE}
    user: User
    token: ApiToken

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Find out who asks, then whether that token may, then whether it asks too often."""
        super().initial(request, *args, **kwargs)
        self.user, self.token = request.user, request.auth  # type: ignore[assignment]
        limits.spend(self.token, "requests", 1, most=settings.API_REQUESTS, of_person=settings.PERSON_REQUESTS)
        if self.scopes.get(request.method or "") == WRITE and self.token.scope != WRITE:
            raise NotAllowed("This token may only read. Make one that may decide on your account page.")

    def http_method_not_allowed(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> Any:
        """Refuse it in the one shape."""
        raise NoSuchCall

    def handle_exception(self, error: Exception) -> HttpResponseBase:  # type: ignore[override]
        """Our errors in the one shape; a refusal is an event; anything else is a failure of ours."""
        if isinstance(error, exceptions.APIException) or not isinstance(error, WorkbenchError):
            raise error
        if error.refuses:
            denials.note(self.request._request, error)
        answer = refusal(error)
        if isinstance(error, NoSuchCall):
            answer["Allow"] = ", ".join(self.allowed_methods)
        return answer

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Nothing is added to what a call answered."""
        return response


def refusal(error: WorkbenchError) -> HttpResponse:
    """An error as the answer of a call."""
    answer = JsonResponse(as_json(error), status=int(error.status))
    if answer.status_code == HTTPStatus.UNAUTHORIZED:
        answer["WWW-Authenticate"] = "Bearer"
    if error.seconds:
        answer["Retry-After"] = str(error.seconds)
    return answer


def answered(shape: msgspec.Struct, status: int = HTTPStatus.OK) -> HttpResponse:
    """A shape as the answer of a call."""
    return HttpResponse(msgspec.json.encode(shape), content_type="application/json", status=status)
