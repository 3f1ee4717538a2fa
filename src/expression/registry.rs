//! Every scalar function in one place: its names, what it takes, what it returns.
//!
//! [`call`] resolves a name to a typed expression. Much of SQL is lowered here to a few
//! functions that are evaluated: `IF` becomes CASE, `TIMESTAMPADD` becomes an addition, whatever
//! works on local time is put around a cast of the instant. What has only literals as arguments
//! is computed at once.

mod checks;
mod collections;
mod operators;
mod reference;
mod special;
mod times;
mod types;

pub use operators::{BinaryOp, binary, case, in_list, like, negate};
pub use reference::{Described, reference};
pub use special::{
    OnNull, blank_pad, collected, is_null, json_array, json_members, json_object, pack, percentile,
    repeated, unpack,
};
pub use times::difference;
pub use types::{cast, coerce, common_type, unify, wider_type};

use super::{Expr, ExprKind};
use crate::record::DataType;
use Parameter::{Bytes, Double, Integer, Number, Text, TextOrBytes};
use checks::{check_charset, check_json_path, check_pattern};

/// What is evaluated. Constants (units, patterns) are arguments like all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Negate,
    Eq,
    NotEq,
    Lt,
    LtEq,
    Gt,
    GtEq,
    IsDistinctFrom,
    IsNotDistinctFrom,
    /// The first argument is one of the others.
    In,
    /// value, pattern, and the escape character where there is one.
    Like,
    Abs,
    Floor,
    Ceil,
    Round,
    Truncate,
    Power,
    Sqrt,
    Ln,
    Log10,
    Log2,
    /// base, value
    Log,
    Exp,
    Sign,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Atan2,
    Sinh,
    Cosh,
    Tanh,
    Cot,
    Degrees,
    Radians,
    Pi,
    Euler,
    Upper,
    Lower,
    /// text, and the characters where not blanks
    Trim,
    TrimLeading,
    TrimTrailing,
    Substring,
    Concat,
    ConcatWs,
    Replace,
    LeftPad,
    RightPad,
    /// Fills a text with blanks to a number of characters.
    BlankPad,
    /// needle, haystack[, start]
    Position,
    /// haystack, needle, start (from the end if negative), which one
    Instr,
    IsAlpha,
    IsDigit,
    IsDecimal,
    /// Java's format and its arguments.
    Printf,
    CharLength,
    Left,
    Right,
    SplitIndex,
    RegexpExtract,
    RegexpReplace,
    RegexpCount,
    RegexpInstr,
    RegexpSubstr,
    Regexp,
    /// value, pattern, and the escape character where there is one
    SimilarTo,
    InitCap,
    Reverse,
    Repeat,
    Ascii,
    Chr,
    StartsWith,
    EndsWith,
    /// text, what goes in, from, and how many characters it replaces
    Overlay,
    /// text, characters, and those that take their places
    Translate,
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    ToBase64,
    InetAton,
    InetNtoa,
    FromBase64,
    /// text or bytes, character set
    Encode,
    Decode,
    Hex,
    Unhex,
    Bin,
    UrlEncode,
    UrlDecode,
    /// URL, part, and the key of a query
    ParseUrl,
    Coalesce,
    Greatest,
    Least,
    /// The batch's wall clock.
    Now,
    /// The same, as an attribute that rows are in the order of.
    ProcTime,
    /// The watermark before the row; its argument says of which type.
    CurrentWatermark,
    Uuid,
    /// A number from 0 to 1.
    Rand,
    /// A whole number below the argument.
    RandInteger,
    /// text, zone that it is in, zone that it is shown in, and TRUE where the first of two instants
    /// counts
    ConvertZone,
    ToTimestamp,
    DateFormat,
    Extract,
    FloorTime,
    CeilTime,
    AddMonths,
    AddMonthsToDate,
    MonthsBetween,
    /// A number and the ms that it counts in: NULL beyond the years 0 to 9999.
    ToInstant,
    /// Division toward negative infinity by a positive number.
    FloorDivide,
    JsonValue,
    JsonExists,
    JsonQuery,
    /// text, and what it must be: VALUE, OBJECT, ARRAY or SCALAR
    IsJson,
    /// Any value as JSON.
    JsonText,
    /// A text as a JSON string.
    JsonQuote,
    /// A text as JSON text.
    JsonTextOf,
    JsonUnquote,
    /// An object of members `"key" value`, with blanks between.
    JsonMembers,
    /// A value as bytes that can stand behind others, NULL too; and the array of such.
    Pack,
    Unpack,
    /// The multiset of values that are packed so, each with its count behind it; and its values,
    /// each as often as it is there.
    Collected,
    Repeated,
    /// What stands at the shares of numbers that are packed so.
    Percentile,
    /// A decimal as a JSON number.
    JsonDecimal,
    /// -1, 0 or 1: how two decimals stand that have no common type.
    DecimalOrder,
    Cardinality,
    MakeArray,
    /// Keys and values by turns.
    MakeMap,
    MakeRow,
    ArrayContains,
    ArrayPosition,
    ArrayRemove,
    ArrayAppend,
    ArrayPrepend,
    ArrayDistinct,
    ArrayReverse,
    ArrayMax,
    ArrayMin,
    /// The only element.
    Element,
    ArrayConcat,
    ArrayUnion,
    ArrayExcept,
    ArrayIntersect,
    /// array, from, to
    ArraySlice,
    /// array, whether ascending, whether NULL comes first
    ArraySort,
    /// array, separator, and what stands for NULL
    ArrayJoin,
    MapKeys,
    MapValues,
    MapEntries,
    MapFromArrays,
    MapUnion,
    Split,
    /// text, what parts the pairs, what parts key and value
    StrToMap,
    RegexpExtractAll,
}

