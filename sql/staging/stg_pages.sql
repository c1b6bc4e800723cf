-- Landed pages with the id of the document they are a version of. Grain: one row per page_id.
with

landed as (
    select
        *,
        substring(sha256(concat(source, chr(10), canonical_url)), 1, 32) as doc_id,
        row_number() over (
            partition by page_id
            order by fetched_at desc, run_id desc
        ) as landing_rank
    from raw_pages
),

versions as (
    select
        *,
        row_number() over (
            partition by doc_id
            order by
                case fetch_status
                    when 'ok' then 0
                    when 'truncated' then 1
                    else 2
                end,
                fetched_at desc,
                page_id
        ) as version_rank
    from landed
    where landing_rank = 1
)

select
    ---------- ids
    page_id,
    doc_id,

    ---------- text
    url,
    canonical_url,
    source,
    category,
    licence,
    fetch_status,
    fetch_detail,
    content_type,
    case
        when canonical_url like 'http%'
            then regexp_extract(canonical_url, '^https?://([^/]+)', 1)
        else source
    end as host,

    ---------- numerics
    http_status,

    ---------- booleans
    version_rank = 1 as is_current,
    version_rank = 1 and fetch_status in ('ok', 'truncated') as is_readable
from versions
