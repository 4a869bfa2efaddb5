"""An index file answers as a dictionary would, is the same bytes whoever makes it, and is refused when damaged."""

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashsets import caches
from hashsets.index import searching
from hashsets.index.layout import DIGEST_SIZES, KINDS, PAGE, DamagedIndex
from hashsets.index.searching import Index, IndexFile
from hashsets.index.sorting import Sorter
from hashsets.index.writing import Draft

SET, OTHER = UUID(int=7), UUID(int=8)
SECRET = b"a secret"
Rows = list[tuple[bytes, int]]  # digest, entry


def made(folder: Path, rows: dict[str, Rows], *, base: int = 1, generation: int = 1, ended: list[int] | None = None,
         most: int | None = None) -> Path:  # fmt: skip
    """A file of these rows; `most` records held in memory."""
    final = folder / (f"{base}.base" if base == generation else f"{base}-{generation}.delta")
    with Draft(folder) as draft:
        for kind in KINDS:
            if most is not None:
                draft.sorters[kind] = Sorter(draft.sorters[kind]._folder, most)
            for digest, entry in rows.get(kind, []):
                draft.add(kind, digest[:16] + entry.to_bytes(8))
        draft.write(of_set=SET, base=base, generation=generation, secret=SECRET,
                    ended=np.array(ended, dtype=np.int64) if ended else None)  # fmt: skip
        draft.place(final)
    return final


def found(index: Index, kind: str, digests: list[bytes]) -> list[tuple[int, int]]:
    places, entries = index.search(kind, b"".join(digests))
    return sorted(zip(places.tolist(), entries.tolist(), strict=True))


def by_hand(rows: Rows, digests: list[bytes]) -> list[tuple[int, int]]:
    held: dict[bytes, list[int]] = {}
    for digest, entry in rows:
        held.setdefault(digest[:16], []).append(entry)
    return sorted((place, entry) for place, digest in enumerate(digests) for entry in held.get(digest[:16], []))


# Few different bytes in few places: digests that agree in 8, in 15, in 16 bytes, and twins are common.
halves = st.sampled_from([b"\0" * 8, b"\xff" * 8, b"\0" * 7 + b"\1", b"\1" + b"\0" * 7, b"abcdefgh"])
near = st.tuples(halves, halves, halves, halves).map(b"".join)
digests = st.one_of(near, near, st.binary(min_size=32, max_size=32))


