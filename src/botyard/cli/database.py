"""`botyard db`: migrations, and whether the live database is what they made."""

from __future__ import annotations

import typer

from botyard.app import FEATURES
from botyard.cli.opening import read_settings
from botyard.cli.output import AsJson, print_rows
from botyard.db import migrate
from botyard.db.inventory import index_differences
from botyard.db.types import metadata

app = typer.Typer(help="Migrations and the schema.", no_args_is_help=True)


@app.command()
def upgrade() -> None:
    """Bring the database to this version's schema."""
    settings = read_settings()
    migrate.upgrade(settings.database_url.get_secret_value())
    print(f"The database is at revision {migrate.newest_revision()}.")


@app.command()
def check(as_json: AsJson = False) -> None:
    """Compare the live schema and its indexes with what the migrations make. Exit 1 on any difference."""
    settings = read_settings()
    with migrate.migration_connection(settings.database_url.get_secret_value()) as connection:
        revision, newest = migrate.current_revision(connection), migrate.newest_revision()
        findings = []
        if revision != newest:
            findings.append(
                f"the schema is at {revision}, this version works with {newest}: run 'botyard db upgrade'"
            )
        else:
            findings += migrate.schema_differences(connection, metadata)
            findings += index_differences(connection)
    rows = [{"finding": finding} for finding in findings]
    names = ", ".join(feature.name for feature in FEATURES)
    print_rows(rows, as_json=as_json, empty=f"Schema and indexes are as they should be (features: {names}).")
    if findings:
        raise typer.Exit(1)
