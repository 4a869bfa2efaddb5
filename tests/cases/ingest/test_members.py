"""Archives inside evidence: their members are files of the ledger, below the archive's own line."""

import hashlib
import json
import os
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cases.ingest import archive, contents, ledger, listing, members, pipeline
from cases.ingest.passes import Pass, Passes
from cases.models import Case, Content, FileInstance, Item, Stack
from tests.cases.ingest.trees import add, chains, figures, picture, take_in, tree
from tests.shared_data import shared
from tests.workbench.archive_samples import KINDS, PACKERS, archived
from workbench import checks
from workbench.jail import ArchiveLimits
from workbench.models import AuditEvent

pytestmark = pytest.mark.django_db(transaction=True)
INNER = [("in/1.png", picture(1)), ("in/2.png", picture(2)), ("note.txt", b"hills")]


@pytest.mark.parametrize("kind", KINDS)
def test_of_an_archive_in_a_folder_its_members_are_files_of_the_case(case: Case, tmp_path: Path, kind: str) -> None:
    exhibit = take_in(case, tree(tmp_path, {f"a.{kind}": archived(kind, INNER), "b.png": picture(3)}))
    assert chains(exhibit) == {
        f"a.{kind}": ("without_preview", "archive"),
        f"a.{kind} > in/1.png": ("accepted", ""),
        f"a.{kind} > in/2.png": ("accepted", ""),
        f"a.{kind} > note.txt": ("without_preview", "not-media"),
        "b.png": ("accepted", ""),
    }
    assert figures(exhibit) == (5, 0, 0, 3, 2, 0, 2)
    assert exhibit.state == "done"
    assert Item.objects.filter(case=case, state="open").count() == 3
    assert checks.broken(None) == []


@pytest.mark.parametrize("packer", PACKERS)
def test_of_a_single_packed_file_is_named_after_its_archive(case: Case, tmp_path: Path, packer: str) -> None:
    exhibit = take_in(case, tree(tmp_path, {f"x/hill.png.{packer}": PACKERS[packer](picture(4))}))
    assert chains(exhibit)[f"x/hill.png.{packer} > hill.png"] == ("accepted", "")


def test_of_archives_in_archives_are_opened_down_to_the_depth_allowed(
    case: Case, tmp_path: Path, settings: Any
) -> None:
    settings.ARCHIVE_DEPTH = 3
    data = picture(5)
    for level in range(5, 0, -1):
        data = archived(KINDS[level], [(f"level-{level}", data)])
    exhibit = take_in(case, tree(tmp_path, {"top": data}))
    files = list(exhibit.files.order_by("pk").values_list("raw_path", "depth", "reason"))
    assert [(bytes(name).decode(), depth, reason) for name, depth, reason in files] == [
        ("top", 0, "archive"),
        ("level-1", 1, "archive"),
        ("level-2", 2, "archive"),
        ("level-3", 3, "too-deep"),
    ]
    assert checks.broken(None) == []


def test_of_an_archive_that_contains_itself_ends(case: Case, tmp_path: Path) -> None:
    data = (shared("media") / "containers/archives/droste.zip").read_bytes()
    exhibit = take_in(case, tree(tmp_path, {"droste.zip": data}))
    assert Counter(exhibit.files.values_list("reason", flat=True)) == {"": 5, "archive": 5, "too-deep": 1}
    assert Content.objects.count() == 2
    assert checks.broken(None) == []


def test_of_all_archives_in_one_share_its_limit(case: Case, tmp_path: Path, settings: Any) -> None:
    settings.ARCHIVE_MEMBERS, settings.ARCHIVE_BYTES = 10, 1 << 30
    inner = [archived("zip", [(f"{outer}-{number}.txt", b"x") for number in range(6)]) for outer in range(3)]
    exhibit = take_in(case, tree(tmp_path, {"a.zip": archived("zip", [(f"{n}.zip", d) for n, d in enumerate(inner)])}))
    reasons = {name: why for name, (_, why) in chains(exhibit).items() if name.endswith(".zip")}
    assert reasons == {
        "a.zip": "archive",
        "a.zip > 0.zip": "archive",
        "a.zip > 1.zip": "over-limit",
        "a.zip > 2.zip": "over-limit",
    }
    assert exhibit.seen == 1 + 10


def test_of_packed_files_count_against_the_limit_once_they_were_read(case: Case, tmp_path: Path, settings: Any) -> None:
    settings.ARCHIVE_BYTES = 3_000_000
    bombs = [(f"{n}.gz", PACKERS["gz"](bytes([n]) * 2_000_000)) for n in range(3)]
    exhibit = take_in(case, tree(tmp_path, {"a.zip": archived("zip", bombs)}))
    packed = exhibit.files.filter(depth=2).values_list("state", flat=True)
    assert Counter(packed) == {"without_preview": 1, "rejected": 2}
    assert checks.broken(None) == []


