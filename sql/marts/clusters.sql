-- The duplicate cluster of each good passage; a passage without duplicates is its own.
-- Grain: one row per id.
with

grouped as (
    select
        good_passages.*,
        coalesce(near_components.component, good_passages.least_equal_id) as component
    from good_passages
    left join near_components on good_passages.least_equal_id = near_components.id
)

select
    id,
    doc_id,
    text_sha256,
    least_equal_id,
    quality_score,
    min(id) over (partition by component) as cluster_id,
    count(*) over (partition by component) as cluster_size
from grouped
