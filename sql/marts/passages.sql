-- Documents cut at paragraph boundaries into rows of about equal length. Grain: one row per id.
-- A short document is one passage.
with

blocks as (
    select
        block_roles.doc_id,
        block_roles.ordinal,
        block_roles.text,
        sum(block_roles.codepoint_count) over (
            partition by block_roles.doc_id
            order by block_roles.ordinal
            rows between unbounded preceding and current row
        ) - block_roles.codepoint_count as codepoints_before,
        sum(block_roles.codepoint_count) over (
            partition by block_roles.doc_id
        ) as codepoints_in_all
    from block_roles
    where block_roles.role = 'main'
),

placed as (
    select
        blocks.doc_id,
        blocks.ordinal,
        blocks.text,
        -- The whole divides into equal parts; a block belongs where it begins.
        cast(
            floor(
                blocks.codepoints_before
                * ceil(blocks.codepoints_in_all * 1e0 / recipe.passage_codepoints)
                / blocks.codepoints_in_all
            ) as integer
        ) as part
    from blocks
    cross join recipe
),

parts as (
    select
        doc_id,
        part,
        string_agg(text, chr(10) || chr(10) order by ordinal) as text
    from placed
    group by doc_id, part
),

-- A part that no block begins in leaves no gap in the numbers.
numbered as (
    select
        doc_id,
        text,
        row_number() over (
            partition by doc_id
            order by part
        ) - 1 as ordinal
    from parts
)

select
    concat(doc_id, '-', lpad(cast(ordinal as varchar), 6, '0')) as id,
    doc_id,
    ordinal,
    text,
    sha256(text) as text_sha256
from numbered
