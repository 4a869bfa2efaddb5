"""PDQ as a hash kind: its quality, and its distance on the published index vectors."""

import pytest

from hashsets.kinds import BY_ID, BadHash, LowQuality
from tests.shared_data import shared

PDQ = BY_ID["pdq"]


@pytest.mark.parametrize("quality", ["50", "100", " 77 "])
def test_a_quality_may_stand_behind_the_hash(quality: str) -> None:
    assert PDQ.parse(f"{PDQ.example},{quality}") == PDQ.parse(PDQ.example)


@pytest.mark.parametrize("quality", ["0", "49"])
def test_a_hash_of_low_quality_is_refused(quality: str) -> None:
    with pytest.raises(LowQuality):
        PDQ.parse(f"{PDQ.example},{quality}")


@pytest.mark.parametrize("quality", ["", "101", "-1", "5.5", "many", "\u0665\u0665"])
def test_a_quality_that_is_none_is_rubbish(quality: str) -> None:
    with pytest.raises(BadHash):
        PDQ.parse(f"{PDQ.example},{quality}")


def test_of_the_published_vectors_250_pairs_are_near() -> None:
    needles, haystack = (
        [PDQ.parse(line) for line in (shared("media/pdq/vectors") / name).read_text(encoding="ascii").splitlines()]
        for name in ("needles.txt", "haystack.txt")
    )
    assert (len(needles), len(haystack)) == (100, 1350)
    near = [[hay for hay in haystack if PDQ.distance(needle, hay) <= PDQ.max_distance] for needle in needles]
    assert all(near)
    assert sum(map(len, near)) == 250
