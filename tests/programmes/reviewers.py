"""Twenty people at one case, browsers lost, leases of ten seconds; then the server away: nothing is lost or doubled.

`python -m tests.programmes reviewers [PEOPLE [UNITS [DECISIONS [AWAY]]]]`. First scripted reviewers decide so many
units: none may be decided by two, none left, none overwritten. Then one person in Chromium presses a key so many times
while the web process is killed and stays away for so many seconds: each key must end as one decision, and the page must
say within five seconds that they are not saved.
"""

import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from typing import Any

import psycopg
from playwright.sync_api import Page, sync_playwright

from tests import chromium, product
from tests.browser import desk
from tests.product import Product
from tests.programmes import kills
from tests.programmes._reviewers import CODES, LEASE_SECONDS, NUMBER, PASSWORD, Reviewer, name
from workbench.launcher import addresses
from workbench.launcher.addresses import CHECKOUT
from workbench.launcher.processes import Process

DEFAULTS = (20, 4000, 1000, 60)  # people, units, decisions, seconds away
SEED = 7
PATIENCE = 1800.0  # seconds for all units
BANNER_SECONDS = 5.0
# Leases cannot be set so short: they are cut here, by the database's clock that judges them.
CASE = "(SELECT id FROM cases_case WHERE public_id = %s)"
SHORTEN = f"""
WITH short AS (
  UPDATE cases_batch SET lease_until = opened_at + interval '{LEASE_SECONDS} s'
  WHERE case_id = {CASE} AND state = 'open' AND lease_until > opened_at + interval '{LEASE_SECONDS} s'
  RETURNING id, lease_until)
UPDATE cases_stack s SET lease_until = short.lease_until FROM short WHERE s.batch_id = short.id
"""
LEFT = f"SELECT count(*) FROM cases_item WHERE case_id = {CASE} AND state <> 'decided'"
DECIDED = f"""
SELECT s.public_id::text, u.username, d.code, d.supersedes_id IS NOT NULL FROM cases_decision d
JOIN cases_act a ON a.id = d.act_id JOIN cases_stack s ON s.id = a.stack_id
JOIN workbench_user u ON u.id = d.by_id WHERE d.case_id = {CASE}
"""
PRESSED = """
SELECT i.public_id::text, d.code FROM cases_decision d
JOIN cases_item i ON i.content_id = d.content_id AND i.case_id = d.case_id
"""
PLACE = "document.querySelector('.tile.here:not(.done)')?.dataset.item ?? null"
OVER = "document.querySelector('dialog[data-part=finish]').open"


def main(arguments: list[str]) -> int:
    """Print what was found; 0 when nothing was lost, doubled or overwritten."""
    people, units, decisions, away = [*map(int, arguments), *DEFAULTS[len(arguments) :]]
    with product.running("--workers=1", settings=product.ROOMY) as winnow:
        wrong = together(winnow, people, units)
    if decisions:
        wrong += through_an_outage(decisions, away)
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


def together(winnow: Product, people: int, units: int) -> list[str]:
    """Many at one case; what was wrong."""
    case, over, began = scene(winnow, people, units), threading.Event(), time.monotonic()
    team = [Reviewer(winnow.url, case, number, SEED, over) for number in range(people)]
    for reviewer in team:
        reviewer.start()
    with kills.of(winnow), psycopg.connect(_address(), autocommit=True) as database:
        left = units
        while left and time.monotonic() < began + PATIENCE and not any(one.failure for one in team):
            database.execute(SHORTEN, [case])
            left = database.execute(LEFT, [case]).fetchone()[0]  # type: ignore[index]
            time.sleep(0.1)
        took = time.monotonic() - began
        over.set()
        for reviewer in team:
            reviewer.join(LEASE_SECONDS + 60)
        decided = database.execute(DECIDED, [case]).fetchall()
    wrong = [one.failure for one in team if one.failure] + compared(team, decided, units)
    wrong += json.loads(winnow.manage("case", "check", NUMBER, "--json", "--as", name(0)).splitlines()[-1])["broken"]
    told = [one.told for one in team]
    sums = {what: sum(getattr(one, what) for one in told) for what in ("lost", "late", "refused")}
    print(
        f"{people} people, {units:,} units, leases of {LEASE_SECONDS} s: {len(decided):,} decisions in {took:.0f} s,"
        f" {sums['lost']} browsers lost, {sums['late']:,} acts sent when the lease was over, {sums['refused']:,} of all"
        f" refused; {len(wrong)} faults.",
        flush=True,
    )
    return wrong


