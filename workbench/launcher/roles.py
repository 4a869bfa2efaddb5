"""The database and its two roles: `owner` makes tables (migrations), `app` only uses them."""

from collections.abc import Mapping

import psycopg
from psycopg import sql

from workbench.launcher.addresses import DATABASE


def ensure(superuser_url: str, passwords: Mapping[str, str]) -> None:
    """Make the database and the roles where they are missing; safe to repeat, even half done."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
        for role, password in passwords.items():
            verb = sql.SQL("ALTER" if role in known else "CREATE")
            connection.execute(
                sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}").format(
                    verb, sql.Identifier(role), sql.Literal(password)
                )
            )
        name = sql.Identifier(DATABASE)
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER owner").format(name))
        # Only `owner` may make anything lasting; `app` may load into temporary tables.
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
        connection.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO app").format(name))
