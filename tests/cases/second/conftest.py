"""Here the agency asks for as many second views as it does out of the box."""

import pytest

from workbench import people
from workbench.models import Agency


@pytest.fixture
def northmoor() -> Agency:
    return people.add_agency(slug="northmoor", name="Northmoor")
