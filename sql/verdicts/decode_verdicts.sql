-- How the bytes were read; flags what had to be repaired. Grain: doc_id and rule.
with

unreadable as (
    select
        doc_id,
        page_id,
        'unsupported_content' as rule,
        cast(null as double) as value,
        'drop' as verdict,
        unread_reason as detail
    from documents
    where encoding is null
),

legacy as (
    select
        doc_id,
        page_id,
        'legacy_encoding' as rule,
        cast(null as double) as value,
        'flag' as verdict,
        concat(encoding, ' (', encoding_evidence, ')') as detail
    from documents
    where
        encoding not in (
            'utf-8', 'utf-8-visual', 'utf-8-lossy',
            'unicode', 'unicode-visual', 'unicode-lossy'
        )
),

-- The page names a font of another encoding, and what stands in it could not be read.
font as (
    select
        doc_id,
        page_id,
        'font_encoding_unread' as rule,
        cast(null as double) as value,
        'flag' as verdict,
        encoding_evidence as detail
    from documents
    where encoding_evidence like '% unread%'
),

visual as (
    select
        doc_id,
        page_id,
        'sign_order' as rule,
        cast(repair_count as double) as value,
        'flag' as verdict,
        'left-hand signs stood before their letters' as detail
    from documents
    where encoding like '%-visual'
),

signs as (
    select
        doc_id,
        page_id,
        'repaired_signs' as rule,
        cast(repair_count as double) as value,
        'flag' as verdict,
        'signs that stood for letters, or control characters' as detail
    from documents
    where repair_count > 0 and encoding not like '%-visual' and encoding not like '%-lossy%'
),

lossy as (
    select
        doc_id,
        page_id,
        'replaced_bytes' as rule,
        cast(repair_count as double) as value,
        'flag' as verdict,
        encoding as detail
    from documents
    where encoding like '%-lossy%'
),

found as (
    select * from unreadable
    union all
    select * from legacy
    union all
    select * from font
    union all
    select * from visual
    union all
    select * from signs
    union all
    select * from lossy
)

select
    doc_id,
    cast(null as varchar) as id,
    page_id,
    'decode' as stage,
    rule,
    value,
    cast(null as double) as threshold,
    verdict,
    detail
from found
