"""An answer about a prefix holds every entry under it, and its size and its invented lines tell nothing."""

import random
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext, override_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from hashsets import generations, kinds, ranges
from hashsets.entries import NewEntry
from hashsets.models import Entry, HashSet
from hashsets.range_padding import PREFIX, lines_of, padded
from tests.hashsets import makers
from workbench import audit
from workbench.models import User

SET = UUID(int=7)
FEWEST = lines_of(0)
hexadecimal = st.text("0123456789abcdef", min_size=32 - PREFIX, max_size=32 - PREFIX)


def lines(real: set[str], entries: int = 40, **other: Any) -> set[str]:
    given: dict[str, Any] = {"secret": b"secret", "of_set": SET, "kind": "md5", "size": 16, "prefix": "00000"} | other
    return padded(real, entries=entries, **given)


@settings(max_examples=150, deadline=None)
@given(real=st.sets(hexadecimal, max_size=100), entries=st.integers(0, 1 << 30))
def test_every_real_line_is_there_and_the_number_is_that_of_the_class(real: set[str], entries: int) -> None:
    found, wanted = lines(real, entries), lines_of(entries)
    while wanted < len(real):
        wanted *= 2
    assert real <= found
    assert len(found) == wanted
    assert {len(one) for one in found} == {32 - PREFIX}
    assert found == lines(real, entries), "the same again"


@settings(max_examples=80, deadline=None)
@given(real=st.sets(hexadecimal, max_size=FEWEST - 1), more=hexadecimal)
def test_one_entry_more_moves_one_invented_line_and_no_other(real: set[str], more: str) -> None:
    before, after = lines(real), lines(real | {more})
    assert len(before - after) == len(after - before) == (more not in before)


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_an_invented_line_that_is_also_real_is_one_line_and_another_is_invented(data: st.DataObject) -> None:
    invented = lines(set())
    real = set(data.draw(st.lists(st.sampled_from(sorted(invented)), unique=True)))
    assert lines(real) >= real
    assert len(lines(real)) == FEWEST


@pytest.mark.parametrize(
    "other", [{"secret": b"another"}, {"of_set": UUID(int=8)}, {"kind": "sha1"}, {"prefix": "00001"}], ids=str
)
def test_what_is_invented_is_of_one_secret_set_kind_and_prefix(other: dict[str, Any]) -> None:
    assert lines(set()).isdisjoint(lines(set(), **other))


def test_what_is_invented_looks_like_digests_in_every_digit() -> None:
    """Chi square over the digits of 4,800 invented lines, at each place: 15 degrees of freedom, one in a million."""
    rows = [list(one) for prefix in range(200) for one in lines(set(), prefix=f"{prefix:05x}")]
    table = np.array(rows)
    for column in table.T:
        counts = np.array([(column == digit).sum() for digit in "0123456789abcdef"])
        wanted = len(rows) / 16
        assert ((counts - wanted) ** 2 / wanted).sum() < 56.5


@pytest.mark.parametrize("entries", [1 << 16, 1 << 20, 1 << 22, 1 << 24])
def test_no_prefix_of_a_full_class_has_more_entries_than_lines(entries: int) -> None:
    counts = np.bincount(np.random.default_rng(entries).integers(0, 1 << 20, entries))
    assert counts.max() <= lines_of(entries)
    assert lines_of(entries + 1) > lines_of(entries) or entries == 1 << 16


# From here on with the tables.


@transaction.atomic
def fill(hash_set: HashSet, digests: list[bytes], by: User) -> None:
    """Entries with these MD5, of which sha1 and sha256 begin alike, as one version."""
    locked = generations.lock(hash_set)
    rows = [(one, one + b"1234", one + b"1234567890123456") for one in digests]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO hashsets_entry (set_id, ident, md5, sha1, sha256, code, disposition, trust, added_in) "
            "SELECT %s, m, m, s, l, '1', 'relevant', 'trusted', %s FROM unnest(%s::bytea[], %s::bytea[], %s::bytea[])"
            " AS e(m, s, l)",
            [hash_set.pk, locked.generation + 1, *map(list, zip(*rows, strict=True))],
        )
    _made, moved = generations.move(locked, generations.Step("a test", len(digests), 0), by=by)
    audit.record_all([moved], by=by)
    hash_set.refresh_from_db()


