"""The people of the tests: two agencies, and somebody for every role (style.md section 8)."""

from dataclasses import dataclass

import pytest
from django.test import Client

from tests import factories
from workbench.models import Agency, Role, User


@dataclass(frozen=True, slots=True)
class People:
    """Everybody, by what they are in the stories. `outsider` works at the other agency, with every role."""

    north: Agency
    south: Agency
    investigator: User
    colleague: User
    supervisor: User
    exporter: User
    auditor: User
    welfare: User
    admin: User
    outsider: User


def everybody() -> People:
    """Two agencies and their people; nobody has a password."""
    north, south = factories.agency("northmoor"), factories.agency("southmoor")
    here = factories.persons(
        north,
        investigator=(Role.INVESTIGATOR,),
        colleague=(Role.INVESTIGATOR,),
        supervisor=(Role.SUPERVISOR,),
        exporter=(Role.EXPORTER,),
        auditor=(Role.AUDITOR,),
        welfare=(Role.WELFARE,),
        admin=(Role.ADMIN,),
    )
    everything = (Role.INVESTIGATOR, Role.SUPERVISOR, Role.EXPORTER, Role.AUDITOR)
    return People(north, south, **here, **factories.persons(south, outsider=everything))


@pytest.fixture
def people(db: None) -> People:
    """Two agencies and their people."""
    return everybody()


@pytest.fixture
def investigator(people: People) -> User:
    """Works on the case."""
    return people.investigator


@pytest.fixture
def colleague(people: People) -> User:
    """Works on the case, too."""
    return people.colleague


@pytest.fixture
def outsider(people: People) -> User:
    """Works at another agency, with all rights there."""
    return people.outsider


@pytest.fixture
def supervisor(people: People) -> User:
    """Supervises the agency."""
    return people.supervisor


@pytest.fixture
def exporter(people: People) -> User:
    """Exports; decides nothing."""
    return people.exporter


@pytest.fixture
def auditor(people: People) -> User:
    """Reads the log."""
    return people.auditor


@pytest.fixture
def welfare(people: People) -> User:
    """Looks after people."""
    return people.welfare


@pytest.fixture
def admin(people: People) -> User:
    """Administers the node; sees no case."""
    return people.admin


def signed_in(user: User | None) -> Client:
    """A browser's session of that person, over TLS as in production; None is somebody who did not sign in."""
    client = Client(headers={"host": "localhost"})
    if user is not None:
        client.force_login(user, backend="workbench.people.PasswordBackend")
    return client
