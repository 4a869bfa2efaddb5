"""The demo: the same pictures every time, safe to repeat, no fixed password, every invariant holds."""

import json
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from cases.demo import charts, clips, corpus, landscapes, world
from cases.models import Case, Exhibit, Item, Stack
from hashsets import scheme_drafts, scheme_tables
from workbench import checks, people
from workbench.models import Agency, AuditEvent, User


@pytest.mark.parametrize("kind", corpus.DRAWINGS)
def test_a_seed_gives_one_picture_and_another_seed_another(kind: str) -> None:
    draw = charts.draw if kind in charts.KINDS else landscapes.draw
    assert draw(kind, 7).tobytes() == draw(kind, 7).tobytes()
    assert draw(kind, 7).tobytes() != draw(kind, 8).tobytes()


def test_a_clip_is_the_same_every_time() -> None:
    assert clips.pan("coastal", 7, 1) == clips.pan("coastal", 7, 1)


@pytest.fixture(scope="module")
def drawn() -> corpus.Corpus:
    """The files, where the command looks for them."""
    return corpus.build(Path(settings.DATA_DIR) / "demo")


def facts() -> dict[str, object]:
    """What must not change when the demo is loaded again."""
    return {
        "agencies": Agency.objects.count(),
        "people": User.objects.count(),
        "passwords": list(User.objects.order_by("pk").values_list("password", flat=True)),
        "cases": Case.objects.count(),
        "exhibits": list(Exhibit.objects.order_by("ref").values_list("ref", "state", "seen", "rejected")),
        "items": Item.objects.count(),
        "events": AuditEvent.objects.count(),
    }


@pytest.mark.django_db
def test_what_takes_two_people_can_be_tried_by_two_of_the_demo() -> None:
    started = people.first_start()
    assert started
    made = world.settle(started[0])
    sam, morgan = made.people["sam"], made.people["morgan"]
    draft = scheme_drafts.begin(name="Views", slug="views", like=scheme_tables.latest(world.SCHEME), by=sam)
    with pytest.raises(scheme_drafts.OneOfTwo):
        scheme_drafts.approve(draft, seen=draft.edits, by=sam)
    assert scheme_drafts.approve(draft, seen=draft.edits, by=morgan).scheme_id == "northmoor.views"


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_demo_loads_once_and_repeating_it_changes_nothing(
    drawn: corpus.Corpus, capsys: pytest.CaptureFixture[str]
) -> None:
    people.first_start()
    call_command("demo", "--json")
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {case["case"] for case in told["cases"]} == {plan.number for plan in world.CASES}
    assert 380 < sum(case["files"] for case in told["cases"]) < 440
    assert all(case["left"] > 20 for case in told["cases"])
    north = next(case for case in told["cases"] if case["agency"] == "northmoor")
    assert 0.2 < north["known"] / (north["known"] + north["left"]) < 0.4
    _nobody_can_guess(told["users"])
    supervisors = [user["user"] for user in told["users"] if "supervisor" in user["roles"]]
    assert supervisors == ["sam", "morgan", "robin"]
    _both_agencies_hold_what_the_first_meets_first()
    assert checks.broken() == []
    assert all(exhibit.state == Exhibit.State.DONE for exhibit in Exhibit.objects.all())
    assert Exhibit.objects.get(ref="NM-02").problems >= 8  # the worn card's files, each with its reason
    before = facts()
    call_command("demo", "--json")
    again = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert facts() == before
    assert [user["password"] for user in again["users"]] == [None] * len(world.PEOPLE)


def _nobody_can_guess(users: list[dict[str, str]]) -> None:
    passwords = [user["password"] for user in users]
    assert len(set(passwords)) == len(world.PEOPLE)
    for user in users:
        row = User.objects.get(username=user["user"])
        assert row.check_password(user["password"])
        assert not AuditEvent.objects.filter(body__contains=user["password"]).exists()


def _both_agencies_hold_what_the_first_meets_first() -> None:
    """Whoever decides the first items of the demo's queue sees the other agency's queue shrink."""
    queue = Stack.objects.filter(case__number="NM-2026-0417", state=Stack.State.OPEN).order_by("sort_key", "pk")
    first = {bytes(sha256) for sha256 in queue.values_list("cover__content__sha256", flat=True)[:12]}
    theirs = Item.objects.filter(case__agency__slug="southmoor", state=Item.State.OPEN)
    assert first <= {bytes(sha256) for sha256 in theirs.values_list("content__sha256", flat=True)}


def test_the_files_are_written_once_and_hold_every_odd_name(drawn: corpus.Corpus) -> None:
    names = {path.name for path in drawn.root.rglob("*") if path.is_file()}
    assert {name.decode("utf-8", "surrogateescape") for name in corpus.ODD_NAMES} <= names
    stamp = drawn.reference.stat().st_mtime_ns
    assert corpus.build(drawn.root).reference.stat().st_mtime_ns == stamp
