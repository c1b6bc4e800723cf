-- The corpus: what the snapshot freezes. Grain: one row per id.
select
    ---------- ids
    passages.id,
    passages.doc_id,

    ---------- text
    passages.text,
    documents.source,
    documents.category,
    documents.url,
    documents.title,
    documents.author,
    documents.published_at,
    documents.licence,

    ---------- numerics
    winners.quality_score,
    passage_features.tamil_ratio,
    passage_features.codepoint_count,
    passage_features.word_count,

    ---------- cluster and split
    winners.cluster_id,
    winners.cluster_size,
    winners.split
from passages
inner join selection_verdicts
    on
        passages.id = selection_verdicts.id
        and selection_verdicts.verdict = 'keep'
inner join winners on passages.id = winners.id
inner join documents on passages.doc_id = documents.doc_id
inner join passage_features on passages.id = passage_features.id
order by passages.id
