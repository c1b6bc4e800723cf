"""Builds: the same bytes everywhere, nothing unexplained, nothing half-made."""

import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT, run_aadhan, run_aadhan_on_a_full_disk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.gate import check
from ingest.errors import ChecksFailed, Damaged, LakeError, NameTaken, NoSuchSnapshot
from ingest.importers import import_path
from ingest.landing import raw_files
from warehouse.build import build, candidate_folder
from warehouse.export import export
from warehouse.query import run_query
from warehouse.snapshots import find_snapshot, list_snapshots, verify


def make(lake, recipe, **options):
    return build(lake, recipe, gate=None, **options)


def copy_raw(lake, to):
    shutil.copytree(lake / "raw", to / "raw")
    return to


@pytest.fixture
def lake(demo_lake, tmp_path):
    """A lake with the demo site's raw pages only."""
    return copy_raw(demo_lake, tmp_path / "lake")


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_same_raw_files_same_bytes_on_any_threads_in_any_folder(
    demo, lake, recipe, threads, tmp_path
):
    snapshot = make(lake, recipe("demo"), threads=threads)
    assert snapshot.content_hash == demo.content_hash
    ours, theirs = snapshot.manifest["files"], demo.manifest["files"]
    assert ours == theirs
    left = export(snapshot, tmp_path / "a")["files"]
    right = export(demo, tmp_path / "b")["files"]
    assert {name: entry["sha256"] for name, entry in left.items() if name != "README.md"} == {
        name: entry["sha256"] for name, entry in right.items() if name != "README.md"
    }


def test_two_builds_export_the_same_bytes(lake, recipe, tmp_path):
    other = copy_raw(lake, tmp_path / "other")
    one = export(make(lake, recipe("same")), tmp_path / "one")
    two = export(make(other, recipe("same")), tmp_path / "two")
    assert one == two
    for name in [*one["files"], "manifest.json"]:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_how_raw_rows_are_cut_into_files_does_not_matter(demo, lake, recipe):
    (path,) = raw_files(lake)
    rows = duckdb.sql(f"from read_parquet('{path}')").to_arrow_table()
    import pyarrow.parquet as pq

    path.unlink()
    order = random.Random(3).sample(range(rows.num_rows), rows.num_rows)
    for number, start in enumerate(range(0, len(order), 17)):
        pq.write_table(
            rows.take(order[start : start + 17]), path.with_name(f"{number:04d}.parquet")
        )
    assert make(lake, recipe()).content_hash == demo.content_hash


def test_every_page_is_accounted_for(demo):
    pages = run_query(demo, "select count(distinct page_id) from fates")[1][0][0]
    assert pages == demo.manifest["pages"]
    assert run_query(demo, "select count(*) from fates where rule = 'unexplained'")[1] == [(0,)]
    kept = run_query(demo, "select count(*) from fates where rule = 'kept'")[1][0][0]
    assert kept == demo.manifest["rows"]
    dropped = run_query(
        demo,
        "select count(*) from fates where stage is not null and not exists ("
        "select 1 from verdicts where verdicts.verdict = 'drop' and verdicts.rule = fates.rule "
        "and (verdicts.id = fates.id or verdicts.page_id = fates.page_id))",
    )[1]
    assert dropped == [(0,)]


def test_the_recipe_is_echoed_and_the_inputs_hashed(demo, demo_lake):
    manifest = demo.manifest
    assert manifest["recipe"]["rules"]["min_words"] == 20
    assert list(manifest["inputs"]) == [str(p.relative_to(demo_lake)) for p in raw_files(demo_lake)]
    assert manifest["checks"]["state"] == "passed"
    assert len(manifest["code"]["source_sha256"]) == 64


def test_a_second_build_reads_no_page_again(lake, recipe):
    make(lake, recipe("one"))
    before = {path: path.stat().st_mtime_ns for path in (lake / "blocks").iterdir()}
    seen = []
    make(lake, recipe("two"), progress=lambda what, done, total: seen.append(what))
    assert "reading pages" not in seen
    assert before == {path: path.stat().st_mtime_ns for path in (lake / "blocks").iterdir()}


