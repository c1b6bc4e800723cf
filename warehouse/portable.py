"""Lint of the SQL models: the portable, deterministic subset.

The models must give the same rows on DuckDB with any number of threads and, transpiled by sqlglot,
on Apache Spark. sqlglot passes unknown functions through without a word, so what is allowed is a
list, and what is known to differ silently is refused with its reason.

    python -m warehouse.portable [FILE …]
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import sqlglot
from sqlglot import exp

from warehouse.models import LAYERS, SQL_FOLDER

# Functions that were compared row by row on both engines, or are plain SQL.
ALLOWED = frozenset(
    """
    array_length lag cast ceil coalesce concat count floor greatest least length list_distinct lower
    lpad max min nfc_normalize nullif regexp_extract regexp_extract_all regexp_matches
    regexp_replace replace round row_number sha256 string_agg substring sum trim unnest case chr
    """.split()
)
REFUSED = {
    "any_value": "picks another row on every run; use min or row_number with a full order",
    "first": "picks another row on every run; use min or row_number with a full order",
    "last": "picks another row on every run; use max or row_number with a full order",
    "hash": "differs between engines and versions; use sha256",
    "random": "differs on every run",
    "current_timestamp": "differs on every run",
    "now": "differs on every run",
    "quantile_cont": "Spark has no such function",
    "list_aggregate": "Spark has no such function",
    "list_slice": "Spark has no such function",
    "avg": "a mean of doubles depends on the order of addition; divide integer sums",
    "stddev": "depends on the order of addition; compute it from integer sums",
}
# Integer columns and expressions may be summed; a sum of these cannot be deterministic.
DOUBLE_ENDINGS = ("_ratio", "_score", "_part", "jaccard", "_share")


def problems(sql: str) -> Iterator[str]:
    """What keeps a model from being portable and deterministic, one sentence each."""
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    for node in tree.walk():
        if isinstance(node, exp.Func | exp.Anonymous):
            yield from _function(node)
        if isinstance(node, exp.Bracket):
            yield "indexing [ ]: with a variable index Spark takes another element"
        if isinstance(node, exp.GroupConcat | exp.ArrayAgg) and not node.find(exp.Order):
            yield f"{node.sql_name().lower()} without order by: the order differs by thread"
        if isinstance(node, exp.Window) and _is_row_number(node) and not node.args.get("order"):
            yield "row_number without order by: the numbers differ by thread"
        if isinstance(node, exp.Limit) and not _is_ordered(node):
            yield "limit without order by: the rows differ by thread"


def _function(node: exp.Func) -> Iterator[str]:
    name = _name(node)
    if name in REFUSED:
        yield f"{name}(): {REFUSED[name]}"
    elif name == "sum" and (column := _double_inside(node)):
        yield f"sum of {column}: a sum of doubles depends on the order of addition"
    elif name not in ALLOWED and not isinstance(node, exp.Connector | exp.If | exp.Case):
        yield f"{name}() is not on the list of functions known to agree on DuckDB and Spark"


_NAMES = {
    "arraysize": "array_length",
    "arraydistinct": "list_distinct",
    "sha2": "sha256",
    "groupconcat": "string_agg",
    "regexplike": "regexp_matches",
    "regexpextractall": "regexp_extract_all",
    "regexpextract": "regexp_extract",
    "regexpreplace": "regexp_replace",
    "rownumber": "row_number",
    "explode": "unnest",
    "pad": "lpad",
    "trycast": "cast",
    "anyvalue": "any_value",
    "currenttimestamp": "current_timestamp",
    "rand": "random",
    "percentilecont": "quantile_cont",
    "arrayslice": "list_slice",
    "stddevsamp": "stddev",
}


def _name(node: exp.Func) -> str:
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower()
    name = type(node).__name__.lower()
    return _NAMES.get(name, name)


def _is_ordered(node: exp.Limit) -> bool:
    return node.parent is not None and bool(node.parent.args.get("order"))


def _double_inside(node: exp.Func) -> str | None:
    for column in node.find_all(exp.Column):
        if column.name.endswith(DOUBLE_ENDINGS):
            return column.name
    return None


def _is_row_number(node: exp.Window) -> bool:
    return isinstance(node.this, exp.RowNumber)


def main(paths: list[str]) -> int:
    files = [Path(path) for path in paths] or sorted(
        file for layer in LAYERS for file in (SQL_FOLDER / layer).glob("*.sql")
    )
    count = 0
    for file in files:
        for problem in problems(file.read_text(encoding="utf-8")):
            print(f"{file}: {problem}")
            count += 1
    print(f"{len(files)} models, {count} problems", file=sys.stderr)
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
