"""Building exports: one snapshot, a package, its row and its event. The same state is built only once.

The file is complete on disk under its final name before the row exists. Nothing about building, fetching or
reading is part of what an export shows, so those events leave its event number alone (model.md, invariant 11).
"""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction

from cases import events
from cases.exports import snapshot
from cases.exports.base import WITH_MEDIA, Options, Product
from cases.exports.package import FORMAT, Package, Stamp
from cases.models import Case, Export
from cases.second import blind
from workbench import access, audit, durable, storage
from workbench.errors import WorkbenchError
from workbench.models import User
from workbench.words import in_english

ABANDONED = 86_400  # seconds after which an unfinished package has nobody who writes it
# Events that change nothing an export shows, by the beginning of their verb.
QUIET = ["auth.%", "access.%", "audit.%", "chain.%", "export.%", "user.%", "agency.%", "media.%", "batch.%",
         "case.member.%", "publish.%", "match.note", "exhibit.verify", "store.%"]  # fmt: skip

LAST_EVENT = """
SELECT e.seq FROM workbench_auditevent e JOIN workbench_auditlog l ON l.id = e.log_id
WHERE l.agency_id = %s AND NOT e.verb LIKE ANY(%s) ORDER BY e.seq DESC LIMIT 1
"""
HEAD = "SELECT head_seq FROM workbench_auditlog WHERE agency_id = %s"


class ExportLost(WorkbenchError):
    """The file of this export is not in the store any more. Restore it from the backup, or build it again."""

    code = "export-lost"


def build(*, case: Case, product: Product, by: User, options: Options | None = None) -> Export:
    """The export of the case's present state; the one there is, if nothing it shows has changed.

    Reads one snapshot, in constant memory. Raises NotAllowed, UnknownOption, ExportUnreadable.
    """
    access.require(by, "export.build")
    options = options or Options()
    if options.media:
        access.require(by, "export.media")
    variant = product.variant(options)
    with in_english(), _temporary(case) as path:  # whoever asks: the same state gives the same bytes
        stamp = _write(path, case, product, variant, options)
        return _keep(path, stamp, case=case, variant=variant, by=by)


@transaction.atomic
def fetch(*, export: Export, by: User) -> Path:
    """The file of an export, for handing out to a person. One event.

    Raises ExportLost, NotAllowed (with media), SecondViewOwed.
    """
    blind.require_sight(by, export.case)
    if export.product.endswith(WITH_MEDIA):
        access.require(by, "export.media")
    path = stored(export)
    if not path.is_file():
        raise ExportLost
    audit.record(
        events.EXPORT_FETCHED, by=by, on=export, case=export.case.public_id, agency=export.case.agency_id,
        product=export.product, sha256=bytes(export.sha256).hex(),
    )  # fmt: skip
    return path


def stored(export: Export) -> Path:
    """Where the file of an export lies."""
    return _folder(export.case) / f"{export.public_id}.zip"


def _write(path: Path, case: Case, product: Product, variant: str, options: Options) -> Stamp:
    with snapshot.frozen():
        shown = snapshot.take(case)
        about = {"format": FORMAT, "product": variant, "layout": product.layout, **shown.about}
        package = Package(path, about, lambda state: _as_of(shown.case, variant, state))
        product.write(shown, options, package)
        stamp = package.close()
    product.check(package)
    return stamp


def _as_of(case: Case, variant: str, state: bytes) -> int:
    """The last event of the agency that may concern what is shown.

    Work without events of its own (an ingest under way) may give two states one such event; the later state
    then takes the head of the log, which the building of the earlier one has moved.
    """
    made = Export.objects.filter(case=case, product=variant)
    same: int | None = made.filter(state_digest=state).values_list("as_of", flat=True).first()
    if same is not None:
        return same
    with connection.cursor() as cursor:
        cursor.execute(LAST_EVENT, [case.agency_id, QUIET])
        last = int((cursor.fetchone() or [0])[0])
        if not made.filter(as_of=last).exists():
            return last
        cursor.execute(HEAD, [case.agency_id])
        return int((cursor.fetchone() or [0])[0])


def _keep(path: Path, stamp: Stamp, *, case: Case, variant: str, by: User) -> Export:
    """The row of a finished package, and its event; of two builders of one state the first one's row stands."""
    digest, size = _digest(path), path.stat().st_size
    public_id = uuid4()
    facts = {"as_of": stamp.as_of, "sha256": digest, "size": size, "file_name": _file_name(case, variant, stamp.as_of)}
    kept = _publish(path, case, public_id)
    with transaction.atomic():
        export: Export
        export, is_new = Export.objects.select_related("case__agency").get_or_create(
            case=case,
            product=variant,
            state_digest=stamp.state,
            defaults={"public_id": public_id, "by": by, "by_name": by.name, **facts},
        )
        if is_new:
            audit.record(
                events.EXPORTED,
                by=by,
                on=export,
                case=case.public_id,
                agency=case.agency_id,
                product=variant,
                state=stamp.state.hex(),
                as_of=stamp.as_of,
                sha256=digest.hex(),
                size=size,
            )
    if not is_new:
        _use_again(kept, export, digest)
    return export


def _use_again(spare: Path, export: Export, digest: bytes) -> None:
    """The state was built before. Its file stays; where it was lost, the same bytes take its place."""
    if stored(export).is_file() or bytes(export.sha256) != digest:
        spare.unlink()
    else:
        spare.rename(stored(export))
        durable.sync_folder(spare.parent)


def sweep() -> int:
    """Remove what killed builders left: unfinished packages, and finished ones without a row; how many files."""
    root = Path(settings.DATA_DIR, "exports")
    finished = {path.stem: path for path in root.glob("*/*.zip")}
    named = {str(public_id) for public_id in Export.objects.values_list("public_id", flat=True)}
    nobodys = [path for name, path in finished.items() if name not in named]
    return storage.remove_older([*root.glob("*/.*.part"), *nobodys], ABANDONED)


@contextmanager
def _temporary(case: Case) -> Iterator[Path]:
    folder = _folder(case)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f".{uuid4()}.part"
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        yield path
    finally:
        path.unlink(missing_ok=True)


def _publish(path: Path, case: Case, public_id: UUID) -> Path:
    """Durable under its final name, before anything refers to it."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    final = path.with_name(f"{public_id}.zip")
    path.rename(final)
    durable.sync_folder(_folder(case))
    return final


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _folder(case: Case) -> Path:
    return Path(settings.DATA_DIR, "exports", str(case.agency.public_id))


def _file_name(case: Case, variant: str, as_of: int) -> str:
    """Our own name, in ASCII: `26-0312-vics2.0-1041.zip`."""
    number = re.sub(r"[^A-Za-z0-9._-]+", "-", case.number).strip("-.") or "case"
    return f"{number}-{variant.replace('+', '-')}-{as_of}.zip"


def copy_to(folder: Path, *, export: Export, by: User) -> Path:
    """Fetch an export into a folder under its own name. Raises ExportLost."""
    source = fetch(export=export, by=by)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / export.file_name
    part = target.with_name(f".{export.public_id}.part")
    shutil.copyfile(source, part)
    part.rename(target)
    return target
