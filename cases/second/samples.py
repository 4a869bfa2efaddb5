"""Samples of one person's decisions, drawn by a supervisor and looked at blind by others (decision 0020).

The draw may be made again by anybody: decisions in the order of SHA-256 over the seed and their random ids. What a
colleague gave blind already counts without another look; the rest become second views like all others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_noop as noop

from cases import events
from cases.errors import AnotherPersonNeeded, ReasonNeeded, TooFewToSample
from cases.models import Case, Sample
from cases.second import interval, kappa
from cases.second.drawing import EXEMPT, PLACE
from cases.second.interval import Share
from cases.second.kappa import LEAST_PAIRS, Kappa
from hashsets.models import Scheme
from workbench import access, audit
from workbench.errors import BadInput
from workbench.models import User
from workbench.words import digits

MOST = 500  # decisions of one sample: each is a look

# What stood when the last of `as_of` was made: what was decided anew later is still drawn the same.
FITTING = """
FROM cases_decision d JOIN cases_act a ON a.id = d.act_id
JOIN hashsets_scheme v ON v.id = d.scheme_id AND v.scheme_id = %(scheme_id)s
WHERE d.by_id = %(person)s AND d.at >= %(since)s AND d.at < %(until)s AND d.id <= %(as_of)s
  AND d.case_id = ANY(%(cases)s::bigint[]) AND d.code IS NOT NULL AND (%(code)s = '' OR d.code = %(code)s)
  AND a.via <> ALL(%(exempt)s::text[])
  AND NOT EXISTS (SELECT FROM cases_decision n WHERE n.supersedes_id = d.id AND n.id <= %(as_of)s)
"""
COUNT = f"SELECT count(*) {FITTING}"
DRAW = f"""
SELECT d.id {FITTING} ORDER BY sha256(uuid_send(%(seed)s::uuid) || uuid_send(d.public_id)), d.id LIMIT %(number)s
"""
KEEP = """
INSERT INTO cases_sampledraw (sample_id, decision_id, place)
SELECT %s, d.id, d.place FROM unnest(%s::bigint[]) WITH ORDINALITY AS d(id, place)
"""
# Neither the person nor who drew is asked: he knows whose they are. No look where one was had, or is wanted anyway.
ASK = f"""
INSERT INTO cases_secondview (public_id, case_id, item_id, content_id, decision_id, first_batch_id, why, not_for,
  sort_key, state, version, position, mark, at)
SELECT gen_random_uuid(), d.case_id, i.id, d.content_id, d.id, a.batch_id, 'drawn', ARRAY[d.by_id, %(by)s::bigint],
  {PLACE.format("sha256(uuid_send(d.public_id))")}, 'open', 1, 0, '', now()
FROM cases_sampledraw s JOIN cases_decision d ON d.id = s.decision_id JOIN cases_act a ON a.id = d.act_id
JOIN cases_item i ON i.case_id = d.case_id AND i.content_id = d.content_id AND i.state = 'decided'
JOIN cases_standing st ON st.decision_id = d.id
WHERE s.sample_id = %(sample)s AND NOT EXISTS (SELECT FROM cases_secondopinion o WHERE o.decision_id = d.id)
ORDER BY d.id ON CONFLICT (decision_id) WHERE state = 'open' DO NOTHING
"""  # noqa: S608 only a constant
# The first that a colleague gave of each.
PAIRS = """
SELECT s.sample_id, d.code, o.code, count(*) FROM cases_sampledraw s JOIN cases_decision d ON d.id = s.decision_id
LEFT JOIN LATERAL (SELECT o.code FROM cases_secondopinion o WHERE o.decision_id = d.id ORDER BY o.id LIMIT 1) o ON true
WHERE s.sample_id = ANY(%s) GROUP BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a supervisor draws from: a person's decisions of some days (UTC, both included), cases and a category.

    `code` '' is all categories.
    """

    person: User
    scheme: Scheme
    first: date
    last: date
    cases: Sequence[Case]
    code: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a sample came to: how many were drawn and given, how many of them said the same; None under LEAST_PAIRS."""

    sample: Sample
    drawn: int
    given: int
    same: Share | None
    kappa: Kappa | None


