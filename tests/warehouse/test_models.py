"""The SQL models: order, and the lint that keeps them portable and deterministic."""

import subprocess
import sys

import pytest
import sqlglot
from conftest import ROOT

from ingest.errors import SettingsError
from warehouse.build import GIVEN, STEPS
from warehouse.models import load_models, relations, run_order
from warehouse.portable import problems


def test_every_model_runs_after_what_it_reads():
    models = load_models()
    reads = {name: model.reads for name, model in models.items()}
    reads |= {name: frozenset([source]) for name, (source, _, _) in STEPS.items()}
    order = run_order(reads, GIVEN)
    assert sorted(order) == sorted(reads)
    for place, name in enumerate(order):
        assert reads[name] - set(GIVEN) <= set(order[:place])
    assert order == run_order(dict(reversed(reads.items())), GIVEN)


def test_models_say_their_grain():
    for name, model in load_models().items():
        assert model.sql.startswith("-- ") and "Grain:" in model.sql.split("\n\n")[0], name


def test_a_relation_nobody_makes_is_named():
    with pytest.raises(SettingsError, match="model b reads nosuch"):
        run_order({"b": frozenset(["nosuch"])}, [])


def test_a_circle_is_named():
    with pytest.raises(SettingsError, match="read each other"):
        run_order({"a": frozenset(["b"]), "b": frozenset(["a"])}, [])


def test_ctes_are_no_relations():
    assert relations("with x as (select * from y) select * from x join z on true") == {"y", "z"}
    with pytest.raises(SettingsError):
        relations("select from where")


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("select random() from t", "differs on every run"),
        ("select any_value(a) from t", "picks another row"),
        ("select first(a) from t", "picks another row"),
        ("select hash(a) from t", "use sha256"),
        ("select a[b] from t", "indexing"),
        ("select a[1:3] from t", "indexing"),
        ("select now() from t", "differs on every run"),
        ("select current_timestamp from t", "differs on every run"),
        ("select string_agg(a, ',') from t", "without order by"),
        ("select list(a) from t", "not on the list"),
        ("select avg(a) from t", "divide integer sums"),
        ("select sum(quality_score) from t", "sum of doubles"),
        ("select quantile_cont(a, 0.5) from t", "Spark has no such function"),
        ("select row_number() over (partition by a) from t", "without order by"),
        ("select a from t limit 3", "limit without order by"),
        ("select nosuchfunction(a) from t", "not on the list"),
    ],
)
def test_the_lint_refuses(sql, says):
    assert any(says in problem for problem in problems(sql)), list(problems(sql))


def test_all_models_are_portable_and_become_spark_sql():
    for name, model in load_models().items():
        assert list(problems(model.sql)) == [], name
        assert sqlglot.transpile(model.sql, read="duckdb", write="spark")


def test_the_lint_is_a_command(tmp_path):
    bad = tmp_path / "bad.sql"
    bad.write_text("select random() from t")
    run = subprocess.run(
        [sys.executable, "-m", "warehouse.portable", str(bad)], cwd=ROOT, capture_output=True
    )
    assert run.returncode == 1 and b"bad.sql" in run.stdout
