"""`manage.py publish`: offer decisions to the agency's shared set; another person approves."""

from typing import Any

from django.core.management.base import CommandParser

from cases import publishing
from cases.commands import case_of
from cases.errors import AnotherPersonNeeded
from cases.models import Case, Offer
from hashsets import sets
from workbench.commands import Done, WinnowCommand


class Command(WinnowCommand):
    """Offer what the rules allow, or approve what others offered."""

    help = "Offer a case's decisions to a hash set; with --approve, publish what others decided and offered."

    def add_arguments(self, parser: CommandParser) -> None:
        """The case, and which of the two steps."""
        parser.add_argument("number", help="number of the case")
        parser.add_argument("--to", metavar="SET", help="default: the agency's set for decisions under the scheme")
        parser.add_argument("--approve", action="store_true", help="approve, as another person")

    def run(self, options: dict[str, Any]) -> Done:
        """One of the two steps."""
        case = case_of(options["number"], "case.view", self.by)
        return self.approve(case) if options["approve"] else self.offer(case, options["to"])

    def offer(self, case: Case, to: str | None) -> Done:
        """Offer; `offered` counts all that wait for approval now, those offered with their decision too."""
        self.require("offer.make")
        outcome = publishing.offer_case(case=case, by=self.by, to=sets.named(to, user=self.by) if to else None)
        waiting = Offer.objects.filter(case=case, state=Offer.State.DRAFT).count()
        sentence = f"{waiting:,} decisions wait for another person's approval; {outcome.held.total():,} stay."
        return Done(sentence, {"offered": waiting, "published": 0, "held": dict(outcome.held)})

    def approve(self, case: Case) -> Done:
        """Publish the drafts of others; one's own wait. Raises AnotherPersonNeeded if there are only those."""
        self.require("offer.approve")
        drafts = Offer.objects.filter(case=case, state=Offer.State.DRAFT)
        others = drafts.exclude(decided_by=self.by).exclude(offered_by=self.by)
        chosen = list(others.values_list("public_id", flat=True))
        own = drafts.count() - len(chosen)
        if own and not chosen:
            raise AnotherPersonNeeded
        outcome = publishing.approve(offers=chosen, by=self.by)
        held = dict(outcome.held) | ({AnotherPersonNeeded.code: own} if own else {})
        problems = [f"{number:,} held: {reason}" for reason, number in held.items()]
        sentence = f"{outcome.done:,} decisions published."
        return Done(sentence, {"offered": own, "published": outcome.done, "held": held}, problems)
