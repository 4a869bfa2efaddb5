"""A filter never says "certainly new" of what is in it, is the file its page describes, and is refused when damaged."""

import hashlib
import re
import struct
from collections.abc import Callable
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashsets.compact import KINDS, Facts, Filter, UnusableFilter, asking, bytes_for, layout, write
from hashsets.filter_files import FALSE_POSITIVES

PAGE = Path(__file__).resolve().parents[3] / "docs" / "protocol-filter.md"
SET = UUID("00000000-fa4e-4000-8000-00000000000a")


def made(path: Path, digests: list[bytes], kind: str = "md5", *, entries: int | None = None) -> Path:
    """A filter of these digests, handed over in blocks."""
    facts = Facts(kind, SET, 7, len(digests) if entries is None else entries, len(digests))
    blocks = [b"".join(one[:16] for one in digests[start : start + 100]) for start in range(0, len(digests), 100)]
    write(path, facts, blocks)
    return path


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For properties, which have no folder of their own."""
    return tmp_path_factory.mktemp("filters")


@pytest.fixture(scope="module")
def whole(folder: Path) -> bytes:
    """The bytes of a good file."""
    return made(folder / "whole", [number.to_bytes(16) for number in range(40)]).read_bytes()


def table(after: str) -> list[list[str]]:
    """Rows of the first table of the page behind these words."""
    lines = PAGE.read_text(encoding="utf-8").split(after)[1].splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("|"))
    rows = takewhile(lambda line: line.startswith("|"), lines[first + 2 :])
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in rows]


def example() -> tuple[list[str], bytes]:
    """MD5s and the file that the page's example describes."""
    page, rows = PAGE.read_text(encoding="utf-8"), table("m is 8,192.")
    header = bytes.fromhex(re.findall(r"144 bytes:\n\n```\n([0-9a-f\n]+)```", page)[0])
    bits = bytearray(1024)
    for place in {int(place) for _hash, places in rows for place in places.split(",")}:
        bits[place // 8] |= 1 << place % 8
    return [one for one, _places in rows], header + bytes(bits)


def page_reader() -> dict[str, Callable[..., Any]]:
    """The functions that the page gives to whoever has no Winnow."""
    code = PAGE.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    names: dict[str, Any] = {}
    exec(code, names)
    return names


def test_of_the_example_of_the_page_is_the_file_that_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashes, data = example()
    monkeypatch.setattr("time.time", lambda: 1767225600.5)
    path = made(tmp_path / "made", [bytes.fromhex(one) for one in hashes], entries=4)
    assert path.read_bytes() == data
    assert hashlib.sha256(data).hexdigest() in PAGE.read_text(encoding="utf-8")


def test_of_the_header_has_its_fields_where_the_page_says(whole: bytes) -> None:
    places = {row[2]: (int(row[0]), int(row[1])) for row in table("## The file\n") if row[1].isdigit()}
    found = layout.read(whole, len(whole))
    wanted = {"k": found.hashes, "start": 144, "version": 7, "entries": 40, "count": 40, "m": found.bits}
    told = {name: int.from_bytes(whole[at : at + size]) for name, (at, size) in places.items()}
    assert {name: told[name] for name in wanted} == wanted
    assert whole[24:40] == SET.bytes
    assert sum(size for _at, size in places.values()) == layout.SIZE


def test_of_the_reader_of_the_page_answers_as_ours_does(tmp_path: Path) -> None:
    noise = np.random.default_rng(4)
    inside, outside = [noise.bytes(16) for _ in range(2000)], [noise.bytes(16) for _ in range(2000)]
    path = made(tmp_path / "made", inside)
    theirs = page_reader()
    kind, *rest = theirs["read"](path)
    ours = Filter(path).may_hold(b"".join(inside + outside)).tolist()
    assert [theirs["perhaps_known"](one.hex(), *rest) for one in inside + outside] == ours
    assert (kind, all(ours[:2000]), 0 < sum(ours[2000:]) < 60) == ("md5", True, True)


@pytest.mark.parametrize("kind", KINDS)
def test_of_a_hundred_new_hashes_one_at_most_is_taken_for_known(kind: str, tmp_path: Path) -> None:
    size, count, asked = KINDS[kind], 200_000, 1_000_000
    noise = np.random.default_rng(5)
    digests, others = noise.bytes(size * count), noise.bytes(size * asked)
    keys = np.frombuffer(digests, np.uint8).reshape(-1, size)[:, :16].tobytes()
    write(tmp_path / "made", Facts(kind, SET, 1, count, count), [keys])
    found = Filter(tmp_path / "made")
    assert found.may_hold(digests).all()
    assert found.may_hold(others).mean() <= FALSE_POSITIVES / 100


def test_of_ten_million_hashes_fit_into_13_megabytes() -> None:
    assert bytes_for(10_000_000) <= 13_000_000
    assert bytes_for(0) == bytes_for(800) == layout.SIZE + 1024


any_digests = st.lists(st.binary(min_size=20, max_size=20), max_size=300)


@settings(max_examples=60, deadline=None)
@given(inside=any_digests, outside=any_digests)
def test_of_whatever_is_in_it_is_perhaps_known(folder: Path, inside: list[bytes], outside: list[bytes]) -> None:
    found = Filter(made(folder / "any", inside, "sha1"))
    answers = found.may_hold(b"".join(inside + outside))
    assert len(answers) == len(inside) + len(outside)
    assert answers[: len(inside)].all()


@settings(max_examples=30, deadline=None)
@given(digests=any_digests.flatmap(lambda them: st.tuples(st.just(them), st.permutations(them))))
def test_of_the_same_digests_make_the_same_bits_in_any_order(
    folder: Path, digests: tuple[list[bytes], list[bytes]]
) -> None:
    one, other = (made(folder / name, them, "sha1") for name, them in zip("ab", digests, strict=True))
    assert one.read_bytes()[layout.SIZE :] == other.read_bytes()[layout.SIZE :]


def refused(folder: Path, data: bytes) -> str:
    path = folder / "foreign"
    path.write_bytes(data)
    with pytest.raises(UnusableFilter) as caught:
        Filter(path)
    return str(caught.value)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_of_a_file_with_one_bit_changed_is_refused(folder: Path, whole: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, 8 * len(whole) - 1))
    changed = bytearray(whole)
    changed[place // 8] ^= 1 << place % 8
    refused(folder, bytes(changed))


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_of_a_file_cut_or_longer_is_refused(folder: Path, whole: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(whole) - 1))
    refused(folder, whole[:cut])
    refused(folder, whole + data.draw(st.binary(min_size=1, max_size=20)))


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=400))
def test_of_any_other_file_is_refused_in_words(folder: Path, data: bytes) -> None:
    assert "not a filter file" in refused(folder, data)
    assert refused(folder, layout.MAGIC + data)


