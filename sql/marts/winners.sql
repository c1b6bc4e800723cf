-- The order of the passages inside each cluster; the first stays. Grain: one row per id.
-- Train goes first, so that no evaluation row is a copy of one; then quality; then the shorter
-- address, which print views, mirrors and archives do not have; then the least id.
select
    clusters.id,
    clusters.doc_id,
    clusters.least_equal_id,
    clusters.cluster_id,
    clusters.cluster_size,
    clusters.quality_score,
    splits.split,
    row_number() over (
        partition by clusters.cluster_id
        order by
            case when splits.split = 'train' then 0 else 1 end,
            clusters.quality_score desc,
            length(documents.url),
            clusters.id
    ) as cluster_rank
from clusters
inner join splits on clusters.doc_id = splits.doc_id
inner join documents on clusters.doc_id = documents.doc_id
