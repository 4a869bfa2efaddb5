"""What every call of another organisation does before and after its own work.

Before: who asks, how often, in which version of OData. After: errors in OData's form, the node's signature over the
bytes, gzip. Only then the answer leaves.
"""

import gzip
import hashlib
from http import HTTPStatus
from typing import Any, ClassVar

import msgspec
from django.conf import settings
from django.db import transaction
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import parse_etags
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from hashsets import events, signed
from hashsets.odata import callers, scopes
from hashsets.odata.callers import Caller
from hashsets.odata.errors import FeedGone, NoSuchMethod, TooLong, WrongVersion, as_odata
from workbench import audit, signing
from workbench.api import limits
from workbench.errors import WorkbenchError

JSON = "application/json;odata.metadata=minimal"
MOST_BYTES = 8 * 1024 * 1024  # of a body, either way
PACKED_FROM = 1024  # bytes; less is not worth it
VERSIONS = {"4.0", "4.01"}


@method_decorator(csrf_exempt, name="dispatch")
class ODataView(View):
    """One address. `scopes`: what a caller needs for each method."""

    http_method_names = ["get", "head", "post"]
    scopes: ClassVar[dict[str, str]] = {"GET": scopes.READ, "HEAD": scopes.READ}
    caller: Caller

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, or refuse in OData's form."""
        try:
            answer: HttpResponseBase = self._answer(request, *args, **kwargs)
        except WorkbenchError as error:
            if error.refuses:
                self._note(request, error)
            answer = refusal(error)
            if isinstance(error, NoSuchMethod):
                answer["Allow"] = ", ".join(self._methods())
        return finished(request, answer)

    def _answer(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find out who asks, whether he asks too often, whether he may; then do it."""
        self.caller = callers.of(request)
        often = f"An organisation may send {settings.PEER_REQUESTS:,} requests a minute."
        limits.count(f"requests:peer-{self.caller.peer.pk}", 1, settings.PEER_REQUESTS, often)
        if request.method not in self._methods():
            raise NoSuchMethod
        if request.headers.get("OData-MaxVersion", "4.0") not in VERSIONS:
            raise WrongVersion
        self.caller.require(self.scopes[request.method or ""])
        return super().dispatch(request, *args, **kwargs)

    def _methods(self) -> list[str]:
        return [name.upper() for name in self.http_method_names if hasattr(self, name)]

    def _note(self, request: HttpRequest, error: WorkbenchError) -> None:
        """A refusal is an event of the agency that is asked."""
        peer = self.caller.peer
        with transaction.atomic():
            audit.record(
                events.PEER_DENIED, by=None, on=peer, agency=peer.agency_id, outcome="refused", reason=error.english,
                organisation=peer.organisation.name, code=error.code, asked=f"{request.method} {request.path}"[:300],
            )  # fmt: skip


def body(request: HttpRequest) -> bytes:
    """The request's body. Raises TooLong above 8 MB, however it came."""
    data: bytes = request.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise TooLong
    return data


def answered(shape: Any, status: int = HTTPStatus.OK) -> HttpResponse:
    """A shape as the answer."""
    return HttpResponse(msgspec.json.encode(shape), content_type=JSON, status=status)


def refusal(error: WorkbenchError) -> HttpResponse:
    """An error as the answer."""
    answer = answered(as_odata(error), int(error.status))
    if answer.status_code == HTTPStatus.UNAUTHORIZED:
        answer["WWW-Authenticate"] = "Bearer"
    if error.seconds:
        answer["Retry-After"] = str(error.seconds)
    if isinstance(error, FeedGone):
        answer["Location"] = error.location
    return answer


def unchanged(request: HttpRequest, etag: str) -> HttpResponse | None:
    """304 where the reader has this already."""
    held = {one.removeprefix("W/") for one in parse_etags(request.headers.get("If-None-Match", ""))}
    if etag.removeprefix("W/") not in held and "*" not in held:
        return None
    answer = HttpResponse(status=HTTPStatus.NOT_MODIFIED)
    del answer["Content-Type"]
    answer["ETag"] = etag
    return answer


def etag(head: int) -> str:
    """A set's at its highest number."""
    return f'W/"{head}"'


def root(request: HttpRequest) -> str:
    """The address of the service, with its slash."""
    return request.build_absolute_uri("/odata/v1/")


def finished(request: HttpRequest, answer: HttpResponseBase) -> HttpResponseBase:
    """With the version of OData, the node's signature, and packed where the reader takes that."""
    answer["OData-Version"] = "4.0"
    if isinstance(answer, FileResponse):
        file: Any = answer.file_to_stream
        digest = hashlib.file_digest(file, "sha256").digest()
        file.seek(0)
    elif isinstance(answer, HttpResponse):
        digest = signed.digest(answer.content)
    else:
        return answer
    _sign(request, answer, digest)
    if isinstance(answer, HttpResponse):
        _pack(request, answer)
    return answer


def target(request: HttpRequest) -> str:
    """What was asked for, as `signed.target_of` has it."""
    query = request.META.get("QUERY_STRING", "")
    return request.path + (f"?{query}" if query else "")


def _sign(request: HttpRequest, answer: HttpResponseBase, digest: bytes) -> None:
    at = signed.moment(timezone.now())
    said = signed.text(
        method=request.method or "", target=target(request), status=answer.status_code,
        body_sha256=digest, at=at,
    )  # fmt: skip
    fingerprint = signing.fingerprint(signing.public_key())
    for name, value in signed.headers(fingerprint=fingerprint, signature=signing.sign(said), at=at).items():
        answer[name] = value


def _pack(request: HttpRequest, answer: HttpResponse) -> None:
    answer["Vary"] = "Accept-Encoding"
    takes = any(part.strip().split(";")[0] == "gzip" for part in request.headers.get("Accept-Encoding", "").split(","))
    if takes and len(answer.content) >= PACKED_FROM:
        answer.content = gzip.compress(answer.content, 1, mtime=0)
        answer["Content-Encoding"] = "gzip"
    answer["Content-Length"] = str(len(answer.content))