/// What a parameter takes.
#[derive(Clone, Copy)]
enum Parameter {
    Text,
    Bytes,
    TextOrBytes,
    Integer,
    Number,
    Double,
}

/// What a function returns.
#[derive(Clone, Copy)]
enum Returns {
    Boolean,
    Int,
    Double,
    Text,
    Bytes,
    /// The type of the first argument, or of what rounding leaves of it.
    First,
}

type Resolve = fn(&str, Vec<Expr>) -> Result<Expr, String>;

/// How a name becomes an expression.
enum Entry {
    /// Parameters, how many of them must be there, result.
    Plain(Function, &'static [Parameter], usize, Returns),
    /// Any number of arguments (at least as many as said) of one kind.
    Variadic(Function, Parameter, usize, Returns),
    Special(Resolve),
}

use Entry::{Plain, Special, Variadic};
use Function as F;
use Returns as R;

const ENTRIES: &[(&str, Entry)] = &[
    ("ABS", Plain(F::Abs, &[Number], 1, R::First)),
    ("FLOOR", Plain(F::Floor, &[Number], 1, R::First)),
    ("CEIL", Plain(F::Ceil, &[Number], 1, R::First)),
    ("CEILING", Plain(F::Ceil, &[Number], 1, R::First)),
    ("ROUND", Plain(F::Round, &[Number, Integer], 1, R::First)),
    ("TRUNCATE", Plain(F::Truncate, &[Number, Integer], 1, R::First)),
    ("SIGN", Plain(F::Sign, &[Number], 1, R::First)),
    ("POWER", Plain(F::Power, &[Double, Double], 2, R::Double)),
    ("SQRT", Plain(F::Sqrt, &[Double], 1, R::Double)),
    ("LN", Plain(F::Ln, &[Double], 1, R::Double)),
    ("LOG10", Plain(F::Log10, &[Double], 1, R::Double)),
    ("LOG2", Plain(F::Log2, &[Double], 1, R::Double)),
    ("LOG", Plain(F::Log, &[Double, Double], 1, R::Double)),
    ("EXP", Plain(F::Exp, &[Double], 1, R::Double)),
    ("SIN", Plain(F::Sin, &[Double], 1, R::Double)),
    ("COS", Plain(F::Cos, &[Double], 1, R::Double)),
    ("TAN", Plain(F::Tan, &[Double], 1, R::Double)),
    ("ASIN", Plain(F::Asin, &[Double], 1, R::Double)),
    ("ACOS", Plain(F::Acos, &[Double], 1, R::Double)),
    ("ATAN", Plain(F::Atan, &[Double], 1, R::Double)),
    ("ATAN2", Plain(F::Atan2, &[Double, Double], 2, R::Double)),
    ("SINH", Plain(F::Sinh, &[Double], 1, R::Double)),
    ("COSH", Plain(F::Cosh, &[Double], 1, R::Double)),
    ("TANH", Plain(F::Tanh, &[Double], 1, R::Double)),
    ("COT", Plain(F::Cot, &[Double], 1, R::Double)),
    ("RAND", Plain(F::Rand, &[], 0, R::Double)),
    ("RAND_INTEGER", Plain(F::RandInteger, &[Integer], 1, R::Int)),
    ("BIN", Plain(F::Bin, &[Integer], 1, R::Text)),
    ("DEGREES", Plain(F::Degrees, &[Double], 1, R::Double)),
    ("RADIANS", Plain(F::Radians, &[Double], 1, R::Double)),
    ("PI", Plain(F::Pi, &[], 0, R::Double)),
    ("E", Plain(F::Euler, &[], 0, R::Double)),
    ("MOD", Special(special::modulo)),
    ("UPPER", Plain(F::Upper, &[Text], 1, R::Text)),
    ("LOWER", Plain(F::Lower, &[Text], 1, R::Text)),
    ("TRIM", Plain(F::Trim, &[Text, Text], 1, R::Text)),
    ("BTRIM", Plain(F::Trim, &[Text, Text], 1, R::Text)),
    ("LTRIM", Plain(F::TrimLeading, &[Text, Text], 1, R::Text)),
    ("RTRIM", Plain(F::TrimTrailing, &[Text, Text], 1, R::Text)),
    ("SUBSTRING", Plain(F::Substring, &[Text, Integer, Integer], 2, R::Text)),
    ("SUBSTR", Plain(F::Substring, &[Text, Integer, Integer], 2, R::Text)),
    ("CONCAT", Variadic(F::Concat, Text, 1, R::Text)),
    ("CONCAT_WS", Variadic(F::ConcatWs, Text, 1, R::Text)),
    ("REPLACE", Plain(F::Replace, &[Text, Text, Text], 3, R::Text)),
    ("LPAD", Plain(F::LeftPad, &[Text, Integer, Text], 3, R::Text)),
    ("RPAD", Plain(F::RightPad, &[Text, Integer, Text], 3, R::Text)),
    ("POSITION", Plain(F::Position, &[Text, Text], 2, R::Int)),
    ("INSTR", Special(special::instr)),
    ("LOCATE", Plain(F::Position, &[Text, Text, Integer], 2, R::Int)),
    ("CHAR_LENGTH", Plain(F::CharLength, &[Text], 1, R::Int)),
    ("CHARACTER_LENGTH", Plain(F::CharLength, &[Text], 1, R::Int)),
    ("LEFT", Plain(F::Left, &[Text, Integer], 2, R::Text)),
    ("RIGHT", Plain(F::Right, &[Text, Integer], 2, R::Text)),
    ("SPLIT_INDEX", Special(special::split_index)),
    ("REGEXP_EXTRACT", Plain(F::RegexpExtract, &[Text, Text, Integer], 2, R::Text)),
    ("REGEXP_REPLACE", Plain(F::RegexpReplace, &[Text, Text, Text], 3, R::Text)),
    ("REGEXP_COUNT", Plain(F::RegexpCount, &[Text, Text], 2, R::Int)),
    ("REGEXP_INSTR", Plain(F::RegexpInstr, &[Text, Text], 2, R::Int)),
    ("REGEXP_SUBSTR", Plain(F::RegexpSubstr, &[Text, Text], 2, R::Text)),
    ("SIMILAR TO", Plain(F::SimilarTo, &[Text, Text, Text], 2, R::Boolean)),
    ("REGEXP", Plain(F::Regexp, &[Text, Text], 2, R::Boolean)),
    ("INITCAP", Plain(F::InitCap, &[Text], 1, R::Text)),
    ("REVERSE", Plain(F::Reverse, &[Text], 1, R::Text)),
    ("REPEAT", Plain(F::Repeat, &[Text, Integer], 2, R::Text)),
    ("ASCII", Plain(F::Ascii, &[Text], 1, R::Int)),
    ("CHR", Plain(F::Chr, &[Integer], 1, R::Text)),
    ("STARTSWITH", Plain(F::StartsWith, &[Text, Text], 2, R::Boolean)),
    ("ENDSWITH", Plain(F::EndsWith, &[Text, Text], 2, R::Boolean)),
    ("OVERLAY", Plain(F::Overlay, &[Text, Text, Integer, Integer], 3, R::Text)),
    ("TRANSLATE", Plain(F::Translate, &[Text, Text, Text], 3, R::Text)),
    ("MD5", Plain(F::Md5, &[TextOrBytes], 1, R::Text)),
    ("SHA1", Plain(F::Sha1, &[TextOrBytes], 1, R::Text)),
    ("SHA224", Plain(F::Sha224, &[TextOrBytes], 1, R::Text)),
    ("SHA256", Plain(F::Sha256, &[TextOrBytes], 1, R::Text)),
    ("SHA384", Plain(F::Sha384, &[TextOrBytes], 1, R::Text)),
    ("SHA512", Plain(F::Sha512, &[TextOrBytes], 1, R::Text)),
    ("SHA2", Special(special::sha2)),
    ("INET_ATON", Special(special::inet_aton)),
    ("INET_NTOA", Plain(F::InetNtoa, &[Integer], 1, R::Text)),
    ("TO_BASE64", Plain(F::ToBase64, &[TextOrBytes], 1, R::Text)),
    ("FROM_BASE64", Plain(F::FromBase64, &[TextOrBytes], 1, R::Text)),
    ("ENCODE", Plain(F::Encode, &[Text, Text], 2, R::Bytes)),
    ("DECODE", Plain(F::Decode, &[Bytes, Text], 2, R::Text)),
    ("HEX", Special(special::hex)),
    ("UNHEX", Plain(F::Unhex, &[Text], 1, R::Bytes)),
    ("URL_ENCODE", Plain(F::UrlEncode, &[Text], 1, R::Text)),
    ("URL_DECODE", Plain(F::UrlDecode, &[Text], 1, R::Text)),
    ("PARSE_URL", Plain(F::ParseUrl, &[Text, Text, Text], 2, R::Text)),
    ("COALESCE", Special(special::coalesce)),
    ("IFNULL", Special(special::coalesce)),
    ("NULLIF", Special(special::nullif)),
    ("IF", Special(special::if_then)),
    ("GREATEST", Special(special::extreme)),
    ("LEAST", Special(special::extreme)),
    ("TO_TIMESTAMP", Special(times::to_timestamp)),
    ("TO_TIMESTAMP_LTZ", Special(times::to_timestamp_ltz)),
    ("TO_DATE", Special(times::to_date)),
    ("DATE_FORMAT", Special(times::date_format)),
    ("EXTRACT", Special(times::extract)),
    ("FLOOR TO", Special(times::round_time)),
    ("CEIL TO", Special(times::round_time)),
    ("TIMESTAMPADD", Special(times::timestamp_add)),
    ("TIMESTAMPDIFF", Special(times::timestamp_diff)),
    ("UNIX_TIMESTAMP", Special(times::unix_timestamp)),
    ("FROM_UNIXTIME", Special(times::from_unixtime)),
    ("CURRENT_TIMESTAMP", Special(times::clock)),
    ("NOW", Special(times::clock)),
    ("PROCTIME", Special(times::clock)),
    ("CURRENT_ROW_TIMESTAMP", Special(times::clock)),
    ("LOCALTIMESTAMP", Special(times::clock)),
    ("CURRENT_DATE", Special(times::clock)),
    ("CURRENT_TIME", Special(times::clock)),
    ("LOCALTIME", Special(times::clock)),
    ("CURRENT_WATERMARK", Special(times::current_watermark)),
    ("YEAR", Special(times::field)),
    ("QUARTER", Special(times::field)),
    ("MONTH", Special(times::field)),
    ("WEEK", Special(times::field)),
    ("DAYOFYEAR", Special(times::field)),
    ("DAYOFMONTH", Special(times::field)),
    ("DAYOFWEEK", Special(times::field)),
    ("HOUR", Special(times::field)),
    ("MINUTE", Special(times::field)),
    ("SECOND", Special(times::field)),
    ("JSON_VALUE", Special(special::json_value)),
    ("JSON_EXISTS", Plain(F::JsonExists, &[Text, Text, Text], 2, R::Boolean)),
    ("JSON_QUERY", Special(special::json_query)),
    ("JSON_STRING", Special(special::json_string)),
    ("JSON_QUOTE", Plain(F::JsonQuote, &[Text], 1, R::Text)),
    ("JSON_UNQUOTE", Plain(F::JsonUnquote, &[Text], 1, R::Text)),
    ("IS JSON", Plain(F::IsJson, &[Text, Text], 2, R::Boolean)),
    ("IS_ALPHA", Special(special::is_made_of)),
    ("IS_DIGIT", Special(special::is_made_of)),
    ("IS_DECIMAL", Special(special::is_made_of)),
    ("TYPEOF", Special(special::type_of)),
    ("PRINTF", Special(special::printf)),
    ("ELT", Special(special::elt)),
    ("UUID", Plain(F::Uuid, &[], 0, R::Text)),
    ("CONVERT_TZ", Plain(F::ConvertZone, &[Text, Text, Text], 3, R::Text)),
    ("CARDINALITY", Special(collections::cardinality)),
    ("ARRAY", Special(collections::array)),
    ("MAP", Special(collections::map)),
    ("ROW", Special(collections::row)),
    ("ARRAY_CONTAINS", Special(collections::with_element)),
    ("ARRAY_POSITION", Special(collections::with_element)),
    ("ARRAY_REMOVE", Special(collections::with_element)),
    ("ARRAY_APPEND", Special(collections::with_element)),
    ("ARRAY_PREPEND", Special(collections::with_element)),
    ("ARRAY_DISTINCT", Special(collections::of_array)),
    ("ARRAY_REVERSE", Special(collections::of_array)),
    ("ARRAY_MAX", Special(collections::of_array)),
    ("ARRAY_MIN", Special(collections::of_array)),
    ("ELEMENT", Special(collections::of_array)),
    ("ARRAY_CONCAT", Special(collections::of_arrays)),
    ("ARRAY_UNION", Special(collections::of_arrays)),
    ("ARRAY_EXCEPT", Special(collections::of_arrays)),
    ("ARRAY_INTERSECT", Special(collections::of_arrays)),
    ("ARRAY_SLICE", Special(collections::part_of_array)),
    ("ARRAY_SORT", Special(collections::part_of_array)),
    ("ARRAY_JOIN", Special(collections::array_join)),
    ("MAP_KEYS", Special(collections::of_map)),
    ("MAP_VALUES", Special(collections::of_map)),
    ("MAP_ENTRIES", Special(collections::of_map)),
    ("MAP_FROM_ARRAYS", Special(collections::map_from_arrays)),
    ("MAP_UNION", Special(collections::map_union)),
    ("SPLIT", Special(collections::taken_apart)),
    ("STR_TO_MAP", Special(collections::taken_apart)),
    ("REGEXP_EXTRACT_ALL", Special(collections::taken_apart)),
];

/// Names of all scalar functions that are called by name.
pub fn function_names() -> Vec<&'static str> {
    ENTRIES.iter().map(|(name, _)| *name).filter(|name| !name.contains(' ')).collect()
}

