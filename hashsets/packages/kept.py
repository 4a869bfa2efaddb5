"""The files of packages that were made here to be fetched: by a person for the courier, by their reader over HTTP.

A file lies under its package's id and goes after `WINNOW_PACKAGE_DAYS`; the package's row stays, it is of the chain.
"""

from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from hashsets import courier, events
from hashsets.models import Package
from hashsets.packages.uploads import ABANDONED
from workbench import audit, storage
from workbench.errors import WorkbenchError
from workbench.models import Agency, User


class PackageGone(WorkbenchError):
    """The file of this package is not kept here any more. Have a new one made that holds all that is in force."""

    code = "package-gone"
    status = HTTPStatus.GONE


def folder(agency: Agency) -> Path:
    """Where the packages of an agency lie; it is there then."""
    found = root() / str(agency.public_id)
    found.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


def root() -> Path:
    """Where all of them lie."""
    return Path(settings.DATA_DIR) / "packages"


def path_of(package: Package) -> Path:
    """Where the file of a package lies, or lay."""
    return root() / str(package.peer.agency.public_id) / f"{package.public_id}.tar"


def until(package: Package) -> datetime | None:
    """Until when its file can be fetched; None where it cannot."""
    end = package.at + timedelta(days=settings.PACKAGE_DAYS)
    return end if package.size is not None and timezone.now() < end and path_of(package).is_file() else None


def file_of(package: Package) -> Path:
    """The file of a package. Raises PackageGone."""
    if until(package) is None:
        raise PackageGone
    return path_of(package)


def name_of(package: Package) -> str:
    """What the file is called where it goes. Raises PackageGone, PackageDamaged."""
    with courier.opened(file_of(package)) as found:
        return courier.package_name(found.manifest)


@transaction.atomic
def fetch(package: Package, *, by: User) -> Path:
    """The file of a package, for a person to carry. One event. Raises PackageGone."""
    path = file_of(package)
    details: dict[str, Any] = {
        "set": package.set.name, "peer": str(package.peer), "manifest": bytes(package.manifest).hex(),
        "from": package.from_seq, "to": package.to_seq,
    }  # fmt: skip
    audit.record(events.PACKAGE_FETCHED, by=by, on=package, agency=package.peer.agency_id, **details)
    return path


def sweep() -> None:
    """Remove files whose time is over, with an event for each agency, and what killed makers left."""
    over = timezone.now() - timedelta(days=settings.PACKAGE_DAYS)
    for agency in Agency.objects.filter(is_local=True).order_by("pk"):
        there = {path.stem: path for path in (root() / str(agency.public_id)).glob("*.tar")}
        rows = dict(Package.objects.filter(public_id__in=there).values_list("public_id", "at"))
        late = [there[str(public_id)] for public_id, at in rows.items() if at < over]
        with transaction.atomic():
            if late:
                audit.record(events.PACKAGE_EXPIRED, by=None, on=agency, agency=agency, files=len(late))
        for path in late:
            path.unlink(missing_ok=True)
        named = {str(public_id) for public_id in rows}
        drafts = [*(root() / str(agency.public_id)).glob(".*.draft/*")]
        storage.remove_older([*drafts, *(path for name, path in there.items() if name not in named)], ABANDONED)
