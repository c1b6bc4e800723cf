"""Fill-mask samples in Tamil: what a model guesses for a hidden piece of a real sentence."""

import re

import torch

SAMPLES = 6
GUESSES = 3
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_SPACE = re.compile(r"\s+")


def fill_mask_samples(model, tokenizer, texts: list[str]) -> list[dict]:
    """For a few sentences of the texts: the sentence with a word hidden, the word, the guesses.

    The word is the longest one in the middle of the sentence that is a single token, so that the
    mask hides all of it; uses the tokenizer's own mask token.
    """
    samples = []
    for text in texts:
        for sentence in _SENTENCE_END.split(text):
            if sample := _hidden(sentence, tokenizer):
                samples.append(sample | {"guesses": _guesses(model, tokenizer, sample["prompt"])})
                break
        if len(samples) == SAMPLES:
            break
    return samples


def _hidden(sentence: str, tokenizer) -> dict | None:
    """A sentence of 5 to 15 words with one inner word replaced by the mask."""
    words = _SPACE.split(sentence.strip())
    if not 5 <= len(words) <= 15:
        return None
    inner = [
        place
        for place in range(1, len(words) - 1)
        if len(tokenizer(" " + words[place], add_special_tokens=False)["input_ids"]) == 1
    ]
    if not inner:
        return None
    place = max(inner, key=lambda index: (len(words[index]), -index))
    prompt = " ".join([*words[:place], tokenizer.mask_token, *words[place + 1 :]])
    return {"prompt": prompt, "hidden": words[place]}


@torch.no_grad()
def _guesses(model, tokenizer, prompt: str) -> list[dict]:
    model.eval()
    limit = model.config.max_position_embeddings - 2
    inputs = tokenizer(prompt, return_tensors="pt", truncation=True, max_length=limit)
    inputs = {
        name: value.to(model.device)
        for name, value in inputs.items()
        if name in ("input_ids", "attention_mask")
    }
    places = (inputs["input_ids"][0] == tokenizer.mask_token_id).nonzero()
    if not len(places):
        return []
    logits = model(**inputs).logits[0, places[0, 0]]
    best = torch.topk(torch.softmax(logits.float(), -1), GUESSES)
    return [
        {"token": tokenizer.decode([int(token)]).strip(), "share": round(float(share), 4)}
        for share, token in zip(best.values, best.indices, strict=True)
    ]
