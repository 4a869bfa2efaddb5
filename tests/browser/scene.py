"""What the browser tests find when they come: three people, a case with everything in it, small cases to review.

Made by the product's own functions inside a running product; as a program (`python -m tests.browser.scene`) it
prints the world as one JSON object, then one small case more for each line it reads: tests take as many as they need.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

PASSWORD = "fog-over-the-harbour-4711"  # of everybody here; they live as long as the test run
PEOPLE = {
    "kim": {"investigator"},
    "jo": {"investigator"},
    "lee": {"supervisor", "exporter"},
    "ash": {"auditor", "welfare"},
}
FULL = "BR-FULL"  # the case that has everything
IN_SMALL = 8  # pictures in a small case; the first lies there twice
STACKED = 8  # cases whose pictures look alike
IN_STACK = 5
IN_LONG = 70  # more than a page of units


def main() -> None:
    """Build it; the database runs already."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "workbench.settings"
    import django

    from workbench.launcher import attach

    with attach.attached():
        django.setup()
        from workbench.models import Role

        people = _people({name: {Role(role) for role in roles} for name, roles in PEOPLE.items()})
        _say(build(people))
        for number, _asked in enumerate(sys.stdin):
            _say(_small_case(people, number))


def _say(told: Any) -> None:
    sys.stdout.write(json.dumps(told, default=str) + "\n")
    sys.stdout.flush()


def build(people: dict[str, Any]) -> dict[str, Any]:
    """Evidence, then what people do with it. Returns names and addresses."""
    from tests.browser import pictures

    long = _case(people, "BR-LONG", {"X-1": pictures.charts(_inbox("long"), IN_LONG, first_seed=500)})
    alike = [_case_of_look_alikes(people, number) for number in range(STACKED)]
    return {
        "long": str(long.public_id),
        "alike": alike,
        "film": _case_of_a_film(people),
        "pages": _full_case(people) | _held_case(people) | _second_case(people) | _of_people(people),
    }


def _of_people(people: dict[str, Any]) -> dict[str, str]:
    return {
        "wellness": "/wellness/", "viewing record": f"/wellness/{people['kim'].public_id}/",
        "pairs": "/second/pairs/?scheme=landscapes-t1&days=30&first=1&second=2",
    }  # fmt: skip


def _people(wanted: dict[str, set[Any]]) -> dict[str, Any]:
    from workbench import people

    agency = people.add_agency(slug="westmoor", name="Westmoor")
    return {
        name: people.add_person(username=name, name=name.title(), agency=agency, roles=roles, password=PASSWORD)
        for name, roles in wanted.items()
    }


def _small_case(people: dict[str, Any], number: int) -> str:
    from tests.browser import pictures

    folder = pictures.charts(_inbox(f"small-{number}"), IN_SMALL, first_seed=1000 * (number + 1))
    (folder / "zz copy.jpg").write_bytes((folder / "00 chart.jpg").read_bytes())
    case = _case(people, f"BR-{number}", {"X-1": folder})
    return str(case.public_id)


def _case_of_look_alikes(people: dict[str, Any], number: int) -> str:
    """A stack, and two pictures that resemble nothing."""
    from cases.models import Uncompared
    from cases.stacking import building
    from tests.browser import pictures

    folder = pictures.alike(_inbox(f"alike-{number}"), IN_STACK, seed=2004 + 10 * number)
    case = _case(
        people,
        f"BR-ALIKE-{number}",
        {"X-1": folder, "X-2": pictures.charts(_inbox(f"apart-{number}"), 2, first_seed=2005 + 10 * number)},
    )
    while Uncompared.objects.filter(case=case).exists():  # a worker of the product may be at it
        building.build(case.pk)
        time.sleep(0.1)
    return str(case.public_id)


def _case_of_a_film(people: dict[str, Any]) -> str:
    """A film of three scenes, one that is longer and has sound, two damaged ones, and a picture."""
    from cases.demo import clips
    from tests.browser import pictures

    folder = pictures.charts(_inbox("film"), 1, first_seed=3001)
    (folder / "00 walk.mp4").write_bytes(clips.scenes(("alpine", "coastal", "rolling"), 7, 1))
    (folder / "01 hill.mp4").write_bytes(clips.scenes(("alpine", "rolling"), 40, 12, tone=220))
    coast = clips.scenes(("coastal", "alpine", "rolling", "coastal"), 90, 2)
    (folder / "02 cut.mkv").write_bytes(pictures.cut_film(coast, 0.6))
    (folder / "03 torn.mp4").write_bytes(coast[:400])
    return str(_case(people, "BR-FILM", {"X-1": folder}).public_id)