def test_unchanged_files_are_linked_to_the_parent(lake, recipe):
    one = make(lake, recipe("one"))
    two = make(lake, recipe("two", parent="one"))
    for name in one.manifest["files"]:
        assert (one.folder / name).samefile(two.folder / name)


def test_a_name_is_never_reused(lake, recipe):
    make(lake, recipe("one"))
    with pytest.raises(NameTaken, match="one-1"):
        make(lake, recipe("one"))


def test_an_unknown_parent_is_named(lake, recipe):
    with pytest.raises(NoSuchSnapshot):
        make(lake, recipe("one", parent="nosuch"))


def test_an_empty_lake_is_named(tmp_path, recipe):
    with pytest.raises(LakeError, match="run aadhan crawl or aadhan import first"):
        make(tmp_path / "lake", recipe())


@pytest.mark.parametrize("damage", ["cut", "text", "other"])
def test_a_damaged_raw_file_is_named_and_nothing_is_published(lake, recipe, damage):
    (path,) = raw_files(lake)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "text":
        path.write_text("not parquet")
    else:
        duckdb.sql("select 1 as a").write_parquet(str(path))
    with pytest.raises(LakeError, match="0000.parquet"):
        make(lake, recipe())
    assert list_snapshots(lake) == []
    assert not list((lake / "blocks").glob("*"))


