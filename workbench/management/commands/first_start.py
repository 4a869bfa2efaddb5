"""`manage.py first_start`: the first agency, its operator and an administrator; called by the launcher."""

from typing import Any

from workbench import people
from workbench.commands import Done, WinnowCommand


class Command(WinnowCommand):
    """Make the first accounts, once, and print how to sign in."""

    help = "Make the first agency, the operator and an administrator, unless they are there."
    needs_person = False

    def run(self, _options: dict[str, Any]) -> Done:
        """Safe to repeat: the link is printed at the first start only."""
        made = people.first_start()
        fields: dict[str, Any] = {"address": people.address("/"), "user": None, "link": None}
        if made is None:
            return Done("", fields)
        admin, path = made
        link = people.address(path)
        sentence = f"Open {link} once, within {people.LINK_HOURS} hours, to set the password of {admin.username!r}."
        return Done(sentence, fields | {"user": admin.username, "link": link})
