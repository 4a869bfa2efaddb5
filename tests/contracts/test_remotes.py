"""Every registered connector: goes on at every page, takes back what is withdrawn, never goes back itself."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from hashsets import import_jobs, import_runs
from hashsets.following import follows, pulling
from hashsets.models import Generation, Remote
from hashsets.remotes import BUILT_IN, BY_ID, Page
from tests.hashsets.lists import digest
from tests.hashsets.remotes import sources
from tests.hashsets.remotes.sources import Foreign, followed, held
from tests.people import People
from workbench.models import AuditEvent, Job

NUMBERS = range(1, 9)


class Killed(BaseException):
    """As a process that is killed: nobody catches it."""


@pytest.fixture(params=[connector.id for connector in BUILT_IN])
def foreign(request: pytest.FixtureRequest, tmp_path: Path, settings: Any) -> Iterator[Foreign]:
    """A source with eight records, for each connector."""
    with sources.ALL[request.param](tmp_path, settings) as made:
        for number in NUMBERS:
            made.put(number, "1" if number % 3 else "2")
        yield made


@pytest.fixture
def remote(foreign: Foreign, people: People) -> Remote:
    """A set that follows it, and has pulled nothing yet."""
    return followed(foreign, people.supervisor)


@pytest.fixture(autouse=True)
def _page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page is a version of its own, so that there is a boundary behind each."""
    monkeypatch.setattr(pulling, "RECORDS_AT_ONCE", 1)


def pull(remote: Remote) -> None:
    """One pull, to the end of what there is."""
    pulling.pull(remote.pk)
    remote.refresh_from_db()


def codes(remote: Remote) -> dict[int, str]:
    """What the set holds: category by number."""
    return {int(md5[4:], 16): said[0] for md5, said in held(remote).items()}


def whole(foreign: Foreign, **changed: str | None) -> dict[int, str]:
    """What there is at first, and what became of it since; None: gone. By numbers with an n before them."""
    codes = {number: "1" if number % 3 else "2" for number in NUMBERS} | {
        int(name[1:]): code for name, code in changed.items()
    }
    return {number: foreign.code_of(code) for number, code in codes.items() if code is not None}


def test_there_is_a_source_for_every_connector() -> None:
    assert sources.ALL.keys() == BY_ID.keys()


def test_what_is_there_becomes_entries_with_the_trust_of_the_set(foreign: Foreign, remote: Remote) -> None:
    pull(remote)
    assert codes(remote) == whole(foreign)
    assert {said[1:] for said in held(remote).values()} == {("relevant", "trusted")}


def test_what_changes_comes_with_the_next_pull_and_only_that(foreign: Foreign, remote: Remote) -> None:
    pull(remote)
    names, before = sources.names(remote), Generation.objects.filter(set=remote.set).count()
    foreign.put(9)
    foreign.put(4, "2")
    foreign.take_away(5)
    pull(remote)
    assert codes(remote) == whole(foreign, n5=None, n9="1", n4="2")
    now = sources.names(remote)
    assert {md5: name for md5, name in now.items() if md5 in names} == {
        md5: name for md5, name in names.items() if md5 != digest(5)
    }
    news = Generation.objects.filter(set=remote.set).order_by("number")[before:]
    assert (sum(one.added for one in news), sum(one.removed for one in news)) == (2, 2)


def test_what_comes_back_is_the_entry_it_was(foreign: Foreign, remote: Remote) -> None:
    pull(remote)
    name = sources.names(remote)[digest(5)]
    foreign.take_away(5)
    pull(remote)
    foreign.put(5)
    pull(remote)
    assert sources.names(remote)[digest(5)] == name


def test_where_nothing_is_new_nothing_is_written(remote: Remote) -> None:
    pull(remote)
    pull(remote)
    events, versions = AuditEvent.objects.count(), Generation.objects.count()
    pull(remote)
    assert (AuditEvent.objects.count(), Generation.objects.count()) == (events, versions)


