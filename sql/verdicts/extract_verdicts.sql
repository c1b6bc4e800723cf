-- Whether a page had a main text, and all of it. Grain: doc_id and rule.
with

empty as (
    select
        doc_id,
        page_id,
        'no_main_text' as rule,
        cast(main_codepoints as double) as value,
        cast(1 as double) as threshold,
        'drop' as verdict,
        concat(
            cast(page_codepoints as varchar),
            ' codepoints on the page, all menu, links or template'
        ) as detail
    from documents
    where main_codepoints = 0 and encoding is not null
),

cut as (
    select
        doc_id,
        page_id,
        'truncated' as rule,
        cast(main_codepoints as double) as value,
        cast(null as double) as threshold,
        'flag' as verdict,
        'the page ends in the middle' as detail
    from documents
    where is_truncated
),

-- Nearly all of a long page was taken for template or links: worth a look.
little as (
    select
        documents.doc_id,
        documents.page_id,
        'little_main_text' as rule,
        round(main_codepoints * 1e0 / page_codepoints, 4) as value,
        recipe.min_main_ratio as threshold,
        'flag' as verdict,
        concat(
            cast(main_codepoints as varchar),
            ' of ',
            cast(page_codepoints as varchar),
            ' codepoints'
        ) as detail
    from documents
    cross join recipe
    where
        page_codepoints >= 2000
        and main_codepoints > 0
        and main_codepoints < recipe.min_main_ratio * page_codepoints
),

found as (
    select * from empty
    union all
    select * from little
    union all
    select * from cut
)

select
    doc_id,
    cast(null as varchar) as id,
    page_id,
    'extract' as stage,
    rule,
    value,
    threshold,
    verdict,
    detail
from found
