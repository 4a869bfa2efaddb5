"""Every registered hash kind: one form, no rubbish, never the empty file."""

import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashsets import kinds
from hashsets.kinds import BUILT_IN, DIGESTS, BadHash, Digest, EmptyFileHash, HashKind

each_kind = pytest.mark.parametrize("kind", BUILT_IN, ids=lambda kind: kind.id)
each_digest = pytest.mark.parametrize("kind", DIGESTS.values(), ids=lambda kind: kind.id)


@each_digest
def test_the_example_is_what_one_read_of_the_bytes_computes(kind: Digest) -> None:
    hasher = kind.hasher()
    hasher.update(b"win")
    hasher.update(b"now")
    assert kind.text(hasher.digest()) == kind.example == hashlib.new(kind.id, b"winnow").hexdigest()


@each_kind
def test_any_case_and_blanks_around_come_out_in_one_form(kind: HashKind) -> None:
    value = kind.parse(f"  {kind.example.upper()}\t")
    assert value == kind.parse(kind.example)
    assert len(value) == kind.size
    assert kind.text(value) == kind.example


@each_kind
@pytest.mark.parametrize(
    "spoil",
    [
        lambda good: "",
        lambda good: good[:-1],
        lambda good: good + "0",
        lambda good: good[:-1] + "g",
        lambda good: good[:-2] + "  " + good[-2:],
        lambda good: good[:10] + " " + good[10:-1],
        lambda good: good[:-1] + "\u0661",  # a digit, but not a hex one
        lambda good: good.replace(good[0], "\0", 1),
    ],
)
def test_rubbish_is_refused(kind: HashKind, spoil: Callable[[str], str]) -> None:
    with pytest.raises(BadHash):
        kind.parse(spoil(kind.example))


@each_digest
def test_the_digest_of_a_file_of_zero_bytes_is_refused(kind: Digest) -> None:
    assert kind.empty == kind.hasher().digest()
    with pytest.raises(EmptyFileHash):
        kind.parse(kind.empty.hex())


@each_kind
@given(text=st.text(alphabet="0123456789abcdefABCDEF g\n", max_size=80))
def test_whatever_is_taken_comes_out_as_it_went_in(kind: HashKind, text: str) -> None:
    try:
        value = kind.parse(text)
    except BadHash:
        return
    assert kind.text(value) == text.strip().lower()


@each_kind
def test_a_value_has_no_distance_to_itself_and_one_bit_to_its_neighbour(kind: HashKind) -> None:
    value = kind.parse(kind.example)
    neighbour = value[:-1] + bytes([value[-1] ^ 1])
    assert kind.distance(value, value) == 0 <= kind.max_distance
    assert kind.distance(value, neighbour) == kind.distance(neighbour, value) == 1


def test_kinds_are_told_apart_by_name_and_digests_by_length_too() -> None:
    assert len(kinds.BY_ID) == len(BUILT_IN)
    assert len(kinds.BY_LENGTH) == len(DIGESTS)
