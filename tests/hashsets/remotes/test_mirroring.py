"""What the records of a server amount to in a set, and what it costs to store them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hashsets.following import mirroring
from hashsets.following.applying import Applied
from hashsets.models import Generation, Remote
from hashsets.remotes import Page, RemoteRecord, Removed
from tests.hashsets import makers
from tests.hashsets.lists import current, digest
from tests.people import People
from workbench.models import AuditEvent

AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def remote(people: People) -> Remote:
    hash_set = makers.hash_set(people.supervisor, scheme="us-pvic")
    made = Remote.objects.create(set=hash_set, kind="ncmec2", place="a test", by=people.supervisor, by_name="x")
    found: Remote = Remote.objects.select_related("set", "by").get(pk=made.pk)
    return found


def record(number: int, code: str = "1", *, key: str = "", later: int = 0, **hashes: str) -> RemoteRecord:
    named = {"md5": digest(number), "sha1": digest(number, 40)} | hashes
    return RemoteRecord(key or str(number), named, code, None, AT + timedelta(minutes=later))


def apply(remote: Remote, *records: RemoteRecord, removed: tuple[str, ...] = ()) -> Applied:
    gone = [Removed(key, AT + timedelta(days=1)) for key in removed]
    return mirroring.apply(remote, [Page(f"{remote.checkpoint}.", records, gone)], by=remote.by)


def test_any_number_of_records_takes_the_same_number_of_statements(remote: Remote) -> None:
    told = []
    for start, end in ((0, 5), (100, 105), (200, 900)):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            apply(remote, *(record(number) for number in range(start, end)))
        told.append(len(captured))
    assert told[1] == told[2] <= 30


def test_of_two_verdicts_on_one_file_the_stronger_stands_and_it_closes_nothing(remote: Remote) -> None:
    apply(remote, record(1, "0", key="a"), record(1, "1", key="b"), record(2, "1", key="c"), record(2, "2", key="d"))
    told = {
        bytes(entry.md5 or b"").hex(): (entry.code, entry.conflict, entry.raw["codes"]) for entry in current(remote.set)
    }
    assert told == {digest(1): ("1", True, ["0", "1"]), digest(2): ("1", False, ["1", "2"])}


def test_what_one_record_lacks_comes_from_another_of_the_same_file(remote: Remote) -> None:
    apply(remote, record(1, key="a", sha1=""), record(1, key="b", sha256=digest(7, 64)))
    [entry] = current(remote.set)
    assert (bytes(entry.sha1 or b"").hex(), bytes(entry.sha256 or b"").hex()) == (digest(1, 40), digest(7, 64))


def test_a_record_that_now_names_another_file_leaves_the_first_one(remote: Remote) -> None:
    apply(remote, record(1, key="a"))
    apply(remote, record(2, key="a", later=1))
    assert [bytes(entry.md5 or b"").hex() for entry in current(remote.set)] == [digest(2)]


def test_version_event_and_checkpoint_come_together_or_not_at_all(remote: Remote) -> None:
    with pytest.raises(RuntimeError), connection.execute_wrapper(_fails_at("workbench_auditevent")):
        apply(remote, record(1))
    remote.refresh_from_db()
    assert (remote.checkpoint, Generation.objects.count(), current(remote.set)) == ("", 0, [])
    apply(remote, record(1))
    verbs = list(AuditEvent.objects.order_by("-seq").values_list("verb", flat=True)[:2])
    assert sorted(verbs) == ["remote.pull", "set.version"]
    assert Remote.objects.get(pk=remote.pk).checkpoint == "."


def _fails_at(table: str):  # type: ignore[no-untyped-def]
    def wrapper(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        if table in sql and "INSERT" in sql:
            raise RuntimeError
        return execute(sql, params, many, context)

    return wrapper


def test_a_tombstone_of_nothing_we_know_is_remembered(remote: Remote) -> None:
    apply(remote, removed=("a",))
    apply(remote, record(1, key="a"))
    assert current(remote.set) == []