def _full_case(people: dict[str, Any]) -> dict[str, str]:
    """A case with known and new pictures, problems, decisions, offers in several states, an export, an open batch."""
    from cases.models import Batch
    from tests.browser import pictures

    folder = pictures.charts(_inbox("full"), 24, first_seed=1)
    pictures.damaged(folder)
    hash_set, other, run = _known(people["lee"], sorted(folder.glob("0*.jpg")))
    case = _case(people, FULL, {"X-1": folder, "X-2": pictures.charts(_inbox("more"), 6, first_seed=20)})
    item = _work(people, case)
    _placed(case)
    batch = Batch.objects.get(case=case)
    found = _addresses(case.public_id, item, batch.public_id, hash_set, other, run)
    return found | _exchanged(people["lee"], people["kim"], hash_set)


def _exchanged(lee: Any, kim: Any, hash_set: Any) -> dict[str, str]:
    """A peer that reads a set, and of which one is read that holds something odd; another is to be confirmed."""
    from uuid import UUID

    from hashsets.models import Entry, HashSet, Quarantined
    from hashsets.packages import jobs, running
    from hashsets.peers import pairing, sharing, terms
    from hashsets.peers.node import Offered
    from workbench import signing

    peer = pairing.propose(organisation=UUID(int=7), name="Eastmoor", key=bytes(32), url="", by=lee)
    pairing.confirm(peer=peer, fingerprint=signing.fingerprint(bytes(32)), by=kim)
    peer.refresh_from_db()
    for person in (lee, kim):
        share = sharing.share(peer=peer, hash_set=HashSet.objects.get(public_id=hash_set), by=person, contribute=True)
    courier = jobs.order(share, by=lee)
    running.run(courier.pk)
    offered = Offered(set_id=UUID(int=8), name="Their harbour", kind="relevant", scheme="us-pvic")
    read = terms.subscribe(peer=peer, offered=offered, by=lee)
    Quarantined.objects.create(subscription=read, reason="No digest.", record='{"MD5": null}')
    entry = Entry.objects.filter(set__public_id=hash_set, removed_in=None).order_by("id")[0]
    source, paused = _followed(lee)
    new = pairing.propose(organisation=UUID(int=9), name="Island", key=bytes(32), url="", by=kim)
    return {
        "courier run": f"/exchange/couriers/{courier.public_id}/",
        "certificate": f"/exchange/{peer.public_id}/certificate/",
        "exchange": "/exchange/", "disputes": "/exchange/disputes/", "pair": "/exchange/pair/",
        "courier file": "/exchange/unpack/",
        "peer": f"/exchange/{peer.public_id}/", "read a set": f"/exchange/{peer.public_id}/subscribe/",
        "how it is read": f"/exchange/{peer.public_id}/subscriptions/{read.public_id}/",
        "new peer": f"/exchange/{new.public_id}/",
        "sources": "/exchange/sources/", "new source": "/exchange/sources/new/?kind=stopncii",
        "source": f"/exchange/sources/{source.public_id}/", "paused source": f"/exchange/sources/{paused.public_id}/",
        "entry": f"/hashsets/{hash_set}/entries/{entry.public_id}/{entry.id}/",
    }  # fmt: skip


def _followed(lee: Any) -> tuple[Any, Any]:
    """A server that stands still with all that a page may tell of it, and a folder that a person paused."""
    from django.utils import timezone

    from hashsets.following import follows, turning
    from hashsets.following.follows import Wish
    from hashsets.models import Remote
    from tests.hashsets import makers

    bank, disk = (makers.hash_set(lee, name, scheme="us-pvic") for name in ("Hash bank", "Gold disk"))
    counts = {"records": 48_211, "removed": 312, "added": 48_000, "ended": 300, "generation": 3,
              "skipped": {"other-kind": 2_090, "invalid-hash": 4}, "odd": {"bad-date": 2}}  # fmt: skip
    words, now = "bank.example.org answered 401. Check what was agreed with whoever runs it.", timezone.now()
    source = Remote.objects.create(
        set=bank, kind="stopncii", place="https://bank.example.org/v1", code="1", counts=counts, asked_at=now,
        pulled_at=now, failing_since=now, failure=words, failure_code="answer-refused", paused=words, by=lee,
        by_name=lee.name,
    )  # fmt: skip
    paused = follows.follow(disk, by=lee, wish=Wish("gold-disk", "/srv/lists/gold"))
    turning.pause(paused, by=lee, reason="The courier comes on Monday.")
    return source, paused


def _placed(case: Any) -> None:
    """Its items say where they were taken, some at one spot."""
    from django.db.models import F
    from django.db.models.functions import Mod

    from cases.models import Item

    Item.objects.filter(case=case).update(latitude=50 + 0.3 * Mod(F("id"), 7), longitude=0.5 * Mod(F("id"), 5) - 1)


