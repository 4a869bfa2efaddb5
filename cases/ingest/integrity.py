"""Whether a source is what it says it is: its hashes against those stored in it, and against the one it came with."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cases import events, evidence, sealing
from cases.ingest import reader
from cases.ingest.base import Integrity, SourceChanged, Verifying
from cases.models import Case, Exhibit
from workbench import audit

FILES = "files"  # of an exhibit's integrity: size and time of each when the listing began
KINDS = {16: "md5", 20: "sha1", 32: "sha256"}  # by bytes


def note_files(exhibit: Exhibit) -> None:
    """Keep with the exhibit how the files of its source are before the first is read; later only compare.

    Raises SourceChanged, SourceGone, SourceUnusable.
    """
    source = reader(exhibit.reader)
    if isinstance(source, Verifying) and FILES not in exhibit.integrity:
        exhibit.integrity |= {FILES: source.marks(bytes(exhibit.source))}
        sealing.keep(exhibit, {FILES: exhibit.integrity[FILES]})
    require_unchanged(exhibit)


def require_unchanged(exhibit: Exhibit) -> None:
    """Raise SourceChanged where a file of the source is not as it was noted; SourceGone, SourceUnusable."""
    source, noted = reader(exhibit.reader), exhibit.integrity.get(FILES)
    if not isinstance(source, Verifying) or noted is None:
        return
    now = source.marks(bytes(exhibit.source))
    for name in noted | now:
        if noted.get(name) != now.get(name):
            raise SourceChanged(_how_changed(name, noted, now))


def _how_changed(name: str, noted: dict[str, Any], now: dict[str, Any]) -> str:
    if name not in now:
        return _("The segment %(name)s is missing. Put it beside the others, then resume.") % {"name": name}
    if name not in noted:
        return _("The segment %(name)s was not there at the listing. Take it away, then resume.") % {"name": name}
    return _(
        "%(name)s has changed since the listing. Put it back as it was, then resume; or add it as a new exhibit."
    ) % {"name": name}


def holds(exhibit: Exhibit, go_on: Callable[[], bool]) -> bool:
    """Whether the ingest goes on after this: verified before, nothing to verify, or verified now and whole.

    Stops the ingest where the source is not what it says. A person who resumes it takes it in all the same: what was
    found stays on the exhibit and is not looked for again. Raises SourceChanged, SourceGone, SourceUnusable.
    """
    source = reader(exhibit.reader)
    if not isinstance(source, Verifying) or source.id in exhibit.integrity:
        return True
    found = source.verify(bytes(exhibit.source), go_on)
    if found is None:
        return False
    require_unchanged(exhibit)
    agrees = _compared(found, exhibit)
    is_whole = agrees is not False and not found.problem
    with suppress(evidence.NotInThisState), transaction.atomic():  # held in this very moment: verified again later
        _note(exhibit, source.id, found, agrees)
        if not is_whole:
            evidence.stop(exhibit, why=_why(source.id, found))
    return is_whole


def _compared(found: Integrity, exhibit: Exhibit) -> bool | None:
    """Whether every hash it came with is the one of what was read; None where there is none to compare with."""
    wanted = list(found.stored.items())
    if exhibit.source_hash:
        digest = bytes(exhibit.source_hash)
        wanted.append((KINDS[len(digest)], digest.hex()))
    compared = [found.computed[kind] == digest for kind, digest in wanted if kind in found.computed]
    return all(compared) if compared else None


def _note(exhibit: Exhibit, what: str, found: Integrity, agrees: bool | None) -> None:
    """Keep it with the exhibit and in the log. Inside a transaction."""
    facts: dict[str, Any] = {"stored": found.stored, "computed": found.computed, "agrees": agrees}
    sealing.keep(exhibit, {what: facts | {"says": found.says, "problem": found.problem}})
    audit.record(
        events.SOURCE_VERIFIED, by=None, on=exhibit, case=exhibit.case.public_id,
        agency=exhibit.case.agency_id, ref=exhibit.ref, problem=found.problem, **facts,
    )  # fmt: skip


def _why(what: str, found: Integrity) -> str:
    if found.problem:
        return _("The %(what)s cannot be read to its end (%(problem)s). Resume takes in what can be read.") % {
            "what": what,
            "problem": found.problem,
        }
    return _("The %(what)s is not what it was: its hash differs. Resume takes it in all the same.") % {"what": what}


def of_case(case: Case) -> list[dict[str, Any]]:
    """What was found of the disk images of a case, in the order of their references; see Integrity. One query."""
    kept = Exhibit.objects.filter(case=case, removed_at=None, integrity__has_key="image").order_by("ref")
    names = ("agrees", "problem", "stored", "computed")
    return [
        {"exhibit": ref} | {name: found["image"][name] for name in names}
        for ref, found in kept.values_list("ref", "integrity")
    ]
