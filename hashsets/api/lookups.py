"""Looking hashes up by token."""

from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request

from hashsets import charges, lookups
from hashsets.api.shapes import Answered, Found, LookupAnswer, LookupAsked, NoHash
from workbench import access
from workbench.api import limits, shapes
from workbench.api.base import READ, ApiView, answered
from workbench.api.schema import described


class Lookup(ApiView):
    """Known or unknown, in which sets, under which category."""

    scopes = {"POST": READ}

    @described("lookup", LookupAnswer, body=LookupAsked)
    def post(self, request: Request) -> HttpResponse:
        """Look up to 1,000 hashes up in the sets the agency uses. One event, with the purpose."""
        access.require(self.user, "set.lookup")
        asked = shapes.body(request._request, LookupAsked)
        number = len(asked.hashes)
        limits.spend(self.token, "hashes", number, most=settings.API_HASHES, of_person=settings.PERSON_HASHES)
        charges.lookup(self.user)
        answers = lookups.ask(asked.hashes, by=self.user, purpose=asked.purpose, turned=asked.turned)
        each = {answer.hash: answer for answer in answers}.values()  # a hash that was sent twice is answered once
        return answered(
            LookupAnswer(
                asked=len(answers),
                known=sum(answer.known for answer in answers),
                answers=[
                    Answered(answer.hash, answer.known, [Found(**hit.as_json()) for hit in answer.hits], answer.more)
                    for answer in each
                    if answer.hits
                ],
                problems=[NoHash(answer.hash, answer.problem) for answer in each if answer.problem],
            )
        )