def _second_case(people: dict[str, Any]) -> dict[str, str]:
    """A case that Kim decided: Jo gave two second views, one of which differs, and has four to give."""
    from cases import decisions, ending, grounds, investigations
    from cases.models import Item
    from cases.second import acts, queue
    from tests.browser import pictures

    kim, jo = people["kim"], people["jo"]
    case = _case(people, "BR-SECOND", {"X-1": pictures.charts(_inbox("second"), 6, first_seed=300)})
    investigations.add_member(case=case, person=jo, by=kim)
    for item in Item.objects.filter(case=case, state="open").order_by("pk"):
        decisions.decide_content(case=case, content=item.content, code="1", by=kim, via="page", viewed=True)
    batch = queue.claim(case=case, by=jo)
    for unit, code in zip(queue.units(batch), "12", strict=False):
        wish = _wish(unit, code)
        acts.act(batch=batch, by=jo, wishes=[wish])
        grounds.give(batch=batch, by=jo, act=wish.key, confidence="rather", text="The shore is in the foreground")
    ending.close(batch=batch, by=jo)
    address = f"/cases/{case.public_id}/"
    return {"second case": address, "ruling": "/ruling/", "second views": "/second/", "samples": "/second/samples/"}


def _wish(unit: dict[str, Any], code: str) -> Any:
    from uuid import UUID, uuid4

    from cases.units import Wish

    return Wish(uuid4(), "decide", UUID(unit["id"]), unit["version"], code)


def _held_case(people: dict[str, Any]) -> dict[str, str]:
    """A case whose ingests do not go on, under numbers as long as numbers may be."""
    from cases import evidence, investigations, uploads

    case = investigations.create(
        number="BR-HELD", name="Millrace", scheme_id="landscapes-t1", by=people["kim"], team=[people["lee"]]
    )
    for number, act in enumerate(("pause", "stop", "cancel", "wait")):
        ref = f"NORTHMOOR/2026/HARBOUR/DEVICE-{number}-OF-THE-SECOND-SEARCH"
        exhibit = evidence.add_upload(case=case, ref=ref, by=people["kim"], description="Phone from the second search")
        if act in ("pause", "stop"):
            uploads.all_sent(exhibit)
        if act == "pause":
            evidence.pause(exhibit, by=people["kim"])
        elif act == "stop":
            evidence.stop(exhibit, why="The case document cannot be read: it ends in the middle of a record.")
        elif act == "cancel":
            evidence.cancel(exhibit, by=people["kim"], reason="the wrong phone")
    return {"held case": f"/cases/{case.public_id}/", "edit case": f"/cases/{case.public_id}/edit/"}


def _inbox(name: str) -> Path:
    from django.conf import settings

    folder: Path = settings.DATA_DIR / "inbox" / name
    folder.mkdir(parents=True)
    return folder


def _case(people: dict[str, Any], number: str, exhibits: dict[str, Path]) -> Any:
    from cases import evidence, investigations
    from cases.ingest import pipeline

    case = investigations.create(
        number=number, name="Harbour lights", scheme_id="landscapes-t1", by=people["kim"], team=[people["lee"]]
    )
    for ref, folder in exhibits.items():
        exhibit = evidence.add_exhibit(
            case=case, ref=ref, reader_id="folder", source=os.fsencode(folder), by=people["kim"], description="Phone"
        )
        pipeline.drain(exhibit.pk)
    return case


def _known(by: Any, files: list[Path]) -> tuple[Any, Any, Any]:
    """Two sets that disagree about one of these files, and the last import of the first, which has two versions."""
    from cases import matching

    one, other = _set(by, "Reference"), _set(by, "Partner list")
    _import(by, one, dict.fromkeys(files[2:], "3"))
    run = _import(by, one, dict.fromkeys(files, "2"))
    _import(by, other, {files[0]: "5", files[1]: "1"})
    for made in (one, other):
        matching.rematch(by.agency_id, made.pk)
    return one.public_id, other.public_id, run


def _set(by: Any, name: str) -> Any:
    from hashsets import scheme_tables, sets

    return sets.create(name=name, role="relevant", scheme=scheme_tables.latest("landscapes-t1"), owner=by.agency, by=by)


def _import(by: Any, into: Any, files: dict[Path, str]) -> Any:
    """Import a list of these files, with a bad line, and lines that contradict each other; the id of the run."""
    from hashsets import import_jobs, import_runs
    from hashsets.importing import Part
    from tests.browser import pictures

    listed = _inbox(f"lists-{into.pk}-{len(files)}") / "reference.csv"
    torn = f"{7:032x},,,,2\n{7:032x},,,,5\n{8:032x},,,,1\n{8:032x},,,,2\n"
    listed.write_text(pictures.hash_list(files) + "nonsense,,,,2\n" + torn, encoding="utf-8")
    import_runs.run_here(into, [Part(listed, listed.name)], by=by, dry_run=False)
    return import_jobs.of_set(into)[0].public_id


