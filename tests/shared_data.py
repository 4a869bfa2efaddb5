"""Test data beside the checkout (`../shared/data`): present where Winnow is built, absent elsewhere."""

from pathlib import Path

import pytest

from tests.environment import in_ci

ROOT = Path(__file__).resolve().parents[2] / "shared"


def shared(path: str) -> Path:
    """Return `../shared/data/PATH`; without it the test is skipped with a reason, in CI it fails."""
    return _existing(ROOT / "data" / path)


def shared_tool(name: str) -> Path:
    """Return `../shared/tools/NAME`, under the same rule."""
    return _existing(ROOT / "tools" / name)


def _existing(path: Path) -> Path:
    if path.exists():
        return path
    reason = f"This test needs {path.relative_to(ROOT.parent)} beside the checkout, which is not here."
    if in_ci():
        pytest.fail(reason)
    pytest.skip(reason)
