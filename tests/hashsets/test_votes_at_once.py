"""Organisations that vote on one entry in the same moment: none is lost, and the ids of votes tell their order."""

import threading

import pytest
from django.db import connection

from hashsets import opinions, rejudging
from hashsets.models import Entry, HashSet, Vote
from tests import factories
from tests.hashsets import makers
from workbench.models import Role, User

PATIENCE = 60  # seconds


@pytest.mark.django_db(transaction=True)
def test_votes_in_one_moment_are_all_counted_in_the_order_of_their_ids() -> None:
    owner = factories.person(factories.agency("owner"), "owner", Role.SUPERVISOR)
    voters = [factories.person(factories.agency(f"a{n}"), f"a{n}", Role.SUPERVISOR) for n in range(4)]
    shared = makers.hash_set(owner, "Shared", reach="node", receives_offers=True)
    makers.publish(shared, makers.picture("lake"), by=owner)
    row = Entry.objects.get(set=shared).id
    begin, failed = threading.Barrier(len(voters)), list[BaseException]()

    def vote(by: User) -> None:
        try:
            begin.wait(PATIENCE)
            for code in ("2", "1", "2"):
                opinions.say(HashSet.objects.get(pk=shared.pk), row, code=code, looked=True, by=by)
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=vote, args=[voter]) for voter in voters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert failed == []
    assert Vote.objects.filter(set=shared).count() == 13
    assert Vote.objects.filter(set=shared, current=True).count() == 5
    entry = Entry.objects.get(set=shared, removed_in=None)
    assert (entry.trust, entry.code) == ("trusted", "2")
    versions = Entry.objects.filter(set=shared).order_by("added_in").values_list("added_in", flat=True)
    assert len(set(versions)) == len(versions)
    assert list(rejudging.wrong()) == []
