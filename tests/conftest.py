"""Shared fixtures: real servers on loopback, the real command line, a built demo lake."""

import http.server
import json
import os
import subprocess
import sys
import threading
from collections import Counter
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import hypothesis
import pytest

# A busy machine is no bug.
hypothesis.settings.register_profile("aadhan", deadline=None)
hypothesis.settings.load_profile("aadhan")

ROOT = Path(__file__).parents[1]
SITE = ROOT / "data" / "demo" / "site"
REAL = ROOT.parent / "shared" / "data"


class LoggingHandler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder and remembers what was asked for."""

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.server.asked[self.path] += 1
        super().do_GET()


@contextmanager
def serve(handler):
    """A server on loopback; yields it with `url` and the `asked` paths."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.asked = Counter()
    server.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def serve_folder(folder):
    return serve(partial(LoggingHandler, directory=str(folder)))


def run_aadhan(*arguments, cwd=None, **options) -> subprocess.CompletedProcess:
    """Run the command line as a person would, in another process."""
    command = [sys.executable, "-m", "aadhan", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, **options
    )


def run_aadhan_on_a_full_disk(limit, *arguments, cwd) -> subprocess.CompletedProcess:
    """Run the command line where no file can grow beyond `limit` bytes: a write fails for real."""
    code = (
        f"import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); "
        "from aadhan.cli import main; main(prog_name='aadhan')"
    )
    command = [sys.executable, "-c", code, *map(str, arguments)]
    # Python's own compiled files would be cut by the limit too.
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)


@pytest.fixture
def aadhan(tmp_path):
    """Run a verb that must succeed and return its answer as data."""

    def run(*arguments):
        done = run_aadhan(*arguments, "--format", "json", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture
def aadhan_fails(tmp_path):
    """Run a verb that must fail with one line that names the fix; returns the line."""

    def run(*arguments, status=1):
        done = run_aadhan(*arguments, cwd=tmp_path)
        assert done.returncode == status, (done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        lines = done.stderr.strip().splitlines()
        assert len(lines) == 1 and lines[0].startswith("aadhan: "), done.stderr
        return lines[0]

    return run


@pytest.fixture(scope="session")
def demo_lake(tmp_path_factory):
    """A lake with the demo site crawled and built as `demo`. Not to be written to."""
    lake = tmp_path_factory.mktemp("demo") / "lake"
    with serve_folder(SITE) as server:
        base = ("--base-url", server.url, "--lake", lake)
        crawled = run_aadhan("crawl", "--source", "demo", *base, cwd=lake.parent)
        assert crawled.returncode == 0, crawled.stderr
        assert not any(path.startswith("/private") for path in server.asked)
    built = run_aadhan("build", "--name", "demo", "--lake", lake, cwd=lake.parent)
    assert built.returncode == 0, built.stderr
    return lake


@pytest.fixture(scope="session")
def demo(demo_lake):
    from warehouse.snapshots import find_snapshot

    return find_snapshot(demo_lake, "demo")


@pytest.fixture(scope="session")
def settings():
    from ingest.settings import DEFAULTS, load_settings

    return load_settings(DEFAULTS)


@pytest.fixture
def recipe(settings):
    """A recipe by name, with any of its parts or rules changed."""
    from warehouse.build import Recipe

    def make(name="test", rules=(), build=(), **changes):
        return Recipe(
            name=name,
            strategy="balanced",
            weights=changes.pop("weights", {}),
            build=settings["build"] | dict(build),
            rules=settings["rules"] | dict(rules),
            **changes,
        )

    return make


@pytest.fixture
def land(tmp_path):
    """Land texts as imported records: land(lake, {"id": text}, source=..., category=...)."""
    from ingest.importers import import_path

    def into(lake, texts, source="test", category="news"):
        path = tmp_path / f"{source}-{len(list(tmp_path.iterdir()))}.jsonl"
        records = [
            json.dumps({"id": key, "text": text}, ensure_ascii=False) for key, text in texts.items()
        ]
        path.write_text("\n".join(records), encoding="utf-8")
        import_path("jsonl", path, lake, source=source, category=category)
        return lake

    return into


@pytest.fixture(scope="session")
def demo_texts(demo):
    """The demo corpus by id: real Tamil to build test corpora from."""
    from warehouse.query import run_query

    return dict(run_query(demo, "select id, text from corpus order by id")[1])
