"""What a worker does with a watched folder, and what then lies in it."""

from pathlib import Path

from hashsets import import_runs, watched
from hashsets.models import Entry, HashSet


def look(hash_set: HashSet) -> int:
    """What a worker does: look, import what was taken, put it away; the id of the import, 0 for none."""
    job_id = watched.look(hash_set.pk)
    if job_id:
        import_runs.run(job_id)
        watched.look(hash_set.pk)
    return job_id or 0


def look_till_empty(hash_set: HashSet) -> int:
    """What workers do until nothing waits; how many lists were imported."""
    imported = 0
    while job_id := watched.look(hash_set.pk):
        import_runs.run(job_id)
        imported += 1
    return imported


def lying(folder: Path) -> list[str]:
    """Everything in it by its place, hidden things and the stamps of names left out."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    names = [name for name in found if name.name != ".clock"]
    return sorted(" ".join([name.parts[0], *name.name.split(" ")[1:]]) if len(name.parts) > 1 else name.name
                  for name in names)  # fmt: skip


def number(hash_set: HashSet) -> int:
    return Entry.objects.filter(set=hash_set, removed_in=None).count()