@transaction.atomic
def draw(*, asked: Asked, number: int, by: User, reason: str) -> Sample:
    """Draw so many of one person's decisions, and ask for second views of those nobody looked at a second time.

    One event. Raises NotAllowed, ReasonNeeded, AnotherPersonNeeded, BadInput, TooFewToSample.
    """
    access.require(by, "second.sample")
    _require(asked, number, by, reason)
    midnights = [datetime.fromisoformat(f"{day}T00:00:00+00:00") for day in (asked.first, asked.last)]
    sample = Sample(
        agency=by.agency, by=by, person=asked.person, scheme_id=asked.scheme.scheme_id, code=asked.code,
        since=midnights[0], until=midnights[1] + timedelta(days=1), cases=sorted(case.pk for case in asked.cases),
        as_of=_last(), fitting=0, reason=reason.strip()[:400],
    )  # fmt: skip
    sample.fitting = _count(sample)
    if sample.fitting < LEAST_PAIRS:
        raise TooFewToSample
    sample.save(force_insert=True)
    drawn = decisions_of(sample, number)
    with connection.cursor() as cursor:
        cursor.execute(KEEP, [sample.pk, drawn])
        cursor.execute(ASK, {"sample": sample.pk, "by": by.pk})
        wanted = cursor.rowcount
    audit.record(
        events.SAMPLE_DRAWN, by=by, on=sample, reason=sample.reason, person=asked.person.username, drawn=len(drawn),
        fitting=sample.fitting, views=wanted, seed=str(sample.seed), scheme=sample.scheme_id, code=sample.code,
    )  # fmt: skip
    return sample


def _require(asked: Asked, number: int, by: User, reason: str) -> None:
    if not reason.strip():
        raise ReasonNeeded
    if asked.person.pk == by.pk:
        raise AnotherPersonNeeded(noop("Another supervisor draws from your decisions."))
    if not LEAST_PAIRS <= number <= MOST:
        raise BadInput(noop("Draw %(least)s to %(most)s decisions."), least=digits(LEAST_PAIRS), most=digits(MOST))
    if asked.first > asked.last:
        raise BadInput(noop("The first day comes after the last."))
    if asked.code and not asked.scheme.categories.filter(code=asked.code).exists():
        raise BadInput(noop("Choose a category of the scheme."))


def _last() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM cases_decision")
        return int(cursor.fetchone()[0])


def _values(sample: Sample) -> dict[str, Any]:
    names = ("scheme_id", "since", "until", "as_of", "cases", "code", "seed")
    return {name: getattr(sample, name) for name in names} | {"person": sample.person_id, "exempt": EXEMPT}


def _count(sample: Sample) -> int:
    with connection.cursor() as cursor:
        cursor.execute(COUNT, _values(sample))
        return int(cursor.fetchone()[0])


def decisions_of(sample: Sample, number: int) -> list[int]:
    """Ids of the first decisions in the order of the draw: the same whenever it is made again. One query."""
    with connection.cursor() as cursor:
        cursor.execute(DRAW, _values(sample) | {"number": number})
        return [row[0] for row in cursor.fetchall()]


def of(by: User) -> QuerySet[Sample]:
    """The samples of the supervisor's agency that are about others, the latest first."""
    return Sample.objects.filter(agency=by.agency).exclude(person=by).select_related("person", "by").order_by("-pk")


def outcomes(samples: Sequence[Sample]) -> list[Outcome]:
    """How far second looks agree with the person, of each sample; nothing under LEAST_PAIRS. One query."""
    met: dict[int, dict[tuple[str, str | None], int]] = {sample.pk: {} for sample in samples}
    with connection.cursor() as cursor:
        cursor.execute(PAIRS, [list(met)])
        for sample, first, second, number in cursor.fetchall():
            met[sample][first, second] = number
    return [_outcome(sample, met[sample.pk]) for sample in samples]


def _outcome(sample: Sample, met: Mapping[tuple[str, str | None], int]) -> Outcome:
    given = {(first, second): number for (first, second), number in met.items() if second is not None}
    drawn, number = sum(met.values()), sum(given.values())
    if number < LEAST_PAIRS:
        return Outcome(sample, drawn, number, None, None)
    same = sum(times for (first, second), times in given.items() if first == second)
    return Outcome(sample, drawn, number, interval.wilson(same, number), kappa.of(given))
