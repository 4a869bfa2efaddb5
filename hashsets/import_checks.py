"""What keeps a list out of a set: the set's own nature, parts that are missing, a list that is not what the set is for.

Each check raises before anything is stored; what only looks odd is a warning of the report.
"""

from collections.abc import Sequence
from http import HTTPStatus
from io import BufferedReader

from hashsets import exchange, generations, remotes, votes
from hashsets.import_report import ImportReport
from hashsets.models import Disposition, HashSet, Remote
from workbench.errors import WorkbenchError

HARMLESS_CODES = {"", "0", "8"}  # what lists of harmless files use; vics.md section 5
RELEVANT = {Disposition.RELEVANT, Disposition.RESTRICTED}


class ContradictoryRole(WorkbenchError):
    """The list is not what the set is for. Nothing was stored."""

    code = "contradictory-role"


class LivesByVotes(WorkbenchError):
    """This set takes the decisions of people. Import into another set, so that no opinion is overwritten."""

    code = "lives-by-votes"


class FollowsServer(WorkbenchError):
    """This set follows a foreign server, which alone says what it holds. Use another set, or end the following."""

    code = "follows-server"
    status = HTTPStatus.CONFLICT


class EmptyList(WorkbenchError):
    """The list holds no usable hash. Nothing was stored; the report says what was skipped."""

    code = "empty-list"


class MissingParts(WorkbenchError):
    """Parts of this list are missing, so nothing was stored. Choose all of them, or say that it is incomplete."""

    code = "missing-parts"


class CheckOvertaken(WorkbenchError):
    """The set has changed since this check. Check the list again."""

    code = "check-overtaken"
    status = HTTPStatus.CONFLICT


def check_set(hash_set: HashSet) -> None:
    """Raise SetRetired, LivesByVotes or FollowsServer unless the set is one that lists are imported into."""
    hash_set.refresh_from_db()
    if hash_set.retired_at is not None:
        raise generations.SetRetired
    require_unfollowed(hash_set)
    if hash_set.receives_offers or votes.any_stands(hash_set):
        raise LivesByVotes


def require_unfollowed(hash_set: HashSet) -> None:
    """Raise FollowsServer for a set whose entries are a foreign server's records."""
    if follows_server(hash_set):
        raise FollowsServer


def follows_server(hash_set: HashSet) -> bool:
    """Whether the set's entries are a foreign server's records; a folder's lists are imported. One query."""
    kinds = Remote.objects.filter(set=hash_set, ended_at=None).values_list("kind", flat=True)
    return any(not remotes.BY_ID[kind].releases for kind in kinds if kind in remotes.BY_ID)


def check_parts(report: ImportReport, files: Sequence[BufferedReader], *, incomplete: bool) -> None:
    """Raise MissingParts unless every part that the names speak of is there, or the person does without."""
    told = [name for part, file in zip(report.parts, files, strict=True) for name in exchange.names(file, part.name)]
    gone = exchange.missing_parts(told)
    if gone and not incomplete:
        raise MissingParts(
            f"Parts of this list are missing: {', '.join(gone[:20])}{' ...' if len(gone) > 20 else ''}. Nothing was"
            " stored. Choose all parts together, or say that the list is incomplete.",
            gone,
        )
    if gone:
        report.warn("parts-missing", ", ".join(gone[:20]))


def check_list(hash_set: HashSet, report: ImportReport) -> None:
    """Refuse a list that contradicts the set's role; warn of one that looks as if (vics.md section 5)."""
    if not report.stored:
        raise EmptyList
    relevant = sorted(code for code, (disposition, _rows) in report.codes.items() if disposition in RELEVANT)
    if hash_set.role == HashSet.SetRole.KNOWN_GOOD and relevant:
        raise ContradictoryRole(
            f"{hash_set.name} is a set of known-good files, but the list holds relevant categories:"
            f" {', '.join(relevant)}. Nothing was stored."
        )
    if hash_set.role == HashSet.SetRole.RELEVANT and set(report.codes) <= HARMLESS_CODES and set(report.codes) != {""}:
        report.warn("only-harmless-categories", "a set of relevant material with nothing but categories 0 and 8")
    if hash_set.role == HashSet.SetRole.COMPARISON and relevant:
        report.warn("relevant-in-comparison", f"categories {', '.join(relevant)} in a set for comparison do nothing")


def check_version(locked: HashSet, report: ImportReport, checked_against: int | None) -> None:
    """Note the version that the list is compared with. Raise CheckOvertaken when a dry run had another before it."""
    report.compared_with = locked.generation
    if checked_against not in (None, locked.generation):
        raise CheckOvertaken
