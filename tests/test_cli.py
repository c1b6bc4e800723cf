"""The command line: quick help, data on stdout, one line on stderr when something is wrong."""

import csv
import io
import json
import os
import resource
import subprocess
import sys

import pytest
from conftest import ROOT, run_aadhan

VERBS = ["crawl", "import", "build", "check", "snapshots", "sql", "export", "verify", "train"]


def test_help_answers_within_a_second_of_cpu():
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run_aadhan("--help")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0
    assert [verb for verb in VERBS if verb in done.stdout] == VERBS
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert cpu < 1.0


@pytest.mark.parametrize("verb", [*VERBS[:-1], "train mlm", "sources"])
def test_every_verb_explains_itself(verb):
    done = run_aadhan(*verb.split(), "--help")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 5


def test_formats(demo_lake):
    query = ("sql", "select 'அ' as a, 1 as b, null as c", "--at", "demo", "--lake", demo_lake)
    as_json = run_aadhan(*query, "--format", "json")
    assert json.loads(as_json.stdout) == [{"a": "அ", "b": 1, "c": None}]
    as_csv = run_aadhan(*query, "--format", "csv")
    assert list(csv.reader(io.StringIO(as_csv.stdout))) == [["a", "b", "c"], ["அ", "1", ""]]
    as_table = run_aadhan(*query)
    assert "அ" in as_table.stdout and as_table.stderr == ""


def test_snapshots_as_json(demo_lake, demo):
    done = run_aadhan("snapshots", "--lake", demo_lake, "--format", "json")
    (listed,) = json.loads(done.stdout)
    assert listed["name"] == "demo"
    assert listed["content_hash"] == demo.content_hash
    assert listed["rows"] == demo.manifest["rows"]
    assert listed["checks"] == "passed"
    assert listed["created_at"].startswith("20")


def test_an_empty_lake_lists_no_snapshots(aadhan, tmp_path):
    assert aadhan("snapshots", "--lake", tmp_path / "none") == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["crawl", "--source", "nosuch"], "known are cybervattam, demo"),
        (["crawl", "--source", "projectmadurai"], "set `contact ="),
        (["crawl", "--source", "demo", "--base-url", "http://127.0.0.1:9/"], "--base-url"),
        (["crawl", "--strategy", "nosuch"], "known are balanced"),
        (["crawl", "--source", "demo", "--base-url", "ftp://x/"], "http://HOST:PORT/"),
        (["build", "--name", "a/b"], "such as ta-2026.11"),
        (["build", "--name", "x"], "run aadhan crawl or aadhan import first"),
        (["sql", "select 1", "--at", "nosuch"], "make one with aadhan build"),
        (["export", "nosuch", "--to", "x"], "make one with aadhan build"),
        (["verify", "nosuch"], "make one with aadhan build"),
        (["verify", "nosuch/folder"], "no folder nosuch/folder"),
        (["check", "nosuch"], "make one with aadhan build"),
        (["train", "mlm", "--snapshot", "nosuch"], "make one with aadhan build"),
        (["import", "jsonl", "nosuch.jsonl", "--source", "x"], "no such file"),
        (["import", "jsonl", ".", "--source", "../x"], "lower-case letters"),
    ],
)
def test_mistakes_end_in_one_line_that_names_the_fix(aadhan_fails, tmp_path, arguments, says):
    assert says in aadhan_fails(*arguments, "--lake", tmp_path / "lake")
    assert not (tmp_path / "lake" / "raw").exists()


def test_wrong_usage_exits_with_2():
    assert run_aadhan("crawl").returncode == 2
    assert run_aadhan("nosuchverb").returncode == 2


def test_a_closed_pipe_is_no_traceback(demo_lake):
    command = f"{sys.executable} -m aadhan sql 'from corpus' --at demo --lake {demo_lake} | head -1"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, shell=True, env=environment, capture_output=True, text=True)
    assert "Traceback" not in done.stderr


def test_settings_of_the_working_folder_are_used_and_checked(aadhan_fails, tmp_path):
    (tmp_path / "aadhan.toml").write_text("[rules]\nmin_word = 3\n")
    assert "unknown key 'min_word'" in aadhan_fails("build", "--name", "x")
    (tmp_path / "aadhan.toml").write_text("[rules\n")
    assert "not readable TOML" in aadhan_fails("build", "--name", "x")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("rules = 3", "rules = 3 must be of type table"),
        ("[rules]\nmin_words = 'many'", "min_words = 'many' must be of type int"),
        ("[rules]\nmin_words = true", "min_words = True must be of type int"),
        ("[rules]\nmin_tamil_ratio = 0.97", "good_tamil_ratio = 0.95 is no better than"),
        ("[build]\ntrain_permille = 950", "together must be 1 to 1000"),
        ("[strategies.mine]\nnews = 'much'", "news = 'much' must be of type float"),
    ],
)
def test_settings_are_checked_before_anything_is_done(aadhan_fails, tmp_path, settings, says):
    (tmp_path / "aadhan.toml").write_text(settings)
    assert says in aadhan_fails("build", "--name", "x")


def test_settings_may_name_new_strategies(aadhan_fails, tmp_path):
    (tmp_path / "aadhan.toml").write_text("[strategies.mine]\nnews = 3\nbook = 0.5\n")
    assert "run aadhan crawl" in aadhan_fails("build", "--name", "x", "--strategy", "mine")


def test_categories_are_the_same_everywhere():
    from checks.gate import SUITE, load_suite
    from ingest.registry import CATEGORIES

    (entry,) = [entry for entry in load_suite(SUITE) if entry.get("column") == "category"]
    assert entry["value_set"] == list(CATEGORIES)
