-- The split of each document that has a good passage. Grain: one row per doc_id.
-- It hangs on the duplicate cluster, and the parent snapshot's word goes first: a text that a model
-- may have been trained on never comes into evaluation.
with

keys as (
    select
        doc_id,
        substring(min(cluster_id), 1, 32) as split_key
    from clusters
    group by doc_id
),

hashed as (
    select
        keys.doc_id,
        case
            when
                substring(sha256(concat(keys.split_key, recipe.split_salt)), 1, 8)
                < recipe.train_below then 'train'
            when
                substring(sha256(concat(keys.split_key, recipe.split_salt)), 1, 8)
                < recipe.validation_below then 'validation'
            else 'test'
        end as split
    from keys
    cross join recipe
),

mates as (
    select distinct
        own.doc_id,
        parent_splits.split
    from clusters as own
    inner join clusters as mate on own.cluster_id = mate.cluster_id
    inner join parent_splits on mate.doc_id = parent_splits.doc_id
),

inherited as (
    select
        doc_id,
        max(case when split = 'train' then 1 else 0 end) as has_train,
        max(case when split = 'validation' then 1 else 0 end) as has_validation
    from mates
    group by doc_id
)

select
    hashed.doc_id,
    case
        when parent_splits.split is not null then parent_splits.split
        when inherited.has_train = 1 then 'train'
        when inherited.has_validation = 1 then 'validation'
        when inherited.doc_id is not null then 'test'
        else hashed.split
    end as split
from hashed
left join parent_splits on hashed.doc_id = parent_splits.doc_id
left join inherited on hashed.doc_id = inherited.doc_id
