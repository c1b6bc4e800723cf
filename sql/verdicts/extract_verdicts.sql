-- Whether a page had a main text, and all of it. Grain: doc_id and rule.
with

empty as (
    select
        doc_id,
        page_id,
        'no_main_text' as rule,
        cast(main_codepoints as double) as value,
        cast(1 as double) as threshold,
        'drop' as verdict,
        concat(
            cast(page_codepoints as varchar),
            ' codepoints on the page, all menu, links or template'
        ) as detail
    from documents
    where main_codepoints = 0 and encoding is not null
),

cut as (
    select
        doc_id,
        page_id,
        'truncated' as rule,
        cast(main_codepoints as double) as value,
        cast(null as double) as threshold,
        'flag' as verdict,
        'the page ends in the middle' as detail
    from documents
    where is_truncated
),

-- Nearly all of a long page was taken for template or links: worth a look.
little as (
    select
        documents.doc_id,
        documents.page_id,
        'little_main_text' as rule,
        round(main_codepoints * 1e0 / page_codepoints, 4) as value,
        recipe.min_main_ratio as threshold,
        'flag' as verdict,
        concat(
            cast(main_codepoints as varchar),
            ' of ',
            cast(page_codepoints as varchar),
            ' codepoints'
        ) as detail
    from documents
    cross join recipe
    where
        page_codepoints >= 2000
        and main_codepoints > 0
        and main_codepoints < recipe.min_main_ratio * page_codepoints
),

-- Title and headings, whichever block of the page they are, template or not.
names as (
    select
        documents.doc_id,
        lower(documents.title) as name
    from documents
    union all
    select
        stg_pages.doc_id,
        lower(stg_page_blocks.title) as name
    from stg_pages
    inner join stg_page_blocks on stg_pages.page_id = stg_page_blocks.page_id
    where stg_pages.is_readable
    union all
    select
        doc_id,
        lower(text) as name
    from block_roles
    where is_heading and codepoint_count <= 100
),

-- The message a name is, and what of the name comes after it: nothing, or a site's name.
messages as (
    select
        doc_id,
        regexp_matches(
            name,
            '^[^\p{L}\p{N}]*((http|error|பிழை)[ :]*)?404[ :–—|-]*'
            || '(error|பிழை|(page |file )?not found)[^\p{L}\p{N}]*($|[–—|-])'
        )
        or regexp_matches(
            name,
            '^[^\p{L}\p{N}]*((error|oops|sorry)[^\p{L}\p{N}]*)?(the |this |that )?'
            || '(requested )?(page|file|url)( was| is| you [a-z ]{3,30})?'
            || ' ?(not found|could not be found|cannot be found|does not exist'
            || '|doesn.t exist|no longer exists)[^\p{L}\p{N}]*($|[–—|-])'
        )
        or regexp_matches(
            name,
            '^[^\p{L}\p{N}]*((404|மன்னிக்கவும்)[^\p{L}\p{N}]*)?'
            || '((நீங்கள்|தாங்கள்) )?((தேடிய|கோரிய|இந்த|இந்தப்|அந்தப்) )?'
            || '(இணைய ?ப்?|வலை ?ப்?)?பக்க(ம்|த்தை|த்தைக்) ?'
            || '(காணவில்லை|காணப்படவில்லை|கிடைக்கவில்லை|கண்டறியப்படவில்லை'
            || '|கண்டறிய முடியவில்லை|கண்டுபிடிக்கப்படவில்லை|கண்டுபிடிக்க முடியவில்லை'
            || '|காண முடியவில்லை)[^\p{L}\p{M}\p{N}]*($|[–—|-])'
        ) as says_page,
        regexp_matches(
            name,
            '^[^\p{L}\p{N}]*((மன்னிக்கவும்|sorry|oops|error|பிழை)[^\p{L}\p{N}]*)?'
            || '(404|not found|nothing (found|here)|(பக்கம் )?இல்லை|காணவில்லை'
            || '|கிடைக்கவில்லை|காணப்படவில்லை|கண்டறியப்படவில்லை)'
            || '[^\p{L}\p{M}\p{N}]*($|[–—|-])'
        ) as says_something,
        regexp_matches(name, '[–—|-][^–—|-]*[\p{L}\p{N}]') as has_more
    from names
),

-- 2 where the whole name says that a page is not there; 1 where more stands beside the message,
-- or where it does not speak of a page: then the text must.
telling_names as (
    select
        doc_id,
        max(
            case
                when says_page and not has_more then 2
                when says_page or says_something then 1
                else 0
            end
        ) as strength
    from messages
    group by doc_id
),

-- Served with 200, and says that it is not there. A story may be called காணவில்லை: then its text
-- must speak of a page too. A long text is no error message, whatever its name.
missing as (
    select
        documents.doc_id,
        documents.page_id,
        'soft_404' as rule,
        cast(documents.main_codepoints as double) as value,
        cast(recipe.soft_404_max_codepoints as double) as threshold,
        case
            when documents.main_codepoints <= recipe.soft_404_max_codepoints then 'drop'
            else 'keep'
        end as verdict,
        concat('served with 200, named: ', coalesce(documents.title, '')) as detail
    from documents
    inner join stg_pages on documents.page_id = stg_pages.page_id
    inner join telling_names on documents.doc_id = telling_names.doc_id
    cross join recipe
    where
        stg_pages.http_status = 200
        and stg_pages.is_readable
        and (
            telling_names.strength = 2
            or (
                telling_names.strength = 1
                and regexp_matches(
                    lower(documents.text),
                    'not found|go (to )?home'
                    || '|(page|url|link|address).{0,60}(exist|moved|removed|missing)'
                    || '|(can|could).{0,2}(not|n.t|t) find'
                    || '|முகப்பு ?(ப் )?பக்க|முகப்புக்கு|இணையப் ?பக்க'
                    || '|(தேடிய|கோரிய|கேட்ட) பக்க(ம்|த்தை)'
                    || '|பக்க(ம்|த்தை).{0,30}(நீக்கப்பட|மாற்றப்பட|நகர்த்தப்பட|கண்டறிய|கண்டுபிடி)'
                    || '|முகவரி.{0,40}(தவறு|தவறா|சரி ?பார்)'
                )
            )
        )
),

found as (
    select * from empty
    union all
    select * from missing
    union all
    select * from little
    union all
    select * from cut
)

select
    doc_id,
    cast(null as varchar) as id,
    page_id,
    'extract' as stage,
    rule,
    value,
    threshold,
    verdict,
    detail
from found
