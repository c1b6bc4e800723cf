"""Conversations in JSON, of whatever layout, as text: one line for each turn.

Accepted is what the common chat data sets use. A conversation is a list of turns, each with a
speaker and a text; or a prompt and its answer. A pack is an object that holds lists of them, by
domain or all together, with weights. Weights and domains stay in the record; they are not used
here. Speakers are left out of the text unless they are names: `user` and `assistant` are none.
"""

from collections import Counter
from collections.abc import Iterator

LIST_KEYS = ("conversations", "conversation", "dialogues", "dialogs", "dialogue", "data", "items")
LIST_KEYS += ("messages", "turns", "utterances", "examples", "samples", "records")
LIST_KEYS += ("domains", "packs")
TURN_KEYS = ("turns", "messages", "dialogue", "conversation", "utterances")
SPEAKER_KEYS = ("role", "speaker", "from", "name")
TEXT_KEYS = ("content", "text", "value", "utterance")
PAIRS = (("instruction", "output"), ("question", "answer"), ("prompt", "response"))
PAIRS += (("input", "output"), ("instruction", "response"), ("prompt", "completion"))
DOMAIN_KEYS = ("domain", "topic", "category", "name")
WEIGHT_KEYS = ("weight", "weights")
ROLES = frozenset("user human assistant gpt bot model system chatbot ai tool prompter".split())
LOOKED_FOR = (
    f"looked for text, for lists under {', '.join(LIST_KEYS)}, for turns with "
    f"{'/'.join(SPEAKER_KEYS)} and {'/'.join(TEXT_KEYS)}, for pairs such as "
    f"{', '.join('+'.join(pair) for pair in PAIRS)}"
)
MAX_DEPTH = 8


def conversation(one: object) -> tuple[str, dict] | None:
    """A conversation's text and its other fields; None where it is of no known layout."""
    if isinstance(one, list):
        text = _turns(one, is_plain=False)
        return (text, {}) if text else None
    if not isinstance(one, dict):
        return None
    for key in LIST_KEYS:
        turns = one.get(key)
        if isinstance(turns, list) and (text := _turns(turns, is_plain=key in TURN_KEYS)):
            return text, {name: value for name, value in one.items() if name != key}
    for prompt, answer in PAIRS:
        if isinstance(one.get(prompt), str) and isinstance(one.get(answer), str):
            parts = [one[prompt], one.get("input") if prompt != "input" else None, one[answer]]
            text = "\n".join(_one_line(part) for part in parts if isinstance(part, str) and part)
            used = {prompt, answer, "input"}
            return text, {name: value for name, value in one.items() if name not in used}
    return None


def pack_records(pack: dict, counts: Counter) -> Iterator[tuple[str, dict]]:
    """Text and fields of every conversation in a pack, with its domain and weight."""
    yield from _walk(pack, {}, counts, 0)


def _walk(node: object, known: dict, counts: Counter, depth: int) -> Iterator[tuple[str, dict]]:
    if depth > MAX_DEPTH:
        counts["conversations nested too deep"] += 1
    elif found := conversation(node):
        text, rest = found
        yield text, _settled(known | _facts(rest), rest)
    elif isinstance(node, list):
        for one in node:
            if isinstance(one, str) and one.strip():
                yield one, _settled(known, {})
            elif isinstance(one, list) and (text := _turns(one, is_plain=True)):
                yield text, _settled(known, {})
            elif isinstance(one, dict) and (text := _first(one, TEXT_KEYS)):
                rest = {name: value for name, value in one.items() if value is not text}
                yield text, _settled(known | _facts(rest), rest)
            elif isinstance(one, dict | list):
                yield from _walk(one, known, counts, depth + 1)
            else:
                counts["conversations of no known layout"] += 1
    elif isinstance(node, dict):
        yield from _walk_object(node, known | _facts(node), counts, depth)


def _walk_object(node: dict, known: dict, counts: Counter, depth: int):
    found_any = False
    for key, value in node.items():
        if key in WEIGHT_KEYS or not isinstance(value, dict | list):
            continue
        found_any = True
        # A key of no list is the name of a domain, in {"domains": {"health": [...]}} and the like.
        inner = known if key in LIST_KEYS else known | {"domain": key}
        yield from _walk(value, inner, counts, depth + 1)
    if not found_any:
        counts["conversations of no known layout"] += 1


def _facts(node: dict) -> dict:
    """Domain and weight as an object tells them: {"domain": ..., "weight": ...}."""
    facts = {}
    if domain := _first(node, DOMAIN_KEYS):
        facts["domain"] = domain
    for key in WEIGHT_KEYS:
        if isinstance(node.get(key), int | float | dict):
            facts["weight"] = node[key]
    return facts


def _settled(known: dict, rest: dict) -> dict:
    """The record's fields; of a table of weights, the one of its domain."""
    fields = rest | known
    if isinstance(weights := fields.get("weight"), dict):
        fields["weight"] = weights.get(fields.get("domain"))
    return {name: value for name, value in fields.items() if value is not None}


def _turns(turns: list, is_plain: bool) -> str | None:
    """One line for each turn; None where a turn has no text.

    `is_plain` takes turns without a speaker too; elsewhere such a list is one of many texts.
    """
    lines = []
    for turn in turns:
        speaker, text = "", turn if isinstance(turn, str) else None
        if isinstance(turn, dict):
            text = _first(turn, TEXT_KEYS)
            speaker = _first(turn, SPEAKER_KEYS) or ""
        if text is None or not (speaker or is_plain):
            return None
        is_named = "speaker" in turn and speaker.lower() not in ROLES if speaker else False
        lines.append(f"{speaker}: {_one_line(text)}" if is_named else _one_line(text))
    return "\n".join(line for line in lines if line) or None


def _first(one: dict, keys: tuple[str, ...]) -> str | None:
    return next((one[key] for key in keys if isinstance(one.get(key), str)), None)


def _one_line(text: str) -> str:
    return " ".join(text.split())
