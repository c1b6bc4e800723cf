-- Quality of a passage, 0 to 1, and the part each feature has in it. Grain: one row per id.
-- A feature is worth 0 at its rule's threshold, 1 where it is as good as it needs to be, and in a
-- straight line between; the score is their product.
with

parts as (
    select
        passage_features.id,
        passage_features.doc_id,
        (tamil_ratio - min_tamil_ratio) / (good_tamil_ratio - min_tamil_ratio) as tamil_part,
        (max_symbol_ratio - symbol_ratio) / (max_symbol_ratio - good_symbol_ratio)
            as symbol_part,
        (max_digit_ratio - digit_ratio) / (max_digit_ratio - good_digit_ratio) as digit_part,
        (max_repeated_line_ratio - repeated_line_ratio)
        / (max_repeated_line_ratio - good_repeated_line_ratio) as line_part,
        (unique_word_ratio - min_unique_word_ratio)
        / (good_unique_word_ratio - min_unique_word_ratio) as word_part,
        word_count * 1e0 / good_words as length_part
    from passage_features
    cross join recipe
),

bounded as (
    select
        id,
        doc_id,
        round(least(greatest(tamil_part, 0.0), 1.0), 4) as tamil_part,
        round(least(greatest(symbol_part, 0.0), 1.0), 4) as symbol_part,
        round(least(greatest(digit_part, 0.0), 1.0), 4) as digit_part,
        round(least(greatest(line_part, 0.0), 1.0), 4) as line_part,
        round(least(greatest(word_part, 0.0), 1.0), 4) as word_part,
        -- Brevity alone costs at most half.
        round(0.5 + 0.5 * least(length_part, 1.0), 4) as length_part
    from parts
)

select
    *,
    round(
        tamil_part * symbol_part * digit_part * line_part * word_part * length_part, 4
    ) as quality_score
from bounded
