"""App configuration: grants for the application role after each migration."""

from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.core import checks
from django.db import connection
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules

NEVER_CHANGED = frozenset({"workbench_auditevent", "cases_decision"})
# Who saw, did, offered, exported and said what; what is seized. Nothing in the product ends with such a row gone.
NEVER_DELETED = frozenset(
    {
        "workbench_agency",
        "workbench_auditlog",
        "workbench_user",
        "hashsets_generation",
        "hashsets_vote",
        "cases_act",
        "cases_batch",
        "cases_case",
        "cases_content",
        "cases_exhibit",
        "cases_export",
        "cases_fileinstance",
        "cases_item",
        "cases_offer",
        "cases_secondopinion",
        "cases_standing",
        "cases_viewing",
    }
)


def grant(**_kwargs: Any) -> None:
    """Let the application role read and write rows, and never change what is append-only."""
    if settings.ROLE != "owner":
        return
    role = connection.ops.quote_name(settings.APP_ROLE)
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
        cursor.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}")
        present = connection.introspection.table_names(cursor)
        for rights, tables in (("UPDATE, DELETE, TRUNCATE", NEVER_CHANGED), ("DELETE, TRUNCATE", NEVER_DELETED)):
            for table in sorted(tables.intersection(present)):
                cursor.execute(f"REVOKE {rights} ON {table} FROM {role}")


class WorkbenchConfig(AppConfig):
    """The shell and shared ground."""

    name = "workbench"

    def ready(self) -> None:
        """Learn every app's permissions, events and checks; grant after every migration run (it is idempotent)."""
        import_module("workbench.celery")  # from here on tasks go to our broker, whichever process enqueues them
        autodiscover_modules("permissions", "access", "events")
        user_logged_in.connect(import_module("workbench.sessions").begin, dispatch_uid="workbench.begin")
        checks.register(import_module("workbench.decoders").check)
        post_migrate.connect(grant, dispatch_uid="workbench.grant")
