import datetime

import pyarrow.parquet as pq
import pytest

from ingest.errors import LakeError, LandingError
from ingest.landing import Lander, landed_pages, raw_files
from ingest.page import Page


def page(number):
    now = datetime.datetime.now(datetime.UTC)
    url = f"http://a.example/{number}"
    return Page(url=url, source="s", category="news", run_id="r", fetched_at=now, body=b"x" * 10)


def test_batches_are_whole_files_in_order(tmp_path):
    lander = Lander(tmp_path / "run=1", max_rows=3)
    for number in range(7):
        lander.add(page(number))
    assert [path.name for path in sorted(lander.folder.iterdir())] == [
        "0000.parquet",
        "0001.parquet",
    ]
    lander.flush()
    assert [pq.read_metadata(path).num_rows for path in sorted(lander.folder.iterdir())] == [
        3,
        3,
        1,
    ]
    lander.flush()
    assert len(list(lander.folder.iterdir())) == 3


def test_a_new_lander_goes_on_with_the_numbers_and_clears_orphans(tmp_path):
    folder = tmp_path / "run=1"
    first = Lander(folder, max_rows=1)
    first.add(page(1))
    (folder / "0001.parquet.tmp").write_bytes(b"half")
    second = Lander(folder, max_rows=1)
    second.add(page(2))
    assert sorted(path.name for path in folder.iterdir()) == ["0000.parquet", "0001.parquet"]


def test_age_flushes(tmp_path):
    lander = Lander(tmp_path / "run=1", max_seconds=-1)
    lander.flush_if_old()
    lander.add(page(1))
    lander.flush_if_old()
    assert lander.landed_rows == 1


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "raw").write_text("a file in the way")
    with pytest.raises(LandingError, match="cannot create"):
        Lander(tmp_path / "raw" / "run=1").open()


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "raw" / "source=s" / "run=1" / "0000.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"PAR1 not really PAR1")
    with pytest.raises(LakeError, match="0000.parquet is not readable Parquet"):
        list(landed_pages(raw_files(tmp_path), ["url"]))
