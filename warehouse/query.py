"""SQL over a named snapshot: read-only, and nothing outside the snapshot can be reached.

Relations: those of warehouse.snapshots.RELATIONS, and the macros of sql/queries/.
"""

import duckdb

from ingest.errors import Damaged, QueryError
from warehouse.models import SQL_FOLDER
from warehouse.snapshots import RELATIONS, Snapshot, literal_glob, parquet_relation, sql_text


def open_snapshot(snapshot: Snapshot, memory_limit: str = "4GB") -> duckdb.DuckDBPyConnection:
    """A connection that sees the snapshot's relations and no other file."""
    connection = duckdb.connect()
    files = [path.resolve() for name in RELATIONS for path in snapshot.files(name)]
    for name in RELATIONS:
        relation = parquet_relation([path.resolve() for path in snapshot.files(name)])
        try:
            connection.execute(f"create view {name} as from {relation}")
        except duckdb.Error as error:
            raise Damaged(
                f"snapshot {snapshot.name}: {name} cannot be read ({_first_lines(error)}): "
                f"aadhan verify {snapshot.name} names the file to restore"
            ) from error
    for path in sorted((SQL_FOLDER / "queries").glob("*.sql")):
        connection.execute(path.read_text(encoding="utf-8"))
    # DuckDB compares what a view names, and what that stands for, with the allowed paths.
    names = {str(path) for path in files} | {literal_glob(path) for path in files}
    allowed = ", ".join(map(sql_text, sorted(names)))
    connection.execute(f"set memory_limit = {sql_text(memory_limit)}")
    connection.execute(f"set allowed_paths = [{allowed}]")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def run_query(snapshot: Snapshot, query: str) -> tuple[list[str], list[tuple]]:
    """Column names and rows of one SELECT.

    Raises QueryError for anything but one SELECT, for SQL that fails, and for other files.
    """
    with open_snapshot(snapshot) as connection:
        try:
            statements = connection.extract_statements(query)
        except duckdb.Error as error:
            raise QueryError(f"SQL: {_first_lines(error)}") from error
        if not statements:
            raise QueryError("the query is empty: write one SELECT")
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise QueryError("only one SELECT is run on a snapshot; it cannot be changed")
        try:
            result = connection.execute(statements[0])
            names = [column[0] for column in result.description]
            return names, result.fetchall()
        except duckdb.PermissionException as error:
            raise QueryError(
                "a query on a snapshot reads its relations only: "
                f"{', '.join(RELATIONS)} ({_first_lines(error)})"
            ) from error
        except duckdb.Error as error:
            raise QueryError(f"SQL: {_first_lines(error)}") from error


def _first_lines(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:2])
