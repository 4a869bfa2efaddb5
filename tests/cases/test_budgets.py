"""What one person looks at, searches and fetches in an hour has an end that a reason moves (security.md 5.6, 7.5)."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from cases import review
from cases.models import Case, Item, Viewing
from tests import factories
from tests.cases import material
from tests.hashsets import makers
from tests.people import signed_in
from workbench import storage
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def previews(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "preview", lambda _agency, _digest: b"jpeg")


def statuses(client: Client, address: str, times: int) -> list[int]:
    return [client.get(address).status_code for _time in range(times)]


def test_who_looks_too_much_outside_batches_is_refused_until_he_says_why(
    case: Case, dana: User, sam: User, settings: Settings
) -> None:
    settings.BUDGETS = settings.BUDGETS | {"outside": 2}
    material.pictures(case, dana, ["a"])
    address = reverse("cases:media_clear", args=[Item.objects.get().public_id])
    client = signed_in(sam)
    assert statuses(client, address, 4) == [200, 200, 429, 429]
    refused = client.get(address)
    assert (refused.json()["error"]["code"], 0 < int(refused["Retry-After"]) <= 3600) == ("budget-spent", True)
    assert Viewing.objects.filter(user=sam).count() == 2  # nothing was sent behind the end
    assert AuditEvent.objects.filter(verb="budget.spend").count() == 1
    for page in ("cases:limits", "cases:home"):
        assert "clear pictures outside batches" in client.get(reverse(page)).content.decode()
    assert "clear pictures outside batches" not in signed_in(dana).get("/").content.decode()  # who is no supervisor
    assert client.post(reverse("cases:budget"), {"reason": " "}).status_code == 400
    assert client.post(reverse("cases:budget"), {"reason": "the court asks today"}).status_code == 302
    assert client.get(address).status_code == 200
    assert "the court asks today" in AuditEvent.objects.get(verb="budget.lift").body
    assert "the court asks today" in client.get(reverse("cases:limits")).content.decode()


def test_looks_in_batches_have_a_budget_of_their_own(case: Case, dana: User, settings: Settings) -> None:
    settings.BUDGETS = settings.BUDGETS | {"outside": 1, "looks": 3}
    material.pictures(case, dana, ["a"])
    review.claim(case=case, by=dana)
    address = reverse("cases:media_clear", args=[Item.objects.get().public_id])
    assert statuses(signed_in(dana), address, 4) == [200, 200, 200, 429]


def test_searches_exports_and_downloads_end_too(case: Case, sam: User, settings: Settings) -> None:
    settings.BUDGETS = dict.fromkeys(settings.BUDGETS, 1)
    client, made = signed_in(sam), factories.export(case, sam)
    assert statuses(client, f"{reverse('cases:api_goto')}?q=a", 2) == [200, 429]
    assert statuses(client, f"{reverse('cases:goto')}?q=a", 1) == [429]
    fetched = reverse("cases:export_file", args=[made.public_id])
    assert statuses(client, fetched, 2)[1] == 429
    assert statuses(client, reverse("cases:problem_file", args=[case.public_id, "csv"]), 1) == [429]
    assert statuses(client, reverse("cases:dashboard_csv"), 1) == [429]
    refused = client.get(reverse("cases:dashboard_csv")).content.decode()
    assert f'href="{reverse("cases:budget")}"' in refused  # the way on
    built = [client.post(reverse("cases:exports", args=[case.public_id]), {"product": ""}).status_code for _n in "ab"]
    assert built[1] == 429


def test_a_look_up_of_hashes_is_a_search_by_page_in_a_set_and_by_token(
    dana: User, sam: User, settings: Settings
) -> None:
    settings.BUDGETS = settings.BUDGETS | {"searches": 2}
    hash_set = makers.hash_set(sam, "Own")
    form = {"hashes": f"{1:032x}", "purpose": "a phone"}
    page, in_set = reverse("hashsets:lookup"), reverse("hashsets:find", args=[hash_set.public_id])
    client = signed_in(sam)
    assert client.post(page, form).status_code == 200
    assert client.post(in_set, {"hash": f"{1:032x}"}).status_code == 200
    refused = client.post(page, form)
    assert (refused.status_code, f'href="{reverse("cases:budget")}"' in refused.content.decode()) == (429, True)
    assert client.post(in_set, {"hash": f"{1:032x}"}).status_code == 429
    assert client.post(page, form, headers={"accept": "application/json"}).json()["error"]["code"] == "budget-spent"
    by_token = Client(headers={"host": "localhost", "authorization": f"Bearer {factories.token(sam)}"})
    told = by_token.post("/api/v1/lookup", {"hashes": [f"{1:032x}"], "purpose": "a phone"}, "application/json")
    assert (told.status_code, told.json()["error"]["code"]) == (429, "budget-spent")
    assert 0 < int(told["Retry-After"]) <= 3600
    assert AuditEvent.objects.filter(verb="set.search").count() == 2  # nothing was answered behind the end
    alarm = client.get(reverse("cases:home")).content.decode().split("Unusually much in one hour")[1]
    assert "searches</span>" in alarm.split("</table>")[0]
    assert client.post(reverse("cases:budget"), {"reason": "a raid of last night"}).status_code == 302
    assert client.post(page, form).status_code == 200
    assert signed_in(dana).post(page, form).status_code == 200  # each has his own
