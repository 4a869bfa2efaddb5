"""`manage.py token make|list|revoke`: tokens with which scripts reach the API."""

from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from workbench import commands, permissions, tokens
from workbench.commands import Done, WinnowCommand
from workbench.errors import BadInput
from workbench.models import ApiToken


class Command(WinnowCommand):
    """Make tokens, list them, end them."""

    help = "Tokens for the API."

    def add_arguments(self, parser: CommandParser) -> None:
        """Three acts."""
        acts = self.acts(parser)
        make = acts.add("make", self.make, "Make a token of the person who acts; it is printed this once.")
        make.add_argument("name", help="what it is for")
        make.add_argument("--scope", choices=ApiToken.Scope.values, default="read", help="write: decide, too")
        make.add_argument("--days", type=int, default=90, help=f"good for so long, at most {tokens.MOST_DAYS}")
        show = acts.add("list", self.show, "List a person's tokens that are good; others' need an administrator.")
        show.add_argument("user", nargs="?", help="default: the person who acts")
        end = acts.add("revoke", self.revoke, "End a token; others' need an administrator.")
        end.add_argument("id", help="as `token list` gives it")

    def make(self, options: dict[str, Any]) -> Done:
        """Make one."""
        made, text = tokens.make(name=options["name"], days=options["days"], scope=options["scope"], by=self.by)
        sentence = f"Token for {made.name}, good until {made.expires_at:%Y-%m-%d}, shown this once: {text}"
        return Done(sentence, {"id": made.public_id, "token": text, "expires": made.expires_at.isoformat()})

    def show(self, options: dict[str, Any]) -> Done:
        """List them."""
        user = commands.person(options["user"]) if options["user"] else self.by
        if user != self.by:
            self.require(permissions.PEOPLE)
        found = tokens.good_of(user)
        rows = [
            {"id": one.public_id, "name": one.name, "scope": one.scope, "expires": one.expires_at.isoformat(),
             "used": one.used_on}
            for one in found
        ]  # fmt: skip
        lines = [f"{row['id']}  {row['scope']:5}  {row['name']}" for row in rows]
        return Done("\n".join(lines) or f"{user.username} has no token.", {"user": user.username, "tokens": rows})

    def revoke(self, options: dict[str, Any]) -> Done:
        """End one."""
        try:
            wanted = UUID(options["id"])
        except ValueError as error:
            raise BadInput("The id of a token is a UUID; `manage.py token list` gives it.") from error
        token = tokens.anybodys(wanted)
        if token.user_id != self.by.pk:
            self.require(permissions.PEOPLE)
        tokens.revoke(token, by=self.by)
        return Done(f"The token {token.name!r} of {token.user.username} is revoked.", {"id": token.public_id})
