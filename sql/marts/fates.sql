-- Where each landed page and each passage of it ended: kept, or the first rule that dropped it.
-- Grain: one row per page_id, or per id where the page came to passages.
with

drops as (
    select
        doc_id,
        id,
        page_id,
        stage,
        rule,
        case stage
            when 'fetch' then 1
            when 'decode' then 2
            when 'extract' then 3
            when 'language' then 4
            when 'quality' then 5
            when 'duplicate' then 6
            when 'split' then 7
            else 8
        end as stage_order
    from verdicts
    where verdict = 'drop'
),

ranked as (
    select
        *,
        row_number() over (
            partition by doc_id, id, page_id
            order by stage_order, rule
        ) as drop_rank
    from drops
),

-- A document's version that is read has passages; every other page ends as a page.
ends as (
    select
        stg_pages.page_id,
        stg_pages.doc_id,
        stg_pages.source,
        stg_pages.category,
        passages.id
    from stg_pages
    left join passages
        on
            stg_pages.doc_id = passages.doc_id
            and stg_pages.is_readable
)

select
    ends.page_id,
    ends.doc_id,
    ends.id,
    ends.source,
    ends.category,
    coalesce(page_drops.stage, passage_drops.stage) as stage,
    coalesce(
        page_drops.rule,
        passage_drops.rule,
        case when corpus.id is null then 'unexplained' else 'kept' end
    ) as rule
from ends
left join ranked as page_drops
    on
        ends.page_id = page_drops.page_id
        and page_drops.drop_rank = 1
left join ranked as passage_drops
    on
        ends.id = passage_drops.id
        and passage_drops.drop_rank = 1
left join corpus on ends.id = corpus.id
order by ends.doc_id, ends.id nulls first, ends.page_id
