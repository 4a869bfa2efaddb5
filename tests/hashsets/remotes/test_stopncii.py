"""A StopNCII-shaped server at its worst (sharing.md sections 1, 2, 7.13): nothing is lost, nothing stays too long."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from hashsets import feed, listing, lookups, near_lookup, opinions, rejudging
from hashsets.exchange import WriteOptions
from hashsets.following import applying, follows, mirroring, pulling
from hashsets.following.applying import Applied
from hashsets.following.follows import Wish
from hashsets.models import Change, EntryHash, HashSet, Remote
from hashsets.remotes import BY_ID, CheckpointWentBack, Source
from tests.hashsets import makers
from tests.hashsets.lists import current, digest
from tests.hashsets.remotes import sources
from tests.hashsets.remotes.sources import followed, held, numbers, pull
from tests.hashsets.remotes.stopncii_server import StopNciiServer
from tests.people import People
from workbench.errors import BadInput
from workbench.models import AuditEvent
from workbench.outbound_errors import AnswerRefused, AnswerUnreadable, PeerBusy, PeerUnreachable

PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
CLOSE = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b2d"  # four bits of it differ


@pytest.fixture
def foreign(tmp_path: Path, settings: Any) -> Iterator[sources.StopNcii]:
    with sources.stopncii(tmp_path, settings) as made:
        yield made


@pytest.fixture
def server(foreign: sources.StopNcii) -> StopNciiServer:
    return foreign.server


@pytest.fixture
def remote(foreign: sources.StopNcii, people: People) -> Remote:
    return followed(foreign, people.supervisor, "Far")


def put(server: StopNciiServer, *given: int) -> None:
    for number in given:
        server.put_number(number)


def test_records_that_come_again_on_empty_and_half_pages_at_one_time_are_one_entry_each(
    server: StopNciiServer, remote: Remote
) -> None:
    put(server, *range(1, 30))
    pull(remote)
    assert numbers(remote) == set(range(1, 30))
    for number in range(1, 30, 4):
        server.withdraw(number, "Deleted" if number % 8 == 1 else "Withdrawn")
    put(server, *range(30, 40))
    pull(remote)
    assert numbers(remote) == {number for number in range(1, 40) if number >= 30 or number % 4 != 1}
    assert remote.counts["removed"] >= 8


def test_a_record_that_was_withdrawn_before_anybody_saw_it_never_comes_in(
    server: StopNciiServer, remote: Remote
) -> None:
    put(server, 1)
    server.withdraw(7)
    pull(remote)
    assert numbers(remote) == {1}


def test_a_withdrawal_and_what_it_withdraws_may_come_on_one_page_in_any_order(
    server: StopNciiServer, remote: Remote
) -> None:
    put(server, 1, 2)
    old = dict(server.records[f"VideoMD5-{digest(2)}"])
    server.tick = 5
    server.withdraw(2)
    server.extra = [old]
    pull(remote)
    assert numbers(remote) == {1}


def test_killed_behind_each_page_the_end_is_that_of_a_pull_that_nobody_disturbs(
    server: StopNciiServer, foreign: sources.StopNcii, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "RECORDS_AT_ONCE", 1)
    put(server, *range(1, 12))
    server.withdraw(3)
    undisturbed = followed(foreign, people.supervisor)
    pull(undisturbed)
    boundary = 0
    while True:
        boundary += 1
        remote = followed(foreign, people.supervisor)
        if not _killed_behind(boundary, remote, monkeypatch):
            break
        server.tokens.clear()  # as after a while
        pull(remote)
        assert held(remote) == held(undisturbed), f"killed behind page {boundary}"
    assert boundary > 5


def _killed_behind(boundary: int, remote: Remote, monkeypatch: pytest.MonkeyPatch) -> bool:
    real, pages = mirroring.apply, iter(range(1, boundary + 1))

    def apply(*args: Any, **kwargs: Any) -> Applied:
        done = real(*args, **kwargs)
        if next(pages) == boundary:
            raise KeyboardInterrupt
        return done

    with monkeypatch.context() as patched:
        patched.setattr(mirroring, "apply", apply)
        try:
            pulling.pull(remote.pk)
        except KeyboardInterrupt:
            return True
    return False


def test_a_token_that_expires_midway_is_no_loss_and_tombstones_hold(server: StopNciiServer, remote: Remote) -> None:
    put(server, *range(1, 12))
    server.refuse = 2
    pull(remote)
    assert numbers(remote) == set(range(1, 12))
    checkpoint = json.loads(remote.checkpoint)
    assert (checkpoint["whole"], checkpoint["token"]) == (False, "")


def test_tokens_that_always_expire_are_told_and_tried_later(server: StopNciiServer, remote: Remote) -> None:
    put(server, *range(1, 12))
    server.refuse = 1_000
    with pytest.raises(PeerUnreachable):
        pull(remote)
    assert (Remote.objects.get(pk=remote.pk).paused, remote.failure_code) == ("", "")
    server.refuse = 0
    pull(remote)
    assert numbers(remote) == set(range(1, 12))


def test_a_token_is_used_again_only_while_it_is_young(
    foreign: sources.StopNcii, server: StopNciiServer, remote: Remote
) -> None:
    put(server, *range(1, 12))
    connector, source = BY_ID["stopncii"], follows.source(remote)
    middle = next(iter(connector.pull(source, ""))).checkpoint
    for later, is_used in ((60, True), (3_600, False)):
        server.clock += later
        foreign.http.asked.clear()
        page = next(iter(connector.pull(source, middle)))
        assert ("nextPageToken=" in foreign.http.asked[0].path) is is_used
        assert page.anew is not is_used


def test_what_changes_while_pages_are_read_is_asked_for_again(server: StopNciiServer, remote: Remote) -> None:
    """The server says that the next asking begins in the future; the client's own clock limits that."""
    put(server, 1)
    server.until = int(server.clock) + 86_400
    pull(remote)
    server.clock += 1
    put(server, 2)
    server.until = None
    pull(remote)
    assert numbers(remote) == {1, 2}


