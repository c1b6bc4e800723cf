-- Which texts of which documents have been given which split, here or in an earlier snapshot: what
-- the next snapshot must keep to. Grain: doc_id, text_sha256, split.
with

given as (
    select
        clusters.doc_id,
        clusters.text_sha256,
        splits.split
    from clusters
    inner join splits on clusters.doc_id = splits.doc_id
    union
    select
        doc_id,
        text_sha256,
        split
    from parent_splits
)

select * from given
order by doc_id, text_sha256, split
