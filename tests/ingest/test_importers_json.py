"""JSON, conversation packs, tables and folders of Hugging Face datasets."""

import gzip
import json
from collections import Counter

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.errors import AadhanError, SourceError
from ingest.importers import import_path
from ingest.importers.conversations import conversation
from ingest.importers.record import Reading


def run(kind, path, lake, **more):
    return import_path(kind, path, lake, source="mine", **more)


def rows(lake, columns):
    pages = f"read_parquet('{lake}/raw/*/*/*.parquet')"
    return duckdb.sql(f"select {columns} from {pages} order by all").fetchall()


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return path


def texts(lake):
    return [row[0] for row in rows(lake, "decode(body)")]


def test_the_three_files_of_older_exports_keep_their_split(tmp_path):
    old = tmp_path / "old"
    old.mkdir()
    for number, name in enumerate(["train", "val", "test"]):
        write(old / f"{name}.jsonl", {"id": number, "text": f"உரை {number}"})
    assert run("jsonl", old, tmp_path / "lake") == {"landed": 3}
    found = rows(tmp_path / "lake", "canonical_url, record::json ->> 'split'")
    assert found == [("mine:0", "train"), ("mine:1", "validation"), ("mine:2", "test")]
    assert run("jsonl", old, tmp_path / "lake") == {"known": 3}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress])
def test_arrays_are_read_however_they_are_laid_out(tmp_path, indent, pack):
    values = [{"id": n, "text": f'உரை "{n}" \\ ' + "அ" * (n * 100)} for n in range(300)]
    path = tmp_path / ("a.json" if pack(b"x") == b"x" else "a.json.gz")
    path.write_bytes(pack(json.dumps([*values, 7], indent=indent).encode()))
    counts = run("jsonl", path, tmp_path / "lake")
    assert counts == {"landed": 300, "elements that are no object": 1}
    assert sorted(texts(tmp_path / "lake")) == sorted(value["text"] for value in values)


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.dictionaries(st.text(max_size=4), st.text(max_size=40)), max_size=12),
    indent=st.sampled_from([None, 1]),
    read_bytes=st.integers(1, 50),
)
def test_an_array_read_in_pieces_is_the_array(tmp_path_factory, values, indent, read_bytes):
    from ingest.importers import jsonl

    path = tmp_path_factory.mktemp("array") / "a.json"
    path.write_text(json.dumps(values, indent=indent, ensure_ascii=False), encoding="utf-8")
    reading = Reading(root=path, prefix="x:")
    before = jsonl._READ_BYTES
    try:
        jsonl._READ_BYTES = read_bytes
        with open(path, "rb") as stream:
            assert list(jsonl._array(stream, path, reading)) == values
    finally:
        jsonl._READ_BYTES = before


def test_a_cut_array_lands_what_comes_before_the_cut(tmp_path):
    data = json.dumps([{"id": n, "text": f"உரை {n}"} for n in range(9)], ensure_ascii=False)
    (tmp_path / "a.json").write_text(data[:-30], encoding="utf-8")
    with pytest.raises(SourceError, match="is cut, or element 8|is cut, or element 9"):
        run("jsonl", tmp_path / "a.json", tmp_path / "lake")
    assert len(texts(tmp_path / "lake")) in (7, 8)


def test_an_empty_array_and_broken_objects_are_named(tmp_path):
    (tmp_path / "a.json").write_text("[]")
    with pytest.raises(SourceError, match="no usable record"):
        run("jsonl", tmp_path / "a.json", tmp_path / "lake")
    (tmp_path / "b.json").write_text('{"text": "a"')
    with pytest.raises(SourceError, match="is cut or no JSON"):
        run("jsonl", tmp_path / "b.json", tmp_path / "lake")
    (tmp_path / "c.jsonl").write_bytes('{"text": "அ"}\n'.encode("utf-16"))
    with pytest.raises(SourceError, match="is UTF-16"):
        run("jsonl", tmp_path / "c.jsonl", tmp_path / "lake")


def test_json_lines_by_the_name_of_json_are_lines(tmp_path):
    (tmp_path / "a.json").write_text('{"text": "a"}\n{"text": "b"}\n')
    assert run("jsonl", tmp_path / "a.json", tmp_path / "lake") == {"landed": 2}


def test_lines_that_are_arrays_are_lines_and_nothing_after_an_array_is_lost(tmp_path):
    (tmp_path / "a.jsonl").write_text('[1]\n{"text": "a"}\n')
    counts = run("jsonl", tmp_path / "a.jsonl", tmp_path / "lake")
    assert counts == {"landed": 1, "lines that are no object": 1}
    (tmp_path / "b.json").write_text('[\n{"text": "b"}\n]\n{"text": "c"}\n')
    with pytest.raises(SourceError, match="goes on after its array"):
        run("jsonl", tmp_path / "b.json", tmp_path / "lake")


