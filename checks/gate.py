"""Run the expectations of corpus.toml over a candidate or a snapshot.

Everything runs inside DuckDB, over views of the Parquet files; no row is pulled into memory but the
examples of a failing check.
"""

import atexit
import logging
import os
import sys
import tempfile
import tomllib
import warnings
from pathlib import Path

import duckdb

from ingest.errors import Damaged, MissingExtra, SettingsError
from warehouse.snapshots import RELATIONS, parquet_relation

SUITE = Path(__file__).with_name("corpus.toml")
EXAMPLES = 5


def check(folder: Path, suite: Path = SUITE) -> dict:
    """Validate the Parquet files of a candidate or snapshot.

    Returns `state` (passed or failed), `failed_count`, `results` with description, success and
    examples of each check, and the version of Great Expectations. Raises MissingExtra where it is
    not installed.
    """
    entries = load_suite(suite)
    gx = _great_expectations()
    with tempfile.TemporaryDirectory(prefix="aadhan-checks-") as scratch:
        database = Path(scratch, "views.duckdb")
        with duckdb.connect(database) as connection:
            for name, pattern in RELATIONS.items():
                files = sorted(folder.resolve().glob(pattern))
                try:
                    connection.execute(f"create view {name} as from {parquet_relation(files)}")
                except duckdb.Error as error:
                    raise Damaged(f"{folder}: {name} cannot be read: {error}") from error
        results = _validate(gx, f"duckdb:///{database}", entries)
    failed_count = sum(not result["success"] for result in results)
    return {
        "state": "failed" if failed_count else "passed",
        "failed_count": failed_count,
        "results": results,
        "great_expectations": gx.__version__,
    }


def load_suite(path: Path) -> list[dict]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))["check"]
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        raise SettingsError(f"{path} is not a list of checks: {error}") from error


def _great_expectations():
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="great_expectations|duckdb_engine|marshmallow")
    # SQLAlchemy keeps DuckDB objects alive to the very end, and nanobind lists them on stderr then.
    atexit.register(_silence_stderr)
    try:
        import duckdb_engine  # noqa: F401
        import great_expectations
    except ImportError as error:
        raise MissingExtra("checking a snapshot", "checks", error.name or "") from error
    from checks.duckdb_dialect import keep_duckdb_connections

    keep_duckdb_connections()
    return great_expectations


def _silence_stderr() -> None:
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def _validate(gx, connection_string: str, entries: list[dict]) -> list[dict]:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    source = context.data_sources.add_sql("candidate", connection_string=connection_string)
    batch = source.add_table_asset("corpus", table_name="corpus").add_batch_definition("all")
    suite = context.suites.add(gx.ExpectationSuite(name="corpus"))
    for number, entry in enumerate(entries):
        suite.add_expectation(_expectation(gx, entry, number))
    definition = gx.ValidationDefinition(name="gate", data=batch, suite=suite)
    validation = context.validation_definitions.add(definition).run(result_format="SUMMARY")
    by_number = {result.expectation_config.meta["number"]: result for result in validation.results}
    return [_result(entry, by_number[number]) for number, entry in enumerate(entries)]


def _expectation(gx, entry: dict, number: int):
    """The expectation an entry of the suite asks for."""
    arguments = {key: value for key, value in entry.items() if key not in ("expect", "rows")}
    arguments["meta"] = {"number": number}
    if "rows" in entry:
        query = f"{entry['rows']} limit {EXAMPLES}"
        return gx.expectations.UnexpectedRowsExpectation(unexpected_rows_query=query, **arguments)
    name = "".join(part.capitalize() for part in entry["expect"].split("_"))
    if not hasattr(gx.expectations, name):
        raise SettingsError(f"check {entry['description']!r}: no expectation {entry['expect']!r}")
    return getattr(gx.expectations, name)(**arguments)


def _result(entry: dict, result) -> dict:
    detail = result.result or {}
    rows = (detail.get("details") or {}).get("unexpected_rows") or []
    examples = rows or detail.get("partial_unexpected_list") or []
    problem = (result.exception_info or {}).get("exception_message")
    if not examples and problem:
        examples = [problem]
    if not examples and not result.success and "observed_value" in detail:
        examples = [detail["observed_value"]]
    return {
        "description": entry["description"],
        "success": bool(result.success),
        "examples": [str(example) for example in examples[:EXAMPLES]],
    }
