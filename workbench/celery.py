"""The Celery application: it only wakes workers; the ledger in PostgreSQL is what counts.

A task is acknowledged after its work, so a killed worker's task comes back; JSON only; results are
not kept, since a dying broker would take the client with it.
"""

import os

from celery import Celery

from workbench.launcher import addresses

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workbench.settings")

SWEEP_SECONDS = 10.0
SWEEP_IMPORTS_SECONDS = 60.0
WATCH_SECONDS = 15.0
EXCHANGE_SECONDS = 2.0
PULL_SECONDS = 30.0
SWEEP_ROWS_SECONDS = 3600.0
VISIBILITY_TIMEOUT = 900  # seconds until the work of a vanished worker is handed out again

app = Celery("winnow", broker=addresses.broker_url())
app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    result_serializer="json",
    event_serializer="json",
    task_acks_late=True,
    task_acks_on_failure_or_timeout=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_protocol=2,
    task_publish_retry_policy={"max_retries": 3, "interval_start": 0.1, "interval_step": 0.3, "interval_max": 1.0},
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_send_task_events=False,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={"visibility_timeout": VISIBILITY_TIMEOUT, "socket_keepalive": False},
    enable_utc=True,
    timezone="UTC",
    beat_schedule={
        # What was lost with the broker or a worker is found in the tables; a late one is of no use.
        "sweep": {"task": "cases.tasks.sweep", "schedule": SWEEP_SECONDS, "options": {"expires": SWEEP_SECONDS}},
        "sweep imports": {"task": "hashsets.tasks.sweep", "schedule": SWEEP_IMPORTS_SECONDS},
        "watch": {
            "task": "hashsets.tasks.watch_folders",
            "schedule": WATCH_SECONDS,
            "options": {"expires": WATCH_SECONDS},
        },
        "exchange": {
            "task": "hashsets.tasks.exchange",
            "schedule": EXCHANGE_SECONDS,
            "options": {"expires": EXCHANGE_SECONDS},
        },
        "pull": {
            "task": "hashsets.tasks.pull_remotes",
            "schedule": PULL_SECONDS,
            "options": {"expires": PULL_SECONDS},
        },
        "sweep rows": {"task": "hashsets.tasks.sweep_rows", "schedule": SWEEP_ROWS_SECONDS},
    },
)
app.autodiscover_tasks()
