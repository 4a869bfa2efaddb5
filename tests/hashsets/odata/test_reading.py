"""Another organisation reads a set: service document, metadata, baseline and delta."""

import gzip
import json
import time
from datetime import timedelta
from typing import Any

import defusedxml.ElementTree
import pytest
from django.utils import timezone

from hashsets import feed, signed
from hashsets.index import building
from hashsets.models import Answered, Entry, Feed, HashSet, Peer, Share
from hashsets.odata import service
from tests.hashsets import makers
from tests.hashsets.odata import partner
from tests.hashsets.odata.partner import Script
from tests.people import People
from workbench import signing
from workbench.models import AuditEvent

pytestmark = pytest.mark.django_db


def read(script: Script, path: str, **headers: str) -> list[dict[str, Any]]:
    """All pages, from that one on."""
    pages = []
    while True:
        answer = script.get(path, **headers)
        assert answer.status_code == 200, answer.content
        pages.append(answer.json())
        path = pages[-1].get("@odata.nextLink", "")
        if not path:
            return pages


def values(pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries of all pages."""
    return [one for page in pages for one in page["value"]]


def digits(name: str) -> str:
    """The MD5 of a picture as it travels."""
    return (makers.picture(name).md5 or b"").hex().upper()


def test_the_service_document_names_the_entity_sets(script: Script) -> None:
    told = script.get("").json()
    assert [one["name"] for one in told["value"]] == ["HashSets", "Media"]
    assert script.get("$metadata").content.startswith(b"<?xml")


def test_the_sets_are_those_that_are_shared(script: Script, shared: HashSet, people: People) -> None:
    makers.hash_set(people.supervisor, "Private")
    [told] = script.get("HashSets").json()["value"]
    assert told["SetID"] == str(shared.public_id)
    assert (told["HeadSeq"], told["EntryCount"], told["Kind"]) == (3, 3, "relevant")


def test_a_baseline_comes_page_by_page_and_ends_with_a_delta_link(script: Script, shared: HashSet) -> None:
    pages = read(script, f"HashSets({shared.public_id})/Media", prefer="odata.track-changes, odata.maxpagesize=2")
    assert [len(page["value"]) for page in pages] == [2, 1]
    assert "@odata.deltaLink" in pages[-1]
    assert {one["MD5"] for one in values(pages)} == {digits(name) for name in "abc"}


def test_a_delta_has_what_came_and_what_left(script: Script, shared: HashSet, people: People) -> None:
    [page] = read(script, f"HashSets({shared.public_id})/Media", prefer="odata.track-changes")
    makers.publish(shared, makers.picture("d"), by=people.supervisor)
    gone = Entry.objects.get(set=shared, md5=makers.picture("a").md5)
    makers.withdraw(shared, gone.id, by=people.supervisor)
    feed.number(shared.pk)
    [delta] = read(script, page["@odata.deltaLink"])
    came, left = delta["value"]
    assert came["MD5"] == digits("d")
    assert left == {
        "@odata.context": f"http://localhost/odata/v1/$metadata#HashSets({shared.public_id})/Media/$deletedEntity",
        "id": f"Media({gone.public_id})",
        "reason": "deleted",
        "Seq": 5,
    }
    [newer] = read(script, page["@odata.deltaLink"], odata_maxversion="4.01")
    assert newer["value"][1] == {
        "@removed": {"reason": "deleted"},
        "@id": f"Media({gone.public_id})",
        "Seq": 5,
    }


def media(of: HashSet) -> str:
    return f"HashSets({of.public_id})/Media"


@pytest.fixture
def flagged(people: People, peer: Peer) -> HashSet:
    """A shared set with one entry that has a flag and a series, and one with neither."""
    made = makers.hash_set(people.supervisor, "Flagged", scheme="us-pvic")
    makers.stored(
        made, people.supervisor, flags={"victim_identified": True}, raw={"series": ["Harbour"], "tags": ["x"]}
    )
    makers.stored(made, people.supervisor, code="2", trust="provisional")
    partner.share(made, peer, by=people.supervisor)
    return made


def test_flags_and_series_are_read_with_the_law_enforcement_scope_only(
    script: Script, reader: Script, flagged: HashSet
) -> None:
    full, plain = (values(read(one, media(flagged))) for one in (script, reader))
    assert next(one for one in full if one["VictimIdentified"])["Series"] == ["Harbour"]
    assert all(
        one.keys().isdisjoint({"VictimIdentified", "OffenderIdentified", "IsDistributed", "Series"}) for one in plain
    )
    one = full[0]["EntryID"]
    assert "Series" in script.get(f"Media({one})").json()
    assert "Series" not in reader.get(f"Media({one})").json()
    assert reader.get(f"{media(flagged)}?$filter=VictimIdentified eq true").status_code == 501
    assert reader.get(f"{media(flagged)}?$select=Series").status_code == 400
    lists = [b"".join(one.get(f"HashSets({flagged.public_id})/Export?format=vics2.0")) for one in (script, reader)]
    assert [b"Harbour" in text for text in lists] == [True, False]
    assert [b"VictimIdentified" in text for text in lists] == [True, False]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Category eq '1'", 1),
        ("Category in ('1','2') and Trust eq 'trusted'", 1),
        ("Category in ('2')", 1),
        ("Seq gt 1", 1),
        ("Seq ge 1 and DateUpdated ge 2026-01-01", 2),
        ("VictimIdentified eq true", 1),
        ("VictimIdentified eq null", 1),
        ("Category eq 'x'' OR true --'", 0),
        ("(Category eq '1')", 1),
    ],
)
def test_a_filter_lets_through_what_fits(text: str, found: int, script: Script, flagged: HashSet) -> None:
    pages = read(script, f"{media(flagged)}?$count=true&$filter={text.replace(' ', '%20')}")
    assert len(values(pages)) == found == pages[0]["@odata.count"]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("$filter=contains(MD5,'00')", 501, "unsupported"),
        ("$filter=Category eq '1' or Category eq '2'", 501, "unsupported"),
        ("$filter=Category gt '1'", 501, "unsupported"),
        ("$filter=not (Category eq '1')", 501, "unsupported"),
        ("$filter=MD5 eq '00'", 501, "unsupported"),
        ("$filter=Category eq", 400, "bad-input"),
        ("$filter=Category eq 1", 400, "bad-input"),
        ("$filter=Seq gt 'a'", 400, "bad-input"),
        ("$filter=(((", 400, "bad-input"),
        ("$orderby=Seq", 501, "unsupported"),
        ("$expand=Media", 501, "unsupported"),
        ("$apply=groupby((Category))", 501, "unsupported"),
        ("$top=-1", 400, "bad-input"),
        ("$top=1&$top=2", 400, "bad-input"),
        ("$select=Name", 400, "bad-input"),
        ("$count=maybe", 400, "bad-input"),
        ("$format=xml", 501, "unsupported"),
        ("$skiptoken=abc", 400, "bad-place"),
        ("$deltatoken=abc", 400, "bad-place"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_the_form_of_odata(
    query: str, status: int, code: str, script: Script, shared: HashSet
) -> None:
    answer = script.get(f"{media(shared)}?{query.replace(' ', '%20')}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_selected_properties_come_with_those_that_are_always_there(script: Script, shared: HashSet) -> None:
    [page] = read(script, f"{media(shared)}?$select=MD5&$top=2")
    assert [list(one) for one in page["value"]] == [["EntryID", "Seq", "MD5", "Trust"]] * 2
    assert page["@odata.context"].endswith("/Media(EntryID,Seq,MD5,Trust)")


def test_top_ends_the_reading_and_gives_no_delta_link(script: Script, shared: HashSet) -> None:
    pages = read(script, f"{media(shared)}?$top=2", prefer="odata.track-changes,odata.maxpagesize=1")
    assert [len(page["value"]) for page in pages] == [1, 1]
    assert "@odata.deltaLink" not in pages[-1]


def test_polling_is_cheap(script: Script, shared: HashSet, people: People) -> None:
    answer = script.get(f"HashSets({shared.public_id})/Media", prefer="odata.track-changes")
    assert answer.headers["ETag"] == 'W/"3"'
    link = answer.json()["@odata.deltaLink"]
    for path in (media(shared), link, f"HashSets({shared.public_id})"):
        same = script.get(path, if_none_match='"3"')
        assert (same.status_code, same.content) == (304, b"")
    makers.publish(shared, makers.picture("new"), by=people.supervisor)
    feed.number(shared.pk)
    assert script.get(link, if_none_match='"3"').status_code == 200


def test_an_entry_that_leaves_the_filter_is_told_as_removed(script: Script, shared: HashSet, people: People) -> None:
    path = f"{media(shared)}?$filter=Trust%20eq%20'provisional'"
    [page] = read(script, path, prefer="odata.track-changes")
    assert len(page["value"]) == 3
    script.post(f"HashSets({shared.public_id})/Contribute", {"items": [partner.item(makers.picture("a"))]})
    [delta] = read(script, page["@odata.deltaLink"])
    assert [one["reason"] for one in delta["value"]] == ["changed"]


def test_a_delta_is_paged_and_remembers_its_place(script: Script, shared: HashSet, people: People) -> None:
    [*_, page] = read(script, media(shared), prefer="odata.track-changes, odata.maxpagesize=2")
    makers.publish(shared, *(makers.picture(f"n{n}") for n in range(5)), by=people.supervisor)
    feed.number(shared.pk)
    pages = read(script, page["@odata.deltaLink"])
    assert [len(one["value"]) for one in pages] == [2, 2, 1]
    assert [one["Seq"] for one in values(pages)] == [4, 5, 6, 7, 8]
    assert pages[-1]["@winnow.seq"] == 8
    assert read(script, pages[-1]["@odata.deltaLink"])[0]["value"] == []


def test_behind_the_horizon_a_reader_is_sent_to_a_fresh_baseline(script: Script, shared: HashSet) -> None:
    first = script.get(f"HashSets({shared.public_id})/Media", prefer="odata.track-changes, odata.maxpagesize=2").json()
    [*_, last] = read(script, media(shared), prefer="odata.track-changes")
    Feed.objects.filter(pk=shared.pk).update(head_seq=9, horizon_seq=5)
    for link in (first["@odata.nextLink"], last["@odata.deltaLink"]):
        gone = script.get(link)
        assert (gone.status_code, gone.json()["error"]["code"]) == (410, "feed-gone")
        assert script.get(gone.headers["Location"]).status_code == 200


def test_a_set_that_was_set_back_is_read_anew(script: Script, shared: HashSet) -> None:
    [page] = read(script, media(shared), prefer="odata.track-changes")
    Feed.objects.filter(pk=shared.pk).update(head_seq=1)
    assert script.get(page["@odata.deltaLink"]).status_code == 410


def test_a_reader_whose_rights_changed_begins_anew(script: Script, shared: HashSet) -> None:
    [page] = read(script, media(shared), prefer="odata.track-changes")
    Peer.objects.update(scopes=["read"])
    assert script.get(page["@odata.deltaLink"]).status_code == 410


def test_links_are_nobodys_to_make_up_or_carry_elsewhere(
    script: Script, shared: HashSet, flagged: HashSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = script.get(f"HashSets({shared.public_id})/Media", prefer="odata.maxpagesize=2").json()["@odata.nextLink"]
    other = link.replace(str(shared.public_id), str(flagged.public_id))
    wrong = [link[:-1] + ("B" if link.endswith("A") else "A"), other, link + "&$filter=Seq%20gt%201"]
    assert [script.get(one).status_code for one in wrong] == [400] * 3
    later = time.time() + 8 * 24 * 3600
    monkeypatch.setattr(time, "time", lambda: later)
    assert script.get(link).json()["error"]["code"] == "bad-place"


def test_an_answer_is_signed_and_packed_where_the_reader_takes_that(script: Script, shared: HashSet) -> None:
    packed = script.get(f"{media(shared)}?$count=true", accept_encoding="gzip, deflate")
    assert packed.headers["Content-Encoding"] == "gzip"
    body = gzip.decompress(packed.content)
    found = signed.read(packed.headers)
    assert found is not None
    key, signature, at = found
    text = signed.text(
        method="GET", target=signed.target_of(f"/odata/v1/{media(shared)}?$count=true"), status=200,
        body_sha256=signed.digest(body), at=at,
    )  # fmt: skip
    assert key == signed.short(signing.fingerprint(signing.public_key()))
    assert signing.is_by(signing.public_key(), signature, text)
    assert not signing.is_by(signing.public_key(), signature, text + b"x")
    assert signed.is_fresh(at, timezone.now())


def test_sets_are_filtered_by_kind(script: Script, shared: HashSet, flagged: HashSet) -> None:
    assert len(script.get("HashSets?$filter=Kind%20eq%20'relevant'&$count=true").json()["value"]) == 2
    assert script.get("HashSets?$filter=Kind%20in%20('known_good')").json()["value"] == []
    assert script.get("HashSets?$select=Name&$top=1").json()["value"] == [{"Name": "Flagged"}]


def test_an_entry_is_found_by_its_id_and_by_its_hash(script: Script, shared: HashSet, people: People) -> None:
    [found] = script.get(f"Media/ByHash(algo='md5',value='{digits('a')}')").json()["value"]
    assert found["MD5"] == digits("a")
    assert script.get(f"Media({found['EntryID']})").json()["SHA1"] == found["SHA1"]
    assert script.get(f"Media/ByHash(value='{digits('a')}',algo='MD5')").json()["value"] == [found]
    private = makers.hash_set(people.supervisor, "Private", scheme="us-pvic")
    makers.publish(private, makers.picture("secret"), by=people.supervisor)
    assert script.get(f"Media/ByHash(algo='md5',value='{digits('secret')}')").json()["value"] == []
    assert script.get("Media/ByHash(algo='md5',value='zz')").json()["error"]["code"] == "bad-hash"
    assert script.get("Media/ByHash(algo='pdq',value='00')").status_code == 400
    assert script.get("Media/ByHash(x=1)").status_code == 501


def test_a_look_up_answers_hits_only_and_the_log_has_how_many(script: Script, shared: HashSet, people: People) -> None:
    private = makers.hash_set(people.supervisor, "Private", scheme="us-pvic")
    makers.publish(private, makers.picture("secret"), by=people.supervisor)
    asked = [digits("a"), (makers.picture("b").sha256 or b"").hex(), digits("secret"), "nothing", "0" * 32]
    told = script.post("Lookup", {"hashes": asked, "more": 1}).json()
    assert [(one["Hash"], one["SetID"]) for one in told["hits"]] == [
        (text, str(shared.public_id)) for text in asked[:2]
    ]
    assert (told["rejected"], told["asked"], told["IgnoredFields"]) == ([{"Hash": "nothing", "code": "bad-hash"}], 5, 1)
    body = AuditEvent.objects.filter(verb="peer.lookup").get().body
    assert '"asked":5' in body
    assert digits("a").lower() not in body.lower()
    assert not Answered.objects.exclude(body="").exists()  # what was hit is in no table


def test_a_key_of_one_question_is_taken_for_no_other_within_a_week(script: Script, shared: HashSet) -> None:
    asked, other = ({"hashes": [digits(name)]} for name in "ab")
    first, again = (script.post("Lookup", asked, key="a-key-of-one").json()["hits"] for _ in range(2))
    assert first == again != []
    assert script.post("Lookup", other, key="a-key-of-one").json()["error"]["code"] == "key-used"
    Answered.objects.update(at=timezone.now() - timedelta(days=8))
    assert script.post("Lookup", other, key="a-key-of-one").json()["hits"] != []
    assert Answered.objects.get().at > timezone.now() - timedelta(minutes=1)


def test_an_export_reads_back_as_the_same_entries(script: Script, shared: HashSet) -> None:
    text = b"".join(script.get(f"HashSets({shared.public_id})/Export?format=vics2.0&region=US"))
    told = json.loads(text)
    assert len(told) == 2
    assert {one["MD5"].upper() for one in told["value"]} == {digits(name) for name in "abc"}
    assert script.get(f"HashSets({shared.public_id})/Export?format=xlsx").status_code == 400


def test_the_metadata_answered_is_the_file_and_names_what_is_answered(script: Script, flagged: HashSet) -> None:
    text = script.get("$metadata").content
    assert text == service.METADATA.read_bytes()
    tree = defusedxml.ElementTree.fromstring(text)
    space = "{http://docs.oasis-open.org/odata/ns/edm}"
    named = {
        kind.get("Name"): {one.get("Name") for one in kind.iter(f"{space}Property")}
        for kind in tree.iter(f"{space}EntityType")
    }
    assert named["Media"] == set(values(read(script, media(flagged)))[0])
    assert named["HashSet"] == set(script.get("HashSets").json()["value"][0])


def test_a_look_up_by_the_sets_own_index_finds_the_same(
    script: Script, shared: HashSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"hashes": [digits("a"), (makers.picture("b").sha256 or b"").hex(), "0" * 32]}
    before = script.post("Lookup", asked).json()
    monkeypatch.setattr(building, "SMALL", 1)
    building.build(shared.pk)
    assert script.post("Lookup", asked).json() == before
    assert len(before["hits"]) == 2


def test_up_to_where_a_peer_was_told_is_kept_with_what_it_reads(script: Script, shared: HashSet) -> None:
    page = script.get(f"HashSets({shared.public_id})/Media", prefer="odata.track-changes")
    head = Feed.objects.get(pk=shared.pk).head_seq
    share = Share.objects.get(set=shared)
    assert (share.seq, share.read_at is not None) == (head, True)
    Share.objects.update(read_at=None)
    script.get(f"HashSets({shared.public_id})/Media", if_none_match=page.headers["ETag"])
    assert Share.objects.get(set=shared).read_at is not None
