"""The Celery application is ours in every process, and set so that no killed worker loses a task."""

import os
import subprocess
import sys

from celery import current_app

from workbench.celery import app
from workbench.launcher import addresses
from workbench.launcher.addresses import CHECKOUT


def test_of_tasks_are_sent_through_our_application() -> None:
    script = "import django; django.setup(); from celery import current_app; print(current_app.main)"
    surroundings = os.environ | {"DJANGO_SETTINGS_MODULE": "workbench.settings"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=CHECKOUT, env=surroundings, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "winnow", done.stderr
    assert current_app.main == "winnow"


def test_of_a_task_outlives_its_worker() -> None:
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.broker_transport_options["visibility_timeout"] == 900


def test_of_only_json_is_taken_and_no_result_is_kept() -> None:
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_ignore_result
    assert app.conf.result_backend is None


def test_of_the_broker_is_reached_over_the_socket_of_the_data_folder() -> None:
    assert str(app.conf.broker_url).startswith("redis+socket://")
    assert str(addresses.valkey_socket()) in str(app.conf.broker_url)


def test_of_a_message_reaches_the_real_broker(servers: None) -> None:
    with app.connection_for_write() as connection, connection.SimpleQueue("of_a_test") as queue:
        queue.put({"a": 1})
        assert queue.get(timeout=5).payload == {"a": 1}
