"""The store keeps exactly the bytes that were hashed, once, and nothing of what was not finished."""

import errno
import hashlib
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from django.conf import settings

from tests import factories
from workbench import storage
from workbench.storage import CHUNK, Batch, StoreFull, StoreGone

pytestmark = pytest.mark.django_db
SMALL = b"hills and rivers\n" * 10
LARGE = [bytes([number]) * CHUNK for number in (1, 0, 2)] + [b"end"]


@pytest.mark.parametrize("chunks", [[SMALL], [b""], [SMALL[:5], SMALL[5:]], LARGE, [bytes(CHUNK)] * 3])
def test_of_what_is_hashed_is_what_is_stored(chunks: list[bytes]) -> None:
    agency, whole = uuid4(), b"".join(chunks)
    with Batch(agency) as batch:
        digests = batch.receive(iter(chunks))
        batch.commit()
    assert digests.sha256 == hashlib.sha256(whole).digest()
    assert (digests.md5, digests.sha1) == (hashlib.md5(whole).digest(), hashlib.sha1(whole).digest())
    assert (digests.size, digests.head) == (len(whole), whole[:4096])
    assert storage.blob_path(agency, digests.sha256).read_bytes() == whole


def test_of_runs_of_zeros_take_no_room() -> None:
    agency = uuid4()
    with Batch(agency) as batch:
        digests = batch.receive([bytes(CHUNK)] * 20)
        batch.commit()
    status = storage.blob_path(agency, digests.sha256).stat()
    assert status.st_size == 20 * CHUNK
    assert status.st_blocks * 512 < CHUNK


@pytest.mark.parametrize("before", [[], [SMALL], LARGE])
def test_of_bytes_that_could_not_be_read_leave_nothing(before: list[bytes]) -> None:
    agency = uuid4()

    def breaking() -> Iterator[bytes]:
        yield from before
        raise ConnectionError

    with Batch(agency) as batch:
        with pytest.raises(ConnectionError):
            batch.receive(breaking())
        kept = batch.receive([b"another"])
        batch.commit()
    files = [path for path in (settings.DATA_DIR / "evidence" / str(agency)).rglob("*") if path.is_file()]
    assert files == [storage.blob_path(agency, kept.sha256)]


def test_of_what_was_not_committed_is_not_there() -> None:
    agency = uuid4()
    with Batch(agency) as batch:
        digests = batch.receive([SMALL])
    assert not storage.blob_path(agency, digests.sha256).exists()
    assert not list((settings.DATA_DIR / "evidence" / str(agency) / "incoming").iterdir())


def keep(agency: UUID) -> None:
    with Batch(agency) as batch:
        batch.receive([SMALL])
        batch.commit()


def test_of_a_name_that_another_batch_has_just_given_the_folder_is_synced_before_we_count_on_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    agency, synced = uuid4(), list[str]()
    keep(agency)
    monkeypatch.setattr(storage, "sync_folder", lambda folder: synced.append(folder.name))
    keep(agency)
    digest = hashlib.sha256(SMALL).hexdigest()
    assert sorted(synced) == sorted([str(agency), digest[:3]])


@pytest.mark.parametrize("step", ["write", "fsync"])
def test_of_a_full_disk_has_a_name_and_leaves_nothing(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    agency = uuid4()
    monkeypatch.setattr(f"workbench.storage.os.{step}", full)
    with pytest.raises(StoreFull):
        keep(agency)
    assert not [path for path in (settings.DATA_DIR / "evidence" / str(agency)).rglob("*") if path.is_file()]


def test_of_a_preview_is_kept_beside_its_content_and_absent_otherwise() -> None:
    agency, digest = uuid4(), hashlib.sha256(SMALL).digest()
    with Batch(agency) as batch:
        batch.put_preview(digest, b"\xff\xd8\xff picture")
        batch.commit()
    assert storage.preview(agency, digest) == b"\xff\xd8\xff picture"
    assert storage.preview(agency, bytes(32)) is None
    assert storage.preview(uuid4(), digest) is None


def test_of_a_store_that_is_not_there_is_named_and_never_begun_anew() -> None:
    agency = factories.agency("northmoor").public_id
    keep(agency)
    root = settings.DATA_DIR / "evidence" / str(agency)
    root.rename(root.with_name("unplugged"))
    assert not storage.is_there()
    with pytest.raises(StoreGone):
        keep(agency)
    with pytest.raises(StoreGone):
        storage.open_blob(agency, hashlib.sha256(SMALL).digest())
    assert not root.exists()
    root.with_name("unplugged").rename(root)
    assert storage.is_there()
    keep(agency)


def test_of_a_mount_point_without_its_disk_is_no_store() -> None:
    agency = factories.agency("northmoor").public_id
    keep(agency)
    root = settings.DATA_DIR / "evidence" / str(agency)
    root.rename(root.with_name("unplugged"))
    root.mkdir()
    with pytest.raises(StoreGone):
        keep(agency)
    with pytest.raises(StoreGone):
        storage.open_blob(agency, hashlib.sha256(SMALL).digest())
    assert list(root.iterdir()) == []
    root.rmdir()
    root.with_name("unplugged").rename(root)
    keep(agency)


@pytest.mark.parametrize("number", [errno.EROFS, errno.EIO])
def test_of_a_store_that_takes_nothing_is_named(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object) -> None:
        raise OSError(number, "refused")

    monkeypatch.setattr("workbench.storage.os.write", refuses)
    with pytest.raises(StoreGone):
        keep(uuid4())


def test_of_a_storyboard_gives_each_frame_by_its_place_and_nothing_that_is_no_frame() -> None:
    agency, digest = uuid4(), hashlib.sha256(SMALL).digest()
    frames = [b"\xff\xd8\xff one \xff\xd9", b"\xff\xd8\xff another \xff\xd9"]
    with Batch(agency) as batch:
        batch.put_storyboard(digest, frames)
        batch.commit()
    first, second = map(len, frames)
    assert storage.storyboard(agency, digest, 0, first) == frames[0]
    assert storage.storyboard(agency, digest, first, second) == frames[1]
    assert storage.storyboard(agency, digest, first, second + 1) is None
    assert storage.storyboard(agency, digest, 1, first) is None
    assert storage.storyboard(agency, bytes(32), 0, first) is None
