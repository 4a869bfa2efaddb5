"""`manage.py demo`: harmless pictures, two agencies and five people to try Winnow with. Safe to repeat."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from cases import figures
from cases.demo import corpus, world
from cases.models import Case, Exhibit
from workbench import people, permissions
from workbench.commands import Done, WinnowCommand


class Command(WinnowCommand):
    """Load the demo, or what is missing of it."""

    help = "Load the demo: drawn landscapes, two agencies, five people, a hash set, two cases. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        """What the first agency is called, where it is not here yet."""
        parser.add_argument("--agency", default=world.FIRST, help=f"what its first agency is called ({world.FIRST})")

    def run(self, options: dict[str, Any]) -> Done:
        """People first, so that somebody can sign in while the rest comes in; then pictures, set, cases, evidence."""
        self.require(permissions.PEOPLE)
        made = world.settle(self.by, options["agency"])
        rows = [_person(name, made) for name in world.PEOPLE]
        if not options["as_json"]:
            self.stdout.write("\n".join(_table(rows)))
        drawn = corpus.build(settings.DATA_DIR / "demo", lambda done, of: self.progress(done, of, "pictures drawn"))
        world.load_reference(made, drawn.reference)
        cases = [(plan, world.open_case(made, plan)) for plan in world.CASES]
        world.trust_each_other(made)
        world.catch_up()
        for plan, case in cases:
            world.add_evidence(made, plan, case, drawn, self._show)
        told = [_case(case) for _, case in cases]
        return Done("\n".join(_line(case) for case in told), {"cases": told, "users": rows})

    def _show(self, exhibit: Exhibit) -> None:
        self.progress(exhibit.seen - exhibit.pending - exhibit.hashed, exhibit.seen, f"files of {exhibit.ref}")


def _person(username: str, made: world.World) -> dict[str, Any]:
    """One line of the table; the password is None when the person was here before."""
    user = made.people[username]
    roles = sorted(role.value for role in world.PEOPLE[username][2])
    return {
        "user": username,
        "name": user.name,
        "agency": user.agency.slug,
        "roles": roles,
        "password": made.passwords.get(username),
    }


def _case(case: Case) -> dict[str, Any]:
    numbers = figures.of(case)
    return {
        "case": case.number,
        "name": case.name,
        "agency": case.agency.slug,
        "files": numbers.files,
        "known": numbers.known,
        "left": numbers.left,
    }


def _table(rows: list[dict[str, Any]]) -> list[str]:
    """The sign-ins, shown this once; later only how to get a new one."""
    if not any(row["password"] for row in rows):
        return [f"The demo is loaded. Its passwords were shown once; `manage.py person reset {rows[0]['user']}` helps."]
    lines = [f"Sign in at {people.address('/')} as one of these; the passwords are shown this once:"]
    for row in rows:
        words = f"{row['agency'].title()}: {', '.join(row['roles'])}"
        lines.append(f"  {row['user']:<6} {row['password'] or 'shown before':<24} {words}")
    return lines


def _line(case: dict[str, Any]) -> str:
    return (
        f"Case {case['case']} {case['name']}: {case['files']} files, {case['known']} known, {case['left']} to review."
    )