def test_a_line_that_is_too_long_is_counted_and_the_next_one_read(tmp_path):
    lines = [{"text": "a"}, {"text": "b" * 9_000}, {"text": "c" * 1_500}, {"text": "d"}]
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    counts = run("jsonl", tmp_path / "a.jsonl", tmp_path / "lake", max_record_bytes=1_000)
    assert counts == {"landed": 2, "too large": 2}


TURNS = [{"role": "user", "content": "வணக்கம்"}, {"role": "assistant", "content": "வாருங்கள்"}]
TALK = "வணக்கம்\nவாருங்கள்"


@pytest.mark.parametrize(
    "one",
    [
        {"messages": TURNS},
        {
            "conversations": [
                {"from": "human", "value": "வணக்கம்"},
                {"from": "gpt", "value": "வாருங்கள்"},
            ]
        },
        {"dialogue": ["வணக்கம்", "வாருங்கள்"]},
        {"turns": [{"speaker": "user", "text": "வணக்கம்"}, {"speaker": "bot", "text": "வாருங்கள்"}]},
        {"instruction": "வணக்கம்", "input": "", "output": "வாருங்கள்"},
        {"question": "வணக்கம்", "answer": "வாருங்கள்"},
        {"prompt": "வணக்கம்", "response": "வாருங்கள்"},
        TURNS,
    ],
)
def test_conversations_of_known_layouts_become_lines(one):
    assert conversation(one)[0] == TALK


def test_named_speakers_stay_in_the_text():
    turns = [{"speaker": "கண்ணன்", "text": "வா"}, {"speaker": "Assistant", "text": "சரி\nபோகலாம்"}]
    assert conversation({"turns": turns})[0] == "கண்ணன்: வா\nசரி போகலாம்"


@pytest.mark.parametrize(
    "pack",
    [
        {"name": "p", "domain": "health", "weight": 0.4, "conversations": [{"messages": TURNS}]},
        {"weights": {"health": 0.4}, "data": [{"domain": "health", "turns": TURNS}]},
        {"domains": {"health": {"weight": 0.4, "conversations": [{"messages": TURNS}]}}},
        {"domains": [{"name": "health", "weight": 0.4, "dialogues": [TURNS]}]},
        {"weights": {"health": 0.4}, "health": [{"question": "வணக்கம்", "answer": "வாருங்கள்"}]},
        {"health": {"weight": 0.4, "items": [["வணக்கம்", "வாருங்கள்"]]}},
    ],
)
def test_packs_of_any_layout_land_with_domain_and_weight(tmp_path, pack):
    path = write(tmp_path / "talk_pack.json", pack)
    assert run("jsonl", path, tmp_path / "lake") == {"landed": 1}
    columns = "decode(body), category, record::json ->> 'domain', record::json ->> 'weight'"
    assert rows(tmp_path / "lake", columns) == [(TALK, "conversation", "health", "0.4")]


def test_a_given_category_goes_before_the_one_of_packs(tmp_path):
    path = write(tmp_path / "talk_pack.json", {"conversations": [{"messages": TURNS}]})
    run("jsonl", path, tmp_path / "lake", category="social")
    assert rows(tmp_path / "lake", "category") == [("social",)]


def test_a_pack_of_unknown_layout_says_what_was_looked_for(tmp_path):
    path = write(tmp_path / "x_pack.json", {"foo": 1, "bar": {"baz": 2}})
    with pytest.raises(SourceError, match=r"keys: foo, bar.*looked for .*conversations.*role"):
        run("jsonl", path, tmp_path / "lake")


def table(path, **columns):
    pq.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize(
    ("columns", "url", "text"),
    [
        ({"doc_id": ["7"], "text": ["உரை"], "type": ["web"]}, "mine:7", "உரை"),
        ({"text": ["உரை"], "id": ["<urn:1>"], "url": ["http://a.ta/1"]}, "http://a.ta/1", "உரை"),
        (
            {"text": ["உரை"], "timestamp": ["2020"], "url": ["http://a.ta/1"]},
            "http://a.ta/1",
            "உரை",
        ),
        ({"idx": [3], "src": ["a text, longer"], "tgt": ["உரை"]}, "mine:3", "உரை"),
        ({"idx": [3], "src": ["உரை"], "tgt": ["a text, longer"]}, "mine:3", "உரை"),
        ({"id": [1], "content": ["உரை"], "text": ["in English"]}, "mine:1", "உரை"),
    ],
)
def test_the_column_with_tamil_is_the_text(tmp_path, columns, url, text):
    path = table(tmp_path / "a.parquet", **columns)
    assert run("parquet", path, tmp_path / "lake") == {"landed": 1}
    assert rows(tmp_path / "lake", "url, decode(body)") == [(url, text)]


