"""Great Expectations 1.24 on DuckDB.

It has no DuckDB engine, and for dialects it does not know it closes the connection before it
fetches: nearly every expectation fails with "list index out of range". Counting DuckDB among the
dialects whose connection is kept mends that. tests/checks/test_duckdb_dialect.py tells when the
patch is no longer needed.
"""

import enum


class _Dialect(enum.StrEnum):
    DUCKDB = "duckdb"


def keep_duckdb_connections() -> None:
    import great_expectations.execution_engine.sqlalchemy_execution_engine as engine

    if _Dialect.DUCKDB not in engine._PERSISTED_CONNECTION_DIALECTS:
        kept = (*engine._PERSISTED_CONNECTION_DIALECTS, _Dialect.DUCKDB)
        engine._PERSISTED_CONNECTION_DIALECTS = kept