def _work(people: dict[str, Any], case: Any) -> Any:
    """Decide, publish, ask for a withdrawal, export, claim; returns the item with the longest history."""
    from cases import decisions, exports, publishing, review
    from cases.exports import Options
    from cases.models import Item, Offer

    kim, lee = people["kim"], people["lee"]
    items = list(Item.objects.filter(case=case, state="open", content__preview="made").order_by("pk")[:5])
    for item, code in zip(items, "12351", strict=True):
        decisions.decide_content(
            case=case, content=item.content, code=code, by=kim, via="command", viewed=True
        )  # not drawn
    offers = list(Offer.objects.filter(case=case).order_by("pk"))
    publishing.approve(offers=[offer.public_id for offer in offers[:2]], by=lee)
    publishing.ask_withdrawal(offers=[offers[0].public_id], by=kim, reason="looked twice")
    publishing.settle(act="hold", offers=[offers[2].public_id], by=lee, reason="wait for the lab")
    for product in ("vics", "schedule", "summary"):
        exports.build(case=case, product=exports.product(product), by=lee, options=Options())
    review.claim(case=case, by=kim)
    _say_otherwise(lee, items[0], case)
    return items[0].public_id


def _say_otherwise(lee: Any, item: Any, case: Any) -> None:
    """Lists that come while somebody reviews: against a decision, and against each other; they know what is held."""
    from cases import matching
    from cases.models import Item

    held = Item.objects.filter(case=case, state="open", stack__batch__isnull=False).order_by("pk").first()
    known = Item.objects.filter(case=case, state="known").order_by("pk").last()
    for name, codes in (("National", {item: "2", held: "1", known: "1"}), ("Overseas", {item: "5"})):
        made = _set(lee, name)
        _import_contents(lee, made, {one.content: code for one, code in codes.items()})
        matching.rematch(lee.agency_id, made.pk)


def _import_contents(by: Any, into: Any, codes: dict[Any, str]) -> None:
    from hashsets import import_runs
    from hashsets.importing import Part

    rows = [
        f"{bytes(one.md5).hex()},{bytes(one.sha1).hex()},{bytes(one.sha256).hex()},,{code}"
        for one, code in codes.items()
    ]
    listed = _inbox(f"lists-{into.pk}") / "list.csv"
    listed.write_text("\n".join(["md5,sha1,sha256,size,category", *rows, ""]), encoding="utf-8")
    import_runs.run_here(into, [Part(listed, listed.name)], by=by, dry_run=False)


def _addresses(case: Any, item: Any, batch: Any, hash_set: Any, other: Any, run: Any) -> dict[str, str]:
    return {
        "home": "/",
        "cases": "/cases/",
        "new case": "/cases/new/",
        "case": f"/cases/{case}/",
        "add evidence": f"/cases/{case}/evidence/new/",
        "problems": f"/cases/{case}/problems/",
        "items": f"/cases/{case}/items/",
        "map": f"/cases/{case}/map/?item={item}",
        "what comes next": f"/cases/{case}/queue/?camera=canon",
        "go to": "/goto/?q=br-",
        "keys": "/account/keys/",
        "item": f"/items/{item}/",
        "review": f"/batches/{batch}/",
        "publish": "/publish/",
        "published": "/publish/?tab=published",
        "choose cases": "/publish/sign/",
        "sign": f"/publish/sign/?case={case}",
        "sent": "/publish/sent/",
        "hash sets": "/hashsets/",
        "new set": "/hashsets/new/",
        "schemes": "/hashsets/schemes/",
        "scheme": "/hashsets/schemes/us-pvic/1/",
        "new scheme": "/hashsets/schemes/new/",
        "set": f"/hashsets/{hash_set}/",
        "import": f"/hashsets/{hash_set}/import/",
        "policy": f"/hashsets/{hash_set}/policy/?disposition=relevant",
        "import run": f"/hashsets/imports/{run}/",
        "versions": f"/hashsets/{hash_set}/versions/",
        "diff": f"/hashsets/{hash_set}/versions/1/2/",
        "go back": f"/hashsets/{hash_set}/versions/1/back/",
        "search in a set": f"/hashsets/{hash_set}/find/",
        "overlap": f"/hashsets/{hash_set}/overlap/?with={other}",
        "health": "/hashsets/health/",
        "look-up": "/hashsets/lookup/",
        "log": "/audit/",
        "log entry": "/audit/?entry=1",
        "exports of a case": f"/cases/{case}/exports/",
        "exports": "/exports/",
        "account": "/account/",
        "viewing": "/viewing/",
        "more for an hour": "/viewing/budget/",
        "limits": "/oversight/limits/",
        "dashboard": "/oversight/",
        "limits and breaks": "/oversight/limits/rules/",
    }


if __name__ == "__main__":
    main()
