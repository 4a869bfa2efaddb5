"""The event log page."""

from django.http import HttpRequest, HttpResponse


def log_page(request: HttpRequest) -> HttpResponse:
    """Filtered, newest first."""
    return HttpResponse(status=501)


def verify(request: HttpRequest) -> HttpResponse:
    """Recompute the chain."""
    return HttpResponse(status=501)
