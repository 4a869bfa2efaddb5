"""Files that a browser sends piece by piece, each told of by a row: begun once, gone on with after a cut or a reload.

A row has what `tus.Upload` has, with `name` and `fingerprint`; who sends it is the caller's affair.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet

from workbench import durable, pieces
from workbench.pieces import Piece

Row = TypeVar("Row", bound=Model)  # Python 3.11: no type parameter lists yet


def begun(
    model: type[Row], of: dict[str, Any], path_of: Callable[[Row], Path], *, most: int, name: bytes, size: int,
    fingerprint: bytes,
) -> Row:  # fmt: skip
    """The row of a file that is sent, among those with the values `of`; with a fingerprint the same file again goes on.

    Raises BadInput, TooManyUploads where `most` are under way, UploadGone, StoreFull.
    """
    shown, mark = pieces.shown_name(name), pieces.mark(fingerprint)
    rows: QuerySet[Any] = model._default_manager.filter(**of)
    same = rows.filter(name=shown, size=size, fingerprint=mark) if mark else rows.none()
    found: Row | None = _gone_on_with(same, path_of)
    if found:
        return found
    if rows[most - 1 : most].exists():
        raise pieces.TooManyUploads
    try:
        with transaction.atomic():  # its file, too: once others see the row, they may have written to it
            made: Row = model._default_manager.create(
                **of, name=shown, size=size, fingerprint=mark, expires_at=pieces.expiry()
            )
            _empty(path_of(made))
    except IntegrityError:  # the same request came twice
        found = _gone_on_with(same, path_of)
        if found is None:
            raise pieces.UploadGone from None
        return found
    return made


def append(row: Any, path: Path, piece: Piece, *, offset: int) -> int:
    """Keep a piece that begins at `offset`, as much of it as comes; returns the new offset.

    Raises as `Piece.slices` and `pieces.keep` do.
    """
    for data in piece.slices(offset, row.size):
        offset = pieces.keep(type(row).objects.filter(pk=row.pk), path, offset, data)
    return offset


@transaction.atomic
def _gone_on_with(same: QuerySet[Any], path_of: Callable[[Any], Path]) -> Any:
    """The one upload, its time prolonged; from its beginning where bytes are lost. None where there is none.

    Under its lock: a piece that is being kept meanwhile must not be forgotten, nor counted as there when it is not.
    """
    row = same.select_for_update(of=("self",)).first()
    if row is None:
        return None
    if not pieces.has(path_of(row), row.offset):
        _empty(path_of(row))
        row.offset = 0
    row.expires_at = pieces.expiry()
    row.save(update_fields=["offset", "expires_at"])
    return row


def _empty(path: Path) -> None:
    make_folder(path.parent)
    pieces.write_at(path, 0, b"")


def make_folder(folder: Path) -> None:
    """Have the folder be there, and stay after a power cut."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        durable.sync_folder(folder.parent)
