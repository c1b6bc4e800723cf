-- Each quality rule on each passage, kept or not, so that thresholds can be tried afterwards.
-- Grain: id and rule.
with

measured as (
    select
        passage_features.*,
        quality_scores.quality_score,
        recipe.*
    from passage_features
    inner join quality_scores on passage_features.id = quality_scores.id
    cross join recipe
),

judged as (
    select
        doc_id,
        id,
        'min_words' as rule,
        cast(word_count as double) as value,
        cast(min_words as double) as threshold,
        word_count >= min_words as is_kept
    from measured
    union all
    select
        doc_id,
        id,
        'max_symbol_ratio' as rule,
        symbol_ratio as value,
        max_symbol_ratio as threshold,
        symbol_ratio <= max_symbol_ratio as is_kept
    from measured
    union all
    select
        doc_id,
        id,
        'max_digit_ratio' as rule,
        digit_ratio as value,
        max_digit_ratio as threshold,
        digit_ratio <= max_digit_ratio as is_kept
    from measured
    union all
    select
        doc_id,
        id,
        'max_repeated_line_ratio' as rule,
        repeated_line_ratio as value,
        max_repeated_line_ratio as threshold,
        repeated_line_ratio <= max_repeated_line_ratio as is_kept
    from measured
    union all
    select
        doc_id,
        id,
        'min_unique_word_ratio' as rule,
        unique_word_ratio as value,
        min_unique_word_ratio as threshold,
        unique_word_ratio >= min_unique_word_ratio as is_kept
    from measured
    union all
    select
        doc_id,
        id,
        'min_mean_word_codepoints' as rule,
        mean_word_codepoints as value,
        min_mean_word_codepoints as threshold,
        mean_word_codepoints >= min_mean_word_codepoints as is_kept
    from measured
    union all
    select
        doc_id,
        id,
        'max_mean_word_codepoints' as rule,
        mean_word_codepoints as value,
        max_mean_word_codepoints as threshold,
        mean_word_codepoints <= max_mean_word_codepoints as is_kept
    from measured
    union all
    select
        doc_id,
        id,
        'min_quality_score' as rule,
        quality_score as value,
        min_quality_score as threshold,
        quality_score >= min_quality_score as is_kept
    from measured
)

select
    doc_id,
    id,
    cast(null as varchar) as page_id,
    'quality' as stage,
    rule,
    value,
    threshold,
    case when is_kept then 'keep' else 'drop' end as verdict,
    cast(null as varchar) as detail
from judged
