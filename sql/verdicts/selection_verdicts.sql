-- Which of the winners the recipe takes. Grain: one row per id.
-- Each category hands in its best rows first, in turn, as often as its weight says.
with

candidates as (
    select
        winners.id,
        winners.doc_id,
        documents.category,
        row_number() over (
            partition by documents.category
            order by winners.quality_score desc, winners.id
        ) as category_rank
    from winners
    inner join documents on winners.doc_id = documents.doc_id
    left join split_verdicts on winners.id = split_verdicts.id
    where winners.cluster_rank = 1 and split_verdicts.id is null
),

turns as (
    select
        candidates.id,
        candidates.doc_id,
        row_number() over (
            order by
                candidates.category_rank / coalesce(category_weights.weight, 1.0),
                candidates.id
        ) as turn
    from candidates
    left join category_weights on candidates.category = category_weights.category
)

select
    turns.doc_id,
    turns.id,
    cast(null as varchar) as page_id,
    'selection' as stage,
    'max_records' as rule,
    cast(turns.turn as double) as value,
    cast(recipe.max_records as double) as threshold,
    case
        when recipe.max_records is null or turns.turn <= recipe.max_records then 'keep'
        else 'drop'
    end as verdict,
    cast(null as varchar) as detail
from turns
cross join recipe
