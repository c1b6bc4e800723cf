-- Whether a passage is Tamil by its script, and what it seems to be otherwise. Grain: id and rule.
with

judged as (
    select
        passage_features.doc_id,
        passage_features.id,
        passage_features.tamil_ratio,
        recipe.min_tamil_ratio,
        case
            when tamil_ratio >= min_tamil_ratio then 'tamil'
            when letter_count = 0 then 'no letters'
            when latin_count * 2 < letter_count and tamil_ratio < 0.1 then 'another script'
            when latin_count * 2 < letter_count then 'Tamil mixed with another script'
            when tamil_ratio >= 0.1 then 'Tamil mixed with Latin letters'
            when english_word_count * 12 > word_count then 'English'
            else 'Latin letters, not English: Tanglish or another language'
        end as detail
    from passage_features
    cross join recipe
)

select
    doc_id,
    id,
    cast(null as varchar) as page_id,
    'language' as stage,
    'min_tamil_ratio' as rule,
    tamil_ratio as value,
    min_tamil_ratio as threshold,
    case when tamil_ratio >= min_tamil_ratio then 'keep' else 'drop' end as verdict,
    detail
from judged
