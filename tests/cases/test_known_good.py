"""Lists of known files hide nothing until an administrator says so (vics.md section 5)."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cases.models import Case, Match
from hashsets import importing, policies
from hashsets.import_checks import ContradictoryRole
from hashsets.importing import Part
from hashsets.models import Entry, HashSet
from tests.cases import material
from tests.cases.test_acts import counts
from tests.cases.test_matching import sync
from tests.hashsets import makers
from tests.hashsets.exchange.list_examples import FULL, database
from workbench.models import User

pytestmark = pytest.mark.django_db
CONTEXT = "http://github.com/ICMEC/ProjectVic/DataModels/1.2.xml#Media"


def nist(*names: str, category: int = 8) -> bytes:
    """The shape of NIST's known media: VICS 1.2, every record Category 8, names of files inside."""
    records = []
    for number, name in enumerate(names):
        _sha256, md5, sha1 = (each.hex().upper() for each in material.digests(name))
        files = [{"MD5": md5, "FileName": f"{name}.jpg", "FilePath": "\\"}]
        one = {
            "MediaID": number,
            "Category": category,
            "MD5": md5,
            "SHA1": sha1,
            "MediaSize": "1000",
            "MediaFiles": files,
        }
        records.append(one)
    return json.dumps({"odata.metadata": CONTEXT, "value": records}).encode()


def nsrl(*names: str) -> bytes:
    """The shape of the NSRL's database: no categories at all."""
    rows = [(*(each.hex() for each in material.digests(name)), name, "jpg", 1000) for name in names]
    insert = "INSERT INTO METADATA (sha256, md5, sha1, file_name, extension, bytes) VALUES (?, ?, ?, ?, ?, ?)"
    return database(FULL, insert, rows)


def load(to: HashSet, data: bytes, folder: Path, by: User) -> None:
    (folder / "list").write_bytes(data)
    importing.import_file(to, [Part(folder / "list", "list")], by=by)


@pytest.mark.parametrize(("made", "scheme", "code"), [(nist, "nist-known", "8"), (nsrl, "us-pvic", "0")])
def test_a_list_of_known_files_hides_nothing_until_an_administrator_says_so(
    made: Callable[..., bytes], scheme: str, code: str, tmp_path: Path, case: Case, dana: User, sam: User
) -> None:
    known = makers.hash_set(sam, "Known", role="known-good", scheme=scheme)
    load(known, made("a", "never seen"), tmp_path, sam)
    assert set(Entry.objects.filter(set=known).values_list("code", "disposition")) == {(code, "not_relevant")}
    material.pictures(case, dana, ["a", "b"])
    sync()
    assert counts(case) == {"confirm": 1, "open": 1}  # proposed, and still there to be looked at
    assert Match.objects.filter(set_id=known.pk, lost_in=None).count() == 1
    policies.set_policy(known, agency=sam.agency, by=sam, disposition="not_relevant", action="hide")
    sync()
    assert counts(case) == {"confirm": 1, "open": 1}  # to hide is not yet to discard
    policies.set_policy(known, agency=sam.agency, by=sam, disposition="not_relevant", action="hide", may_discard=True)
    sync()
    assert counts(case) == {"open": 1, "known": 1}


def test_one_relevant_record_among_the_known_refuses_the_list(tmp_path: Path, sam: User) -> None:
    known = makers.hash_set(sam, "Known", role="known-good", scheme="us-pvic")
    with pytest.raises(ContradictoryRole):
        load(known, nist("a", "b", category=1), tmp_path, sam)
    assert not Entry.objects.filter(set=known).exists()
