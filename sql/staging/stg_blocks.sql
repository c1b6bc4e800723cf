-- Text blocks of every current page, in order. Grain: one row per doc_id and ordinal.
with

readable as (
    select
        stg_pages.doc_id,
        stg_pages.host,
        stg_page_blocks.extractor,
        stg_page_blocks.blocks
    from stg_pages
    inner join stg_page_blocks on stg_pages.page_id = stg_page_blocks.page_id
    where stg_pages.is_readable
)

select
    readable.doc_id,
    readable.host,
    readable.extractor,
    exploded.block.ordinal,
    exploded.block.text,
    exploded.block.path,
    exploded.block.is_heading,
    exploded.block.link_codepoints,
    length(exploded.block.text) as codepoint_count,
    -- Template lines differ by dates and counts from page to page.
    regexp_replace(exploded.block.text, '[0-9]+', '0', 'g') as template_key
from readable
cross join unnest(readable.blocks) as exploded (block)