# A header that was sealed anew, by whoever could, and makes no sense.
@pytest.mark.parametrize(
    "wrong",
    [{"kind": "pdq"}, {"kind": "md5\0\0x"}, {"hashes": 0}, {"hashes": 65}, {"bits": 0}, {"bits": 8191}, {"count": 41}],
)
def test_of_a_header_that_makes_no_sense_is_refused(wrong: dict[str, Any], whole: bytes, folder: Path) -> None:
    header = replace(layout.read(whole, len(whole)), **wrong)
    body = whole[layout.SIZE :][: header.bits // 8]
    sealed = replace(header, digest=hashlib.sha256(body).digest()).packed()
    refused(folder, sealed + body)


def test_of_a_later_format_is_named(whole: bytes, folder: Path) -> None:
    later = whole[:8] + struct.pack(">H", 2) + whole[10:]
    assert "format 2; this Winnow reads format 1" in refused(folder, later)


def test_of_a_text_every_hash_is_answered_and_every_other_line_told(tmp_path: Path) -> None:
    found = Filter(made(tmp_path / "made", [bytes.fromhex("fa4e" + "0" * 28)]))
    text = f"{'FA4E' + '0' * 28}  lake.jpg\n\n{'ab' * 16}\n{'cd' * 20}\nd41d8cd98f00b204e9800998ecf8427e\nno hash\n"
    told = [one.as_json() for one in asking.ask(found, text)]
    assert told[:2] == [
        {"line": 1, "hash": "FA4E" + "0" * 28, "answer": asking.PERHAPS, "name": "lake.jpg"},
        {"line": 3, "hash": "ab" * 16, "answer": asking.NEW},
    ]
    assert [(one["line"], one["answer"]) for one in told[2:]] == [(4, None), (5, None), (6, None)]
    for one, says in zip(told[2:], ("MD5", "zero bytes", "not a hash"), strict=True):
        assert says in one["problem"]