/// The call of a function by its upper-case name.
pub fn call(name: &str, args: Vec<Expr>) -> Result<Expr, String> {
    let (name, entry) = ENTRIES
        .iter()
        .find(|(known, _)| *known == name)
        .ok_or_else(|| format!("No match found for function signature {name}: unknown function"))?;
    match entry {
        Special(resolve) => resolve(name, args),
        Plain(function, parameters, required, returns) => {
            if args.len() < *required || args.len() > parameters.len() {
                return Err(wrong_count(name, args.len()));
            }
            let args = check(name, args, |i| parameters[i])?;
            check_pattern(name, *function, &args)?;
            check_charset(name, *function, &args)?;
            if *function == F::JsonExists {
                check_json_path(name, &args)?;
            }
            Ok(typed(*function, args, *returns))
        }
        Variadic(function, parameter, least, returns) => {
            if args.len() < *least {
                return Err(wrong_count(name, args.len()));
            }
            let args = check(name, args, |_| *parameter)?;
            Ok(typed(*function, args, *returns))
        }
    }
}

fn wrong_count(name: &str, count: usize) -> String {
    format!("Invalid number of arguments to function '{name}': {count} given")
}

fn typed(function: Function, args: Vec<Expr>, returns: Returns) -> Expr {
    let data_type = match returns {
        R::Boolean => DataType::Boolean,
        R::Int => DataType::Int,
        R::Double => DataType::Double,
        R::Text => DataType::STRING,
        R::Bytes => DataType::BYTES,
        R::First => types::rounded(function, &args),
    };
    make(function, args, data_type)
}

