"""The near search finds everything within the distance and nothing else; its files are whole or are none."""

from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from hashsets.near import NearFile, Snapshot, Unusable, dihedral, files, searching, tables
from hashsets.near.searching import Hits
from hashsets.near.tables import Bytes
from tests.shared_data import shared
from workbench.jail import pdq
from workbench.perceptual import PDQ_MAX_DISTANCE, distance

SET = UUID(int=7)
NONE: NDArray[np.int64] = np.empty(0, np.int64)


def hashes(number: int, seed: int = 1) -> Bytes:
    return np.random.default_rng(seed).integers(0, 256, (number, tables.BYTES), dtype=np.uint8)


def changed(of: Bytes, bits: list[int], seed: int = 2) -> Bytes:
    """Each hash with so many bits changed, anywhere."""
    random, found = np.random.default_rng(seed), np.unpackbits(of, axis=1)
    for row, number in zip(found, bits, strict=True):
        row[random.permutation(256)[:number]] ^= 1
    return np.packbits(found, axis=1)


def pairs(hits: Hits) -> list[tuple[int, int, int]]:
    return list(zip(hits.asked.tolist(), hits.found.tolist(), hits.distance.tolist(), strict=True))


def file(generation: int = 3, base: int = 3, *, of: Bytes, gone: NDArray[np.int64] = NONE, first: int = 0) -> NearFile:
    index = tables.build(of) if len(of) >= tables.FEWEST else None
    return NearFile(SET, generation, base, np.arange(first, first + len(of)), of, gone, index)


def test_neighbours_at_every_distance_to_31_are_found_and_at_32_none() -> None:
    known = hashes(6000)
    bits = [distance_ for distance_ in range(PDQ_MAX_DISTANCE + 2) for _ in range(12)]
    planted = np.arange(len(bits)) * 7
    found = pairs(searching.search(known, tables.build(known), changed(known[planted], bits)))
    wanted = [(n, int(planted[n]), of) for n, of in enumerate(bits) if of <= PDQ_MAX_DISTANCE]
    assert found == wanted  # two random hashes are never as near


@pytest.mark.parametrize("spread", ["everywhere", "two in each chunk but one", "in the first chunks"])
def test_however_31_bits_are_spread_a_chunk_gives_them_away(spread: str) -> None:
    known = hashes(5000)
    places = {
        "everywhere": [8 * n + n % 8 for n in range(31)],
        "two in each chunk but one": [16 * n + bit for n in range(16) for bit in (3, 11)][:31],
        "in the first chunks": list(range(31)),
    }[spread]
    asked = np.unpackbits(known[:40], axis=1)
    asked[:, places] ^= 1
    found = searching.search(known, tables.build(known), np.packbits(asked, axis=1))
    assert pairs(found) == [(n, n, 31) for n in range(40)]


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    number=st.integers(0, 60),
    clusters=st.integers(1, 4),
    spread=st.integers(0, 30),
    radius=st.integers(0, PDQ_MAX_DISTANCE),
    most=st.none() | st.integers(1, 5),
)
def test_the_tables_find_what_comparing_each_with_each_finds(
    seed: int, number: int, clusters: int, spread: int, radius: int, most: int | None
) -> None:
    """Hashes that lie close together: here nearly every pair is near, and equal ones occur."""
    random = np.random.default_rng(seed)
    centres = hashes(clusters, seed)
    of = centres[random.integers(0, clusters, number + 3)]
    some = changed(of, random.integers(0, spread + 1, len(of)).tolist(), seed)
    known, asked = np.concatenate([some, hashes(500, seed + 1)]), some[:7]
    found = searching.search(known, tables.build(known), asked, radius=radius, most=most)
    assert pairs(found) == pairs(searching.scan(known, asked, radius=radius, most=most))
    each = [[distance(bytes(one), bytes(other)) for other in known] for one in asked]
    for row, bits in enumerate(each):
        near = sorted((bit, number) for number, bit in enumerate(bits) if bit <= radius)[:most]
        assert [(bit, number) for asked_, number, bit in pairs(found) if asked_ == row] == near