def test_of_what_is_damaged_is_said_on_the_archive_itself(case: Case, tmp_path: Path) -> None:
    whole = archived("tar.gz", [("a.png", picture(1)), ("b.bin", random.Random(1).randbytes(100_000))])
    exhibit = take_in(
        case, tree(tmp_path, {"cut.tgz": whole[:-50_000], "no.zip": b"PK\3\4 no zip", "r.rar": b"Rar!\x1a\7\0"})
    )
    assert chains(exhibit) == {
        "cut.tgz": ("without_preview", "truncated"),
        "cut.tgz > a.png": ("accepted", ""),
        "cut.tgz > b.bin": ("rejected", "truncated"),
        "no.zip": ("without_preview", "corrupt"),
        "r.rar": ("without_preview", "unsupported-archive"),
    }
    assert checks.broken(None) == []


def test_of_a_zip_with_bytes_in_front_is_opened_because_its_name_says_so(case: Case, tmp_path: Path) -> None:
    data = b"junk" * 100 + archived("zip", INNER)
    exhibit = take_in(case, tree(tmp_path, {"a.zip": data, "a.bin": data}))
    assert Counter(exhibit.files.values_list("depth", flat=True)) == {0: 2, 1: 3}


def test_of_what_lies_in_an_archive_is_reviewed_beside_it(case: Case, tmp_path: Path) -> None:
    files: dict[bytes | str, bytes] = {
        "a.png": picture(1),
        "b.zip": archived("zip", [("z.png", picture(2))]),
        "c.png": picture(3),
    }
    take_in(case, tree(tmp_path, files))
    keys = Stack.objects.order_by("sort_key").values_list("sort_key", flat=True)
    assert [key.split("/", 1)[1] for key in keys] == ["a.png", "b.zip/z.png", "c.png"]


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "7z"])
def test_of_an_ingest_stopped_after_any_transaction_ends_with_the_same_files(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(members, "LIST_ROWS", 1)
    inner = archived("tar.gz", [(f"{n}.txt", b"%d" % n) for n in range(4)])
    data = archived(kind, [("a.tgz", inner), *((f"{n}.png", picture(n)) for n in range(4))])
    whole = take_in(case, tree(tmp_path, {"a": data}))
    calm, totals = chains(whole), figures(whole)

    class Killed(BaseException):
        pass

    deaths, steps = 0, 0

    def deadly(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **options: Any) -> Any:
            nonlocal steps
            answer = real(*arguments, **options)
            steps += 1
            if steps > deaths:  # each worker comes one transaction further than the one before
                raise Killed
            return answer

        return step

    monkeypatch.setattr(ledger, "add", deadly(ledger.add))
    monkeypatch.setattr(contents, "take_in", deadly(contents.take_in))
    exhibit = add(case, tmp_path, ref="NM-02")
    while exhibit.state != "done":
        steps = 0
        Content.objects.update(preview_lease=None)  # nobody waits here for a lease to run out
        FileInstance.objects.update(lease_until=None)
        try:
            exhibit = pipeline.drain(exhibit.pk)
        except Killed:
            deaths += 1
    assert deaths > 3
    assert (chains(exhibit), figures(exhibit)) == (calm, totals)
    assert checks.broken(None) == []


def test_of_an_archive_that_killed_three_workers_is_given_up(case: Case, tmp_path: Path) -> None:
    exhibit = add(case, tree(tmp_path, {"a.zip": archived("zip", INNER)}))
    listing.list_files(exhibit.pk)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(members, "list_one", lambda *_: False)
        pipeline.hash_files(exhibit.pk, f"{exhibit.public_id}/0")
    exhibit.files.update(tries=2, lease_until="2020-01-01T00:00:00Z")
    assert chains(pipeline.drain(exhibit.pk)) == {"a.zip": ("without_preview", "decoder-killed")}
    assert checks.broken(None) == []


def test_of_an_archive_read_onwards_is_opened_about_once_for_all_its_claims(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = []
    real = Pass.__init__

    def counted(self: Pass, *arguments: Any) -> None:
        starts.append(arguments[-1])
        real(self, *arguments)

    monkeypatch.setattr(Pass, "__init__", counted)
    data = archived("tar.gz", [(f"{n:04d}.txt", b"%d" % n) for n in range(ledger.CLAIM_ROWS * 4)])
    exhibit = take_in(case, tree(tmp_path, {"a.tgz": data}))
    assert exhibit.seen == 1 + ledger.CLAIM_ROWS * 4
    assert starts == [0]


def test_of_a_pass_that_failed_is_not_gone_on_with(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(archived("zip", INNER))
    opener = partial(archive.opened, os.fsencode(tmp_path / "a.zip"), ())
    passes = Passes()
    for failing in (True, False):
        with suppress(ZeroDivisionError), passes.over("a", opener, ArchiveLimits(), (), 0) as one:
            found = one.member(0)
            assert found is not None
            assert b"".join(found.chunks) == picture(1)
            assert 1 / (not failing)
    passes.close()


def test_of_a_picture_in_a_picture_becomes_a_file_of_every_place_the_picture_is_at(case: Case, tmp_path: Path) -> None:
    inner, outer = picture(1), picture(2) + b"padding" + picture(1)
    first = take_in(case, tree(tmp_path / "1", {"a.png": outer, "again.png": outer}))
    assert first.state == "done"
    content = Content.objects.get(size=len(outer))
    embedded = [{"name": "inner.png", "offset": len(outer) - len(inner), "length": len(inner)}]
    Content.objects.filter(pk=content.pk).update(embedded=embedded, preview="pending")
    exhibits = [take_in(case, tree(tmp_path / "2", {"b.png": outer}), ref="NM-02"), pipeline.drain(first.pk)]
    for exhibit, names in zip(exhibits, (("b.png",), ("a.png", "again.png")), strict=True):
        exhibit.refresh_from_db()
        assert exhibit.state == "done"
        for name in names:
            assert chains(exhibit)[f"{name} > inner.png"] == ("accepted", "")
    assert Content.objects.filter(size=len(inner)).count() == 1
    assert AuditEvent.objects.filter(verb="ingest.resume").count() == 1
    assert checks.broken(None) == []


def test_of_a_slice_that_lies_outside_its_file_is_none(case: Case, tmp_path: Path) -> None:
    take_in(case, tree(tmp_path / "1", {"a.png": picture(1)}))
    size = len(picture(1))
    bad = [(-1, 5), (size, 1), (0, size + 1), (3, 0)]
    Content.objects.update(embedded=[{"name": "x", "offset": offset, "length": length} for offset, length in bad])
    assert take_in(case, tmp_path / "1", ref="NM-02").seen == 1


ARCHIVES = "containers/archives/"
WHOLE = ("archive.7z", "archive.tar", "archive.tar.gz", "archive.zip", "absolute_paths.tar", "absolute_paths.zip",
         "test-documents.zip", "test-zip-of-zip.zip")  # fmt: skip


def test_of_archives_of_other_people_every_member_is_in_the_ledger(case: Case) -> None:
    root = shared("media")
    known = json.loads((root / "expected.json").read_text())["files"]
    exhibit = take_in(case, root / "containers")
    for name in WHOLE:
        parent = exhibit.files.get(raw_path=f"archives/{name}".encode())
        held = FileInstance.objects.filter(parent=parent).values_list("raw_path", "content__sha256")
        expected = known[ARCHIVES + name]
        assert sorted(bytes(sha256).hex() for _, sha256 in held) == sorted(e["sha256"] for e in expected["files"]), name
        names = expected.get("member_names") or [entry["path"] for entry in expected["files"]]
        assert sorted(bytes(raw).decode() for raw, _ in held) == sorted(names)
    reasons = {name: why for name, (_, why) in chains(exhibit).items()}
    assert reasons["archives/test-documents-spanned.zip"] == "archive-part"
    assert reasons["archives/archive.rar"] == "unsupported-archive"
    assert reasons["documents/testEmailWithPNGAtt.eml"] == "not-media"
    locked = {why for name, why in reasons.items() if name.startswith("archives/archive.password-is-asdf.zip > ")}
    assert locked == {"encrypted"}
    assert (
        hashlib.sha256((root / ARCHIVES / "archive.7z").read_bytes()).hexdigest()
        == known[ARCHIVES + "archive.7z"]["sha256"]
    )
    assert checks.broken(None) == []


def test_of_the_row_of_an_archive_as_exhibit_is_not_a_member(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "a.tgz"
    path.write_bytes(archived("tar.gz", INNER)[:-20])
    exhibit = take_in(case, path, reader="archive")
    itself = exhibit.files.get(ordinal=archive.ITSELF)
    assert (bytes(itself.raw_path), itself.state, itself.reason) == (b"a.tgz", "rejected", "truncated")
