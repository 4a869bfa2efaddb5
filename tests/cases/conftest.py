"""People and a case for the tests of cases: investigators Dana and Milo, supervisor Sam, Ines of another agency."""

import pytest

from cases import investigations
from cases.models import Case
from tests import factories
from workbench import people
from workbench.models import Agency, Role, User


@pytest.fixture
def northmoor() -> Agency:
    return factories.no_second_views(people.add_agency(slug="northmoor", name="Northmoor"))


@pytest.fixture
def dana(northmoor: Agency) -> User:
    return people.add_person(username="dana", name="Dana Okafor", agency=northmoor, roles={Role.INVESTIGATOR})


@pytest.fixture
def milo(northmoor: Agency) -> User:
    return people.add_person(username="milo", name="Milo Lind", agency=northmoor, roles={Role.INVESTIGATOR})


@pytest.fixture
def case(dana: User, milo: User) -> Case:
    return investigations.create(number="26-1", name="Harbour", scheme_id="landscapes-t1", by=dana, team=[milo])


@pytest.fixture
def sam(northmoor: Agency) -> User:
    return people.add_person(username="sam", name="Sam Bhatt", agency=northmoor, roles={Role.SUPERVISOR})


@pytest.fixture
def ines() -> User:
    other = people.add_agency(slug="southmoor", name="Southmoor")
    return people.add_person(
        username="ines", name="Ines Roth", agency=other, roles={Role.INVESTIGATOR, Role.SUPERVISOR}
    )