def test_a_cluster_of_near_equal_hashes_is_found_whole_and_costs_no_more_than_comparing_each() -> None:
    centre = hashes(1)
    cluster = changed(np.repeat(centre, 20_000, axis=0), [3] * 20_000)
    known = np.concatenate([cluster, hashes(1000, 4)])
    index = tables.build(known)
    assert len(searching.search(known, index, centre)) == 20_000
    nearest = searching.search(known, index, np.concatenate([centre, hashes(1, 9)]), most=5)
    assert (nearest.asked.tolist(), nearest.distance.tolist()) == ([0] * 5, [3] * 5)


def test_a_delta_adds_and_takes_away() -> None:
    known, fresh = hashes(tables.FEWEST), hashes(50, 5)
    base = file(of=known)
    delta = file(4, 3, of=fresh, gone=np.array([1, 2]), first=tables.FEWEST)
    asked = np.concatenate([known[:4], fresh[:1]])
    found = Snapshot(base, delta).search(asked, most=1)
    assert pairs(found) == [(0, 0, 0), (3, 3, 0), (4, tables.FEWEST, 0)]
    assert pairs(Snapshot(base).search(asked, radius=0)) == [(n, n, 0) for n in range(4)]


@pytest.mark.parametrize("number", [0, 1, tables.FEWEST])
def test_a_file_comes_back_as_it_was_written(tmp_path: Path, number: int) -> None:
    path = tmp_path / "new folder" / "3.near"
    files.write(path, file(of=hashes(number), gone=np.array([5])))
    back = files.read(path, of=SET, generation=3)
    assert (back.base, back.gone.tolist(), back.entries.tolist()) == (3, [5], list(range(number)))
    assert back.hashes.tobytes() == hashes(number).tobytes()
    assert (back.tables is None) == (number < tables.FEWEST)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in path.parent.iterdir()] == ["3.near"]


@pytest.mark.parametrize("at", [0, 20, 40, 57, files.PAGE, files.PAGE + 900_000, -1, "cut", "longer", "short"])
def test_a_damaged_file_is_none(tmp_path: Path, at: int | str) -> None:
    path = tmp_path / "3.near"
    files.write(path, file(of=hashes(tables.FEWEST)))
    data = bytearray(path.read_bytes())
    if isinstance(at, int):
        data[at] ^= 1
    path.write_bytes({"cut": data[:-1], "longer": data + b"\0", "short": data[:100]}.get(str(at), data))
    with pytest.raises(Unusable):
        files.read(path, of=SET, generation=3)


@pytest.mark.parametrize(("of", "generation"), [(uuid4(), 3), (SET, 4)])
def test_a_file_of_another_set_or_version_is_none(tmp_path: Path, of: UUID, generation: int) -> None:
    files.write(tmp_path / "3.near", file(of=hashes(3)))
    with pytest.raises(Unusable):
        files.read(tmp_path / "3.near", of=of, generation=generation)


NAMES = ["ROTATE_90", "ROTATE_180", "ROTATE_270", "FLIP_TOP_BOTTOM", "TRANSPOSE", "FLIP_LEFT_RIGHT", "TRANSVERSE"]
TURNS = (None, *(Image.Transpose[name] for name in NAMES))


@pytest.mark.parametrize(
    "name", ["bridge-mods/aaa-orig.jpg", "bridge-mods/blur-a-little.jpg", "bridge-mods/high-contrast.jpg"]
)
def test_a_turned_picture_is_near_a_variant_of_the_hash_alone(name: str) -> None:
    picture = Image.open(shared("media/pdq/images") / name).convert("RGB")
    plain = np.frombuffer(pdq.compute(picture)[0], dtype=np.uint8)[None]
    made = dihedral.variants(plain)[0]
    turned = [pdq.compute(picture if turn is None else picture.transpose(turn))[0] for turn in TURNS]
    assert max(distance(bytes(one), other) for one, other in zip(made, turned, strict=True)) <= 16
    known = np.concatenate([hashes(100), np.frombuffer(b"".join(turned), dtype=np.uint8).reshape(-1, tables.BYTES)])
    found = Snapshot(file(of=known)).search(plain, turned=True)
    assert sorted(found.found.tolist()) == list(range(100, 108))
    assert 0 in pairs(found)[0]
