"""A set as a file: a list for other tools, a compact filter. Packages are beside (`packages`)."""

import re
import tempfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.http import FileResponse, HttpRequest
from django.utils.text import slugify

from hashsets import events, exchange, filter_files, listing
from hashsets.exchange import HashRecord, WriteOptions
from hashsets.models import HashSet
from hashsets.odata import options, scopes
from hashsets.odata.base import ODataView
from hashsets.odata.callers import Caller
from workbench import audit
from workbench.errors import BadInput

REGION = re.compile(r"[A-Za-z]{1,20}")


class Export(ODataView):
    """The version in force as a list that other tools read."""

    def get(self, request: HttpRequest, set_id: UUID) -> FileResponse:
        """Save it. One event, before its first byte leaves."""
        hash_set = self.caller.share(set_id).set
        name, region = request.GET.get("format", ""), request.GET.get("region", "Default")
        options.of(request, known=())
        if name not in exchange.WRITERS or not REGION.fullmatch(region):
            raise BadInput(f"Choose a format: {', '.join(exchange.WRITERS)}. A region is one word.")
        format_ = exchange.WRITERS[name]
        file = tempfile.TemporaryFile()  # noqa: SIM115 closed by the answer, which reads it after we are gone
        written = listing.write(
            hash_set, file, format_id=format_.id, options=WriteOptions(region=region), kept=_kept(full=self.caller.full)
        )
        told(self.caller, hash_set, entries=written.entries, format=name, region=region)
        saved = f"{slugify(hash_set.name) or 'set'}-v{hash_set.generation}{format_.extension}"
        return FileResponse(file, as_attachment=True, filename=saved, content_type="application/octet-stream")


class Filter(ODataView):
    """The compact filter of a set (docs/protocol-filter.md)."""

    scopes: ClassVar[dict[str, str]] = {"GET": scopes.LOOKUP, "HEAD": scopes.LOOKUP}

    def get(self, request: HttpRequest, set_id: UUID) -> FileResponse:
        """Save it. One event."""
        hash_set = self.caller.share(set_id).set
        kind = request.GET.get("kind", "md5")
        path, header = filter_files.made(hash_set, kind)
        told(self.caller, hash_set, entries=header.count, format="filter", kind=kind)
        return FileResponse(
            path.open("rb"), as_attachment=True, filename=path.name, content_type="application/octet-stream"
        )


@transaction.atomic
def told(caller: Caller, hash_set: HashSet, **details: Any) -> None:
    """The event of a file, before its first byte leaves."""
    audit.record(
        events.PEER_EXPORTED, by=None, on=hash_set, agency=caller.peer.agency_id, set=hash_set.name,
        generation=hash_set.generation, organisation=caller.agency.name, **details,
    )  # fmt: skip


def _kept(*, full: bool) -> Callable[[HashRecord], HashRecord]:
    """What leaves of a record: never tags, and flags and series to readers with the law-enforcement scope only."""
    if full:
        return lambda record: replace(record, tags=())
    return lambda record: replace(record, tags=(), flags={}, series=())
