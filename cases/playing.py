"""Films played and heard in pieces: who may, and the row that each piece leaves before it is sent (decision 0017)."""

from collections.abc import Callable
from functools import cache
from typing import Any, BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from cases import budgets, events, film_files, problems, viewing
from cases.errors import NotAFilm
from cases.ingest.base import Spoiled
from cases.models import Batch, Content, Item, Listening, Viewing
from workbench import audit, decoders
from workbench.jail import Piece, Player, results
from workbench.models import User

SPEEDS = (2, 4, 8, 16)
PICTURE_MS = 100  # of playing between two pictures


@cache
def player() -> Player:
    """The one `Player` of this process."""
    return Player(decoders.terms())


def clip(*, item: Item, by: User, start: int, speed: int) -> tuple[Piece, Viewing | None]:
    """Pictures of a film from `start` (milliseconds) on, for playing at `speed`, and their row; none where none came.

    Under the rules of `viewing.clear`. Raises NotAFilm, OnBreak, NotHeld, BudgetSpent, NoJail, PlayerBusy, DecoderDied
    and what `film_files.opened` raises but Spoiled.
    """
    film, batch = film_of(item), viewing.batch_that_allows(item, by)
    _charge(by, batch)
    name, step = f"{film.agency_id}-{film.pk}", PICTURE_MS * speed
    piece = made(
        item, start, lambda file: player().pictures(file.fileno(), name, start=start, step=step, asker=str(by.pk))
    )
    return piece, None if piece.is_empty else _viewed(piece, item, batch, by)


def sound(*, item: Item, by: User, start: int) -> tuple[Piece, Listening | None]:
    """Sound of a film from `start` (milliseconds) on, and its row, as `clip`."""
    film_of(item)
    batch = viewing.batch_that_allows(item, by)
    _charge(by, batch)
    piece = made(item, start, lambda file: player().sound(file.fileno(), start=start, asker=str(by.pk)))
    return piece, None if piece.is_empty else _heard(piece, item, batch, by)


def words(piece: Piece) -> str:
    """Why a piece is less than it should be, for whoever holds the key; "" where it is all there."""
    if piece.reason == results.TRUNCATED:
        return _("The film is damaged here. What could be got of it was shown; try a later frame.")
    return problems.words(piece.reason)


def _charge(by: User, batch: Batch | None) -> None:
    """Before the film is opened: a piece that fails has cost a process too."""
    with transaction.atomic():
        refused = budgets.spend(by, viewing.spent_by(batch))
    if refused:
        raise refused


def film_of(item: Item) -> Content:
    """What of the item is played. Raises NotAFilm."""
    film: Content = item.content
    if film.kind not in (Content.Kind.VIDEO, Content.Kind.AUDIO):
        raise NotAFilm
    return film


def made(item: Item, start: int, ask: Callable[[BinaryIO], Piece]) -> Piece:
    """The piece that `ask` makes of the bytes; one with a reason where these are no longer what they were."""
    try:
        with film_files.opened(item.case.agency, item.content) as file:
            return ask(file)
    except Spoiled as spoiled:
        return Piece(start, reason=spoiled.reason)


@transaction.atomic
def _viewed(piece: Piece, item: Item, batch: Batch | None, by: User) -> Viewing:
    row = Viewing.objects.create(
        user=by, content=item.content, case=item.case, batch=batch, from_ms=piece.start, until_ms=piece.end
    )
    if batch is None:
        _tell(events.PLAYED, item, by, viewing=row.token, from_ms=piece.start, until_ms=piece.end)
    return row


@transaction.atomic
def _heard(piece: Piece, item: Item, batch: Batch | None, by: User) -> Listening:
    row = Listening.objects.create(
        user=by, content=item.content, case=item.case, batch=batch, from_ms=piece.start, until_ms=piece.end
    )
    if batch is None:
        _tell(events.HEARD, item, by, listening=row.token, from_ms=piece.start, until_ms=piece.end)
    return row


def _tell(verb: str, item: Item, by: User, **details: Any) -> None:
    """What is played outside a batch is told at once: no batch will ever tell of it."""
    case = item.case
    audit.record(verb, by=by, on=item, case=case.public_id, agency=case.agency_id, **details)
