"""Bytes that are not kept: hashed as if they were, or lent for a moment as a file without a name."""

import fcntl
import hashlib
import os

import pytest
from django.conf import settings

from tests import factories
from workbench import passing
from workbench.models import Agency
from workbench.storage import CHUNK, Batch

pytestmark = pytest.mark.django_db


@pytest.fixture
def agency() -> Agency:
    return factories.agency("northmoor")


def files(agency: Agency) -> list[str]:
    return [path.name for path in (settings.DATA_DIR / "evidence" / str(agency.public_id)).rglob("*") if path.is_file()]


@pytest.mark.parametrize("chunks", [[], [b""], [b"hi", b"lls"], [bytes([7]) * CHUNK, b"end"], [b"a" * 5000, b"b"]])
def test_of_what_is_only_hashed_is_told_what_the_store_would_tell(agency: Agency, chunks: list[bytes]) -> None:
    told = passing.digests(chunks)
    assert files(agency) == []
    with Batch(agency) as batch:
        assert batch.receive(chunks) == told


def test_of_a_copy_that_is_lent_nothing_stays(agency: Agency) -> None:
    file, sha256 = passing.borrow(agency, [b"hills", b" and rivers"])
    with file:
        assert file.read() == b"hills and rivers"
        assert sha256 == hashlib.sha256(b"hills and rivers").digest()
        assert fcntl.fcntl(file, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY
        assert files(agency) == []
