"""What came from a peer becomes a version of the mirror: all of it, once, and nothing that says nothing new."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hashsets import opinions, quarantine, settling, wire
from hashsets.models import Entry, EntryHash, Generation, Incoming, Quarantined, Subscription, Vote
from tests.hashsets import makers, paired
from tests.people import People
from workbench.models import Agency, AuditEvent

pytestmark = pytest.mark.django_db
PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"


def name(number: int) -> UUID:
    return UUID(f"00000000-fa4e-4000-8000-{number:012}")


def media(number: int, seq: int | None = None, **values: Any) -> wire.FullMedia:
    """An entry with invented digests."""
    given: dict[str, Any] = {
        "md5": f"FA4E{number:028}",
        "sha1": f"FA4E{number:036}",
        "media_size": 1000,
        "scheme": "landscapes-t1",
        "category": "1",
        "trust": "trusted",
        "votes": 3,
        "date_updated": datetime(2026, 3, 1, 10, tzinfo=UTC),
    } | values
    return wire.FullMedia(entry_id=name(number), seq=seq or number, **given)


def gone(number: int, seq: int) -> wire.Removed:
    return wire.Removed(entry_id=name(number), seq=seq)


@pytest.fixture
def subscription(people: People) -> Subscription:
    return paired.mirror(makers.hash_set(people.supervisor, "Harbour"), people)


def take(to: Subscription, *records: wire.Media | wire.Removed, seq: int, snapshot: bool = False) -> Generation | None:
    with transaction.atomic():
        settling.stage(to, records)
    return settling.settle(to, seq=seq, snapshot=snapshot, by=to.by)


def held(of: Subscription) -> dict[UUID, str]:
    of.set.refresh_from_db()
    g = of.set.generation
    rows = Entry.objects.filter(set=of.set, added_in__lte=g).exclude(removed_in__lte=g)
    return dict(rows.values_list("public_id", "code"))


def test_what_came_is_in_force_with_all_it_says(subscription: Subscription) -> None:
    full = media(
        1, mime_type="image/jpeg", victim_identified=True, offender_identified=False, series=["Synthetic Series A"],
        category_spread=2, alternative_hashes=[wire.AlternativeHash("PDQ", PDQ.upper(), 97)],
    )  # fmt: skip
    assert take(subscription, full, seq=1, snapshot=True)
    entry = Entry.objects.get(set=subscription.set)
    assert (entry.public_id, bytes(entry.md5 or b"").hex()) == (name(1), f"fa4e{1:028}")
    assert (entry.code, entry.disposition, entry.trust, entry.state) == ("1", "relevant", "trusted", "published")
    assert entry.flags == {"victim_identified": True, "offender_identified": False}
    assert entry.raw == {
        "votes": 3, "spread": 2, "mime_type": "image/jpeg", "series": ["Synthetic Series A"],
        "hashes": {"pdq": PDQ}, "date_updated": "2026-03-01T10:00:00+00:00",
    }  # fmt: skip
    assert bytes(EntryHash.objects.get(set=subscription.set).value).hex() == PDQ
    assert not Incoming.objects.exists()


def test_a_version_has_its_two_events_in_the_readers_log_and_the_place_moves_with_it(
    subscription: Subscription,
) -> None:
    take(subscription, media(1), seq=7, snapshot=True)
    subscription.refresh_from_db()
    assert (subscription.seq, subscription.baseline) == (7, False)
    told = AuditEvent.objects.filter(log__agency=subscription.peer.agency).order_by("seq")
    assert list(told.values_list("verb", flat=True))[-2:] == ["set.receive", "set.version"]


def test_a_change_replaces_a_removal_ends_and_the_rest_stays_as_it_is(subscription: Subscription) -> None:
    take(subscription, media(1), media(2), media(3), seq=3, snapshot=True)
    made = take(subscription, media(1, 4, category="2"), gone(2, 5), gone(9, 6), seq=6)
    assert made
    assert (made.added, made.removed, made.entries) == (1, 2, 2)
    assert made.report["codes"] == {"1": 1, "2": 1}
    assert held(subscription) == {name(1): "2", name(3): "1"}


def test_an_entry_that_left_and_comes_back_is_the_same_entry(subscription: Subscription) -> None:
    take(subscription, media(1), seq=1, snapshot=True)
    take(subscription, gone(1, 2), seq=2)
    take(subscription, media(1, 3), seq=3)
    assert held(subscription) == {name(1): "1"}
    assert set(Entry.objects.filter(set=subscription.set).values_list("twin", flat=True)) == {0}


def test_a_snapshot_ends_what_it_does_not_name_and_a_delta_does_not(subscription: Subscription) -> None:
    take(subscription, media(1), media(2), seq=2, snapshot=True)
    take(subscription, media(3), seq=3)
    assert len(held(subscription)) == 3
    take(subscription, media(2), seq=4, snapshot=True)
    assert held(subscription) == {name(2): "1"}


def test_what_says_nothing_new_makes_no_version_whatever_its_date(subscription: Subscription) -> None:
    take(subscription, media(1), seq=1, snapshot=True)
    assert take(subscription, media(1, 2, date_updated=datetime(2026, 4, 1, tzinfo=UTC)), seq=2) is None
    subscription.refresh_from_db()
    assert (subscription.seq, subscription.set.generation) == (2, 1)
    assert not Incoming.objects.exists()


def test_what_our_own_word_contradicts_stays_without_effect_here_whatever_its_owner_says(
    subscription: Subscription,
) -> None:
    take(subscription, media(1), media(2), seq=2, snapshot=True)
    entry = Entry.objects.get(set=subscription.set, public_id=name(1))
    ours = subscription.peer.agency.organisation
    said = {"ident": entry.ident, "twin": entry.twin, "organisation": ours, "kind": "sha1", "basis": "viewed"}
    vote = Vote.objects.create(set=subscription.set, **said, code="5", disposition="not_relevant")
    take(subscription, media(1, 3, votes=4), media(2, 4, votes=4), seq=4)
    assert states(subscription) == {name(1): "disputed", name(2): "published"}
    take(subscription, media(1, 5, category="5", votes=5), seq=5)
    assert states(subscription)[name(1)] == "published"
    Vote.objects.filter(pk=vote.pk).update(withdrawn_after=vote.pk, withdrawn_at=vote.at)
    take(subscription, media(1), media(2), seq=6, snapshot=True)
    assert states(subscription) == {name(1): "published", name(2): "published"}


def test_our_word_holds_what_may_be_the_same_file_under_another_id_or_with_more_digests(
    subscription: Subscription,
) -> None:
    Agency.objects.filter(pk=subscription.set.owner_id).update(is_local=False)
    take(subscription, media(1), media(4), seq=4, snapshot=True)
    entry = Entry.objects.get(set=subscription.set, public_id=name(1))
    more, other = {"md5": media(1).md5, "sha1": media(1).sha1}, {"md5": media(1).md5}
    opinions.say(subscription.set, entry.id, code="5", looked=True, by=subscription.by)
    again = [media(2, 5, **more, sha256=f"FA4E{2:060}"), media(3, 6, **other)]
    take(subscription, *again, seq=6)
    found = {name(1): "disputed", name(2): "disputed", name(3): "published", name(4): "published"}
    assert states(subscription) == found  # the third has another SHA-1
    assert take(subscription, *again, seq=7) is None
    [row] = Entry.objects.filter(set=subscription.set, public_id=name(1), removed_in=None)
    opinions.take_back(subscription.set, row.id, by=subscription.by, reason="misread")
    assert states(subscription) == dict.fromkeys(found, "published")
    opinions.say(subscription.set, row.id, code="5", looked=True, by=subscription.by)
    assert states(subscription) == found


def states(of: Subscription) -> dict[UUID, str]:
    of.set.refresh_from_db()
    g = of.set.generation
    rows = Entry.objects.filter(set=of.set, added_in__lte=g).exclude(removed_in__lte=g)
    return dict(rows.values_list("public_id", "state"))


def test_a_new_count_of_votes_is_a_new_version(subscription: Subscription) -> None:
    take(subscription, media(1), seq=1, snapshot=True)
    assert take(subscription, media(1, 2, votes=4), seq=2)


def test_of_several_records_of_one_entry_the_newest_stands_in_whatever_order(subscription: Subscription) -> None:
    with transaction.atomic():
        settling.stage(subscription, [media(1, 5, category="2"), media(1, 4), gone(2, 9)])
        settling.stage(subscription, [media(1, 3), media(2, 8)])
    settling.settle(subscription, seq=9, snapshot=True, by=subscription.by)
    assert held(subscription) == {name(1): "2"}


def test_two_entries_of_one_digest_are_kept_apart(subscription: Subscription) -> None:
    take(subscription, media(1), media(2, md5=f"FA4E{1:028}"), seq=2, snapshot=True)
    take(subscription, media(3, md5=f"FA4E{1:028}"), seq=3)
    assert sorted(Entry.objects.filter(set=subscription.set).values_list("twin", flat=True)) == [0, 1, 2]


@pytest.mark.parametrize(
    ("values", "disposition"),
    [({"category": "99"}, "unmapped"), ({"scheme": "uk-abc"}, "unmapped"), ({"category": ""}, "no_verdict")],
)
def test_a_category_that_means_nothing_here_is_kept_and_does_nothing(
    subscription: Subscription, values: dict[str, Any], disposition: str
) -> None:
    take(subscription, media(1, **values), seq=1, snapshot=True)
    assert Entry.objects.get(set=subscription.set).disposition == disposition


@pytest.mark.parametrize(("said", "kept"), [("disputed", "disputed"), ("retracted", "disputed"), ("sworn", "unknown")])
def test_a_level_of_trust_is_never_taken_for_more_than_we_have_a_word_for(
    subscription: Subscription, said: str, kept: str
) -> None:
    take(subscription, media(1, trust=said), seq=1, snapshot=True)
    assert Entry.objects.get(set=subscription.set).trust == kept


@pytest.mark.parametrize(
    "odd",
    [
        media(1, md5="FA4E"),
        media(1, md5=None, sha1=None),
        media(1, md5="D41D8CD98F00B204E9800998ECF8427E"),
        media(1, media_size=0),
        media(1, media_size=2**63),
        media(1, 2**63),
        media(1, category="x" * 41),
    ],
)
def test_what_cannot_be_kept_is_put_aside_with_its_words_and_stops_nothing(
    subscription: Subscription, odd: wire.Media
) -> None:
    with transaction.atomic():
        assert settling.stage(subscription, [odd, media(2)]) == (1, 1)
    settling.settle(subscription, seq=2, snapshot=True, by=subscription.by)
    assert held(subscription) == {name(2): "1"}
    assert str(name(1)) in Quarantined.objects.get().record


def test_half_a_character_or_a_nul_in_a_name_is_no_reason_to_fail(subscription: Subscription) -> None:
    take(subscription, media(1, mime_type="image/\0png", series=["a\0b"]), seq=1, snapshot=True)
    assert Entry.objects.get(set=subscription.set).raw["series"] == ["ab"]


def test_of_what_is_put_aside_only_so_much_is_kept(subscription: Subscription, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "MOST", 3)
    with transaction.atomic():
        settling.stage(subscription, [media(n, md5="x") for n in range(1, 9)])
    assert Quarantined.objects.count() == 3


def test_a_peer_that_goes_back_is_refused_and_nothing_changes(subscription: Subscription) -> None:
    take(subscription, media(1), seq=5, snapshot=True)
    for snapshot in (True, False):
        with pytest.raises(settling.SequenceWentBack):
            take(subscription, media(2), seq=4, snapshot=snapshot)
    assert held(subscription) == {name(1): "1"}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.lists(st.tuples(st.integers(1, 6), st.sampled_from("12-")), max_size=6), max_size=5))
def test_any_run_of_changes_ends_where_a_snapshot_of_the_end_does(
    subscription: Subscription, steps: list[list[tuple[int, str]]]
) -> None:
    with transaction.atomic():
        seq, expected = 0, dict[UUID, str]()
        for step in steps:
            records: list[wire.Media | wire.Removed] = []
            for number, code in step:
                seq += 1
                records.append(gone(number, seq) if code == "-" else media(number, seq, category=code))
                expected |= {name(number): code}
            take(subscription, *records, seq=seq)
        expected = {one: code for one, code in expected.items() if code != "-"}
        assert held(subscription) == expected
        rows = [media(int(one.int & 0xF), seq + 1, category=code) for one, code in expected.items()]
        assert take(subscription, *rows, seq=seq + 1, snapshot=True) is None
        transaction.set_rollback(True)
    subscription.refresh_from_db()
