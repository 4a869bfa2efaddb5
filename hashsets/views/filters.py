"""A set's compact filter, for laptops in the field."""

from uuid import UUID

from django.http import FileResponse
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from hashsets import filter_files, sets
from workbench.requests import SignedRequest


@require_GET
def filter_(request: SignedRequest, set_id: UUID) -> FileResponse:
    """Save the filter of the version in force, of one kind of hash."""
    hash_set = sets.own(request.user, "set.filter", set_id)
    file, header = filter_files.give(hash_set, request.GET.get("kind", ""), by=request.user)
    name = f"{slugify(hash_set.name) or 'set'}-v{header.generation}-{header.kind}{filter_files.ENDING}"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/octet-stream")
