"""App configuration: the scheme files are loaded after each migration, and a set that changes gets its index."""

from typing import Any, ClassVar

from django.apps import AppConfig
from django.db import connection
from django.db.models.signals import post_migrate


def load_schemes(**_kwargs: Any) -> None:
    """Fill the scheme tables from `schemes/`; nothing to do where the tables are gone (migrated to zero)."""
    from hashsets import scheme_tables
    from hashsets.models import Category

    with connection.cursor() as cursor:
        if Category._meta.db_table not in connection.introspection.table_names(cursor):
            return
    scheme_tables.load()


class HashsetsConfig(AppConfig):
    """Known material and its exchange."""

    name = "hashsets"
    append_only = frozenset(
        {"hashsets_change", "hashsets_clash", "hashsets_package", "hashsets_proof", "hashsets_resolution"}
    )
    kept = frozenset(  # who said what
        {
            "hashsets_generation",
            "hashsets_hashset",
            "hashsets_peer",
            "hashsets_quarantined",
            "hashsets_remote",
            "hashsets_scheme",
            "hashsets_schemedraft",
            "hashsets_share",
            "hashsets_subscription",
            "hashsets_vote",
        }
    )
    # Of a vote only whether it stands is ever changed.
    changeable: ClassVar[dict[str, tuple[str, ...]]] = {
        "hashsets_vote": ("current", "withdrawn_at", "withdrawn_after", "proof_id")
    }

    def ready(self) -> None:
        """Load after every migration, safe to repeat. A set that changes wakes workers; the sweeper looks too."""
        from hashsets import generations

        post_migrate.connect(load_schemes, sender=self, dispatch_uid="hashsets.schemes")
        generations.changed.connect(_wake, dispatch_uid="hashsets.index")


def _wake(*, set_id: int, **_kwargs: Any) -> None:
    from hashsets import tasks

    tasks.wake_for(set_id)
