"""Lists that come in pieces, attacked: two requests at once, bytes that are lost, answers that are lost."""

from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from hashsets import import_queue, list_uploads, tasks
from hashsets.models import HashSet, ListUpload
from tests.hashsets import test_list_uploads as lists
from tests.hashsets.pages import url
from tests.hashsets.test_list_uploads import JSON, TUS, begun, files, id_of, patched, place_of
from tests.meanwhile import as_it_is_found_again
from tests.people import People, signed_in
from workbench import pieces
from workbench.errors import NotFound
from workbench.models import AuditEvent, Job

pytestmark = pytest.mark.django_db(transaction=True)
sender, listed, woken, tidied = lists.sender, lists.listed, lists.woken, lists.tidied


def finished(sender: Client, to: HashSet, place: str) -> Any:
    return sender.post(url("import", to), {"upload": id_of(place)}, secure=True, headers=JSON)


def test_a_list_found_again_does_not_forget_the_piece_that_comes_just_then(
    hash_set: HashSet, sender: Client, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = place_of(begun(sender, hash_set, 9))
    other = signed_in(people.supervisor)
    thread = as_it_is_found_again(monkeypatch, lambda: patched(other, place, 0, b"12345"))
    assert place_of(begun(sender, hash_set, 9)) == place
    thread.join()
    found = ListUpload.objects.get()
    assert (found.offset, list_uploads.path_of(found).read_bytes()) == (5, b"12345")


def test_a_file_is_there_before_anybody_can_write_to_it(
    hash_set: HashSet, sender: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the beginning of an upload could empty the file of whoever found it and was quicker."""
    seen, write_at = list[int](), pieces.write_at

    def seen_elsewhere() -> None:
        seen.append(ListUpload.objects.count())
        connection.close()

    def written(path: Path, offset: int, data: bytes) -> None:
        thread = Thread(target=seen_elsewhere)
        thread.start()
        thread.join()
        write_at(path, offset, data)

    monkeypatch.setattr(pieces, "write_at", written)
    place_of(begun(sender, hash_set, 9))
    assert seen == [0]


@pytest.mark.parametrize("left", [b"", b"123", None])
def test_where_bytes_are_lost_zeros_never_take_their_place(
    left: bytes | None, hash_set: HashSet, sender: Client
) -> None:
    """As after a backup was restored without the files."""
    place = place_of(begun(sender, hash_set, 9))
    patched(sender, place, 0, b"12345")
    path = list_uploads.path_of(ListUpload.objects.get())
    path.unlink() if left is None else path.write_bytes(left)
    assert patched(sender, place, 5, b"6789").status_code == 410
    again = begun(sender, hash_set, 9)
    assert (place_of(again), again.headers["Upload-Offset"], path.read_bytes()) == (place, "0", b"")
    patched(sender, place, 0, b"123456789")
    path.unlink()
    assert finished(sender, hash_set, place).status_code == 409


def test_a_list_is_imported_once_however_often_its_sender_asks(
    hash_set: HashSet, sender: Client, listed: bytes, woken: list[int]
) -> None:
    place = place_of(begun(sender, hash_set, len(listed)))
    patched(sender, place, 0, listed)
    first = finished(sender, hash_set, place)
    again = finished(sender, hash_set, place)  # the answer was lost on its way
    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    tasks.run_import(woken[0])
    assert finished(sender, hash_set, place).json() == first.json()
    assert (len(set(woken)), Job.objects.filter(cursor__uploads=[id_of(place)]).count()) == (1, 1)


@pytest.mark.parametrize("how", ["given up", "begun anew", "taken"])
def test_what_happens_to_a_list_while_its_import_begins_is_no_half_list(
    how: str, hash_set: HashSet, sender: Client, people: People, listed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = place_of(begun(sender, hash_set, len(listed)))
    patched(sender, place, 0, listed)
    start = import_queue.start

    def late(*args: object, **named: object) -> Job:
        upload = ListUpload.objects.get()
        if how == "given up":
            list_uploads.discard(upload, by=people.supervisor)
        elif how == "taken":
            ListUpload.objects.all().delete()
        else:
            ListUpload.objects.update(offset=5)
        return start(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(import_queue, "start", late)
    answer = finished(sender, hash_set, place)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "list-incomplete")
    assert not Job.objects.filter(state__in=Job.LIVE).exists()


def test_an_upload_is_given_up_once(hash_set: HashSet, sender: Client, people: People) -> None:
    place = place_of(begun(sender, hash_set, 9))
    same = ListUpload.objects.select_related("set__owner").get()
    assert sender.delete(place, headers=TUS, secure=True).status_code == 204
    with pytest.raises(NotFound):
        list_uploads.discard(same, by=people.supervisor)
    assert (files(), AuditEvent.objects.filter(verb="set.upload.discard").count()) == ([], 1)
