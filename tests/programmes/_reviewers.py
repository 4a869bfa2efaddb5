"""What the programme `reviewers` is made of: the scene, and a reviewer who speaks HTTP as the review page does.

As a program (`python -m tests.programmes._reviewers PEOPLE UNITS`) it makes the scene in a running product.
"""

import json
import os
import random
import re
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

PASSWORD = "a-heron-on-the-breakwater"
NUMBER = "READ"  # of the case
CODES = "1235"
MANY = 20  # acts in one request, as the outbox sends them
LOST = 0.2  # of the requests after which a browser is lost; half of them before its answer is read
LEASE_SECONDS = 10


def name(number: int) -> str:
    """Of a reviewer."""
    return f"reader-{number:02}"


def main(arguments: list[str]) -> None:
    """Make people and a case of so many pictures; print the case's id."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "workbench.settings"
    import django

    from workbench.launcher import attach

    people, units = map(int, arguments)
    with attach.attached():
        django.setup()
        print(json.dumps({"case": _scene(people, units)}))


def _scene(people: int, units: int) -> str:
    from cases import investigations
    from tests.cases import material
    from workbench import people as persons
    from workbench.models import Role

    agency = persons.add_agency(slug="reading", name="Reading")
    team = [
        persons.add_person(username=name(n), name=name(n), agency=agency, roles={Role.INVESTIGATOR}, password=PASSWORD)
        for n in range(people)
    ]
    case = investigations.create(number=NUMBER, name="Reading", scheme_id="landscapes-t1", by=team[0], team=team[1:])
    material.pictures(case, team[0], [f"picture {number}" for number in range(units)])
    return str(case.public_id)


@dataclass(slots=True)
class Told:
    """What the server said to one reviewer: the code of each unit by stack, and what was refused."""

    saved: dict[str, str] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)  # sent, and the answer never read
    refused: int = 0
    lost: int = 0
    late: int = 0  # acts sent after the lease was over


class Reviewer(threading.Thread):
    """Claims, decides in groups, loses its browser now and then, until nothing is left or `over` is set."""

    def __init__(self, url: str, case: str, number: int, seed: int, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self.url, self.case, self.over = url, case, over
        self.user, self.told = name(number), Told()
        self.random = random.Random(f"{seed} {number}")
        self.failure = ""

    def run(self) -> None:
        """Work until the end; what went wrong is kept for the programme to tell."""
        try:
            self._sign_in()
            while not self.over.is_set():
                self._batch()
        except Exception as error:
            self.failure = f"{self.user}: {error!r}"

    def _sign_in(self) -> None:
        # On this machine plain HTTP is as safe as the other, which browsers know of localhost, too.
        self._jar = CookieJar(DefaultCookiePolicy(secure_protocols=("http", "https")))
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))
        self._form("/signin/", {"username": self.user, "password": PASSWORD})

    def _batch(self) -> None:
        """One batch, or the wait for somebody else's to come back."""
        where = self._form(f"/cases/{self.case}/next/", {})
        found = re.search(r"/batches/([0-9a-f-]+)/", where)
        if not found:
            time.sleep(0.5)
            return
        base = f"/api/v1/batches/{found[1]}"
        units = self._json(f"{base}/units?after=0&limit=200")["units"]
        todo = [unit for unit in units if unit["code"] is None]
        while todo:
            group, todo = todo[:MANY], todo[MANY:]
            if self.random.random() < LOST and self._loses(base, group):
                return
            if not self._decide(base, group):
                return
        self._json(f"{base}/close", {})

    def _loses(self, base: str, group: list[dict[str, Any]]) -> bool:
        """The browser goes: nobody reads the answer to what is on its way, or it comes back when the lease is over."""
        self.told.lost += 1
        if self.random.random() < 0.5:
            acts = self._acts(group)
            self.told.unread |= {act["stack"]: act["code"] for act in acts}
            self._json(f"{base}/decisions", {"acts": acts})
            return True
        time.sleep(LEASE_SECONDS + 1)
        self.told.late += len(group)
        self._decide(base, group)
        return True

    def _acts(self, group: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {"key": str(uuid4()), "act": "decide", "stack": unit["id"], "item": unit["item"],
             "version": unit["version"], "code": self.random.choice(CODES)}
            for unit in group
        ]  # fmt: skip

    def _decide(self, base: str, group: list[dict[str, Any]]) -> bool:
        """Send a group, once more under the same keys now and then; False once the batch is over."""
        acts = self._acts(group)
        try:
            results = self._json(f"{base}/decisions", {"acts": acts})["results"]
            if self.random.random() < LOST:
                results = self._json(f"{base}/decisions", {"acts": acts})["results"]
        except urllib.error.HTTPError as error:
            if error.code in {404, 409}:
                self.told.refused += len(group)
                return False
            raise
        for act, result in zip(acts, results, strict=True):
            if result["status"] in {"saved", "repeat"}:
                self.told.saved[act["stack"]] = act["code"]
            else:
                self.told.refused += 1
        return True

    def _csrf(self) -> str:
        return next((str(cookie.value) for cookie in self._jar if "csrf" in cookie.name), "")

    def _form(self, path: str, fields: dict[str, str]) -> str:
        """Send a form as a browser does; the address it ends at."""
        if not self._csrf():
            self._opener.open(f"{self.url}{path}").read()
        body = urlencode(fields | {"csrfmiddlewaretoken": self._csrf()}).encode()
        asked = urllib.request.Request(f"{self.url}{path}", body, {"Referer": self.url, "Origin": self.url})
        with self._opener.open(asked, timeout=120) as answer:
            answer.read()
            return str(answer.geturl())

    def _json(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Accept": "application/json", "Content-Type": "application/json", "X-CSRFToken": self._csrf()}
        headers |= {"Referer": self.url, "Origin": self.url}
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(f"{self.url}{path}", data, headers)
        with self._opener.open(asked, timeout=120) as answer:
            told: dict[str, Any] = json.loads(answer.read())
            return told


if __name__ == "__main__":
    main(sys.argv[1:])
