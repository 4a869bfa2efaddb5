"""A person's own keys: each can be changed, none means two things, and every page carries what was chosen."""

import html
import json
import re
from typing import Any

import pytest
from django.urls import reverse

from tests.people import People, signed_in
from workbench import keyboard
from workbench.errors import BadInput, WorkbenchError
from workbench.keyboard import KeyNotFree, KeyTaken
from workbench.models import AuditEvent, User

PAGE = "workbench:keys"


def carried(user: User) -> dict[str, Any]:
    """The keys that a page carries, by command, and whether single ones are on."""
    page = signed_in(user).get(reverse("workbench:account"), secure=True).content.decode()
    found = re.search(r'<meta name="keys" content="([^"]+)"', page)
    assert found is not None
    told = json.loads(html.unescape(found[1]))
    return {line["id"]: line["keys"] for line in told["lines"]} | {"single": told["single"]}


def test_no_two_commands_come_with_one_key() -> None:
    keyboard.check({})


def test_what_is_chosen_is_on_every_page_and_in_the_log_by_name_and_goes_back(people: People) -> None:
    user = people.investigator
    sent = {"unsure": "KeyQ", "redo": "Shift+KeyQ", "category-5": "Numpad5", "skip": "KeyS", "single": "1"}
    assert signed_in(user).post(reverse(PAGE), sent, secure=True).status_code == 302
    now = carried(user)
    assert (now["unsure"], now["redo"], now["category-5"]) == (["KeyQ"], ["Shift+KeyQ"], ["Numpad5"])
    assert (now["skip"], now["single"]) == (["KeyS"], True)
    assert signed_in(user).post(reverse("workbench:keys_single"), {"on": "0"}, secure=True).status_code == 200
    assert carried(user)["single"] is False
    assert signed_in(user).post(reverse(PAGE), {"act": "default"}, secure=True).status_code == 302
    assert (carried(user)["unsure"], carried(user)["single"]) == (["KeyX"], False)
    told = [
        json.loads(event.body)["details"] for event in AuditEvent.objects.filter(verb="setting.keys").order_by("seq")
    ]
    changed = ["category-5", "redo", "unsure"]
    assert [(one["changed"], one["single"]) for one in told] == [(changed, True), ([], False), (changed, False)]
    assert carried(people.colleague)["single"] is True


@pytest.mark.parametrize(
    ("keys", "error"),
    [
        # a key of another command, as it came
        ({"unsure": "KeyZ"}, KeyTaken),
        # two are given one key
        ({"unsure": "KeyQ", "skip": "KeyQ"}, KeyTaken),
        # a category takes its key with Shift too
        ({"redo": "Shift+Digit1"}, KeyTaken),
        ({"category-1": "KeyS"}, KeyTaken),
        ({"unsure": "Numpad3"}, KeyTaken),
        # a category's key is one without Shift
        ({"category-1": "Shift+KeyQ"}, KeyNotFree),
        # what nobody takes away, and what belongs to browser and system
        *(({"unsure": key}, KeyNotFree) for key in ("Tab", "Escape", "Enter", "ArrowLeft", "Home", "Backquote", "F5")),
        *(({"unsure": key}, KeyNotFree) for key in ("Alt+KeyQ", "Ctrl+KeyQ", "MetaLeft", "KeyQ\n", "Q", "x" * 5000)),
        # what is no command, or fixed
        ({"dance": "KeyQ"}, BadInput),
        ({"panic": "KeyQ"}, BadInput),
    ],
)
def test_a_key_that_cannot_be_is_refused_and_nothing_changes(
    people: People, keys: dict[str, str], error: type[WorkbenchError]
) -> None:
    with pytest.raises(error):
        keyboard.choose(by=people.investigator, keys=keys, single=True)
    assert carried(people.investigator)["unsure"] == ["KeyX"]
    assert not AuditEvent.objects.filter(verb="setting.keys").exists()


def test_two_that_change_places_do_not_clash_and_a_clash_is_told_by_name(people: People) -> None:
    keyboard.choose(by=people.investigator, keys={"unsure": "KeyS", "skip": "KeyX"}, single=True)
    assert (carried(people.investigator)["unsure"], carried(people.investigator)["skip"]) == (["KeyS"], ["KeyX"])
    answer = signed_in(people.investigator).post(reverse(PAGE), {"note": "KeyF"}, secure=True)
    assert answer.status_code == 409
    assert "“flag, or take the flag away” and “note on the item in focus”" in html.unescape(answer.content.decode())
