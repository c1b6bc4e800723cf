-- Evaluation rows whose text, or a near copy of it, an earlier snapshot had in train: a document
-- keeps its split, so it is the row that leaves. Grain: one row per id that leaves.
with

seen as (
    select distinct clusters.cluster_id
    from clusters
    inner join parent_splits
        on
            clusters.text_sha256 = parent_splits.text_sha256
            and parent_splits.split = 'train'
)

select
    winners.doc_id,
    winners.id,
    cast(null as varchar) as page_id,
    'split' as stage,
    'seen_in_train' as rule,
    cast(null as double) as value,
    cast(null as double) as threshold,
    'drop' as verdict,
    concat('an earlier snapshot had it in train, its document is in ', winners.split) as detail
from winners
inner join seen on winners.cluster_id = seen.cluster_id
where winners.cluster_rank = 1 and winners.split <> 'train'
