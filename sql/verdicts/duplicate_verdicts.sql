-- Passages that lost to another of their cluster. Grain: one row per id of a cluster of several.
with

firsts as (
    select
        cluster_id,
        id as winner_id,
        least_equal_id as winner_equal_id
    from winners
    where cluster_rank = 1
),

nearness as (
    select
        id,
        jaccard
    from near_duplicate_pairs
    union all
    select
        other_id as id,
        jaccard
    from near_duplicate_pairs
),

nearest as (
    select
        id,
        max(jaccard) as jaccard
    from nearness
    group by id
),

judged as (
    select
        winners.doc_id,
        winners.id,
        winners.cluster_rank = 1 as is_kept,
        winners.least_equal_id = firsts.winner_equal_id as is_equal,
        nearest.jaccard,
        firsts.winner_id,
        recipe.near_duplicate_jaccard
    from winners
    inner join firsts on winners.cluster_id = firsts.cluster_id
    left join nearest on winners.least_equal_id = nearest.id
    cross join recipe
    where winners.cluster_size > 1
)

select
    doc_id,
    id,
    cast(null as varchar) as page_id,
    'duplicate' as stage,
    case when is_equal then 'exact_duplicate' else 'near_duplicate' end as rule,
    case when is_equal then 1.0 else jaccard end as value,
    case when is_equal then 1.0 else near_duplicate_jaccard end as threshold,
    case when is_kept then 'keep' else 'drop' end as verdict,
    concat('winner ', winner_id) as detail
from judged
