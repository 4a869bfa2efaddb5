"""Proving that an exhibit still is what came in: its list of files against the seal in the log, its bytes against
the list."""

from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cases import events, rehashing, sealing
from cases.models import Exhibit
from cases.rehashing import Found, Progress, Scope
from workbench import access, audit
from workbench.errors import WorkbenchError
from workbench.frozen import frozen
from workbench.models import User
from workbench.words import digits


class NotSealed(WorkbenchError):
    """This exhibit has no seal to compare with. It gets one when its ingest ends."""

    code = "not-sealed"
    status = HTTPStatus.CONFLICT


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found."""

    files: int  # in the list now
    sealed_files: int
    list_agrees: bool
    log_stands: bool  # the entry of the log that tells of the seal
    found: Found

    @property
    def ok(self) -> bool:
        """Whether the exhibit still is what came in."""
        return self.list_agrees and self.log_stands and self.found.is_whole

    @property
    def fields(self) -> dict[str, Any]:
        """For scripts, the log and the exhibit."""
        names = ("ok", "files", "sealed_files", "list_agrees", "log_stands")
        return {name: getattr(self, name) for name in names} | asdict(self.found)

    @property
    def differences(self) -> list[str]:
        """What differs, in words; of files the first hundred."""
        listed = _("The list of files is not the one that was sealed: %(files)s files, %(sealed_files)s then.") % {
            "files": digits(self.files),
            "sealed_files": digits(self.sealed_files),
        }
        logged = _("The entry of the log that tells of the seal was changed. Run `manage.py audit verify`.")
        own = [listed] * (not self.list_agrees) + [logged] * (not self.log_stands)
        return own + self.found.differences


def can_be_verified(exhibit: Exhibit) -> bool:
    """Whether the exhibit, as it was loaded, has a seal and its ingest is over."""
    return exhibit.state == Exhibit.State.DONE and sealing.LIST in exhibit.integrity


def verify(*, exhibit: Exhibit, by: User, progress: Progress = lambda _done, _of: None) -> Verdict:
    """Compare and read everything again. One event, whatever comes of it; the verdict stays with the exhibit.

    Raises NotSealed, StoreGone, NotAllowed.
    """
    access.require(by, "exhibit.verify")
    with frozen():
        told, now, files = sealing.sealed(exhibit), sealing.file_list(exhibit), exhibit.files.count()
        exhibit.refresh_from_db(fields=["state", "integrity"])
    if told is None or not can_be_verified(exhibit):
        raise NotSealed
    sealed, stands = told
    found = rehashing.read_again(Scope(exhibit.case.agency, exhibit=exhibit), progress)
    agrees = now == sealed and files == now.files and exhibit.integrity.get(sealing.LIST) == asdict(sealed)
    verdict = Verdict(files, sealed.files, agrees, stands, found)
    _record(exhibit, verdict, by)
    return verdict


@transaction.atomic
def _record(exhibit: Exhibit, verdict: Verdict, by: User) -> None:
    told = {name: value for name, value in verdict.fields.items() if name != "broken"}
    sealing.keep(exhibit, {sealing.VERIFIED: told | {"at": timezone.now().isoformat(), "by": by.name}})
    audit.record(
        events.EXHIBIT_VERIFIED, by=by, on=exhibit, case=exhibit.case.public_id, agency=exhibit.case.agency_id,
        outcome="ok" if verdict.ok else "differs", ref=exhibit.ref, **told,
    )  # fmt: skip
