"""App configuration: grants for the application role after each migration."""

from importlib import import_module
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.core import checks
from django.db import connection, transaction
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


def grant(**_kwargs: Any) -> None:
    """Let the application role read and write rows, and never change what is append-only.

    Each app's configuration names its tables: `append_only`, `kept`, whose rows are never deleted, and
    `changeable`, of which only the columns it lists are ever updated. One transaction, so that at no moment more
    is allowed.
    """
    if settings.ROLE != "owner":
        return
    role = connection.ops.quote_name(settings.APP_ROLE)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
        cursor.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}")
        present = connection.introspection.table_names(cursor)
        for rights, which in (("UPDATE, DELETE, TRUNCATE", "append_only"), ("DELETE, TRUNCATE", "kept")):
            named = {table for app in apps.get_app_configs() for table in getattr(app, which, ())}
            for table in sorted(named.intersection(present)):
                cursor.execute(f"REVOKE {rights} ON {table} FROM {role}")
        changeable = {t: cols for app in apps.get_app_configs() for t, cols in getattr(app, "changeable", {}).items()}
        for table in sorted(changeable.keys() & present):
            cursor.execute(f"REVOKE UPDATE ON {table} FROM {role}")
            if columns := ", ".join(changeable[table]):
                cursor.execute(f"GRANT UPDATE ({columns}) ON {table} TO {role}")


class WorkbenchConfig(AppConfig):
    """The shell and shared ground."""

    name = "workbench"
    append_only = frozenset({"workbench_auditevent"})
    kept = frozenset({"workbench_agency", "workbench_auditlog", "workbench_user"})

    def ready(self) -> None:
        """Learn every app's permissions, events and checks; grant after every migration run (it is idempotent)."""
        import_module("workbench.celery")  # from here on tasks go to our broker, whichever process enqueues them
        autodiscover_modules("permissions", "access", "events")
        user_logged_in.connect(import_module("workbench.sessions").begin, dispatch_uid="workbench.begin")
        import_module("workbench.speaking").begin()
        checks.register(import_module("workbench.decoders").check)
        post_migrate.connect(grant, dispatch_uid="workbench.grant")
