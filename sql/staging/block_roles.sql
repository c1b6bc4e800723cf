-- What each block is on its page: main text, or which kind of furniture. Grain: doc_id, ordinal.
-- A whole site is at hand, so a block that recurs across its pages is its template.
with

sites as (
    select
        host,
        count(distinct doc_id) as page_count
    from stg_blocks
    group by host
),

repeats as (
    select
        host,
        text,
        count(distinct doc_id) as page_count
    from stg_blocks
    group by host, text
),

-- The same line but for its dates and counts. Verses are numbered too, so it takes a sentence.
numbered_repeats as (
    select
        host,
        template_key,
        case
            when array_length(regexp_extract_all(template_key, '[\p{L}\p{M}]+')) >= 4
                then count(distinct doc_id)
            else 0
        end as page_count
    from stg_blocks
    group by host, template_key
),

-- How deep a block lies in article or main elements, 0 outside.
placed as (
    select
        *,
        array_length(regexp_extract_all(path, '>(article|main)([.>]|$)')) as region_depth,
        regexp_matches(
            path,
            '>(nav|footer|aside|form|button|dialog|option)([.>]|$)'
        )
        or regexp_matches(
            path,
            '[.](nav|navbar|menu|breadcrumbs?|sidebar|widget|related|share|social|comments?'
            || '|comment-list|cookie|pagination|pager|modal|toast-container|toc|post-meta'
            || '|entry-meta|meta|byline|tags|site-header|site-footer|mw-editsection|catlinks)(>|$)'
        )
        -- What the readers of Markdown and wikitext name; on a web page these names say little.
        or (
            extractor in ('markdown', 'wikitext')
            and regexp_matches(path, '[.](code|footnote|references|empty)(>|$)')
        ) as is_furniture,
        -- A sentence of a wiki is full of links; a list of them is a list of links.
        case
            when extractor = 'wikitext' and path like '%>p' then 0.9
            else 0.5
        end as max_link_ratio
    from stg_blocks
),

regions as (
    select
        doc_id,
        region_depth,
        sum(codepoint_count - link_codepoints) as own_codepoints
    from placed
    where region_depth > 0 and not is_furniture
    group by doc_id, region_depth
),

-- The region a page is about: the depth that holds most of its own text, if that is enough.
main_regions as (
    select
        doc_id,
        region_depth,
        row_number() over (
            partition by doc_id
            order by own_codepoints desc, region_depth
        ) as region_rank
    from regions
    where own_codepoints >= 100
),

judged as (
    select
        placed.doc_id,
        placed.ordinal,
        placed.text,
        placed.is_heading,
        placed.codepoint_count,
        greatest(repeats.page_count, numbered_repeats.page_count)
        > greatest(3, sites.page_count * 0.1) as is_repeated,
        case
            when placed.extractor = 'pdf' and regexp_matches(placed.path, '>(header|footer)$')
                then 'furniture'
            when placed.extractor in ('text', 'pdf') then 'main'
            when placed.is_furniture then 'furniture'
            when
                placed.extractor = 'blocks'
                and placed.region_depth < coalesce(main_regions.region_depth, 0)
                then 'outside'
            when
                placed.link_codepoints > placed.max_link_ratio * placed.codepoint_count
                and not placed.is_heading
                then 'links'
            -- Only web pages have headings of the site beside those of the page.
            when placed.is_heading and (placed.region_depth > 0 or placed.extractor <> 'blocks')
                then 'main'
            when
                greatest(repeats.page_count, numbered_repeats.page_count)
                > greatest(3, sites.page_count * 0.1) then 'template'
            else 'main'
        end as role
    from placed
    inner join sites on placed.host = sites.host
    inner join repeats
        on
            placed.host = repeats.host
            and placed.text = repeats.text
    inner join numbered_repeats
        on
            placed.host = numbered_repeats.host
            and placed.template_key = numbered_repeats.template_key
    left join main_regions
        on
            placed.doc_id = main_regions.doc_id
            and main_regions.region_rank = 1
)

select * from judged
