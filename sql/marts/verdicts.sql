-- Every verdict of every stage. Grain: page_id or doc_id or id, and rule.
with

found as (
    select * from fetch_verdicts
    union all
    select * from decode_verdicts
    union all
    select * from extract_verdicts
    union all
    select * from language_verdicts
    union all
    select * from quality_verdicts
    union all
    select * from duplicate_verdicts
    union all
    select * from split_verdicts
    union all
    select * from selection_verdicts
)

select * from found
order by doc_id, id nulls first, page_id nulls first, stage, rule
