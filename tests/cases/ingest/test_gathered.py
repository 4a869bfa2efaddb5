"""What is new among several groups of files is decoded together, and nothing of it is left lying."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from cases import evidence
from cases.ingest import holding, leases, listing, pipeline, previews
from cases.ingest.contents import ToDecode
from cases.ingest.leases import Held
from cases.models import Case, Content, Exhibit, FileInstance
from tests.cases.ingest.trees import add, figures, picture, tree
from workbench.models import Agency
from workbench.storage import Batch, StoreFull

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def listed(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Exhibit:
    """Five new pictures, of which a group takes one and a transaction of decoding three."""
    exhibit = add(case, tree(tmp_path, {f"{n}.png": picture(n) for n in range(5)}))
    listing.list_files(exhibit.pk)
    monkeypatch.setattr(pipeline, "GROUP_FILES", 1)
    monkeypatch.setattr(previews, "AT_ONCE", 3)
    return exhibit


@contextmanager
def working(exhibit: Exhibit) -> Iterator[Held]:
    with leases.taking(evidence.HASH, evidence.slots(exhibit)[0]) as held:
        assert held
        yield held


def decoded_together(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    numbers, make = list[int](), previews.make

    def counted(agency: Agency, some: Sequence[ToDecode]) -> None:
        numbers.append(len(some))
        make(agency, some)

    monkeypatch.setattr(previews, "make", counted)
    return numbers


def test_of_several_groups_what_is_new_is_decoded_together_and_the_rest_at_the_end(
    listed: Exhibit, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = decoded_together(monkeypatch)
    with working(listed) as held:
        assert pipeline._hash_claim(listed, held, time.monotonic() + 60)
    assert numbers == [3, 2]
    assert set(Content.objects.values_list("preview", flat=True)) == {"made"}


def test_of_a_stint_that_is_over_what_was_read_is_decoded_and_the_rest_is_free(
    listed: Exhibit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "is_at_work", lambda _: False)  # paused after the first group
    numbers = decoded_together(monkeypatch)
    with working(listed) as held:
        pipeline._hash_claim(listed, held, time.monotonic() + 60)
    assert numbers == [1]
    assert Content.objects.get().preview == "made"
    assert FileInstance.objects.filter(state="pending", lease_until=None).count() == 4


def test_of_a_full_disk_in_a_later_group_gives_back_what_waits_for_its_decoding(
    listed: Exhibit, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = iter([None, None, StoreFull()])
    commit = Batch.commit

    def third_time_full(batch: Batch) -> None:
        if error := next(commits):
            raise error
        commit(batch)

    with monkeypatch.context() as full, working(listed) as held:
        full.setattr(Batch, "commit", third_time_full)
        with pytest.raises(StoreFull):
            pipeline._hash_claim(listed, held, time.monotonic() + 60)
    waiting = Content.objects.filter(preview="pending", preview_lease=None, preview_tries=0)
    assert waiting.count() == 2
    assert FileInstance.objects.filter(state="pending", lease_until=None).count() == 3
    assert figures(pipeline.drain(listed.pk)) == (5, 0, 0, 5, 0, 0, 0)
