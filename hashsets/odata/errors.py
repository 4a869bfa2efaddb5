"""What a call of another organisation may be refused with, in the form OData gives errors."""

from http import HTTPStatus
from typing import Any

from workbench.errors import NotFound, WorkbenchError

SUPPORTED = (
    "GET /",
    "GET /$metadata",
    "GET /HashSets",
    "GET /HashSets(<id>)",
    "GET /HashSets(<id>)/Media",
    "GET /HashSets(<id>)/Export",
    "GET /HashSets(<id>)/Filter",
    "GET /HashSets(<id>)/Packages",
    "GET /HashSets(<id>)/Packages(<id>)/$value",
    "POST /HashSets(<id>)/Contribute",
    "GET /Media(<id>)",
    "GET /Media/ByHash(algo='md5',value='...')",
    "POST /Media(<id>)/Vote",
    "POST /Media(<id>)/Retract",
    "POST /Lookup",
    "GET /Range/{algo}/{first 5 hex}",
    "$top, $skiptoken, $deltatoken, $select, $count, $format=json on collections",
    "$filter with eq and in on Category, Trust, Kind and flags, also gt and ge on Seq and DateUpdated, joined by and",
    "Prefer: odata.track-changes, odata.maxpagesize=",
)


class NoSuchMethod(WorkbenchError):
    """This address has no such method. /odata/v1/openapi.json lists what there is."""

    code = "wrong-method"
    status = HTTPStatus.METHOD_NOT_ALLOWED


class UnknownCaller(WorkbenchError):
    """Send a token that is good: Authorization: Bearer. POST /odata/v1/token gives one for your credential."""

    code = "unknown-caller"
    status = HTTPStatus.UNAUTHORIZED


class HttpsOnly(WorkbenchError):
    """This is answered over HTTPS only. Behind a proxy that ends TLS set WINNOW_BEHIND_TLS=1 and X-Forwarded-Proto."""

    code = "https-only"
    status = HTTPStatus.FORBIDDEN


class Unsupported(WorkbenchError):
    """This part of OData is not implemented here. The details list what is."""

    code = "unsupported"
    status = HTTPStatus.NOT_IMPLEMENTED

    def __init__(self, message: str = "", **values: object) -> None:
        super().__init__(message, details=list(SUPPORTED), **values)


class WrongVersion(WorkbenchError):
    """OData 4.0 and 4.01 are spoken here."""

    code = "wrong-version"


class BadPlace(WorkbenchError):
    """This link was not made here, or was changed, or is too old. Begin with the address of the set's Media."""

    code = "bad-place"


class FeedGone(WorkbenchError):
    """What changed since then cannot be told any more. Begin anew at the address in Location."""

    code = "feed-gone"
    status = HTTPStatus.GONE

    def __init__(self, location: str) -> None:
        super().__init__()
        self.location = location


class TooLong(WorkbenchError):
    """A body may have 8 MB and a batch 5,000 items. Send it in parts."""

    code = "too-long"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class NotShared(NotFound):
    """There is nothing here that is shared with your organisation."""


def as_odata(error: WorkbenchError) -> dict[str, Any]:
    """The one shape of an error: details have the error's code and a message each."""
    details = [{"code": error.code, "message": text} for text in error.details]
    return {"error": {"code": error.code, "message": error.english, "details": details}}
