-- Passages that no rule on document or text dropped: what duplicates are searched among.
-- Grain: id.
with

dropped as (
    select passages.id
    from extract_verdicts
    inner join passages on extract_verdicts.doc_id = passages.doc_id
    where extract_verdicts.verdict = 'drop'
    union
    select id from language_verdicts
    where verdict = 'drop'
    union
    select id from quality_verdicts
    where verdict = 'drop'
)

select
    passages.id,
    passages.doc_id,
    passages.text,
    passages.text_sha256,
    quality_scores.quality_score,
    min(passages.id) over (partition by passages.text_sha256) as least_equal_id
from passages
inner join quality_scores on passages.id = quality_scores.id
left join dropped on passages.id = dropped.id
where dropped.id is null
