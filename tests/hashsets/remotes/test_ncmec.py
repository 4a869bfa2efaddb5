"""An NCMEC-v2-shaped server at its worst (sharing.md sections 1, 2, 7.13): nothing is lost, nothing stays too long."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as product
from django.utils import timezone

from hashsets.following import follows, mirroring, turning
from hashsets.following.applying import PullOvertaken
from hashsets.models import EntryHash, Generation, HashSet, Mirrored, Remote
from hashsets.remotes import BY_ID, CheckpointWentBack, Page, Source, ncmec, ncmec_xml
from tests.foreign import serving
from tests.hashsets.lists import current, digest
from tests.hashsets.remotes import sources
from tests.hashsets.remotes.ncmec_server import Listed, NcmecServer
from tests.hashsets.remotes.sources import followed, held, numbers, pull
from tests.people import People
from workbench import peer_addresses
from workbench.errors import WorkbenchError
from workbench.models import AuditEvent
from workbench.outbound_errors import (
    AnswerHostile,
    AnswerRefused,
    AnswerTooLarge,
    AnswerUnreadable,
    PeerBusy,
    PeerUnreachable,
)
from workbench.peer_addresses import AddressRefused

PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
HASHES = "<image><member id='1'>A</member><id>7</id><fingerprints>{}</fingerprints></image>"


@pytest.fixture
def foreign(tmp_path: Path, settings: Any) -> Iterator[sources.Ncmec]:
    with sources.ncmec(tmp_path, settings) as made:
        yield made


@pytest.fixture
def server(foreign: sources.Ncmec) -> NcmecServer:
    return foreign.server


@pytest.fixture
def remote(foreign: sources.Ncmec, people: People) -> Remote:
    return followed(foreign, people.supervisor, "Far")


def put(server: NcmecServer, *given: int) -> None:
    for number in given:
        server.put(number)


@pytest.mark.parametrize("seed", range(5))
def test_entries_in_no_order_of_time_are_all_taken(seed: int, server: NcmecServer, remote: Remote) -> None:
    server.seed = seed
    put(server, *range(1, 30))
    pull(remote)
    assert numbers(remote) == set(range(1, 30))
    for number in range(1, 30, 4):
        server.take_away(number)
    put(server, *range(30, 40))
    pull(remote)
    assert numbers(remote) == {number for number in range(1, 40) if number >= 30 or number % 4 != 1}


def test_windows_of_many_pages_do_not_cut_what_lies_behind_them(server: NcmecServer, remote: Remote) -> None:
    for week in range(4):
        put(server, *range(10 * week + 1, 10 * week + 9))
        server.clock += 7 * 86_400
    pull(remote)
    assert numbers(remote) == {10 * week + number for week in range(4) for number in range(1, 9)}


def test_a_tombstone_that_comes_before_the_entry_it_ends_ends_it(server: NcmecServer, remote: Remote) -> None:
    """Within a page, in one version, and in a version before."""
    for number, (first, apart) in enumerate((("gone", 0), ("old", 0), ("gone", 1), ("old", 1), ("gone", 2)), 1):
        news = {"old": server.put(number), "gone": Listed(number, server._now())}
        order = [news.pop(first), *news.values()]
        pages = [_page(server, *order)] if apart == 0 else [_page(server, one) for one in order]
        for some in [pages] if apart < 2 else [[page] for page in pages]:
            mirroring.apply(remote, some, by=remote.by)
        assert numbers(remote) == set()


def _page(server: NcmecServer, *entries: Listed) -> Any:
    read = ncmec_xml.read(server._xml(list(entries), "").encode())
    return Page(checkpoint="{}", records=read.records, removed=read.removed)


def test_a_link_that_goes_stale_is_no_loss_its_window_begins_anew(server: NcmecServer, remote: Remote) -> None:
    put(server, *range(1, 12))
    server.stale = 2
    pull(remote)
    assert numbers(remote) == set(range(1, 12))


def test_links_that_always_go_stale_are_told_and_tried_later(server: NcmecServer, remote: Remote) -> None:
    put(server, *range(1, 12))
    server.stale = 1_000
    with pytest.raises(PeerUnreachable):
        pull(remote)
    remote.refresh_from_db()
    assert not remote.paused
    assert "stale" in remote.failure
    server.stale = 0
    pull(remote)
    assert numbers(remote) == set(range(1, 12))


def test_a_link_is_used_again_within_its_twelve_hours_with_its_own_end_and_not_behind_them(
    foreign: sources.Ncmec, server: NcmecServer, remote: Remote
) -> None:
    put(server, *range(1, 12))
    source = follows.source(remote)
    checkpoints = [page.checkpoint for page in BY_ID["ncmec2"].pull(source, "")]
    middle = next(one for one in checkpoints if json.loads(one)["link"])
    end, asked = json.loads(middle)["link"]["end"], foreign.http.asked
    for later, is_followed in ((3_600, True), (12 * 3_600, False)):
        server.clock += later
        asked.clear()
        next(iter(BY_ID["ncmec2"].pull(source, middle)))
        assert ("start=" in asked[0].path) is is_followed
        assert (ncmec._text(end).replace(":", "%3A") in asked[0].path) is is_followed


def test_a_busy_server_is_waited_for_as_long_as_it_asks(server: NcmecServer, remote: Remote) -> None:
    put(server, 1)
    server.bad = ["busy", "down", "busy"]
    pull(remote)
    assert numbers(remote) == {1}


def test_a_server_that_asks_for_longer_is_left_alone_until_then(server: NcmecServer, remote: Remote) -> None:
    server.bad = ["full"]
    with pytest.raises(PeerBusy):
        pull(remote)
    remote.refresh_from_db()
    assert 890 <= (remote.due_at - timezone.now()).total_seconds() <= 901
    assert remote.pk not in follows.due()
    assert not remote.paused


def test_an_answer_that_is_cut_off_once_is_asked_for_again(server: NcmecServer, remote: Remote) -> None:
    put(server, *range(1, 9))
    server.bad = ["cut"]
    pull(remote)
    assert numbers(remote) == set(range(1, 9))


def test_of_an_answer_that_stays_cut_off_nothing_is_taken_and_all_before_it_stays(
    server: NcmecServer, remote: Remote
) -> None:
    put(server, *range(1, 9))
    pull(remote)
    put(server, *range(9, 20))
    server.bad = ["", "cut", "cut"]
    with pytest.raises(AnswerUnreadable):
        pull(remote)
    assert set(range(1, 9)) <= numbers(remote) < set(range(1, 20))
    pull(remote)
    assert numbers(remote) == set(range(1, 20))
    assert remote.failure == ""


@pytest.mark.parametrize("how", ["laughs", "outside"])
def test_xml_made_to_harm_its_reader_is_refused_and_a_person_is_asked(
    how: str, server: NcmecServer, remote: Remote
) -> None:
    put(server, 1)
    server.bad = [how]
    with pytest.raises(AnswerHostile):
        pull(remote)
    remote.refresh_from_db()
    assert remote.paused
    assert remote.pk not in follows.due()
    assert Mirrored.objects.count() == 0
    turning.resume(remote, by=remote.by)
    assert remote.pk in follows.due()


@pytest.mark.parametrize(
    ("rule", "body", "error"),
    [
        ("deep without end", b"<queryResult>" * 100 + b"</queryResult>" * 100, AnswerTooLarge),
        ("not XML", b"{}", AnswerUnreadable),
        ("nothing", b"", AnswerUnreadable),
        ("another document", b"<status/>", AnswerUnreadable),
        ("an encoding that nobody has", b"<?xml version='1.0' encoding='x-none'?><queryResult/>", AnswerUnreadable),
    ],
)
def test_other_xml_is_told(rule: str, body: bytes, error: type[WorkbenchError]) -> None:
    with pytest.raises(error):
        ncmec_xml.read(body)


@pytest.mark.parametrize(
    ("reason", "entry"),
    [
        ("not-a-record", "<image><id>7</id><fingerprints/></image>"),
        ("not-a-record", "<image><member id='1'>A</member></image>"),
        ("no-hash", "<image><member id='1'>A</member><id>7</id><timestamp>2026-03-01T10:30:00Z</timestamp></image>"),
        ("invalid-hash", HASHES.format("<md5>fa4e</md5>")),
        ("zero-length", HASHES.format("<md5>d41d8cd98f00b204e9800998ecf8427e</md5>")),
        ("other-kind", HASHES.format("<netclean>abc</netclean>")),
        ("invalid-hash", HASHES.format("<pdq>fa4e</pdq>")),
        ("not-a-record", f"<image><member id='1'>A</member><id>{'7' * 300}</id></image>"),
    ],
)
def test_one_bad_record_is_counted_and_stops_nothing(
    reason: str, entry: str, server: NcmecServer, remote: Remote
) -> None:
    put(server, 1, 2)
    server.extra = [entry]
    applied = pull(remote)
    assert applied.skipped[reason] >= 1
    assert numbers(remote) == {1, 2}
    told = AuditEvent.objects.filter(verb="remote.pull").latest("pk").body
    assert reason in str(told)


def test_of_an_entry_with_one_bad_hash_the_others_are_used(server: NcmecServer, remote: Remote) -> None:
    server.put(1, sha1="fa4e", pdq="none", pdna="short", netclean="abc", **{"tmk-pdqf": ""})
    applied = pull(remote)
    assert numbers(remote) == {1}
    assert applied.odd.keys() == {"invalid-hash", "bad-pdq", "photodna-length"}
    assert current(remote.set)[0].raw["more"]["netclean"] == "abc"


def test_an_entry_that_becomes_unusable_leaves_the_set(server: NcmecServer, remote: Remote) -> None:
    server.put(1)
    pull(remote)
    server.put(1, md5="", sha1="")
    pull(remote)
    assert numbers(remote) == set()


def test_two_records_of_one_file_are_one_entry_until_both_are_withdrawn(server: NcmecServer, remote: Remote) -> None:
    server.put(1, md5=digest(9), sha1=digest(9, 40))
    server.put(2, "2", md5=digest(9), sha1=digest(9, 40))
    pull(remote)
    assert len(current(remote.set)) == 1
    server.take_away(1)
    pull(remote)
    assert [entry.code for entry in current(remote.set)] == ["2"]
    server.take_away(2)
    pull(remote)
    assert current(remote.set) == []


def test_records_that_contradict_each_other_in_a_digest_are_two_entries(server: NcmecServer, remote: Remote) -> None:
    server.put(1, md5=digest(9), sha1=digest(1, 40))
    server.put(2, md5=digest(9), sha1=digest(2, 40))
    pull(remote)
    ids = {entry.twin: entry.public_id for entry in current(remote.set)}
    assert ids.keys() == {0, 1}
    server.put(1, "2", md5=digest(9), sha1=digest(1, 40))
    pull(remote)
    assert {entry.twin: entry.public_id for entry in current(remote.set)} == ids


def feedback(positive: str = "", negative: str = "") -> str:
    members = "<members><member id='43'>B</member></members>"
    for_it = f"<affirmativeFeedback type='{positive}'>{members}</affirmativeFeedback>" if positive else ""
    against = f"<reasons><reason guid='00000000-fa4e'/>{members}</reasons>"
    not_it = f"<negativeFeedback type='{negative}'>{against}</negativeFeedback>" if negative else ""
    return f"<feedback>{for_it}{not_it}</feedback>"


@pytest.mark.parametrize(
    ("rule", "said", "trust", "pdq"),
    [
        ("nobody says anything", feedback(), "trusted", 1),
        ("somebody says it is right", feedback("Md5"), "trusted", 1),
        ("somebody says its MD5 is wrong", feedback(negative="Md5"), "disputed", 1),
        ("one says so and another not", feedback("Md5", "Md5"), "disputed", 1),
        ("only its PDQ is wrong", feedback("Md5", "Pdq"), "trusted", 0),
        ("a kind we do not know is wrong", feedback(negative="Videntifier"), "trusted", 1),
    ],
)
def test_opinions_belong_to_a_hash_kind(
    rule: str, said: str, trust: str, pdq: int, server: NcmecServer, remote: Remote
) -> None:
    server.put(1, pdq=PDQ).feedback = said
    pull(remote)
    assert held(remote)[digest(1)][2] == trust
    assert EntryHash.objects.filter(set=remote.set).count() == pdq
    assert ("opinions" in current(remote.set)[0].raw.get("more", {})) is ("member" in said)


def test_videos_are_taken_too_and_withdrawn(server: NcmecServer, remote: Remote) -> None:
    server.put(1).kind = "video"
    pull(remote)
    assert numbers(remote) == {1}
    server.take_away(1)
    server.entries[1].kind = "video"
    pull(remote)
    assert numbers(remote) == set()


def test_a_category_that_the_scheme_does_not_have_closes_nothing(server: NcmecServer, remote: Remote) -> None:
    server.put(1, "A1")
    pull(remote)
    assert held(remote)[digest(1)][:2] == ("A1", "unmapped")


def test_many_pages_narrow_the_next_window_and_few_widen_it() -> None:
    assert ncmec._width(1_000.0, 40) == 250.0
    assert ncmec._width(1_000.0, 1) == 1_500.0
    assert ncmec._width(1_000.0, 5) == 1_000.0
    assert ncmec._width(60.0, 1_000) == ncmec.NARROWEST
    assert ncmec._width(ncmec.WIDEST, 1) == ncmec.WIDEST


def test_a_window_ends_some_seconds_before_now(foreign: sources.Ncmec, server: NcmecServer, remote: Remote) -> None:
    pull(remote)
    done = json.loads(remote.checkpoint)["done"]
    assert server.clock + 10 - done >= ncmec.LAG


def test_many_pages_are_one_version(server: NcmecServer, remote: Remote) -> None:
    put(server, *range(1, 60))
    pull(remote)
    assert Generation.objects.filter(set=remote.set).count() == 1


@pytest.mark.parametrize("link", ["https://evil.example.org/v2/entries", "//evil.example.org/", "http://127.0.0.1:1/x"])
def test_a_link_to_another_place_is_not_followed(link: str, server: NcmecServer, remote: Remote) -> None:
    put(server, *range(1, 3))
    server.next_is = link
    with pytest.raises(AddressRefused):
        pull(remote)
    remote.refresh_from_db()
    assert remote.paused


def test_links_in_a_circle_end(server: NcmecServer, remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    put(server, 1)
    server.next_is = "/v2/entries?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z"
    with pytest.raises(CheckpointWentBack):
        pull(remote)
    remote.refresh_from_db()
    assert remote.paused


def test_a_checkpoint_that_goes_back_stops_the_pull_and_asks_a_person(
    server: NcmecServer, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(server, 1)
    pull(remote)
    put(server, 2)
    before = remote.checkpoint
    monkeypatch.setattr(ncmec, "_after", lambda state, *_more: ncmec.Checkpoint(state.done - 60, at=int(server.clock)))
    with pytest.raises(CheckpointWentBack):
        pull(remote)
    remote.refresh_from_db()
    assert remote.checkpoint == before
    assert remote.paused
    assert AuditEvent.objects.filter(verb="remote.fail").count() == 1


def test_a_wrong_password_is_told_once_and_not_tried_again(
    foreign: sources.Ncmec, people: People, caplog: pytest.LogCaptureFixture
) -> None:
    foreign.secret = "tester:wr0ng-w0rd"
    remote = followed(foreign, people.supervisor)
    with pytest.raises(AnswerRefused, match="401"):
        pull(remote)
    remote.refresh_from_db()
    assert remote.paused
    assert len(foreign.http.asked) == 1
    told = f"{remote.__dict__} {list(AuditEvent.objects.values_list('body', flat=True))} {caplog.text}"
    assert "wr0ng" not in told


def test_the_secret_lies_in_a_file_for_us_alone_and_goes_with_the_following(remote: Remote) -> None:
    path = product.DATA_DIR / "keys" / remote.secret
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == "tester:pass:word"


@pytest.mark.parametrize("secret", ["", "name", ":word", "name:", "a:b\r\nHost: c"])
def test_a_secret_that_can_not_be_one_is_refused_at_once(secret: str, foreign: sources.Ncmec, people: People) -> None:
    foreign.secret = secret
    with pytest.raises(WorkbenchError):
        followed(foreign, people.supervisor)
    assert Remote.objects.count() == 0


def test_a_server_that_is_not_listed_is_refused_at_once(people: People) -> None:
    with pytest.raises(AddressRefused):
        BY_ID["ncmec2"].check(Source("https://elsewhere.example.org/industry", "a:b"))


def test_who_lost_the_right_does_not_pull_any_more(server: NcmecServer, remote: Remote) -> None:
    put(server, 1)
    remote.by.is_active = False
    remote.by.save()
    with pytest.raises(WorkbenchError, match="no account"):
        pull(remote)
    assert HashSet.objects.get(pk=remote.set_id).generation == 0


def test_two_workers_do_not_pull_at_once(server: NcmecServer, remote: Remote) -> None:
    put(server, 1)
    stale = Remote.objects.select_related("set__owner", "set__scheme").get(pk=remote.pk)
    pull(remote)
    with pytest.raises(PullOvertaken):
        mirroring.apply(stale, [_page(server, server.entries[1])], by=remote.by)


def test_a_failure_is_news_once_and_pauses_grow(server: NcmecServer, remote: Remote) -> None:
    waits = []
    for _time in range(4):
        server.bad = ["other", "other"]
        with pytest.raises(AnswerUnreadable):
            pull(remote)
        remote.refresh_from_db()
        waits.append(round((remote.due_at - timezone.now()).total_seconds(), -2))
    assert waits == [300, 600, 1_200, 2_400]
    assert AuditEvent.objects.filter(verb="remote.fail").count() == 1
    pull(remote)
    assert (remote.failure, remote.failures, remote.failing_since) == ("", 0, None)


def test_a_server_that_is_gone_is_tried_again(foreign: sources.Ncmec, people: People, settings: Any) -> None:
    with serving(NcmecServer().answer) as http:
        settings.PEER_HOSTS = peer_addresses.allowed(f"127.0.0.1:{http.server_port}")
        foreign.http = http
        remote = followed(foreign, people.supervisor)
    with pytest.raises(PeerUnreachable):
        pull(remote)
    remote.refresh_from_db()
    assert not remote.paused
