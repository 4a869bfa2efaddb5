"""Tasks of imports, indexes and the exchange. A lost message is made good, and running one twice is harmless."""

from contextlib import suppress

from celery import shared_task
from django.conf import settings

from hashsets import (
    answered,
    comparisons,
    entry_hashes,
    feed,
    filter_files,
    generations,
    import_jobs,
    import_runs,
    importing,
    kept_lists,
    list_uploads,
    near_index,
    watched,
)
from hashsets.exchange import on_disk
from hashsets.following import follows
from hashsets.following import pulling as following_pulling
from hashsets.index import building
from hashsets.models import HashSet
from hashsets.packages import jobs as package_jobs
from hashsets.packages import kept as kept_packages
from hashsets.packages import running as package_running
from hashsets.peers import pulling as peer_pulling
from hashsets.peers import pushing
from workbench.errors import WorkbenchError
from workbench.waking import after_commit, send


@shared_task
def run_import(job_id: int) -> None:
    """Run one queued import."""
    import_runs.run(job_id)


@shared_task
def run_package(job_id: int) -> None:
    """Make one package, or take it in."""
    package_running.run(job_id)


@shared_task
def build_near(set_id: int) -> None:
    """Build the near index of a set's version in force."""
    near_index.build(set_id)


@shared_task
def sweep() -> None:
    """Take up imports and packages nobody works on; make the indexes that are not there, exact and near."""
    for job_id in import_jobs.sweep():
        send(run_import, job_id)
    for job_id in package_jobs.waiting():
        send(run_package, job_id)
    for hash_set in building.waiting():
        send(build_index, hash_set.pk)
    for set_id in near_index.behind():
        send(build_near, set_id)
    for set_id in feed.behind():
        send(number_feed, set_id)


@shared_task
def number_feed(set_id: int) -> None:
    """Number what changed in a shared set, for its readers."""
    feed.number(set_id)


@shared_task
def watch_folders() -> None:
    """Have workers look into the watched folders in which something lies."""
    for set_id in watched.sets_with_work():
        send(look_into_folder, set_id)


@shared_task
def look_into_folder(set_id: int) -> None:
    """Take the next list of a set's watched folder, and put away what was imported."""
    if job_id := watched.look(set_id):
        send(run_import, job_id)


@shared_task
def exchange() -> None:
    """Have workers ask the peers whose time has come, and send what waits for them."""
    for subscription_id in peer_pulling.due():
        send(pull, subscription_id)
    for subscription_id in pushing.due():
        send(push, subscription_id)


@shared_task
def pull(subscription_id: int) -> None:
    """Ask a peer for what changed in one of its sets."""
    peer_pulling.pull(subscription_id)


@shared_task
def push(subscription_id: int) -> None:
    """Send a peer our opinions that wait for it."""
    pushing.push(subscription_id)


@shared_task
def pull_remotes() -> None:
    """Have workers ask the foreign servers and folders that are due."""
    for remote_id in follows.due():
        send(pull_remote, remote_id)


@shared_task
def pull_remote(remote_id: int) -> None:
    """Take what is new on a foreign server or in a folder; what goes wrong is noted with it."""
    with suppress(WorkbenchError):
        following_pulling.pull(remote_id)


@shared_task
def sweep_rows() -> None:
    """Delete rows no version will ever show; lists, unpacked or of dry runs, indexes and filters nobody wants."""
    importing.sweep()
    on_disk.sweep(str(settings.FILE_UPLOAD_TEMP_DIR))
    kept_lists.sweep()
    list_uploads.sweep()
    package_jobs.sweep()
    kept_packages.sweep()
    building.sweep()
    near_index.sweep()
    feed.prune_all()
    filter_files.sweep()
    answered.sweep()


@shared_task
def build_index(set_id: int) -> None:
    """Make the index of a set's version in force; whoever waits for it is told."""
    if building.build(set_id):
        generations.changed.send(sender=HashSet, set_id=set_id)


@shared_task
def compare(set_id: int, generation: int, other_id: int, other_generation: int) -> None:
    """Count over two versions what takes longer than a page may wait."""
    comparisons.count(set_id, generation, other_id, other_generation)


def wake(job_id: int) -> None:
    """Have a worker run an import once the present transaction is committed."""
    after_commit(run_import, job_id)


def wake_package(job_id: int) -> None:
    """Have a worker make a package, or take it in, once the present transaction is committed."""
    after_commit(run_package, job_id)


def wake_for(set_id: int) -> None:
    """A set changed: have workers tell its readers, and bring its indexes up to it."""
    if feed.is_shared(set_id):
        send(number_feed, set_id)
    send(build_index, set_id)
    if entry_hashes.any_of(set_id):
        send(build_near, set_id)
