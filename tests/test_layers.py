"""The import rules of docs/design.md: imports point one way, heavy packages load late."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = ("ingest", "warehouse", "checks", "training")
# What a layer may import of the others; errors are the bottom of the tree and free to all.
ALLOWED = {
    "ingest": set(),
    "warehouse": {"ingest.page", "ingest.landing"},
    "checks": {"warehouse"},
    "training": {"warehouse.snapshots", "ingest.landing"},
}


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_imports_only_what_lies_below_it(layer):
    for path in (ROOT / layer).rglob("*.py"):
        for name in imports_of(path):
            top = name.split(".")[0]
            if top not in LAYERS or top == layer or name in LAYERS:
                continue
            if name.startswith("ingest.errors"):
                continue
            assert any(
                name == allowed or name.startswith(f"{allowed}.") for allowed in ALLOWED[layer]
            ), f"{path.relative_to(ROOT)} imports {name}"


def test_no_layer_imports_the_command_line():
    for layer in LAYERS:
        for path in (ROOT / layer).rglob("*.py"):
            assert not [name for name in imports_of(path) if name.split(".")[0] == "aadhan"], path


def test_the_core_loads_neither_torch_nor_great_expectations():
    code = (
        "import sys, aadhan.cli, ingest.crawl, ingest.importers, warehouse.build, warehouse.query, "
        "warehouse.export; print([m for m in ('torch', 'great_expectations', 'transformers') "
        "if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.strip() == "[]", run.stderr


def test_no_python_where_data_belongs():
    assert not [p for d in ("data", "models", "sql") for p in (ROOT / d).rglob("*.py")]
