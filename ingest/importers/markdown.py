"""Markdown: the file as it is, front matter included, whose fields are the record's.

Front matter is YAML between lines of ---, TOML between lines of +++. What cannot be parsed is
counted, and the file lands without fields. YAML aliases are not followed: a few lines of them can
stand for gigabytes. A date that only the file's name has, as in 2009-05-01-title.md, is taken.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import yaml
from frontmatter.default_handlers import YAMLHandler

from ingest.importers.record import Reading, Record, jsonable

CONTENT_TYPE = "text/markdown"
MAX_FRONT_BYTES = 1 << 16
_TOML = re.compile(r"\A\s*^\+\+\+[ \t]*\n(.*?)^\+\+\+[ \t]*$", re.DOTALL | re.MULTILINE)
_DATED = re.compile(r"(\d{4}-\d{2}-\d{2})-")


class _Loader(yaml.SafeLoader):
    def compose_node(self, parent, index):
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("an alias")
        return super().compose_node(parent, index)


def read(file: Path, reading: Reading) -> Iterator[Record]:
    body = reading.whole_file(file)
    if body is None:
        return
    head = body[:MAX_FRONT_BYTES].decode("utf-8-sig", "replace").replace("\r\n", "\n")
    try:
        fields = front_matter(head)
    except (yaml.YAMLError, tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        reading.counts["broken front matter"] += 1
        reason = " ".join(str(error).split())[:100]
        reading.note(f"{file} lands without the fields of its front matter: {reason}")
        fields = {}
    if dated := _DATED.match(file.name):
        fields.setdefault("date", dated[1])
    address = reading.address(file)
    yield Record(address, address, body, CONTENT_TYPE, fields)


def front_matter(head: str) -> dict:
    """The fields before the text, {} where there are none."""
    handler = YAMLHandler()
    if found := _TOML.match(head):
        fields = tomllib.loads(found[1])
    elif handler.detect(head):
        front, _ = handler.split(head)
        fields = handler.load(front, Loader=_Loader)
    else:
        return {}
    if fields is None:
        return {}
    if not isinstance(fields, dict):
        raise ValueError("it is no table of fields")
    return jsonable(fields)
