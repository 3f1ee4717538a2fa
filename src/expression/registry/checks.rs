//! What of a call is known beforehand must be understood.

use super::super::Expr;
use super::super::eval::{is_charset, is_json_path, java_regex};
use super::Function;
use crate::record::Value;

/// A regular expression that is known must be understood: Java's has forms (look-around, back
/// references) that are not supported here, and a silent NULL would hide that.
pub fn check_pattern(name: &str, function: Function, args: &[Expr]) -> Result<(), String> {
    use Function::{
        Regexp, RegexpCount, RegexpExtract, RegexpExtractAll, RegexpInstr, RegexpReplace,
        RegexpSubstr,
    };
    let pattern = args.get(1).and_then(Expr::as_literal).and_then(Value::as_str);
    match pattern {
        Some(pattern)
            if matches!(
                function,
                Regexp
                    | RegexpCount
                    | RegexpExtract
                    | RegexpExtractAll
                    | RegexpInstr
                    | RegexpReplace
                    | RegexpSubstr
            ) =>
        {
            let read = java_regex(pattern);
            read.map(|_| ()).map_err(|error| format!("{name}: cannot use this pattern: {error}"))
        }
        _ => Ok(()),
    }
}

/// A path that is known must be understood, too.
pub fn check_json_path(name: &str, args: &[Expr]) -> Result<(), String> {
    match args.get(1).and_then(Expr::as_literal).and_then(Value::as_str) {
        Some(path) if !is_json_path(path) => Err(format!(
            "{name}: the path '{path}' is not understood; there are $.key, ['key'], [1], [*] and ..key"
        )),
        _ => Ok(()),
    }
}

pub fn check_charset(name: &str, function: Function, args: &[Expr]) -> Result<(), String> {
    let set = args.get(1).and_then(Expr::as_literal).and_then(Value::as_str);
    match set {
        Some(set)
            if matches!(function, Function::Encode | Function::Decode) && !is_charset(set) =>
        {
            Err(format!(
                "{name}: there is no character set '{set}'; there are 'US-ASCII', 'ISO-8859-1', \
             'UTF-8', 'UTF-16BE', 'UTF-16LE' and 'UTF-16'"
            ))
        }
        _ => Ok(()),
    }
}
