"""Progress as it happens: events while something runs, an end, few at once, and none for who may not see the case."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from cases.models import Case, CaseMember, Exhibit
from tests import factories
from tests.people import People, signed_in
from workbench import streams

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def case(people: People) -> Case:
    return factories.case(people.investigator)


@pytest.fixture
def running(case: Case, monkeypatch: pytest.MonkeyPatch) -> Exhibit:
    """An exhibit whose ingest runs; streams look without a wait."""
    monkeypatch.setattr(streams, "EVERY", 0.0)
    exhibit = factories.exhibit(case, "NM-01")
    Exhibit.objects.filter(pk=exhibit.pk).update(state="running", seen=10, pending=10)
    return exhibit


def opened(client: Client, case: Case) -> Any:
    return client.get(f"/cases/{case.public_id}/progress/stream/", secure=True)


def told(stream: Iterator[bytes]) -> list[dict[str, Any]]:
    """The states that the events hold."""
    return [json.loads(line[6:]) for line in stream if line.startswith(b"data: ")]


def seen(state: dict[str, Any], exhibit: Exhibit) -> str:
    return str(state["fields"][f"exhibit-{exhibit.public_id}-files"])


def test_of_what_is_done_there_is_one_event(case: Case) -> None:
    factories.exhibit(case)
    answer = opened(signed_in(case.lead), case)
    assert answer["Content-Type"] == "text/event-stream"
    assert [state["done"] for state in told(answer)] == [True]


def test_of_what_runs_an_event_comes_whenever_something_changed(case: Case, running: Exhibit) -> None:
    stream = iter(opened(signed_in(case.lead), case))
    assert next(stream) == b"retry: 500\n\n"
    assert seen(json.loads(next(stream)[6:]), running) == "10"
    assert next(stream).startswith(b": ")
    Exhibit.objects.filter(pk=running.pk).update(seen=11)
    assert seen(json.loads(next(stream)[6:]), running) == "11"
    Exhibit.objects.filter(pk=running.pk).update(state="done", pending=0)
    assert [state["done"] for state in told(stream)] == [True]


def test_of_a_long_ingest_the_stream_ends_all_the_same(
    case: Case, running: Exhibit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "SECONDS", 0.0)
    assert [state["done"] for state in told(opened(signed_in(case.lead), case))] == [False]


def test_of_streams_a_process_gives_few_and_then_the_page_asks(case: Case, running: Exhibit) -> None:
    client = signed_in(case.lead)
    streams_held = [opened(client, case) for _ in range(streams.MOST)]
    assert opened(client, case).status_code == 204
    streams_held.pop().close()
    assert opened(client, case).status_code == 200
    for one in streams_held:
        one.close()


def test_of_who_leaves_the_team_no_more_is_told(case: Case, running: Exhibit) -> None:
    stream = iter(opened(signed_in(case.lead), case))
    assert len([next(stream), next(stream)]) == 2
    CaseMember.objects.filter(case=case).delete()
    assert list(stream) == []


def test_of_who_signs_out_no_more_is_told(case: Case, running: Exhibit) -> None:
    client = signed_in(case.lead)
    stream = iter(opened(client, case))
    assert len([next(stream), next(stream)]) == 2
    client.post("/signout/", secure=True)
    assert list(stream) == []
