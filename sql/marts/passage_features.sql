-- What can be counted in a passage; ratios are made of integers, so every run agrees. Grain: id.
with

split_up as (
    select
        id,
        doc_id,
        text,
        regexp_extract_all(text, '[\p{L}\p{M}]+') as words,
        regexp_replace(text, '[^\p{L}\p{M}]+', '', 'g') as letters,
        regexp_extract_all(text, '[^\n]+') as lines,
        regexp_extract_all(
            lower(text),
            '\b(?:the|and|of|to|in|is|that|for|it|was|with|are|this|you|have|not)\b'
        ) as english_words
    from passages
),

counted as (
    select
        id,
        doc_id,
        length(text) as codepoint_count,
        array_length(words) as word_count,
        array_length(list_distinct(words)) as distinct_word_count,
        array_length(lines) as line_count,
        array_length(list_distinct(lines)) as distinct_line_count,
        array_length(english_words) as english_word_count,
        length(letters) as letter_count,
        length(regexp_replace(letters, '[^\x{0B82}-\x{0BD7}]+', '', 'g')) as tamil_count,
        length(regexp_replace(text, '[^A-Za-z]+', '', 'g')) as latin_count,
        length(regexp_replace(text, '[^0-9௦-௯]+', '', 'g')) as digit_count,
        length(
            regexp_replace(
                text,
                '[\p{L}\p{M}\p{N}\s.,;:!?()''"“”‘’…–—|/-]+',
                '',
                'g'
            )
        ) as symbol_count
    from split_up
)

select
    ---------- ids
    id,
    doc_id,

    ---------- numerics
    codepoint_count,
    word_count,
    english_word_count,
    latin_count,
    letter_count,
    round(case when letter_count = 0 then 0.0 else tamil_count * 1e0 / letter_count end, 4)
        as tamil_ratio,
    round(symbol_count * 1e0 / greatest(codepoint_count, 1), 4) as symbol_ratio,
    round(digit_count * 1e0 / greatest(codepoint_count, 1), 4) as digit_ratio,
    round((line_count - distinct_line_count) * 1e0 / greatest(line_count, 1), 4)
        as repeated_line_ratio,
    round(distinct_word_count * 1e0 / greatest(word_count, 1), 4) as unique_word_ratio,
    round(letter_count * 1e0 / greatest(word_count, 1), 4) as mean_word_codepoints
from counted