def under(prefix: str, number: int) -> list[bytes]:
    noise = random.Random(prefix)
    return [bytes.fromhex(prefix + f"{noise.getrandbits(108):027x}") for _ in range(number)]


PLACES = {"00000": 3, "00001": 1, "8a7b1": 20, "fffff": 5, "d41d8": 1}  # prefix -> entries


@pytest.fixture
def hash_set(db: None, supervisor: User) -> HashSet:
    """A set with none, one, some and many entries under a prefix, the first and the last of all among them."""
    made = makers.hash_set(supervisor)
    fill(made, [one for prefix, number in PLACES.items() for one in under(prefix, number)], supervisor)
    return made


@pytest.mark.parametrize("kind", kinds.DIGESTS)
def test_the_size_is_the_same_for_none_one_and_many(kind: str, hash_set: HashSet) -> None:
    texts = {ranges.answer([hash_set], kind, prefix).text() for prefix in [*PLACES, "00002", "ffffe", "abcde"]}
    assert {len(one) for one in texts} == {FEWEST * (2 * kinds.DIGESTS[kind].size - PREFIX + 1)}
    assert len(texts) == len(PLACES) + 3


@pytest.mark.parametrize("kind", kinds.DIGESTS)
def test_every_entry_is_found_under_its_prefix_in_either_case(kind: str, hash_set: HashSet) -> None:
    tail = {"md5": b"", "sha1": b"1234", "sha256": b"1234567890123456"}[kind]
    for prefix, number in PLACES.items():
        found = ranges.answer([hash_set], kind, prefix.upper())
        wanted = {(one + tail).hex()[PREFIX:] for one in under(prefix, number)}
        assert wanted <= set(found.suffixes)
        assert (found.kind, found.prefix, list(found.suffixes)) == (kind, prefix, sorted(found.suffixes))


def test_a_suffix_means_nothing_under_another_prefix(hash_set: HashSet, supervisor: User) -> None:
    """An entry elsewhere that ends as an invented line does leaves the answer as it is, and is found in its own."""
    before = ranges.answer([hash_set], "md5", "abcde")
    fill(hash_set, [bytes.fromhex("12345" + before.suffixes[0])], supervisor)
    assert ranges.answer([hash_set], "md5", "abcde") == before
    assert before.suffixes[0] in ranges.answer([hash_set], "md5", "12345").suffixes


def test_a_version_answers_the_same_again_and_the_next_one_differs_by_what_came(
    hash_set: HashSet, supervisor: User
) -> None:
    first = ranges.answer([hash_set], "md5", "8a7b1")
    old = HashSet.objects.get(pk=hash_set.pk)
    (late,) = [bytes.fromhex("8a7b1" + "0" * 27)]
    fill(hash_set, [late], supervisor)
    assert ranges.answer([old], "md5", "8a7b1") == first
    second = ranges.answer([hash_set], "md5", "8a7b1")
    assert set(second.suffixes) - set(first.suffixes) == {"0" * 27}
    assert len(second.suffixes) == len(first.suffixes)


def test_what_is_withdrawn_is_gone_and_the_size_stays(hash_set: HashSet, supervisor: User) -> None:
    digest = bytes.fromhex("fffff" + "fa4e" * 6 + "fa4")
    makers.publish(hash_set, NewEntry(sha256=None, md5=digest, sha1=None, size=7, code="1"), by=supervisor)
    hash_set.refresh_from_db()
    assert digest.hex()[PREFIX:] in ranges.answer([hash_set], "md5", "fffff").suffixes
    makers.withdraw(hash_set, Entry.objects.get(set=hash_set, md5=digest).id, by=supervisor)
    hash_set.refresh_from_db()
    found = ranges.answer([hash_set], "md5", "fffff").suffixes
    assert digest.hex()[PREFIX:] not in found
    assert len(found) == FEWEST


