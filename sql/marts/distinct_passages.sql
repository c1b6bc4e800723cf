-- One passage for each distinct text, in a fixed order for the step that hashes them. Grain: id.
select
    id,
    text
from good_passages
where id = least_equal_id
order by id
