"""Whether Great Expectations still needs our patch for DuckDB."""

import subprocess
import sys

import pytest
from conftest import ROOT

CODE = """
import os, tempfile, pathlib
os.environ["GX_ANALYTICS_ENABLED"] = "false"
import duckdb, great_expectations as gx
from checks.duckdb_dialect import keep_duckdb_connections
if {patched}:
    keep_duckdb_connections()
path = pathlib.Path(tempfile.mkdtemp(), "x.duckdb")
with duckdb.connect(path) as connection:
    connection.execute("create table t as select range as a from range(5)")
context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {{"globally": False, "metric_calculations": False}}
source = context.data_sources.add_sql("s", connection_string=f"duckdb:///{{path}}")
batch = source.add_table_asset("t", table_name="t").add_batch_definition("all").get_batch()
print(batch.validate(gx.expectations.ExpectColumnValuesToBeUnique(column="a")).success)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("patched", "success"), [(True, "True"), (False, "False")])
def test_the_patch_works_and_is_still_needed(patched, success):
    """When the unpatched case passes, delete checks/duckdb_dialect.py."""
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CODE.format(patched=patched)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.stdout.strip().splitlines()[-1:] == [success], run.stderr[-2000:]
