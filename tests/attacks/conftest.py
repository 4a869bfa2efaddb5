"""The people and the case of `tests/cases`, under attack."""

from tests.cases.conftest import case, dana, ines, milo, northmoor, sam

__all__ = ["case", "dana", "ines", "milo", "northmoor", "sam"]
