"""How pytest-xdist shares the tests out: those of the live product go to one process, so that its world is made once.

Groups of pytest-xdist 3.8 are named in ids of tests, which pytest 9.2 no longer lets it write.
"""

from xdist.scheduler.loadscope import LoadScopeScheduling

LIVE = ("tests/browser/", "tests/flows/test_described_")


class OneWorld(LoadScopeScheduling):  # type: ignore[misc] # not typed by its makers
    """Each test by itself to whoever is free; those that share the live product together, first of all."""

    def _split_scope(self, nodeid: str) -> str:
        return "live" if nodeid.startswith(LIVE) else nodeid