/// The call itself, computed at once where all arguments are literals.
fn make(function: Function, args: Vec<Expr>, data_type: DataType) -> Expr {
    let nullable = may_be_null(function) || args.iter().any(|arg| arg.nullable);
    types::fold(Expr { kind: ExprKind::Call { function, args }, data_type, nullable })
}

/// Whether values that are all there may give NULL.
fn may_be_null(function: Function) -> bool {
    use Function::*;
    matches!(
        function,
        SplitIndex
            | RegexpExtract
            | RegexpReplace
            | ToTimestamp
            | JsonValue
            | JsonQuery
            | LeftPad
            | RightPad
            | Divide
            | Modulo
            | DateFormat
            | FromBase64
            | Unhex
            | UrlDecode
            | ParseUrl
            | RegexpExtractAll
            | RegexpCount
            | RegexpInstr
            | RegexpSubstr
            | ConvertZone
            | ToInstant
            | Printf
            | Regexp
            | JsonExists
    )
}

fn check(
    name: &str,
    args: Vec<Expr>,
    parameter: impl Fn(usize) -> Parameter,
) -> Result<Vec<Expr>, String> {
    let convert = |(i, arg): (usize, Expr)| {
        let given = arg.data_type.clone();
        let fits = match parameter(i) {
            Text if given.is_string() => Some(arg),
            Text => coerce(arg, &DataType::STRING),
            Bytes if given.is_binary() => Some(arg),
            Bytes => coerce(arg, &DataType::BYTES),
            TextOrBytes if given.is_binary() || given.is_string() => Some(arg),
            TextOrBytes => coerce(arg, &DataType::STRING),
            Integer if given.is_integer() => Some(arg),
            Integer => coerce(arg, &DataType::BigInt),
            Number if given.is_numeric() => Some(arg),
            Number => coerce(arg, &DataType::Double),
            Double => coerce(arg, &DataType::Double),
        };
        fits.ok_or_else(|| {
            let wanted = match parameter(i) {
                Text => "a string",
                Bytes => "BYTES",
                TextOrBytes => "a string or BYTES",
                Integer => "an integer",
                _ => "a number",
            };
            format!(
                "Cannot apply '{name}': argument {} is {given}, {wanted} is needed; use CAST",
                i + 1
            )
        })
    };
    args.into_iter().enumerate().map(convert).collect()
}
