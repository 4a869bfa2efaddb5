"""App configuration: grants for the application role after each migration."""

from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db import connection
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


def grant(**_kwargs: Any) -> None:
    """Let the application role read and write rows, and never change what is append-only."""
    if settings.ROLE != "owner":
        return
    role = connection.ops.quote_name(settings.APP_ROLE)
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
        cursor.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}")
        for table in ("workbench_auditevent", "cases_decision"):
            if table in connection.introspection.table_names(cursor):
                cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}")


class WorkbenchConfig(AppConfig):
    """The shell and shared ground."""

    name = "workbench"

    def ready(self) -> None:
        """Learn every app's permissions and events; grant after every migration run (it is idempotent)."""
        import_module("workbench.celery")  # from here on tasks go to our broker, whichever process enqueues them
        autodiscover_modules("permissions", "access", "events")
        post_migrate.connect(grant, dispatch_uid="workbench.grant")
