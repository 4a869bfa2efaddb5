"""App configuration: a new version of a set, or another policy, wakes a re-match at once."""

from typing import Any

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Evidence, review and results."""

    name = "cases"

    def ready(self) -> None:
        """Listen to the sets; the sweeper polls them too, so a lost call costs seconds, not matches."""
        from hashsets import generations

        generations.changed.connect(_wake, dispatch_uid="cases.rematch")


def _wake(**_kwargs: Any) -> None:
    from cases import tasks

    tasks.wake_matching()