def test_answers_about_two_sets_and_each_of_them_compared_do_not_tell_what_is_real(
    hash_set: HashSet, supervisor: User
) -> None:
    other = makers.hash_set(supervisor)
    fill(other, under("00000", 3) + under("abcde", 2), supervisor)  # the first three are in both
    for prefix in ("00000", "abcde", "12345"):
        one, two, both = (set(ranges.answer(sets, "md5", prefix).suffixes)
                          for sets in ([hash_set], [other], [hash_set, other]))  # fmt: skip
        assert len(both) == len(one) + len(two)
        assert one | two <= both
        assert one & two == {digest.hex()[PREFIX:] for digest in under("00000", 3) if prefix == "00000"}
    assert ranges.answer([], "md5", "00000").text() == ""


def test_a_list_made_to_begin_alike_loses_no_line(hash_set: HashSet, supervisor: User) -> None:
    fill(hash_set, under("77777", FEWEST + 1), supervisor)
    found = ranges.answer([hash_set], "md5", "77777")
    assert {digest.hex()[PREFIX:] for digest in under("77777", FEWEST + 1)} <= set(found.suffixes)
    assert len(found.suffixes) == 2 * FEWEST


def test_the_digest_of_an_empty_file_is_never_answered(hash_set: HashSet, supervisor: User) -> None:
    makers.stored(hash_set, supervisor, **{one.id: one.empty for one in kinds.DIGESTS.values()})
    for kind in kinds.DIGESTS.values():
        text = kind.text(kind.empty)
        assert text[PREFIX:] not in ranges.answer([hash_set], kind.id, text[:PREFIX]).suffixes


def test_another_key_of_the_node_invents_others(hash_set: HashSet) -> None:
    with override_settings(SECRET_KEY="another"):
        other = ranges.answer([hash_set], "md5", "abcde")
    assert set(other.suffixes).isdisjoint(ranges.answer([hash_set], "md5", "abcde").suffixes)


@pytest.mark.parametrize(
    ("kind", "prefix"),
    [("pdq", "00000"), ("", "00000"), ("md5", "0000"), ("md5", "000000"), ("md5", "0000g"), ("md5", "00000\n"),
     ("md5", "0000٣")],
)  # fmt: skip
def test_what_is_no_prefix_is_refused(kind: str, prefix: str, hash_set: HashSet) -> None:
    with pytest.raises(ranges.BadPrefix):
        ranges.answer([hash_set], kind, prefix)


@pytest.mark.parametrize("kind", kinds.DIGESTS)
def test_one_statement_reads_the_index_of_the_kind(kind: str, hash_set: HashSet, supervisor: User) -> None:
    """However many sets; of a set that is large enough for an index to pay."""
    noise = np.random.default_rng(7)
    fill(hash_set, [noise.bytes(16) for _ in range(20_000)], supervisor)
    with connection.cursor() as cursor:
        cursor.execute("SELECT hashsets_analyse(%s)", [hash_set.pk])
    sets, others = [hash_set, makers.hash_set(supervisor)], makers.hash_set(supervisor)
    with CaptureQueriesContext(connection) as queries:
        ranges.answer(sets, kind, "8a7b1")
    assert len(queries) == 1
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) {queries[0]['sql']}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert f"hashsets_entry_{hash_set.pk}_{kind}_idx" in plan
    assert f"Seq Scan on hashsets_entry_{hash_set.pk} " not in plan
    assert f"hashsets_entry_{others.pk}" not in plan, "what is not asked is not even planned"
