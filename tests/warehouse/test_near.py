"""Near-duplicate search on real Tamil with planted copies of known nearness."""

import random

import duckdb
import pyarrow as pa

from warehouse import near
from warehouse.models import load_models
from warehouse.tamil import words

GOLDEN_SHINGLES = [4275228051127021401, -206595381614347241]
GOLDEN_BUCKETS = [-3864199106744235029, 1167541650456467383]


def batch(texts):
    return pa.RecordBatch.from_pydict({"id": list(texts), "text": list(texts.values())})


def found_pairs(texts, threshold=0.7):
    shingled = near.shingles(batch(texts))
    with duckdb.connect() as connection:
        for name, made in (("passage_shingles", shingled), ("passage_bands", near.bands(shingled))):
            connection.register("made", pa.Table.from_batches([made]))
            connection.execute(f"create table {name} as from made")
        connection.execute(f"create table recipe as select {threshold} as near_duplicate_jaccard")
        return connection.execute(load_models()["near_duplicate_pairs"].sql).fetchall()


def jaccard(left, right):
    sets = [{tuple(w[i : i + 5]) for i in range(len(w) - 4)} for w in (words(left), words(right))]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def edited(text, count, seed):
    tokens = text.split()
    for place in random.Random(seed).sample(range(len(tokens)), count):
        tokens[place] = "மாற்றம்"
    return " ".join(tokens)


def test_planted_copies_are_found_and_only_they(demo_texts):
    texts = dict(demo_texts)
    planted = {key: edited(text, 2, key) for key, text in list(demo_texts.items())[:40]}
    texts |= {f"{key}-copy": text for key, text in planted.items()}
    pairs = found_pairs(texts)
    near_enough = {key for key, text in planted.items() if jaccard(text, demo_texts[key]) >= 0.8}
    found = {
        one.removesuffix("-copy")
        for one, other, _ in pairs
        if {one, other} == {other, f"{other}-copy"}
    }
    assert len(near_enough) >= 35
    assert len(near_enough - found) <= 1
    assert all(one.removesuffix("-copy") == other.removesuffix("-copy") for one, other, _ in pairs)
    for one, other, value in pairs:
        assert value == round(jaccard(texts[one], texts[other]), 4)


def test_pulli_and_signs_tell_words_apart():
    hashes = near.shingles(batch({"a": "கல் பல் சொல்", "b": "கல பல சொல", "c": "கலி பலி சொலி"}))
    assert len({str(row) for row in hashes.column("shingles").to_pylist()}) == 3


def test_short_and_empty_texts():
    shingled = near.shingles(batch({"a": "ஒன்று", "b": "", "c": "ஒன்று"}))
    lists = shingled.column("shingles").to_pylist()
    assert lists[0] == lists[2] and len(lists[0]) == 1 and lists[1] == []
    assert set(near.bands(shingled).column("id").to_pylist()) == {"a", "c"}


def test_hashes_are_the_same_everywhere():
    """Golden values: a change makes every cached signature and every cluster another one."""
    shingled = near.shingles(batch({"a": "யாதும் ஊரே யாவரும் கேளிர் தீதும் நன்றும்"}))
    assert shingled.column("shingles").to_pylist() == [GOLDEN_SHINGLES]
    assert near.bands(shingled).column("bucket").to_pylist()[:2] == GOLDEN_BUCKETS


def test_components_take_long_chains():
    ids = [f"{number:06d}" for number in range(50_000)]
    pairs = pa.table({"id": ids[1:], "other_id": ids[:-1]})
    made = near.components(pairs)
    assert set(made.column("component").to_pylist()) == {"000000"}
    assert made.num_rows == 50_000


def test_pairs_at_the_threshold_are_found(demo_texts):
    """README promises no near-duplicate across a split: recall at the threshold itself counts."""
    texts, wanted = {}, set()
    for number, text in enumerate(demo_texts.values()):
        other = edited(text, 6, number)
        texts |= {f"{number:03d}-a": text, f"{number:03d}-b": other}
        if 0.7 <= jaccard(text, other) < 0.8:
            wanted.add(f"{number:03d}")
    found = {one[:3] for one, other, _ in found_pairs(texts)}
    assert len(wanted) > 30
    assert len(wanted - found) <= 1
