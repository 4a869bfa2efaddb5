"""Packages that were made for the caller (sharing.md section 6): which there are, and their files."""

from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase

from hashsets.models import Package
from hashsets.odata import base, file_parts, files, options, scopes
from hashsets.odata.base import ODataView, answered
from hashsets.odata.errors import NotShared
from hashsets.odata.file_parts import Part, PartNotThere
from hashsets.packages import kept
from workbench.api import limits

MOST = 1000  # listed


class Told(msgspec.Struct, kw_only=True):
    """A package. `File`: where its bytes are, null where they are not kept here (any more)."""

    package_id: UUID = msgspec.field(name="PackageID")
    start: int = msgspec.field(name="From")
    end: int = msgspec.field(name="To")
    count: int = msgspec.field(name="Count")
    manifest: str = msgspec.field(name="Manifest")
    made_at: datetime = msgspec.field(name="MadeAt")
    size: int | None = msgspec.field(name="Bytes")
    file: str | None = msgspec.field(name="File")


class Listed(msgspec.Struct):
    """Packages, oldest first."""

    context: str = msgspec.field(name="@odata.context")
    value: list[Told]


class Packages(ODataView):
    """What was made of a set for the caller."""

    def get(self, request: HttpRequest, set_id: UUID) -> HttpResponse:
        """The last thousand, oldest first."""
        options.of(request, known={"$format"})
        rows = reversed(self._made(set_id).order_by("-pk")[:MOST])
        place = f"{base.root(request)}HashSets({set_id})/Packages"
        told = [_told(row, f"{place}({row.public_id})/$value") for row in rows]
        return answered(Listed(f"{base.root(request)}$metadata#Collection(Workbench.Package)", told))

    def _made(self, set_id: UUID) -> QuerySet[Package]:
        share = self.caller.share(set_id)
        found = Package.objects.filter(set=share.set, peer=self.caller.peer, kind=Package.Kind.ENTRIES)
        return found.select_related("set", "peer__agency")


class PackageFile(Packages):
    """The bytes of one: whole, or a part of them to go on where a transfer was cut."""

    def get(self, request: HttpRequest, set_id: UUID, package_id: UUID) -> HttpResponseBase:  # type: ignore[override]
        """Save it. One event. What was made when the caller might read more is not for a caller who may not."""
        options.of(request, known=())
        found = self._made(set_id).filter(public_id=package_id).first()
        if found is None:
            raise NotShared
        if found.full:
            self.caller.require(scopes.LAW_ENFORCEMENT)
        often = f"An organisation may fetch {settings.PEER_PACKAGES:,} packages, or parts of them, a minute."
        limits.count(f"packages:peer-{self.caller.peer.pk}", 1, settings.PEER_PACKAGES, often)
        path, etag = kept.file_of(found), f'"{bytes(found.manifest).hex()}"'
        if same := base.unchanged(request, etag):
            return same
        size = path.stat().st_size
        try:
            part = file_parts.wanted(request.headers, etag, size)
        except PartNotThere as error:
            refused = base.refusal(error)
            refused["Content-Range"] = f"bytes */{size}"
            return refused
        files.told(
            self.caller,
            found.set,
            format="package",
            manifest=bytes(found.manifest).hex(),
            start=part.start if part else 0,
        )
        answer = _saved(path, kept.name_of(found), part, size)
        answer["ETag"], answer["Accept-Ranges"] = etag, "bytes"
        return answer


def _saved(path: Path, name: str, part: Part | None, size: int) -> FileResponse:
    file: Any = path.open("rb")  # closed by the answer
    answer = FileResponse(
        file_parts.Slice(file, part) if part else file,
        as_attachment=True,
        filename=name,
        content_type="application/octet-stream",
        status=HTTPStatus.PARTIAL_CONTENT if part else HTTPStatus.OK,
    )
    if part:
        answer["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{size}"
    return answer


def _told(row: Package, place: str) -> Told:
    there = kept.until(row) is not None
    return Told(
        package_id=row.public_id,
        start=row.from_seq,
        end=row.to_seq,
        count=row.count,
        manifest=bytes(row.manifest).hex(),
        made_at=row.at,
        size=row.size if there else None,
        file=place if there else None,
    )
