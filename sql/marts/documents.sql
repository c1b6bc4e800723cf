-- Every readable document with its main text, kept or not. Grain: one row per doc_id.
with

main_text as (
    select
        doc_id,
        string_agg(text, chr(10) || chr(10) order by ordinal) as text
    from block_roles
    where role = 'main'
    group by doc_id
),

block_sums as (
    select
        doc_id,
        sum(codepoint_count) as page_codepoints,
        sum(case when role = 'main' then codepoint_count else 0 end) as main_codepoints
    from block_roles
    group by doc_id
),

-- A title that many pages of a site share is the site's; the first heading is then the page's,
-- unless a catalogue or an import gave it.
titles as (
    select
        stg_pages.host,
        stg_page_blocks.title,
        count(*) as page_count
    from stg_pages
    inner join stg_page_blocks on stg_pages.page_id = stg_page_blocks.page_id
    where stg_pages.is_readable
    group by stg_pages.host, stg_page_blocks.title
),

headings as (
    select
        doc_id,
        replace(text, chr(10), ' ') as text,
        row_number() over (
            partition by doc_id
            order by ordinal
        ) as heading_rank
    from block_roles
    where is_heading and not is_repeated and codepoint_count <= 200
),

described as (
    select
        stg_pages.*,
        stg_page_blocks.unread_reason,
        stg_page_blocks.encoding,
        stg_page_blocks.encoding_evidence,
        stg_page_blocks.extractor,
        stg_page_blocks.author,
        stg_page_blocks.published_at,
        stg_page_blocks.repair_count,
        stg_page_blocks.is_truncated,
        coalesce(main_text.text, '') as text,
        coalesce(block_sums.page_codepoints, 0) as page_codepoints,
        coalesce(block_sums.main_codepoints, 0) as main_codepoints,
        case
            when titles.page_count > 3 and not stg_page_blocks.is_title_given then headings.text
            else coalesce(stg_page_blocks.title, headings.text)
        end as title
    from stg_pages
    inner join stg_page_blocks on stg_pages.page_id = stg_page_blocks.page_id
    left join main_text on stg_pages.doc_id = main_text.doc_id
    left join block_sums on stg_pages.doc_id = block_sums.doc_id
    left join headings
        on
            stg_pages.doc_id = headings.doc_id
            and headings.heading_rank = 1
    left join titles
        on
            stg_pages.host = titles.host
            and stg_page_blocks.title = titles.title
    where stg_pages.is_readable
),

lettered as (
    select
        *,
        regexp_replace(text, '[^\p{L}\p{M}]+', '', 'g') as letters
    from described
),

counted as (
    select
        *,
        length(text) as codepoint_count,
        array_length(regexp_extract_all(text, '[\p{L}\p{M}]+')) as word_count,
        length(letters) as letter_count,
        length(regexp_replace(letters, '[^\x{0B82}-\x{0BD7}]+', '', 'g')) as tamil_count
    from lettered
)

select
    ---------- ids
    doc_id,
    page_id,

    ---------- text
    source,
    category,
    url,
    title,
    author,
    published_at,
    licence,
    text,
    sha256(text) as text_sha256,
    extractor,
    unread_reason,
    encoding,
    encoding_evidence,
    content_type,

    ---------- numerics
    codepoint_count,
    word_count,
    round(
        case when letter_count = 0 then 0.0 else tamil_count * 1e0 / letter_count end, 4
    ) as tamil_ratio,
    repair_count,
    page_codepoints,
    main_codepoints,

    ---------- booleans
    is_truncated
from counted
order by doc_id