def test_a_busy_server_is_left_alone_as_long_as_it_asks(server: StopNciiServer, remote: Remote) -> None:
    put(server, 1)
    server.bad = ["busy"]
    pull(remote)
    assert numbers(remote) == {1}
    server.bad = ["full"]
    with pytest.raises(PeerBusy):
        pull(remote)
    remote.refresh_from_db()
    assert 890 <= (remote.due_at - timezone.now()).total_seconds() <= 901


def test_an_answer_that_is_cut_off_is_asked_for_once_more_and_then_told(server: StopNciiServer, remote: Remote) -> None:
    put(server, *range(1, 6))
    server.bad = ["cut"]
    pull(remote)
    assert numbers(remote) == set(range(1, 6))
    put(server, *range(6, 12))
    for wrong in ("cut", "nowhere"):
        server.bad = ["", wrong, wrong]
        with pytest.raises(AnswerUnreadable):
            pull(remote)
    pull(remote)
    assert numbers(remote) == set(range(1, 12))


def test_tokens_in_a_circle_end_and_a_person_is_asked(server: StopNciiServer, remote: Remote) -> None:
    put(server, *range(1, 12))
    server.same_token = True
    with pytest.raises(CheckpointWentBack):
        pull(remote)
    remote.refresh_from_db()
    assert (remote.failure_code, bool(remote.paused)) == ("checkpoint-went-back", True)


def test_a_time_that_goes_back_stops_the_pull(server: StopNciiServer, remote: Remote) -> None:
    put(server, 1)
    server.clock += 10_000
    pull(remote)
    server.until = 60
    with pytest.raises(CheckpointWentBack):
        pull(remote)
    assert numbers(remote) == {1}