def test_the_number_of_entries_is_the_one_that_is_told(foreign: Foreign, remote: Remote) -> None:
    pull(remote)
    foreign.take_away(2)
    foreign.put(3, "1")
    pull(remote)
    newest = Generation.objects.filter(set=remote.set).latest("number")
    held = list(codes(remote).values())
    told = {code: held.count(code) for code in {"1", foreign.code_of("2")}}
    assert (newest.entries, newest.report["codes"]) == (7, told)


def test_a_pull_goes_on_from_every_checkpoint_to_the_same_end(foreign: Foreign, remote: Remote) -> None:
    connector, source = BY_ID[foreign.kind], follows.source(remote)
    pages = list(connector.pull(source, ""))
    assert pages[0].anew
    for number, page in enumerate(pages):
        rest = list(connector.pull(source, page.checkpoint))
        assert not any(one.anew for one in rest)
        assert _told([*pages[: number + 1], *rest]) == _told(pages)


def _told(pages: list[Page]) -> set[str]:
    releases = {name for page in pages if page.release for name in page.release.names}
    return releases | {record.key for page in pages for record in page.records}


def test_no_checkpoint_is_behind_the_one_before(foreign: Foreign, remote: Remote) -> None:
    connector, source = BY_ID[foreign.kind], follows.source(remote)
    first = [connector.position(page.checkpoint) for page in connector.pull(source, "")]
    pull(remote)
    foreign.put(9)
    more = [connector.position(page.checkpoint) for page in connector.pull(source, remote.checkpoint)]
    assert first + more == sorted(first + more)
    assert connector.position("") <= first[0]


@pytest.mark.slow
def test_killed_before_any_statement_the_end_is_the_same(foreign: Foreign, people: People) -> None:
    """Each time three statements later, in a set of its own, until a pull ends before; then without a kill."""
    expected, moment = whole(foreign), 0
    while True:
        remote, moment = followed(foreign, people.supervisor), moment + 3
        was_killed = _killed_at(remote, moment)
        checkpoint = Remote.objects.get(pk=remote.pk).checkpoint
        _go_on(remote)
        assert codes(remote) == expected, f"killed before statement {moment}, at {checkpoint!r}"
        if not was_killed:
            break
    assert moment > 20


def _go_on(remote: Remote) -> None:
    """Pull again; a release's import that was cut off is taken up by the sweeper first."""
    for job in Job.objects.filter(kind=import_jobs.KIND, subject=import_jobs.subject(remote.set), state__in=Job.LIVE):
        import_runs.run(job.pk)
    pull(remote)


def _killed_at(remote: Remote, moment: int) -> bool:
    """Pull, killed before the statement of that number; False when there were fewer."""
    seen = 0

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal seen
        seen += "advisory" not in sql  # the database gives these back by itself
        if seen == moment:
            raise Killed
        return execute(sql, params, many, context)

    try:
        with connection.execute_wrapper(count):
            pulling.pull(remote.pk)
    except Killed:
        return True
    return False


def test_a_checkpoint_that_nobody_can_trust_any_more_leads_to_a_fetch_of_everything(
    foreign: Foreign, remote: Remote
) -> None:
    pull(remote)
    pull(remote)
    foreign.forget(7)
    foreign.put(8, "2")
    Remote.objects.filter(pk=remote.pk).update(checkpoint=foreign.aged(remote.checkpoint))
    pull(remote)
    assert codes(remote) == whole(foreign, n7=None, n8="2")


def test_a_checkpoint_that_nobody_can_read_is_one_of_these(foreign: Foreign, remote: Remote) -> None:
    pull(remote)
    foreign.forget(7)
    Remote.objects.filter(pk=remote.pk).update(checkpoint='{"broken')
    pull(remote)
    assert 7 not in codes(remote)
    assert len(codes(remote)) == 7


def test_of_a_fetch_of_everything_that_is_killed_nothing_is_withdrawn_that_is_there(
    foreign: Foreign, remote: Remote
) -> None:
    pull(remote)
    for moment in (5, 15, 25, 35):
        Remote.objects.filter(pk=remote.pk).update(checkpoint="")
        _killed_at(remote, moment)
        assert codes(remote) == whole(foreign)
        _go_on(remote)
        assert codes(remote) == whole(foreign)
