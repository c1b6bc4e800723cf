-- Blocks of each page, once, however often the same page was landed. Grain: one row per page_id.
with

ranked as (
    select
        *,
        -- Equal bytes under equal code gave equal blocks; any of them serves, but always the same.
        row_number() over (
            partition by page_id
            order by unread_reason, encoding, title, author, published_at, repair_count
        ) as copy_rank
    from page_blocks
)

select
    page_id,
    unread_reason,
    encoding,
    encoding_evidence,
    extractor,
    title,
    is_title_given,
    author,
    published_at,
    repair_count,
    is_truncated,
    blocks
from ranked
where copy_rank = 1
