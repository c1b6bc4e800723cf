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

-- A page that its host came to reserve: what was landed before must not be used any more.
reservations as (
    select
        doc_id,
        max(fetched_at) as reserved_at
    from landed
    where fetch_status = 'refused'
    group by doc_id
),

usable as (
    select
        landed.*,
        landed.fetch_status in ('ok', 'truncated')
        and landed.fetched_at
        > coalesce(reservations.reserved_at, timestamp '1900-01-01 00:00:00') as is_usable
    from landed
    left join reservations on landed.doc_id = reservations.doc_id
    where landed.landing_rank = 1
),

versions as (
    select
        *,
        row_number() over (
            partition by doc_id
            order by
                is_usable desc,
                case fetch_status
                    when 'ok' then 0
                    when 'truncated' then 1
                    else 2
                end,
                fetched_at desc,
                page_id
        ) as version_rank
    from usable
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
    fetch_status in ('ok', 'truncated') and not is_usable as is_withdrawn,
    version_rank = 1 and is_usable as is_readable
from versions
