"""The documentation is true: its commands run, its options and targets and links exist."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from conftest import ROOT, SITE, serve_folder

from aadhan.cli import main
from ingest.registry import load_sources

DOCS = [ROOT / "README.md", ROOT / "DEV.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(path, language="sh"):
    pattern = re.compile(rf"^```{language}\n(.*?)^```", re.MULTILINE | re.DOTALL)
    return pattern.findall(path.read_text(encoding="utf-8"))


def documented_commands():
    for path in DOCS:
        for line in "".join(blocks(path)).splitlines():
            if line.startswith("aadhan "):
                yield pytest.param(shlex.split(line, comments=True)[1:], id=f"{path.name}: {line}")


@pytest.mark.parametrize("words", list(documented_commands()))
def test_every_documented_command_is_understood(words):
    command, parent = main, click.Context(main)
    while isinstance(command, click.Group):
        name, command, words = command.resolve_command(parent, words)
        if isinstance(command, click.Group):
            parent = click.Context(command, info_name=name)
    command.make_context(name, list(words), parent=parent)


@pytest.mark.parametrize("entry", blocks(ROOT / "docs" / "sources.md", "toml"))
def test_every_documented_source_is_a_valid_entry(entry, tmp_path):
    (tmp_path / "sources.toml").write_text(entry, encoding="utf-8")
    name = entry.split("]")[0].lstrip("[")
    assert load_sources(tmp_path / "sources.toml")[name].title is not None


def test_every_verb_is_documented():
    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCS)
    for name, command in main.commands.items():
        for verb in [f"{name} {sub}" for sub in getattr(command, "commands", {})] or [name]:
            assert f"aadhan {verb}" in text, verb


def test_make_targets_exist():
    makefile = (ROOT / "Makefile").read_text()
    for path in DOCS:
        for target in re.findall(r"\bmake ([a-z-]+)`", path.read_text(encoding="utf-8")):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), (path, target)


def test_links_lead_somewhere():
    for path in [*DOCS, ROOT / "data" / "README.md"]:
        for link in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / link).exists(), (path, link)


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120


def test_the_readme_shows_the_hash_and_rows_of_the_demo(demo):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"content hash {demo.content_hash}" in text
    assert f"{demo.manifest['rows']} rows, {demo.manifest['words']:,} words" in text
    for fate in demo.manifest["fates"]:
        if fate["stage"]:
            assert f"{fate['count']} by {fate['stage']}: {fate['rule']}" in text


@pytest.mark.slow
def test_the_tutorial_runs_from_top_to_bottom(tmp_path):
    pytest.importorskip("torch")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "demo").symlink_to(ROOT / "data" / "demo")
    with serve_folder(SITE) as server:
        script = "set -e\n"
        for block in blocks(ROOT / "docs" / "tutorial.md"):
            lines = [line for line in block.splitlines() if "http.server" not in line]
            script += "\n".join(lines).replace("http://127.0.0.1:8000/", server.url) + "\n"
        script += "python - <<'END'\n" + "".join(blocks(ROOT / "docs" / "tutorial.md", "python"))
        script += "assert len(corpus['train']) > 70\nEND\n"
        environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HF_HOME": str(tmp_path / "hf-home"),
        }
        done = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
    assert done.returncode == 0, done.stderr[-3000:]
    told = re.search(r"content_hash +(\w{64})", (ROOT / "docs" / "tutorial.md").read_text("utf-8"))
    assert told and told[1] in done.stdout, "the tutorial shows another hash than it makes"
    assert "kaar-neer" not in done.stderr and "near_duplicate" in done.stdout