def test_text_column_says_which(tmp_path):
    path = table(tmp_path / "a.parquet", premise=["ஒன்று"], text=["இரண்டு"])
    run("parquet", path, tmp_path / "lake", text_column="premise")
    assert texts(tmp_path / "lake") == ["ஒன்று"]
    with pytest.raises(SourceError, match="no text in column nosuch"):
        run("parquet", path, tmp_path / "lake", text_column="nosuch")
    write(tmp_path / "a.jsonl", {"premise": "மூன்று"})
    run("jsonl", tmp_path / "a.jsonl", tmp_path / "lake", text_column="premise")
    assert texts(tmp_path / "lake") == ["ஒன்று", "மூன்று"]


def test_the_address_of_oscar_is_found_in_its_meta(tmp_path):
    meta = {"warc_headers": {"warc-target-uri": "http://a.ta/9"}, "n": [1, 2]}
    write(tmp_path / "a.jsonl", {"content": "உரை", "meta": meta})
    run("jsonl", tmp_path / "a.jsonl", tmp_path / "lake")
    ((url, record),) = rows(tmp_path / "lake", "url, record")
    assert url == "http://a.ta/9" and json.loads(record) == {"meta": meta}


def arrow(path, batches, is_stream=True):
    made = pa.record_batch({"text": [f"உரை {path.name} {n}" for n in range(3)]})
    new = pa.ipc.new_stream if is_stream else pa.ipc.new_file
    with new(str(path), made.schema) as writer:
        for _ in range(batches):
            writer.write_batch(made)
    return path


def test_a_saved_dataset_lands_the_files_its_state_names(tmp_path):
    saved = tmp_path / "saved" / "validation"
    saved.mkdir(parents=True)
    arrow(saved / "data-00000-of-00001.arrow", 1)
    arrow(saved / "cache-12ab.arrow", 1)
    write(saved / "dataset_info.json", {"features": {}})
    write(saved / "state.json", {"_data_files": [{"filename": "data-00000-of-00001.arrow"}]})
    write(tmp_path / "saved" / "dataset_dict.json", {"splits": ["validation"]})
    assert run("hf", tmp_path / "saved", tmp_path / "lake") == {"landed": 3, "cache files": 1}
    assert rows(tmp_path / "lake", "distinct record::json ->> 'split'") == [("validation",)]
    write(saved / "state.json", {"_data_files": [{"filename": "data-00001-of-00002.arrow"}]})
    with pytest.raises(SourceError, match="lacks data-00001"):
        run("hf", tmp_path / "saved", tmp_path / "lake")


def test_a_cloned_dataset_lands_parquet_and_json(tmp_path):
    data = tmp_path / "clone" / "data"
    (tmp_path / "clone" / ".git").mkdir(parents=True)
    data.mkdir()
    (tmp_path / "clone" / ".git" / "x.jsonl").write_text("{}")
    table(data / "train-00000-of-00001.parquet", text=["ஒன்று"])
    (data / "test.jsonl.gz").write_bytes(gzip.compress('{"text": "இரண்டு"}'.encode()))
    arrow(data / "more.arrow", 1, is_stream=False)
    assert run("hf", tmp_path / "clone", tmp_path / "lake") == {"landed": 5}
    found = rows(tmp_path / "lake", "decode(body), record::json ->> 'split'")
    assert ("ஒன்று", "train") in found and ("இரண்டு", "test") in found


def test_a_cut_arrow_file_and_a_pointer_are_named(tmp_path):
    cut = arrow(tmp_path / "a.arrow", 40)
    cut.write_bytes(cut.read_bytes()[:-300])
    counts = Counter()
    with pytest.raises(AadhanError, match=r"a\.arrow is not readable"):
        run("hf", cut, tmp_path / "lake", counts=counts)
    assert counts["landed"] == 3
    pointer = tmp_path / "b.parquet"
    pointer.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    with pytest.raises(SourceError, match="git lfs pull"):
        run("parquet", pointer, tmp_path / "lake")


def test_the_fields_of_a_record_without_text_are_told(tmp_path):
    path, notes = write(tmp_path / "a.jsonl", {"premise": "x"}), []
    with pytest.raises(SourceError, match="1 records without text"):
        run("jsonl", path, tmp_path / "lake", on_note=notes.append)
    assert "its fields are premise" in notes[0]
