"""The one renderer of errors: JSON for the API, a page for people; neutral text and an event id."""

import logging
import uuid
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_noop as noop

from workbench.errors import BadInput, NotAllowed, NotFound, WorkbenchError, as_json
from workbench.words import gettext

log = logging.getLogger(__name__)


NUMBERED = noop(
    "Something went wrong on our side. Nothing you sent is lost; try again, or tell your administrator the number "
    "%(event)s."
)


MUCH = noop("This is more than one request may have. Send less, or in parts. Its number is %(event)s.")
UNREADABLE = noop(
    "The request cannot be understood. Load the page again and send it once more, or tell your administrator the "
    "number %(event)s."
)


class TooMuch(WorkbenchError):
    """This is more than one request may have. Send less, or in parts."""

    code = "too-much"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class Unexpected(WorkbenchError):
    """Something went wrong on our side. Nothing you sent is lost; try again, or tell your administrator the number."""

    code = "unexpected"
    status = HTTPStatus.INTERNAL_SERVER_ERROR


def wants_json(request: HttpRequest) -> bool:
    """Whether a script asks (the API, a picture fetched by one, an upload), not a person."""
    by_script = request.path.startswith(("/api/", "/media/", "/odata/"))
    return by_script or request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def answer(request: HttpRequest, error: WorkbenchError) -> HttpResponse:
    """The answer to an error, in the form the caller reads."""
    status = int(error.status)
    if wants_json(request):
        response: HttpResponse = JsonResponse(as_json(error), status=status)
    else:
        told = {"status": status, "code": error.code, "message": str(error)}
        if error.way_on:
            told |= {"on_url": error.way_on[0], "on_text": gettext(error.way_on[1])}
        response = render(request, "workbench/error.html", told, status=status)
    if error.seconds:
        response["Retry-After"] = str(error.seconds)
    return response


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404, the same for missing and foreign."""
    return answer(request, NotFound())


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return answer(request, NotAllowed())


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that did not come from our own page."""
    return answer(request, NotAllowed(noop("This form is too old. Load the page again and send it once more.")))


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400 or 413 with an event id, of what could not be read; what it was goes to the server's log only."""
    event = _noted(request)
    if isinstance(exception, RequestDataTooBig):
        return answer(request, TooMuch(MUCH, event=event))
    return answer(request, BadInput(UNREADABLE, event=event))


def failed(request: HttpRequest) -> HttpResponse:
    """500 with an event id; the trace goes to the server's log only."""
    return answer(request, Unexpected(NUMBERED, event=_noted(request)))


def _noted(request: HttpRequest) -> str:
    """A number that the server's log and the person have."""
    event = uuid.uuid4().hex[:12]
    log.error("number %s was shown to a person, for %s %s", event, request.method, request.path)
    return event