def test_a_picture_that_stands_by_its_pdq_alone_is_found_by_what_looks_like_it_and_closes_nothing(
    server: StopNciiServer, remote: Remote, people: People
) -> None:
    server.put(PDQ, "ImagePDQ")
    put(server, 1)
    pull(remote)
    [entry] = [one for one in current(remote.set) if one.md5 is None]
    assert (entry.sha1, entry.sha256, bytes(entry.ident).hex(), entry.code) == (None, None, PDQ, "1")
    asked = bytes.fromhex(CLOSE)
    assert near_lookup.near(people.north.pk, [asked]) == [(0, remote.set_id, entry.id, 4)]
    [answer] = lookups.lookup(people.north.pk, [f"pdq:{CLOSE}"])
    assert [(hit.strength, hit.effect, answer.known) for hit in answer.hits] == [("near", 0, False)]
    server.put(PDQ, "ImagePDQ", "Withdrawn")
    pull(remote)
    assert near_lookup.near(people.north.pk, [asked]) == []


def test_what_stands_by_its_pdq_alone_stays_here(server: StopNciiServer, remote: Remote) -> None:
    """No list nor feed has a place for an entry without a digest."""
    feed.of(remote.set)
    server.put(PDQ, "ImagePDQ")
    put(server, 1)
    pull(remote)
    server.put(PDQ, "ImagePDQ", "Withdrawn")
    pull(remote)
    assert feed.number(remote.set_id) == Change.objects.filter(set=remote.set).count() == 1
    written = io.BytesIO()
    listing.write(HashSet.objects.get(pk=remote.set_id), written, format_id="csv", options=WriteOptions())
    assert PDQ not in written.getvalue().decode()


@pytest.mark.parametrize(
    ("said", "trust", "searched"),
    [
        ((), "trusted", 1),
        ((("A", "Blocked"),), "trusted", 1),
        ((("A", "PendingReview"), ("B", "QualityUnknown"), ("C", "Anything")), "trusted", 1),
        ((("A", "Blocked"), ("B", "NotBlocked")), "disputed", 0),
    ],
)
def test_a_service_that_looked_and_did_not_block_disputes_a_record(
    said: tuple[tuple[str, str], ...], trust: str, searched: int, server: StopNciiServer, remote: Remote
) -> None:
    server.put(PDQ, "ImagePDQ", "Active", *said)
    server.put_number(1, *said)
    pull(remote)
    assert {entry.trust for entry in current(remote.set)} == {trust}
    assert EntryHash.objects.filter(set=remote.set).count() == searched


@pytest.mark.parametrize(
    ("reason", "record"),
    [
        ("other-kind", {"signalType": "VideoTMK", "hashValue": "A" * 500_000, "hashStatus": "Active"}),
        ("other-kind", {"signalType": "Text", "hashValue": "x", "hashStatus": "Active"}),
        ("other-kind", {"signalType": "Next", "hashValue": "x", "hashStatus": "Withdrawn"}),
        ("not-a-record", {"signalType": "ImagePDQ"}),
        ("not-a-record", "text"),
        ("not-a-record", {"signalType": "VideoMD5", "hashValue": "7" * 300, "hashStatus": "Active"}),
        ("not-a-record", {"signalType": "VideoMD5", "hashValue": "7" * 300, "hashStatus": "Withdrawn"}),
        ("invalid-hash", {"signalType": "VideoMD5", "hashValue": "fa4e", "hashStatus": "Active"}),
        ("invalid-hash", {"signalType": "ImagePDQ", "hashValue": "fa4e", "hashStatus": "Active"}),
        ("zero-length", {"signalType": "VideoMD5", "hashValue": "d41d8cd98f00b204e9800998ecf8427e", "hashStatus": "?"}),
    ],
)
def test_one_record_that_cannot_be_used_is_counted_and_stops_nothing(
    reason: str, record: Any, server: StopNciiServer, remote: Remote
) -> None:
    put(server, 1, 2)
    server.extra = [record]
    assert pull(remote).skipped[reason] >= 1
    assert numbers(remote) == {1, 2}
    assert remote.counts["skipped"][reason] >= 1
    assert reason in str(AuditEvent.objects.filter(verb="remote.pull").latest("pk").body)


