"""Whether an ingest is at work, and how it is held when it cannot go on."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from cases import evidence
from cases.models import Exhibit

S = Exhibit.State
AT_WORK = (S.LISTING, S.RUNNING)
PAUSE_BY_ITSELF = partial(evidence.pause, by=None)


def get(exhibit_id: int) -> Exhibit:
    """The exhibit with its case and agency."""
    exhibit: Exhibit = Exhibit.objects.select_related("case__agency").get(pk=exhibit_id)
    return exhibit


def hold(exhibit: Exhibit, why: str, act: Callable[..., None] = PAUSE_BY_ITSELF) -> bool:
    """Hold the ingest until the sweeper finds that it can go on, or stop it; answers that nothing is left to do."""
    with suppress(evidence.NotInThisState):  # somebody else has held or ended it
        act(exhibit, why=why)
    return False


def is_at_work(exhibit_id: int) -> bool:
    """Whether nobody has held or ended the ingest."""
    return Exhibit.objects.filter(pk=exhibit_id, state__in=AT_WORK).exists()
