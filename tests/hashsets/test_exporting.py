"""Exports: what a strict reader asks for, and a file only given out once it was read back (vics.md section 9)."""

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hashsets import exchange, listing
from hashsets.exchange import HashRecord, MalformedDocument, WriteOptions
from hashsets.listing import ExportDiffers
from hashsets.models import HashSet
from tests.hashsets import makers, strict_reader
from tests.hashsets.lists import digest, document, load, media
from tests.people import People
from tests.shared_data import shared
from workbench.models import AuditEvent, User

PHOTODNA = base64.b64encode(bytes(range(144))).decode()


@pytest.fixture
def rich(people: People, tmp_path: Path) -> HashSet:
    """A set whose sender wrote all there is: flags of every kind, dates, comments, names, PhotoDNA."""
    made = makers.hash_set(people.supervisor, "Rich", scheme="us-pvic")
    everything = {
        "MD5": digest(1), "MediaSize": "2048", "VictimIdentified": "true", "IsDistributed": "FALSE",
        "IsSuspected": None,
        "Series": ["A, B", "C"], "Tags": "x,y", "Comments": "about a case", "DateUpdated": "2025-01-02T03:04:05-05:00",
        "PhotoDNA": PHOTODNA, "MediaFiles": [{"FileName": "name.jpg"}], "RelativeFilePath": "a\\b.jpg",
        "AlternativeHashes": [{"HashName": "SHA256", "HashValue": digest(1, 64)}], "NewField": {"a": 1},
    }  # fmt: skip
    records = [media(1, 1, **everything), media(2, "2"), media(3, 0, SHA1=None), media(4, 4, MD5=None)]
    load(made, document(tmp_path, *records), by=people.supervisor)
    return made


def exported(hash_set: HashSet, by: User, format_id: str, **options: Any) -> bytes:
    file = io.BytesIO()
    listing.export(hash_set, file, by=by, format_id=format_id, options=WriteOptions(**options))
    assert file.tell() == 0
    return file.getvalue()


@pytest.mark.parametrize("version", ["2.0", "1.3"])
def test_a_strict_reader_takes_every_entry_of_an_export(version: str, rich: HashSet, supervisor: User) -> None:
    found = strict_reader.read(exported(rich, supervisor, f"vics{version}"), version)
    found.sort(key=lambda each: int(each["MediaID"]))
    assert [(each["Category"], each.get("MD5"), each.get("SHA1")) for each in found] == [
        (1, digest(1).upper(), digest(1, 40).upper()),
        (2, digest(2).upper(), digest(2, 40).upper()),
        (0, digest(3).upper(), None),
        (4, None, digest(4, 40).upper()),
    ]
    first, second = found[:2]
    assert {name for name in strict_reader.FLAGS if name in first} == {"VictimIdentified", "IsDistributed"}
    assert not strict_reader.FLAGS & second.keys()
    assert first["DateUpdated"] == "2025-01-02T08:04:05Z"
    named = {dict(each)["HashName"]: dict(each)["HashValue"] for each in first["AlternativeHashes"]}
    photodna = first.get("PhotoDNA") or named["PhotoDNA"]
    assert (photodna, named["SHA256"]) == (PHOTODNA, digest(1, 64))


@pytest.mark.parametrize("version", ["2.0", "1.3"])
def test_a_strict_reader_takes_the_samples_as_we_save_them(version: str, people: People) -> None:
    made = makers.hash_set(people.supervisor, "Sample", scheme="us-pvic")
    load(made, shared("vics/hashset-2.0-us.json"), by=people.supervisor)
    assert len(strict_reader.read(exported(made, people.supervisor, f"vics{version}"), version)) == 8


def test_nothing_of_the_sender_s_case_is_in_an_export(rich: HashSet, supervisor: User) -> None:
    for format_id in exchange.WRITERS:
        told = exported(rich, supervisor, format_id)
        assert not [word for word in (b"about a case", b"name.jpg", b"b.jpg", b"NewField") if word in told]


def test_region_and_the_style_of_flags_are_the_person_s_choice(rich: HashSet, supervisor: User) -> None:
    told = json.loads(exported(rich, supervisor, "vics2.0", region="UK", json_booleans=True))
    assert told["@odata.context"].endswith("/2.0.xml/UK/$metadata#Media")
    (first,) = [each for each in told["value"] if "VictimIdentified" in each]
    assert (first["VictimIdentified"], first["IsDistributed"]) == (True, False)


def test_entries_that_some_readers_pass_over_are_counted(people: People, tmp_path: Path) -> None:
    made = makers.hash_set(people.supervisor, "Bands", scheme="uk-abc")
    load(made, document(tmp_path, media(1, "A"), media(2, None), media(3, 1)), by=people.supervisor)
    file = io.BytesIO()
    saved = listing.export(made, file, by=people.supervisor, format_id="vics2.0", options=WriteOptions())
    assert (saved.entries, saved.odd_codes) == (3, 2)
    assert [each["Category"] for each in json.loads(file.getvalue())["value"]] == ["A", None, 1]


class Faulty:
    """A format whose writer is broken in one way, to see that the export notices."""

    extension = ".json"
    id = label = "faulty"

    def __init__(self, how: str) -> None:
        self.how = how
        self.whole = exchange.WRITERS["vics2.0"]
        self.sniff, self.read = self.whole.sniff, self.whole.read

    def write(self, records: Iterator[HashRecord], stream: io.BytesIO, options: WriteOptions) -> int:
        rows = list(records)
        if self.how == "loses one":
            rows = rows[:-1]
        elif self.how == "changes a category":
            rows[0].code = "2"
        elif self.how == "swaps two":
            rows[0], rows[1] = rows[1], rows[0]
        written = self.whole.write(rows, stream, options)
        if self.how == "ends early":
            stream.truncate(stream.tell() - 9)
        return written


@pytest.mark.parametrize("how", ["loses one", "changes a category", "swaps two", "ends early"])
def test_a_file_that_reads_back_differently_is_not_given_out(
    how: str, rich: HashSet, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(exchange.WRITERS, "faulty", Faulty(how))
    with pytest.raises(ExportDiffers, match="not given out") as caught:
        exported(rich, people.supervisor, "faulty")
    assert (isinstance(caught.value.__cause__, MalformedDocument), how == "ends early") in {
        (True, True),
        (False, False),
    }
    assert not AuditEvent.objects.filter(verb="set.export").exists()
    assert len(exported(rich, people.supervisor, "csv").splitlines()) == 5
    event = json.loads(AuditEvent.objects.get(verb="set.export").body)
    assert event["details"]["entries"] == 4
