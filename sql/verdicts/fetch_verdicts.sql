-- What became of each landed page before its text was looked at. Grain: page_id and rule.
with

judged as (
    select
        doc_id,
        page_id,
        case
            when fetch_status = 'http_error' then 'http_status'
            when fetch_status not in ('ok', 'truncated') then fetch_status
            when is_withdrawn then 'withdrawn'
            when not is_readable then 'superseded'
            else fetch_status
        end as rule,
        cast(http_status as double) as value,
        coalesce(fetch_detail, url) as detail,
        is_readable as is_kept
    from stg_pages
)

select
    doc_id,
    cast(null as varchar) as id,
    page_id,
    'fetch' as stage,
    case when is_kept then 'http_status' else rule end as rule,
    value,
    cast(200 as double) as threshold,
    case when is_kept then 'keep' else 'drop' end as verdict,
    detail
from judged
