-- Pairs of distinct passages whose shingle sets are near enough, by true Jaccard. Grain: pair.
with

-- Every row of a bucket is compared with the bucket's least id and with the id before its own:
-- no quadratic blow-up, and a chance guest at the bucket's head hides nobody.
bucket_edges as (
    select
        id,
        min(id) over (partition by band, bucket) as least_id,
        lag(id) over (
            partition by band, bucket
            order by id
        ) as previous_id
    from passage_bands
),

candidates as (
    select
        id,
        least_id
    from bucket_edges
    where id <> least_id
    union
    select
        id,
        previous_id as least_id
    from bucket_edges
    where previous_id is not null
),

involved as (
    select id from candidates
    union
    select least_id as id from candidates
),

shingles as (
    select
        passage_shingles.id,
        exploded.shingle
    from passage_shingles
    inner join involved on passage_shingles.id = involved.id
    cross join unnest(passage_shingles.shingles) as exploded (shingle)
),

sizes as (
    select
        id,
        count(*) as shingle_count
    from shingles
    group by id
),

shared as (
    select
        candidates.id,
        candidates.least_id,
        count(*) as shared_count
    from candidates
    inner join shingles as own on candidates.id = own.id
    inner join shingles as other
        on
            candidates.least_id = other.id
            and own.shingle = other.shingle
    group by candidates.id, candidates.least_id
),

measured as (
    select
        shared.id,
        shared.least_id,
        round(
            shared.shared_count * 1e0
            / (own.shingle_count + other.shingle_count - shared.shared_count),
            4
        ) as jaccard
    from shared
    inner join sizes as own on shared.id = own.id
    inner join sizes as other on shared.least_id = other.id
)

select
    measured.id,
    measured.least_id as other_id,
    measured.jaccard
from measured
cross join recipe
where measured.jaccard >= recipe.near_duplicate_jaccard
order by measured.id, measured.least_id
