//! Names and types as SQL text.

use std::fmt::Write;

use crate::record::DataType;

/// Words that are no names without quotes: here, or on a Flink cluster.
const RESERVED: &str = "
abs all allocate allow alter and any are array as asensitive asymmetric at atomic authorization avg
begin between bigint binary bit blob boolean both by bytes call called cardinality cascaded case cast
ceil ceiling char character check classifier clob close coalesce collate collect column commit
condition connect constraint contains convert corr corresponding count create cross cube cume_dist
current current_date current_time current_timestamp cursor cycle date day deallocate dec decimal
declare default define delete deref describe deterministic disallow disconnect distinct double drop
dynamic each element else empty end equals escape every except exec execute exists exp explain extend
external extract false fetch filter first_value float floor for foreign free from full function fusion
get global grant group grouping groups having hold hour identity import in indicator initial inner
inout insensitive insert int integer intersect intersection interval into is join lag language large
last_value lateral lead leading left like limit ln local localtime localtimestamp lower map match
matches match_number match_recognize max measures member merge metadata method min minus minute mod
modifies module modules month more multiset national natural nchar nclob new next no none normalize
not nth_value ntile null nullif numeric octet_length of offset old omit on one only open or order out
outer over overlaps overlay parameter partition pattern per percent percent_rank period permute portion
position power precedes precision prepare prev primary procedure range rank raw reads real recursive
ref references referencing release reset result return returns revoke right rollback rollup row rows
row_number running savepoint scope scroll search second seek select sensitive session_user set show
similar skip smallint some specific sql sqlexception sqlstate sqlwarning sqrt start static stddev_pop
stddev_samp stream string submultiset subset substring succeeds sum symmetric system system_time
system_user table tablesample then time timestamp timezone_hour timezone_minute tinyint to trailing
translate treat trigger trim true truncate uescape union unique unknown unnest update upper upsert
user using value values varbinary varchar varying var_pop var_samp versioning watermark when whenever
where width_bucket window with within without year";

/// A name, in back quotes where it has to be.
pub fn quoted(name: &str) -> String {
    let mut letters = name.bytes();
    let plain = letters.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && letters.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let lower = name.to_ascii_lowercase();
    match plain && !RESERVED.split_whitespace().any(|word| word == lower) {
        true => name.to_owned(),
        false => format!("`{name}`"),
    }
}

/// A text in single quotes.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

pub fn type_text(data_type: &DataType) -> String {
    match data_type {
        DataType::Row(fields) => {
            let mut text = String::from("ROW<");
            for (i, field) in fields.iter().enumerate() {
                let comma = if i > 0 { ", " } else { "" };
                // Writing to a String does not fail.
                let _ =
                    write!(text, "{comma}{} {}", quoted(&field.name), type_text(&field.data_type));
            }
            text + ">"
        }
        DataType::Map(key, value) => format!("MAP<{}, {}>", type_text(key), type_text(value)),
        DataType::Multiset(element) => format!("MULTISET<{}>", type_text(element)),
        DataType::Array(element) => format!("ARRAY<{}>", type_text(element)),
        other => other.to_string(),
    }
}

/// A table's name from a file's or a topic's.
pub fn table_name(from: &str) -> String {
    let name: String =
        from.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    match name.bytes().next() {
        Some(first) if !first.is_ascii_digit() => name,
        _ => format!("t_{name}"),
    }
}