def test_a_damaged_middle_is_an_error_too(lake, recipe):
    (path,) = raw_files(lake)
    body = bytearray(path.read_bytes())
    body[len(body) // 2 : len(body) // 2 + 64] = b"\x00" * 64
    path.write_bytes(body)
    with pytest.raises(LakeError, match="0000.parquet"):
        make(lake, recipe())


def test_a_failing_gate_blocks_the_name_and_keeps_the_candidate(lake, recipe):
    failed = {
        "state": "failed",
        "failed_count": 1,
        "results": [{"description": "x holds", "success": False, "examples": ["row 7"]}],
    }
    with pytest.raises(ChecksFailed, match="x holds .for example row 7.*inspection"):
        build(lake, recipe("one"), gate=lambda folder: failed)
    assert list_snapshots(lake) == []
    assert (lake / "candidates" / "one.failed" / "corpus" / "demo.parquet").exists()
    assert not list((lake / "candidates").glob("*.building"))


def test_candidates_of_killed_builds_are_removed_and_running_ones_left(tmp_path):
    dead = tmp_path / "candidates" / "x.1.building"
    dead.mkdir(parents=True)
    dead.with_suffix(".lock").touch()
    with candidate_folder(tmp_path, "a") as first:
        assert not dead.exists()
        with candidate_folder(tmp_path, "a") as second:
            assert first.exists() and first != second
    assert not list(tmp_path.rglob("*"))


@pytest.mark.slow
def test_kill_9_during_build_costs_nothing(demo, lake, tmp_path):
    command = [sys.executable, "-m", "aadhan", "build", "--name", "demo", "--lake", str(lake)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    chance = random.Random(11)
    kills = 0
    for _ in range(5):
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env=environment,
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        time.sleep(chance.uniform(0.3, 4.0))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()
        assert list_snapshots(lake) == [] or process.returncode == 0
        if process.returncode == 0:
            shutil.rmtree(lake / "snapshots")
    assert kills >= 2
    done = run_aadhan("build", "--name", "demo", "--lake", lake, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert find_snapshot(lake, "demo").content_hash == demo.content_hash
    verify(find_snapshot(lake, "demo"))
    assert not list(lake.rglob("*.tmp")) and not (lake / "candidates").exists()


def test_workers_are_quiet_and_load_no_duckdb(demo_texts, land, tmp_path):
    lake = tmp_path / "lake"
    land(lake, dict(list(demo_texts.items())[:20]), source="a")
    land(lake, dict(list(demo_texts.items())[20:40]), source="b")
    done = run_aadhan("build", "--name", "x", "--lake", lake, cwd=tmp_path)
    assert done.returncode == 0
    assert all(line.startswith(("dropped", "kept")) for line in done.stderr.splitlines())
    code = "import sys, warehouse.pages; print('duckdb' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.strip() == "False"


@pytest.mark.slow
def test_workers_end_with_a_killed_build(demo_texts, land, tmp_path):
    lake = tmp_path / "lake"
    for number in range(4):  # several raw files, so that there are workers
        land(lake, {f"{number}-{n}": text * 30 for n, text in enumerate(demo_texts.values())})
    command = [sys.executable, "-m", "aadhan", "build", "--name", "x", "--lake", str(lake)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=tmp_path, env=environment)

    def children():
        listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        return [pid for pid in listed if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    workers = []
    while process.poll() is None and len(workers) < 2:
        workers = children()
        time.sleep(0.02)
    time.sleep(0.5)
    process.kill()
    process.wait()
    assert len(workers) == 2
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and any(Path(f"/proc/{pid}").exists() for pid in workers):
        time.sleep(0.1)
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]


@pytest.mark.parametrize("are_pages_read", [False, True])
def test_a_full_disk_during_build_ends_in_one_line(lake, recipe, tmp_path, are_pages_read):
    if are_pages_read:  # then it is the snapshot's files that do not fit
        make(lake, recipe("before"))
        shutil.rmtree(lake / "snapshots")
    arguments = ("build", "--name", "x", "--unchecked", "--lake", lake)
    done = run_aadhan_on_a_full_disk(40_000, *arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1 and "make room" in done.stderr, done.stderr
    assert list_snapshots(lake) == [] and not list(lake.rglob("*.building"))


def splits_of(snapshot):
    return dict(run_query(snapshot, "select distinct doc_id, split from corpus")[1])


def test_splits_are_kept_from_the_parent_as_the_lake_grows(demo_texts, land, recipe, tmp_path):
    lake = tmp_path / "lake"
    ids = list(demo_texts)
    land(lake, {key: demo_texts[key] for key in ids[:40]})
    one = make(lake, recipe("one"))
    land(lake, {key: demo_texts[key] for key in ids[40:]})
    two = make(lake, recipe("two", parent="one", build={"split_salt": "another"}))
    before, after = splits_of(one), splits_of(two)
    assert {key: after[key] for key in before} == before
    assert len(after) > len(before)


def test_when_clusters_merge_across_splits_train_wins(demo_texts, land, recipe, tmp_path):
    """A new text near to a document of the parent joins its cluster and its split."""
    lake = tmp_path / "lake"
    texts = list(demo_texts.values())
    left, right = texts[0].split(), texts[1].split()
    bridge_left, bridge_right = " ".join(left), " ".join([*left[:-6], *right[:6]])
    names = [f"doc{n}" for n in range(12)]
    land(lake, dict(zip(names, texts[2:14], strict=True)) | {"bridge-left": bridge_left})
    one = make(lake, recipe("one", build={"train_permille": 500}))
    split = splits_of(one)
    (doc,) = run_query(one, "select doc_id from corpus where url like '%bridge-left'")[1]
    land(lake, {"bridge-right": bridge_right})
    two = make(lake, recipe("two", parent="one"))
    rows = run_query(two, "select url, split from corpus where url like '%bridge%'")[1]
    assert len(rows) == 1, "one of the cluster stays"
    assert rows[0][1] == split[doc[0]]


def test_no_near_duplicate_is_kept_whatever_its_split(demo_texts, land, recipe, tmp_path):
    lake = tmp_path / "lake"
    copies = {}
    for key, text in demo_texts.items():
        copies[key] = text
        copies[f"{key}-copy"] = f"{text} முடிவுரை"
    snapshot = make(land(lake, copies), recipe())
    assert snapshot.manifest["rows"] == len(demo_texts)
    sizes = run_query(snapshot, "select distinct cluster_size from corpus")[1]
    assert sizes == [(2,)]
    verdicts = run_query(
        snapshot, "select count(*) from verdicts where rule = 'near_duplicate' and verdict = 'drop'"
    )[1]
    assert verdicts == [(len(demo_texts),)]


def test_max_records_takes_the_best_by_weight_and_repeats_nothing(
    demo_texts, land, recipe, tmp_path
):
    lake = tmp_path / "lake"
    texts = list(demo_texts.values())
    land(lake, {f"n{n}": text for n, text in enumerate(texts[:50])}, source="a", category="news")
    land(
        lake,
        {f"v{n}": text for n, text in enumerate(texts[50:90])},
        source="b",
        category="literature",
    )
    weights = {"news": 3.0, "literature": 1.0}
    snapshot = make(lake, recipe("some", max_records=40, weights=weights))
    counts = dict(run_query(snapshot, "select category, count(*) from corpus group by 1")[1])
    assert counts == {"news": 30, "literature": 10}
    everything = make(lake, recipe("all", max_records=85, weights=weights))
    counts = dict(run_query(everything, "select category, count(*) from corpus group by 1")[1])
    assert counts == {"news": 50, "literature": 35}, "a category that runs out leaves room"
    assert len(run_query(everything, "select distinct id from corpus")[1]) == 85


def test_long_documents_are_cut_into_passages_that_share_a_split(
    demo_texts, land, recipe, tmp_path
):
    book = "\n\n".join(itertools.islice(demo_texts.values(), 30))
    snapshot = make(land(tmp_path / "lake", {"book": book}), recipe())
    rows = run_query(snapshot, "select id, doc_id, text, split from corpus order by id")[1]
    assert len(rows) > 5
    assert len({row[1] for row in rows}) == len({row[3] for row in rows}) == 1
    assert [row[0] for row in rows] == [f"{rows[0][1]}-{n:06d}" for n in range(len(rows))]
    assert "\n\n".join(row[2] for row in rows).split() == book.split()
    lengths = [len(row[2]) for row in rows]
    assert max(lengths) < 2 * 6000 and min(lengths) > 6000 / 4


def test_the_latest_version_of_a_page_is_the_document(demo_texts, land, recipe, tmp_path):
    texts = list(demo_texts.values())
    lake = land(tmp_path / "lake", {"page": texts[0]})
    land(lake, {"page": texts[1]})
    snapshot = make(lake, recipe())
    assert [text for (text,) in run_query(snapshot, "select text from corpus")[1]] == [texts[1]]
    assert run_query(snapshot, "select rule from fates order by 1")[1] == [
        ("kept",),
        ("superseded",),
    ]


ODD_TEXTS = st.lists(
    st.one_of(
        st.text(max_size=60),
        st.text(st.sampled_from("அஆஇகசட்ா \n.1\u200c\x00"), max_size=200),
        st.just(""),
        st.just("!" * 500),
        st.just("ஒரே வரி\n" * 300),
        st.just("௧" * 400),
    ),
    min_size=1,
    max_size=12,
)


@pytest.mark.slow
@given(ODD_TEXTS)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_odd_documents_all_end_in_a_verdict(tmp_path_factory, land, recipe, found):
    lake = tmp_path_factory.mktemp("odd")
    found = [text for text in found if text.strip()] or ["!"]
    land(lake, {str(number): text for number, text in enumerate(found)})
    snapshot = make(lake, recipe())
    fates = run_query(snapshot, "select rule, count(*) from fates group by 1")[1]
    assert "unexplained" not in dict(fates)
    assert sum(dict(fates).values()) >= len(found)


def test_unassigned_codepoints_of_the_block_are_no_letters(demo_texts, land, recipe, tmp_path):
    """U+0B84 and its like lie in the Tamil block but are nothing; ratios rose above 1."""
    text = next(iter(demo_texts.values())) + "\u0b84\u0bc3\u0bd1" * 5
    snapshot = make(land(tmp_path / "lake", {"a": text}), recipe())
    assert run_query(snapshot, "select tamil_ratio from corpus")[1] == [(1.0,)]
    assert run_query(snapshot, "select tamil_ratio from documents")[1] == [(1.0,)]


def test_text_a_parent_trained_on_never_comes_into_evaluation(demo_texts, land, recipe, tmp_path):
    """Neither by a duplicate that lost, nor by what max_records cut, nor by a grandparent."""
    lake = tmp_path / "lake"
    texts = list(demo_texts.values())
    land(lake, {f"{n}{twin}": text for n, text in enumerate(texts) for twin in "ab"})
    one = make(lake, recipe("one"))
    make(lake, recipe("two", parent="one", max_records=5))
    # The originals are rewritten at their origin; the twins come to the fore.
    land(
        lake, {f"{n}a": f"புதிய உரை {n} " + texts[(n + 1) % len(texts)] for n in range(len(texts))}
    )
    three = make(lake, recipe("three", parent="two", build={"split_salt": "another"}))
    query = "select text from corpus where split"
    trained = {text for (text,) in run_query(one, f"{query} = 'train'")[1]}
    evaluated = {text for (text,) in run_query(three, f"{query} <> 'train'")[1]}
    assert len(trained) > 50 and evaluated
    assert not trained & evaluated


def test_a_row_seen_in_train_leaves_evaluation(demo_texts, land, recipe, tmp_path):
    """A document of the parent's evaluation takes over a text of its train; both origins change."""
    lake = tmp_path / "lake"
    texts = list(demo_texts.values())
    land(lake, {f"d{n}": text for n, text in enumerate(texts[:40])})
    one = make(lake, recipe("one"))
    rows = run_query(one, "select url, split, text from corpus order by url")[1]
    trained = next(row for row in rows if row[1] == "train")
    evaluated = next(row for row in rows if row[1] == "test")
    keys = [url.removeprefix("test:") for url, _, _ in (trained, evaluated)]
    land(lake, {keys[0]: texts[50], keys[1]: trained[2]})
    two = make(lake, recipe("two", parent="one"))
    assert run_query(two, f"select count(*) from corpus where url = 'test:{keys[1]}'")[1] == [(0,)]
    verdicts = "select verdict from verdicts where rule = 'seen_in_train'"
    assert run_query(two, verdicts)[1] == [("drop",)]


def test_one_address_in_two_sources_lies_in_one_split(demo_texts, land, recipe, tmp_path):
    lake = tmp_path / "lake"
    texts = list(demo_texts.values())
    for source, part in (("a", texts[:40]), ("b", texts[40:80])):
        lines = [
            json.dumps({"url": f"http://x.example/{n}", "text": text})
            for n, text in enumerate(part)
        ]
        (tmp_path / f"{source}.jsonl").write_text("\n".join(lines))
        import_path("jsonl", tmp_path / f"{source}.jsonl", lake, source=source, category="news")
    snapshot = make(lake, recipe())
    query = "select url from corpus group by url having count(distinct split) > 1"
    assert run_query(snapshot, query)[1] == []
    assert run_query(snapshot, "select count(distinct source) from corpus")[1] == [(2,)]


def test_a_cut_recrawl_does_not_replace_a_whole_page(lake, recipe, demo):
    (path,) = raw_files(lake)
    import pyarrow.parquet as pq

    again = duckdb.sql(
        "select * replace (body[:400]::blob as body, 'truncated' as fetch_status, "
        "page_id || 'x' as page_id, fetched_at + interval 1 day as fetched_at) "
        f"from read_parquet('{path}') where fetch_status = 'ok'"
    ).to_arrow_table()
    pq.write_table(again, path.with_name("0001.parquet"))
    assert make(lake, recipe()).content_hash == demo.content_hash


def test_the_same_file_landed_twice_changes_nothing(lake, recipe, demo):
    (path,) = raw_files(lake)
    other = path.parent.with_name("run=20990101T000000000000")
    other.mkdir()
    shutil.copy(path, other / path.name)
    snapshot = make(lake, recipe())
    assert snapshot.content_hash == demo.content_hash
    assert snapshot.manifest["documents"] == demo.manifest["documents"]


@pytest.mark.parametrize("folder", ["lake [1]", "category=zzz/url=q", "ஏரி 'x'", "a*b?"])
def test_the_lake_may_lie_anywhere(demo, demo_lake, recipe, tmp_path, folder):
    lake = copy_raw(demo_lake, tmp_path / folder)
    snapshot = make(lake, recipe("demo"))
    assert snapshot.content_hash == demo.content_hash
    assert run_query(snapshot, "select count(*) from corpus")[1][0][0] == demo.manifest["rows"]
    assert check(snapshot.folder)["state"] == "passed"


def test_a_source_may_be_called_by_a_number(demo_texts, land, recipe, tmp_path):
    lake = tmp_path / "lake"
    land(lake, dict(list(demo_texts.items())[:5]), source="2024")
    land(lake, dict(list(demo_texts.items())[5:9]), source="other")
    assert make(lake, recipe()).manifest["sources"].keys() == {"2024", "other"}


def test_a_damaged_parent_does_not_damage_its_child(lake, recipe):
    one = make(lake, recipe("one"))
    path = one.folder / "documents.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    verify(make(lake, recipe("two", parent="one")))


def test_a_parent_whose_splits_were_changed_is_not_built_on(lake, recipe):
    path = make(lake, recipe("one")).folder / "split_history.parquet"
    table = duckdb.sql(f"select * replace ('test' as split) from '{path}'").to_arrow_table()
    import pyarrow.parquet as pq

    pq.write_table(table, path)
    with pytest.raises(Damaged, match="split_history.parquet was changed"):
        make(lake, recipe("two", parent="one"))


def test_damaged_cached_blocks_are_made_again(lake, recipe, demo):
    make(lake, recipe("one"))
    for path in (lake / "blocks").iterdir():
        path.write_bytes(path.read_bytes()[:100])
    assert make(lake, recipe("two")).content_hash == demo.content_hash


def test_a_given_title_stays_though_many_pages_share_it(demo_texts, recipe, tmp_path):
    """Parts of a novel have one title in the catalogue; a site's own name is another thing."""
    lines = [
        json.dumps({"id": n, "text": text, "title": "பொன்னியின் செல்வன்"}, ensure_ascii=False)
        for n, text in enumerate(list(demo_texts.values())[:6])
    ]
    (tmp_path / "parts.jsonl").write_text("\n".join(lines), encoding="utf-8")
    path, lake = tmp_path / "parts.jsonl", tmp_path / "lake"
    import_path("jsonl", path, lake, source="novel", category="book")
    snapshot = build(lake, recipe(), gate=None, threads=1)
    titles = run_query(snapshot, "select distinct title from documents")[1]
    assert titles == [("பொன்னியின் செல்வன்",)]


def test_imported_titles_authors_and_dates_reach_the_corpus(demo_texts, recipe, tmp_path):
    fields = {"id": 1, "title": "தலைப்பு", "author": "ஒருவர்", "date": "2026-03-04T10:00"}
    record = fields | {"text": next(iter(demo_texts.values()))}
    (tmp_path / "a.jsonl").write_text(json.dumps(record))
    lake = tmp_path / "lake"
    import_path("jsonl", tmp_path / "a.jsonl", lake, source="a", category="news")
    query = "select title, author, published_at from corpus"
    assert run_query(make(lake, recipe()), query)[1] == [("தலைப்பு", "ஒருவர்", "2026-03-04")]


@pytest.mark.slow
def test_an_interrupt_is_no_traceback(lake, tmp_path):
    command = [sys.executable, "-m", "aadhan", "build", "--name", "x", "--lake", str(lake)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for seconds in (1.2, 2.0, 3.5):
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate()
        assert b"Traceback" not in stderr and b"nanobind" not in stderr, stderr.decode()
        # -SIGINT: it came before Python was up, or after its work was done.
        assert process.returncode in (0, 130, -signal.SIGINT)
        shutil.rmtree(lake / "snapshots", ignore_errors=True)
    assert not (lake / "candidates").exists()
