-- The split of each document that has a good passage. Grain: one row per doc_id.
-- It hangs on the duplicate cluster and on the address, and the parent snapshot's word goes first:
-- a text that a model may have been trained on never comes into evaluation.
with

cluster_keys as (
    select
        doc_id,
        substring(min(cluster_id), 1, 32) as cluster_key
    from clusters
    group by doc_id
),

-- Two sources may hold the same address with different texts.
keys as (
    select
        cluster_keys.doc_id,
        documents.url,
        min(cluster_keys.cluster_key) over (partition by documents.url) as split_key
    from cluster_keys
    inner join documents on cluster_keys.doc_id = documents.doc_id
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

-- What the parent and its parents gave to this document, to its address, to its texts, and to the
-- documents it shares a cluster with.
parent_documents as (
    select distinct
        doc_id,
        split
    from parent_splits
),

parent_texts as (
    select distinct
        text_sha256,
        split
    from parent_splits
),

mates as (
    select
        own.doc_id,
        parent_documents.split
    from clusters as own
    inner join clusters as mate on own.cluster_id = mate.cluster_id
    inner join parent_documents on mate.doc_id = parent_documents.doc_id
    union
    select
        own.doc_id,
        parent_texts.split
    from clusters as own
    inner join clusters as mate on own.cluster_id = mate.cluster_id
    inner join parent_texts on mate.text_sha256 = parent_texts.text_sha256
    union
    select
        own.doc_id,
        parent_documents.split
    from keys as own
    inner join keys as mate on own.url = mate.url
    inner join parent_documents on mate.doc_id = parent_documents.doc_id
),

inherited as (
    select
        doc_id,
        max(case when split = 'train' then 1 else 0 end) as has_train,
        max(case when split = 'validation' then 1 else 0 end) as has_validation
    from mates
    group by doc_id
),

own as (
    select
        doc_id,
        max(case when split = 'train' then 1 else 0 end) as was_train,
        max(case when split = 'validation' then 1 else 0 end) as was_validation
    from parent_documents
    group by doc_id
)

select
    hashed.doc_id,
    case
        when own.was_train = 1 then 'train'
        when own.was_validation = 1 then 'validation'
        when own.doc_id is not null then 'test'
        when inherited.has_train = 1 then 'train'
        when inherited.has_validation = 1 then 'validation'
        when inherited.doc_id is not null then 'test'
        else hashed.split
    end as split
from hashed
left join own on hashed.doc_id = own.doc_id
left join inherited on hashed.doc_id = inherited.doc_id
