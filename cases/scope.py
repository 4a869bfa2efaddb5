"""What a person can reach in `cases`: the query sets behind every `for_actor`.

A person reaches the cases he is a member of (a guest's membership ends), and a supervisor the
agency's unsealed cases too (model.md section 1.2). Everything in a case follows its case.
"""

from typing import Any, Self
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils import timezone

from workbench import access
from workbench.models import Role, User


def case_filter(user: User, prefix: str = "") -> Q:
    """The condition that a row's case is in the person's scope; `prefix` leads to the case."""
    now = timezone.now()
    from cases.models import CaseMember  # the model layer imports this module

    mine = CaseMember.objects.filter(Q(until__isnull=True) | Q(until__gt=now), user=user).values("case")
    within = Q(**{f"{prefix}id__in": mine})
    if Role.SUPERVISOR in access.roles(user):
        within |= Q(**{f"{prefix}agency": user.agency_id, f"{prefix}sealed": False})
    return within


def sealed_from(user: User) -> list[UUID]:
    """The agency's sealed cases that are not the person's: their events are not for him either. Few, by nature."""
    from cases.models import Case

    sealed = Case.objects.filter(agency=user.agency_id, sealed=True)
    return list(sealed.exclude(case_filter(user)).values_list("public_id", flat=True))


class CaseQuerySet(models.QuerySet[Any, Any]):
    """Cases through a person's scope."""

    def for_actor(self, user: User) -> Self:
        """The cases the person may know of."""
        return self.filter(case_filter(user))


class OfCaseQuerySet(models.QuerySet[Any, Any]):
    """Rows that belong to a case."""

    def for_actor(self, user: User) -> Self:
        """Rows of the cases the person may know of."""
        return self.filter(case_filter(user, "case__"))


class UploadQuerySet(models.QuerySet[Any, Any]):
    """Files on their way into an exhibit."""

    def for_actor(self, user: User) -> Self:
        """Uploads of the cases the person may know of."""
        return self.filter(case_filter(user, "exhibit__case__"))


class BatchQuerySet(OfCaseQuerySet):
    """Batches: a person's own."""

    def for_actor(self, user: User) -> Self:
        """The person's own batches, while the case is in scope."""
        return super().for_actor(user).filter(user=user)


class OfferQuerySet(models.QuerySet[Any, Any]):
    """Offers of the person's agency."""

    def for_actor(self, user: User) -> Self:
        """Offers from the cases in scope, but of what the person owes a second view of."""
        from cases.second import blind  # which needs the models

        return self.filter(case_filter(user, "case__")).exclude(decision__content__in=blind.contents(user))


class SavedFilterQuerySet(OfCaseQuerySet):
    """Filters of the queue: a person's own, and what others of the case share."""

    def for_actor(self, user: User) -> Self:
        """Those the person may use, while the case is in scope."""
        return super().for_actor(user).filter(Q(owner=user) | Q(shared=True))


class CaseFilterQuerySet(models.QuerySet[Any, Any]):
    """Filters of the list of cases: a person's own."""

    def for_actor(self, user: User) -> Self:
        """Those of the person."""
        return self.filter(owner=user)
