"""`manage.py agency add`: agencies on this node."""

import re
from typing import Any

from django.core.management.base import CommandParser

from workbench import people, permissions
from workbench.commands import Done, WinnowCommand
from workbench.errors import BadInput


class Command(WinnowCommand):
    """Add an agency."""

    help = "Agencies on this node."

    def add_arguments(self, parser: CommandParser) -> None:
        """One act."""
        add = self.acts(parser).add("add", self.add, "Add an agency.")
        add.add_argument("id", help="short name, letters, digits and hyphens")
        add.add_argument("--name", required=True, help="full name")

    def add(self, options: dict[str, Any]) -> Done:
        """Add one."""
        self.require(permissions.PEOPLE)
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,60}", options["id"]):
            raise BadInput("An agency's id is up to 60 letters, digits, hyphens and underscores.")
        made = people.add_agency(slug=options["id"], name=options["name"], by=self.by)
        return Done(f"Agency {made.slug} added: {made.name}.", {"agency": made.slug})
