"""What is kept of one person's time is changed by one request after the other."""

from django.db import connection

from workbench.models import User

# What only names him, as a session or a decision does, is not held up.
LOCK = "SELECT FROM workbench_user WHERE id = %s FOR NO KEY UPDATE"


def hold(person: User) -> None:
    """Let nobody else change it until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [person.pk])
