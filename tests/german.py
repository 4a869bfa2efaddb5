"""German for tests: `pytest.mark.usefixtures("german")`."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.translation import trans_real

from workbench import languages
from workbench.translating import catalogs


@pytest.fixture(scope="module")
def catalog() -> None:
    """Made as a start makes it; what Django has read before is forgotten."""
    catalogs.write(catalogs.read("de"), "de", settings.DATA_DIR)
    vars(trans_real)["_translations"].clear()
    languages.script.cache_clear()


@pytest.fixture
def german(catalog: None) -> Iterator[None]:
    """German is there for whoever asks for it; the test's own thread speaks English, after requests in German too."""
    with translation.override(languages.OF_MACHINES):
        yield
