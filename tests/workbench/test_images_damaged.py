"""Damaged disks: whatever their bytes, the reader lives and the worker gets an answer."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cases.ingest import disks
from tests.workbench.image_samples import Files, bytes_of
from workbench.jail.image_pool import Images
from workbench.jail.image_source import CannotOpenImage

FILES = {"lake.txt": b"lake" * 300, "DCIM/dune.jpg": b"dune" * 7_000, "gone.jpg": b"ridge" * 400, "empty": b""}
DISK = disks.fat(FILES, deleted={"gone.jpg"})


@pytest.fixture(scope="module")
def images() -> Iterator[Images]:
    images = Images()
    yield images
    images.close()


SEEDS = [DISK[: disks.DATA + 80 * disks.SECTOR].ljust(disks.SIZE // 8, b"\0"), disks.partitioned(DISK)[:300_000]]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.sampled_from(SEEDS),
    flips=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=40),
    cut=st.floats(0.1, 1),
)
def test_a_damaged_disk_is_an_answer_and_never_an_error(
    images: Images, tmp_path: Path, seed: bytes, flips: list[tuple[float, int]], cut: float
) -> None:
    data = bytearray(seed[: int(len(seed) * cut)])
    for place, value in flips:  # most of them where the file system describes itself
        data[int(place**4 * len(data))] = value
    path = tmp_path / "damaged.dd"
    path.write_bytes(data)
    assert outcome(images, path) in {"read", "broken", "nothing-in-it", "locked", "unknown-container"}


def outcome(images: Images, path: Path) -> str:
    """`read`, or why not."""
    try:
        with images.opened(Files(path)) as image:
            image.key = object()  # the next one has the same name
            entries = list(image.entries())
            reasons = {entry.reason or bytes_of(image, entry)[1] for entry in entries[:20]}
            if reasons & {"decoder-killed", "decoder-timeout"}:
                return "died"
    except CannotOpenImage as refused:
        return refused.code
    return "read"
