"""The demo: the whole path on the site that ships with aadhan, step by step.

Serves data/demo/site on loopback and runs the real commands in a lake of its own, data/demo-lake,
which is made anew each time. Needs no network.
"""

import http.server
import json
import shutil
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[1]
SITE = ROOT / "data" / "demo" / "site"
LAKE = Path("data") / "demo-lake"
NAME = "demo-2026.11"
EXPORT = LAKE / "export"


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def main() -> None:
    started = time.monotonic()
    shutil.rmtree(ROOT / LAKE, ignore_errors=True)
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(QuietHandler, directory=str(SITE))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base_url = f"http://127.0.0.1:{server.server_port}/"

    step(1, "Crawl the demo site on loopback; pages land as raw bytes in Parquet")
    crawled = aadhan("crawl", "--source", "demo", "--base-url", base_url)[0]
    server.shutdown()

    step(2, "Build the corpus, check it with Great Expectations, publish it under a name")
    snapshot = aadhan("build", "--name", NAME)[0]
    dropped = sql("select stage, rule, count(*) as count from fates where stage is not null "
                  "group by all order by count desc, rule")  # fmt: skip

    step(3, "Ask the snapshot in SQL")
    by_category = sql("select category, count(*) as rows, sum(word_count) as words, "
                      "round(avg(quality_score), 2) as quality "
                      "from corpus group by category order by words desc")  # fmt: skip
    samples = sql("select title, category, split, left(replace(text, chr(10), ' '), 160) as text "
                  "from corpus where category in ('news', 'literature', 'blog') "
                  "qualify row_number() over (partition by category order by id) = 1")  # fmt: skip

    step(4, "Export it as Hugging Face JSONL, and verify both")
    files = aadhan("export", NAME, "--to", str(EXPORT))
    aadhan("verify", NAME)
    aadhan("verify", str(EXPORT))

    step(5, "Train a tiny XLM-RoBERTa on exactly that name")
    trained = aadhan("train", "mlm", "--snapshot", NAME, "--models", str(LAKE / "models"), "--tiny",
                     "--block-size", "128", "--epochs", "12", "--batch-size", "8",
                     "--learning-rate", "2e-3")[0]  # fmt: skip
    summarise(base_url, crawled, snapshot, dropped, samples, by_category, files, trained)
    print(f"\nAll of it is in {LAKE}; {time.monotonic() - started:.0f} seconds.")
    print(f'Go on with: aadhan sql "select * from fates" --at {NAME} --lake {LAKE}')


def summarise(base_url, crawled, snapshot, dropped, samples, by_category, files, trained) -> None:
    """What a person wants to know at the end."""
    run = json.loads((ROOT / trained["run"] / "run.json").read_text(encoding="utf-8"))
    print("\n" + "=" * 88)
    print("What happened")
    print("=" * 88)
    print(f"\nLanded     {crawled['ok']} pages, {crawled['http_error']} dead link, "
          f"{crawled['disallowed']} refused by robots.txt, from {base_url}")  # fmt: skip
    print(f"Kept       {snapshot['rows']} rows, {snapshot['words']:,} words")
    print("Dropped    " + "\n           ".join(
        f"{one['count']} by {one['stage']}: {one['rule']}" for one in dropped))  # fmt: skip
    print(f"\nSnapshot   {NAME}, checks {snapshot['checks']}")
    print(f"           content hash {snapshot['content_hash']}")
    print("\nThree of its rows")
    for row in samples:
        print(f"  [{row['category']}, {row['split']}] {row['title']}\n      {row['text']} …")
    print("\nWords by category, asked in SQL")
    for row in by_category:
        print(f"  {row['category']:<14}{row['rows']:>4} rows {row['words']:>6,} words, "
              f"mean quality {row['quality']}")  # fmt: skip
    print("\nExport     " + "\n           ".join(
        f"{EXPORT}/{one['file']}" + (f"  {one['rows']} rows" if one["rows"] else "")
        for one in files))  # fmt: skip
    loss = run["evaluation"]
    print(f"\nModel      {run['parameters']:,} parameters, {run['steps']} steps, "
          f"{run['tokens']['train']:,} tokens")  # fmt: skip
    print(f"           validation loss {loss['validation_before']['loss']} before, "
          f"{loss['validation']['loss']} after; test {loss['test']['loss']}")  # fmt: skip
    print(f"           record {trained['run']}/run.json, curve {trained['run']}/loss.png")
    print("           what it guesses for a hidden word (a tiny model after a minute of training):")
    for sample in run["fill_mask"][:3]:
        guesses = ", ".join(one["token"] for one in sample["guesses"])
        print(f"             {sample['prompt']}\n               {sample['hidden']} → {guesses}")


def step(number: int, what: str) -> None:
    print(f"\n── {number}. {what}", flush=True)


def aadhan(*arguments: str) -> list[dict]:
    """Run a command as a person would, show it, and return its answer as data."""
    lake = [] if arguments[:1] == ("verify",) and "/" in arguments[1] else ["--lake", str(LAKE)]
    shown = " ".join(f'"{word}"' if " " in word else word for word in [*arguments, *lake])
    print(f"$ aadhan {shown}", flush=True)
    command = [sys.executable, "-m", "aadhan", *arguments, *lake, "--format", "json"]
    run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if run.returncode:
        sys.exit(f"demo: the command above failed with exit status {run.returncode}")
    return json.loads(run.stdout)


def sql(query: str) -> list[dict]:
    return aadhan("sql", query, "--at", NAME)


if __name__ == "__main__":
    main()
