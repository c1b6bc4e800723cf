-- tamil_normalise(text): the rules of warehouse/tamil.py in SQL, for people's own queries.
-- RE2 has no look-around, so the one ZWNJ that stays is kept aside as chr(1) meanwhile.
create or replace macro tamil_unify(value) as
nfc_normalize(
    replace(
        regexp_replace(
            replace(
                regexp_replace(
                    regexp_replace(
                        value,
                        '\r\n|[\r\x{0085}\x{2028}\x{2029}]',
                        chr(10),
                        'g'
                    ),
                    '[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{0084}\x{0086}-\x{009f}'
                    || '\x{feff}\x{fffe}\x{ffff}]',
                    '',
                    'g'
                ),
                '்' || chr(8204) || 'ஷ',
                '்' || chr(1) || 'ஷ'
            ),
            '[\x{00ad}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2064}]',
            '',
            'g'
        ),
        chr(1),
        chr(8204)
    )
);

create or replace macro tamil_repair_signs(value) as
regexp_replace(
    regexp_replace(
        regexp_replace(
            regexp_replace(
                regexp_replace(
                    value,
                    'ா([\x{0bbf}-\x{0bc2}\x{0bc6}-\x{0bc8}\x{0bca}-\x{0bcd}\x{0bd7}])',
                    'ர\1',
                    'g'
                ),
                'ௌ([\x{0bbe}-\x{0bc2}\x{0bc6}-\x{0bc8}\x{0bca}-\x{0bcd}\x{0bd7}])',
                'ெள\1',
                'g'
            ),
            'ொ([\x{0bbe}-\x{0bc2}\x{0bc6}-\x{0bc8}\x{0bca}-\x{0bcd}\x{0bd7}])',
            'ெர\1',
            'g'
        ),
        'ோ([\x{0bbe}-\x{0bc2}\x{0bc6}-\x{0bc8}\x{0bca}-\x{0bcd}\x{0bd7}])',
        'ேர\1',
        'g'
    ),
    'ா(ா)',
    'ர\1',
    'g'
);

create or replace macro tamil_white_space(value) as
trim(
    regexp_replace(
        regexp_replace(
            regexp_replace(
                value,
                '[ \t\x{00a0}\x{1680}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}]+',
                ' ',
                'g'
            ),
            ' ?\n ?',
            chr(10),
            'g'
        ),
        '\n{3,}',
        chr(10) || chr(10),
        'g'
    ),
    ' ' || chr(10)
);

create or replace macro tamil_normalise(value) as
tamil_white_space(tamil_repair_signs(tamil_repair_signs(tamil_unify(value))));
