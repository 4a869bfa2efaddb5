"""The page of what comes next: what is asked for, how much that is, filters kept and shared, taking up one's marks."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cases import acts, ending, review, tiles
from cases.models import Batch, Case, Item, SavedFilter
from cases.queue.asking import fields
from cases.queue.filters import Wanted
from cases.queue.forms import AskForm
from tests import factories
from tests.cases.queue.test_claiming import described, names
from tests.cases.test_acts import wish
from tests.people import signed_in
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(case: Case) -> list[Item]:
    """Three pictures, one of them by a camera."""
    exhibit = factories.exhibit(case, "NM-01")
    made = [factories.item(exhibit, name, f"in/{name}.jpg") for name in "abc"]
    described(made[0], make="Canon", model="EOS 5D", latitude=1.0, longitude=2.0)
    return made


def page(client: Client, case: Case, **asked: Any) -> str:
    answer = client.get(reverse("cases:queue", args=[case.public_id]), asked, secure=True)
    assert answer.status_code == 200
    return answer.content.decode()


def post(client: Client, route: str, of: Any, **sent: Any) -> Any:
    return client.post(reverse(f"cases:{route}", args=[of.public_id]), sent, secure=True)


def test_it_says_how_many_and_claims_just_these(case: Case, dana: User, scene: list[Item]) -> None:
    client = signed_in(dana)
    assert "3 items" in page(client, case)
    text = page(client, case, camera="canon", order="time")
    assert "1 item<" in text
    assert "canon eos 5d" in text  # offered by name
    answer = post(client, "next_batch", case, camera="canon", order="time")
    batch = Batch.objects.get()
    assert answer.headers["Location"] == reverse("cases:batch", args=[batch.public_id])
    assert (names(batch), batch.order, batch.wanted) == (["a"], "time", {"camera": "canon"})
    desk = client.get(answer.headers["Location"], secure=True).content.decode()
    assert "time, earliest first" in desk
    assert '<input type="hidden" name="camera" value="canon">' in desk  # the next one asks for the same
    assert "is still open" in page(client, case)


def test_a_filter_that_matches_nothing_says_so_and_offers_to_drop_it(case: Case, dana: User, scene: list[Item]) -> None:
    client = signed_in(dana)
    answer = post(client, "next_batch", case, kind="video")
    assert answer.headers["Location"] == f"{reverse('cases:queue', args=[case.public_id])}?kind=video"
    text = client.get(answer.headers["Location"], secure=True).content.decode()
    assert "Nothing that you could take now fits this filter" in text
    assert "Drop the filter" in text
    assert not Batch.objects.exists()


BAD = [{"order": "random"}, {"box": "1,2,3"}, {"box": "9,0,1,0"}, {"kind": "x"}, {"exhibit": "x"}, {"size_from": "-1"}]
BAD += [{"box": box} for box in ("0,0,1,nan", "0,nan,1,0", "nan,0,1,0", "0,0,nan,0", "0,0,1,inf", "-1e400,0,1,0")]


@pytest.mark.parametrize("sent", BAD, ids=str)
def test_what_no_filter_can_mean_is_refused_in_words(case: Case, dana: User, sent: dict[str, str]) -> None:
    client = signed_in(dana)
    assert client.get(reverse("cases:queue", args=[case.public_id]), sent, secure=True).status_code == 400
    assert post(client, "next_batch", case, **sent).status_code == 400
    assert post(client, "save_filter", case, name="for all", shared="1", **sent).status_code == 400


def test_a_filter_goes_on_to_the_last_day_there_is(case: Case, dana: User, scene: list[Item]) -> None:
    client, last = signed_in(dana), {"taken_from": "0001-01-01", "taken_to": "9999-12-31"}
    for page in ("queue", "queue_count", "items"):
        assert client.get(reverse(f"cases:{page}", args=[case.public_id]), last, secure=True).status_code == 200


def test_filters_are_kept_shared_and_removed_each_with_its_event(
    case: Case, dana: User, milo: User, scene: list[Item]
) -> None:
    mine, his = signed_in(dana), signed_in(milo)
    post(mine, "save_filter", case, name="The camera", camera="canon", order="size")
    kept = SavedFilter.objects.get()
    assert "The camera" in page(mine, case)
    assert "The camera" not in page(his, case)
    assert post(his, "next_batch", case, saved=kept.public_id).status_code == 404
    assert post(mine, "save_filter", case, name="The camera", camera="tern").status_code == 400
    post(mine, "filter", kept, act="share")
    assert "The camera" in page(his, case)
    assert post(his, "filter", kept, act="remove").status_code == 404
    count = his.get(reverse("cases:queue_count", args=[case.public_id]), {"saved": str(kept.public_id)}, secure=True)
    assert count.content == b"1 item"
    post(his, "next_batch", case, saved=kept.public_id)
    assert (names(Batch.objects.get()), Batch.objects.get().order) == (["a"], "size")
    post(mine, "filter", kept, act="remove")
    assert not SavedFilter.objects.exists()
    verbs = AuditEvent.objects.filter(verb__startswith="filter.").order_by("seq").values_list("verb", flat=True)
    assert list(verbs) == ["filter.save", "filter.share", "filter.remove"]


def test_a_kept_filter_of_another_case_is_not_there(case: Case, dana: User, scene: list[Item]) -> None:
    client, other = signed_in(dana), factories.case(dana)
    post(client, "save_filter", other, name="Elsewhere")
    assert post(client, "next_batch", case, saved=SavedFilter.objects.get().public_id).status_code == 404


def test_ones_own_marks_are_counted_and_can_be_taken_up(case: Case, dana: User, milo: User, scene: list[Item]) -> None:
    batch = review.claim(case=case, by=dana)
    one, two, three = tiles.units(batch)
    acts.act(batch=batch, by=dana, wishes=[wish(one, "unsure"), wish(two, "skip"), wish(three, "skip")])
    ending.close(batch=batch, by=dana)
    client = signed_in(dana)
    overview = client.get(reverse("cases:case", args=[case.public_id]), secure=True).content.decode()
    assert "Take up next" in overview
    assert "Take up next" not in page(signed_in(milo), case)
    post(client, "next_batch", case, state="my-unsure")
    taken = Batch.objects.get(state="open")
    assert names(taken) == ["a"]
    assert AuditEvent.objects.filter(verb="item.mark", body__contains="unsure taken up").count() == 1


def test_a_filter_goes_through_an_address_and_comes_back_the_same(case: Case, dana: User, scene: list[Item]) -> None:
    exhibit = case.exhibits.get().public_id
    wanted = Wanted(
        exhibit=exhibit, kind="still", folder="in", camera="canon", place=True, box=(-1.5, 0.0, 2.0, 170.25),
        size_from=1500, size_to=2_000_000, state="near",
    )  # fmt: skip
    assert AskForm(fields("size", wanted), case=case).asked(case, dana)[2:] == ("size", wanted)