def test_a_withdrawal_of_what_no_database_keeps_stops_nothing(server: StopNciiServer, remote: Remote) -> None:
    put(server, 1, 2)
    server.extra = [{"signalType": "VideoMD5", "hashValue": f"\0{digest(2)}", "hashStatus": "Deleted"}]
    pull(remote)
    assert numbers(remote) >= {1}


def test_what_an_organisation_here_says_outlives_the_servers_next_news(
    server: StopNciiServer, remote: Remote, people: People
) -> None:
    put(server, 1, 2)
    pull(remote)
    HashSet.objects.filter(pk=remote.set_id).update(reach="node")
    of = HashSet.objects.get(pk=remote.set_id)
    entry = next(one for one in current(of) if one.md5 == bytes.fromhex(digest(1)))
    opinions.say(of, entry.id, code="0", looked=True, by=people.outsider)
    for news in ("Blocked", "PendingReview"):
        server.put_number(1, ("A", news))
        pull(remote)
        of.refresh_from_db()
        assert {bytes(one.md5 or b"").hex(): one.trust for one in current(of)} == {
            digest(1).lower(): "disputed", digest(2).lower(): "trusted"
        }  # fmt: skip
        assert list(rejudging.wrong()) == []
    server.withdraw(1)
    pull(remote)
    of.refresh_from_db()
    assert {(one.trust, one.code) for one in current(of)} == {("provisional", "0"), ("trusted", "1")}
    assert list(rejudging.wrong()) == []


def test_a_status_that_nobody_knows_leaves_the_record_as_it_is(server: StopNciiServer, remote: Remote) -> None:
    server.put(digest(1), "VideoMD5", "Reconsidered")
    pull(remote)
    assert numbers(remote) == {1}


def test_counts_are_of_one_fetch_of_everything_and_what_came_since(server: StopNciiServer, remote: Remote) -> None:
    put(server, *range(1, 6))
    pull(remote)
    first = remote.counts["records"]
    pull(remote)
    assert remote.counts["records"] > first >= 5
    Remote.objects.filter(pk=remote.pk).update(checkpoint="")
    pull(remote)
    assert remote.counts["records"] == first


def test_an_ended_following_takes_nothing_more(server: StopNciiServer, remote: Remote) -> None:
    put(server, 1)
    follows.leave(remote, by=remote.by, reason="moved")
    with pytest.raises(applying.PullOvertaken):
        pulling.pull(remote.pk)
    assert numbers(remote) == set()


def test_a_wrong_key_is_told_once_and_not_tried_again(foreign: sources.StopNcii, people: People) -> None:
    foreign.secret = "f-key==:wr0ng"
    remote = followed(foreign, people.supervisor)
    with pytest.raises(AnswerRefused, match="401"):
        pull(remote)
    remote.refresh_from_db()
    assert (remote.failure_code, bool(remote.paused), len(foreign.http.asked)) == ("answer-refused", True, 1)
    told = f"{remote.__dict__} {list(AuditEvent.objects.values_list('body', flat=True))} {Source('x', foreign.secret)}"
    assert "wr0ng" not in told


@pytest.mark.parametrize(
    ("kind", "code", "secret"), [("stopncii", "99", "a:b"), ("ncmec2", "1", "a:b"), ("stopncii", "1", "only-one")]
)
def test_what_cannot_be_followed_so_is_refused_at_once(
    kind: str, code: str, secret: str, foreign: sources.StopNcii, people: People
) -> None:
    hash_set = makers.hash_set(people.supervisor, scheme="us-pvic")
    with pytest.raises(BadInput):
        follows.follow(hash_set, by=people.supervisor, wish=Wish(kind, foreign.place, secret, code=code))
    assert not Remote.objects.exists()