def compared(team: list[Reviewer], decided: list[tuple[Any, ...]], units: int) -> list[str]:
    """What the reviewers were told against what stands: one decision a unit, by who was told that it is saved."""
    wrong = [
        f"{stack}: decided {times} times" for stack, times in Counter(row[0] for row in decided).items() if times > 1
    ]
    wrong += [f"{stack}: a decision superseded another" for stack, _by, _code, again in decided if again]
    if len(decided) != units:
        wrong.append(f"{len(decided)} decisions of {units}")
    stands = {row[0]: (row[1], row[2]) for row in decided}
    for reviewer in team:
        told = reviewer.told
        wrong += [
            f"{stack}: saved for {reviewer.user} as {code}, and {stands.get(stack)} stands"
            for stack, code in told.saved.items()
            if stands.get(stack) != (reviewer.user, code)
        ]
    given = {(one.user, stack): code for one in team for stack, code in (one.told.unread | one.told.saved).items()}
    wrong += [f"{stack}: nobody sent {by} {code}" for stack, by, code, _ in decided if given.get((by, stack)) != code]
    return wrong


def through_an_outage(decisions: int, away: int) -> list[str]:
    """One person presses keys while the server is gone; what was lost or doubled, and how soon the page said so."""
    if chromium.path() is None:
        sys.exit(chromium.HOW)
    with product.running("--workers=1") as winnow, sync_playwright() as playwright:
        case = scene(winnow, 1, decisions)
        browser = playwright.chromium.launch(executable_path=chromium.path(), args=chromium.flags())
        page = browser.new_page(base_url=winnow.url)
        page.set_default_timeout(desk.PATIENCE)
        desk.sign_in(page, name(0), PASSWORD)
        keys = Keys(winnow, page, away, at=decisions // 3)
        while len(keys.pressed) < decisions:
            desk.claim(page, f"/cases/{case}/")
            keys.press_through()
            page.get_by_role("button", name="Stop for now").click()
            page.wait_for_url(f"**/cases/{case}/")
        browser.close()
        rows = kills.ask(winnow, PRESSED)
    wrong = [f"{item}: {times} decisions" for item, times in Counter(row[0] for row in rows).items() if times > 1]
    stands: dict[str, str] = dict(rows)
    wrong += [
        f"{item}: pressed {code}, {stands.get(item)} stands"
        for item, code in keys.pressed.items()
        if stands.get(item) != code
    ]
    wrong += [f"{item}: nobody pressed a key" for item in stands.keys() - keys.pressed.keys()]
    if keys.banner is None or keys.banner > BANNER_SECONDS:
        wrong.append(f"the page said after {keys.banner} s that decisions are not saved")
    print(
        f"{decisions:,} decisions, the server away for {away} s: {len(stands):,} stand, banner after {keys.banner} s;"
        f" {len(wrong)} faults.",
        flush=True,
    )
    return wrong


class Keys:
    """Somebody who presses digits; after `at` of them the web process is killed and kept away for a while."""

    def __init__(self, winnow: Product, page: Page, away: int, at: int) -> None:
        self.winnow, self.page, self.away, self.at = winnow, page, away, at
        self.pressed: dict[str, str] = {}
        self.banner: float | None = None
        self._gone: float | None = None

    def press_through(self) -> None:
        """A batch, to its end."""
        page = self.page
        while not page.evaluate(OVER):
            item = page.evaluate(PLACE)
            if item is None or item in self.pressed:
                page.wait_for_timeout(20)
            else:
                self._press(item)
            self._outage()

    def _press(self, item: str) -> None:
        key = CODES[len(self.pressed) % len(CODES)]
        self.page.keyboard.press(key)
        if self.page.evaluate(f"document.querySelector('[data-item=\"{item}\"].done') !== null"):
            self.pressed[item] = key  # where the queue has stopped nothing is taken, and nothing shown as done
        else:
            self.page.wait_for_timeout(200)

    def _outage(self) -> None:
        now = time.monotonic()
        if self._gone is None and len(self.pressed) >= self.at:
            self.winnow.up.send_signal(signal.SIGSTOP)  # or it would start the web process again at once
            pid, started = kills.kept(self.winnow)["web"]
            Process(pid, started).signal_group(signal.SIGKILL)
            self._gone = now
        elif self._gone is not None and self.banner is None:
            if self.page.get_by_text("not saved yet").count():
                self.banner = round(now - self._gone, 1)
        elif self._gone is not None and self.away and now > self._gone + self.away:
            self.winnow.up.send_signal(signal.SIGCONT)
            self.away = 0


def scene(winnow: Product, people: int, units: int) -> str:
    """People and a case of so many pictures; the case's id."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.programmes._reviewers", str(people), str(units)],
        env=winnow.environment, cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout.splitlines()[-1])["case"])


def _address() -> str:
    return addresses.superuser_url(addresses.DATABASE)