@pytest.fixture(scope="module", autouse=True)
def small_groups() -> Iterator[None]:
    """Keys are searched two at a time, so that a handful of them is several groups."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(searching, "GROUP", 2)
        yield


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_is_found_is_what_a_dictionary_finds(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("index")
    kind = data.draw(st.sampled_from(KINDS))
    size = DIGEST_SIZES[kind]
    listed = [digest[:size] for digest in data.draw(st.lists(digests, max_size=40))]
    rows = [(digest, entry) for entry, digest in enumerate(listed, 1)]
    asked = [digest[:size] for digest in data.draw(st.lists(digests, max_size=20))] + listed[:5]
    cut = data.draw(st.integers(0, len(rows)))
    ended = data.draw(st.sets(st.integers(1, cut))) if cut else set()
    most = data.draw(st.sampled_from([1, 3, 1000]))
    base = IndexFile(made(folder, {kind: rows[:cut]}, most=most), SECRET)
    delta = IndexFile(made(folder, {kind: rows[cut:]}, generation=5, ended=sorted(ended), most=most), SECRET)
    assert found(Index(base), kind, asked) == by_hand(rows[:cut], asked)
    left = [row for row in rows if row[1] not in ended]
    assert found(Index(base, delta), kind, asked) == by_hand(left, asked)


def test_a_list_made_of_one_prefix_takes_no_longer_to_search(tmp_path: Path) -> None:
    rows = [(b"\7" * 8 + n.to_bytes(8), n + 1) for n in range(50_000)]
    random.Random(1).shuffle(rows)
    index = Index(IndexFile(made(tmp_path, {"md5": rows}, most=10_000), SECRET))
    assert found(index, "md5", [digest for digest, _ in rows]) == [(n, entry) for n, (_, entry) in enumerate(rows)]


def test_the_same_entries_give_the_same_bytes_in_any_order_and_however_little_memory_there_is(tmp_path: Path) -> None:
    rows = [(random.Random(n // 2).randbytes(32), n + 1) for n in range(3_000)]  # every digest twice
    first = made(tmp_path / "a", {"md5": rows, "sha256": rows})
    shuffled = random.Random(2).sample(rows, len(rows))
    again = made(tmp_path / "b", {"md5": shuffled, "sha256": shuffled}, most=50)
    assert first.read_bytes() == again.read_bytes()
    assert [path.name for path in first.parent.iterdir()] == ["1.base"]
    assert first.stat().st_mode & 0o777 == 0o600


def test_who_is_killed_before_the_last_step_leaves_no_file_that_counts(tmp_path: Path) -> None:
    child = os.fork()
    if not child:
        with Draft(tmp_path) as draft:
            draft.add("md5", bytes(24))
            draft.write(of_set=SET, base=1, generation=1, secret=SECRET)
            os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    [left] = tmp_path.iterdir()
    assert left.name.startswith(caches.TEMPORARY)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = made(tmp_path, {"md5": [(bytes([n]) * 16, n) for n in range(1, 200)]})
    IndexFile(path, SECRET)
    return path


def flip(place: int) -> Callable[[bytearray], None]:
    def damage(data: bytearray) -> None:
        data[place] ^= 1

    return damage


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        # cut off: in the header, in the columns, by one byte
        (lambda data: data.__delitem__(slice(100, None)), "shorter than its header"),
        (lambda data: data.__delitem__(slice(PAGE + 80, None)), "should have"),
        (lambda data: data.__delitem__(slice(-1, None)), "should have"),
        # longer than it says; empty
        (lambda data: data.extend(b"\0"), "should have"),
        (lambda data: data.clear(), "shorter than its header"),
        # one bit: of the magic, the version, the set, the count, the digest, the seal, the rest of the page
        (flip(0), "no index file"),
        (flip(8), "no index file"),
        (flip(16), "damaged"),
        (flip(60), "damaged"),
        (flip(110), "damaged"),
        (flip(140), "damaged"),
        (flip(PAGE - 1), "damaged"),
        # one bit of the columns: the first, a middle one, the last
        (flip(PAGE), "checksum"),
        (flip(PAGE + 2000), "checksum"),
        (flip(-1), "checksum"),
        # something else altogether
        (lambda data: data.__setitem__(slice(None), b"SQLite format 3\0" * 1000), "no index file"),
    ],
)
def test_a_damaged_file_is_refused(good: Path, damage: Callable[[bytearray], None], why: str) -> None:
    data = bytearray(good.read_bytes())
    damage(data)
    good.write_bytes(data)
    with pytest.raises(DamagedIndex, match=why):
        IndexFile(good, SECRET)


def test_a_file_sealed_by_somebody_else_is_refused(good: Path) -> None:
    with pytest.raises(DamagedIndex, match="made elsewhere"):
        IndexFile(good, b"another secret")


def test_a_file_that_is_written_to_after_its_check_no_longer_stands(good: Path) -> None:
    file = IndexFile(good, SECRET)
    assert file.stands
    with good.open("r+b") as writing_to:
        writing_to.seek(PAGE)
        writing_to.write(b"\xff")
    assert not file.stands


def test_a_link_is_not_followed(good: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.base"
    link.symlink_to(good)
    with pytest.raises(DamagedIndex, match="link"):
        IndexFile(link, SECRET)


def test_files_of_another_set_version_or_base_do_not_answer(tmp_path: Path) -> None:
    rows = {"md5": [(bytes(range(16)), 1)]}
    first, second = (IndexFile(made(tmp_path, rows, base=n, generation=n), SECRET) for n in (1, 2))
    delta = IndexFile(made(tmp_path, rows, base=1, generation=4), SECRET)
    Index(first).check(SET, 1)
    Index(first, delta).check(SET, 4)
    for index, of_set, generation, why in [
        (Index(first), OTHER, 1, "another set"),
        (Index(first), SET, 2, "version 1"),
        (Index(first, delta), SET, 3, "version 4"),
        (Index(second, delta), SET, 4, "another base"),
        (Index(delta), SET, 4, "another base"),
    ]:
        with pytest.raises(DamagedIndex, match=why):
            index.check(of_set, generation)


def test_a_link_in_the_place_of_a_folder_is_removed_and_what_it_leads_to_is_not(tmp_path: Path) -> None:
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "kept").touch()
    (tmp_path / "index").symlink_to(tmp_path / "evidence")
    caches.remove(tmp_path / "index")
    assert [path.name for path in sorted(tmp_path.rglob("*"))] == ["evidence", "kept"]
