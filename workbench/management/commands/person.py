"""`manage.py person add|unlock|reset`: the people of this node."""

from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction

from workbench import commands, people, permissions
from workbench.commands import Done, WinnowCommand
from workbench.models import Role


class Command(WinnowCommand):
    """Add people, unlock them, give them a new one-time link."""

    help = "People on this node."

    def add_arguments(self, parser: CommandParser) -> None:
        """Three acts."""
        acts = self.acts(parser)
        add = acts.add("add", self.add, "Add a person; prints a one-time link.")
        add.add_argument("user", help="the name to sign in with")
        add.add_argument("--agency", required=True, metavar="ID")
        add.add_argument("--role", required=True, nargs="+", action="extend", choices=Role.values, metavar="ROLE")
        add.add_argument("--name", default="", help="full name; default: the sign-in name")
        acts.add("unlock", self.unlock, "Let a person sign in again after too many failures.").add_argument("user")
        acts.add("reset", self.reset, "Make a new one-time link; earlier ones end.").add_argument("user")

    @transaction.atomic
    def add(self, options: dict[str, Any]) -> Done:
        """Add one, with a link to set a password."""
        self.require(permissions.PEOPLE)
        user = people.add_person(
            username=options["user"],
            name=options["name"] or options["user"],
            agency=commands.agency(options["agency"]),
            roles={Role(role) for role in options["role"]},
            by=self.by,
        )
        return self._with_link(user, f"{user.username} added. The one-time link for a password")

    def unlock(self, options: dict[str, Any]) -> Done:
        """Unlock one."""
        self.require(permissions.PEOPLE)
        user = commands.person(options["user"])
        people.unlock(user, by=self.by)
        return Done(f"{user.username} may sign in again.", {"user": user.username, "link": None})

    def reset(self, options: dict[str, Any]) -> Done:
        """A new link."""
        self.require(permissions.PEOPLE)
        user = commands.person(options["user"])
        return self._with_link(user, f"The one-time link for a new password of {user.username}")

    def _with_link(self, user: Any, sentence: str) -> Done:
        link = people.address(people.make_link(user, by=self.by))
        return Done(f"{sentence}, good for {people.LINK_HOURS} hours: {link}", {"user": user.username, "link": link})
