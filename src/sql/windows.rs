//! TUMBLE, HOP, CUMULATE and SESSION in FROM: their arguments, positional or named.

use sqlparser::ast::{self, Expr as Ast};
use sqlparser::tokenizer::Span;

use super::fault::{Fault, Result};
use super::literal;
use super::plan::Node;
use crate::operator::window::WindowKind;
use crate::record::DataType;

/// A table function as it is called.
pub struct WindowCall<'a> {
    pub name: String,
    pub args: Vec<&'a ast::FunctionArg>,
    pub span: Span,
}

/// What a window is over.
pub enum Input<'a> {
    /// A table or view.
    Named(String),
    Query(&'a ast::Query),
}

/// A window, and the column of its time.
#[derive(Clone, Debug)]
pub struct Window {
    pub kind: Kind,
    pub time: usize,
    /// Of the call.
    pub span: Span,
}

impl Window {
    /// Flink adds up slices of HOP, which must make up the window.
    pub fn check_slices(&self) -> Result<()> {
        match self.kind {
            Kind::Sliced(WindowKind { size_ms, slide_ms, .. }) if size_ms % slide_ms != 0 => {
                let message = format!(
                    "HOP table function based aggregate requires size must be an integral \
                     multiple of slide, but got size {size_ms} ms and slide {slide_ms} ms"
                );
                Err(Fault::new(self.span, message)
                    .help("the first interval is the slide, the second the size"))
            }
            _ => Ok(()),
        }
    }
}

#[derive(Clone, Debug)]
pub enum Kind {
    /// Cut by time alone.
    Sliced(WindowKind),
    /// By the gaps between the rows of these columns.
    Session { gap_ms: i64, keys: Vec<usize> },
}

/// A window whose columns are not looked up yet.
pub struct Unresolved {
    column: String,
    kind: UnresolvedKind,
}

enum UnresolvedKind {
    Sliced(WindowKind),
    Session { gap_ms: i64, keys: Vec<String> },
}

/// Whether a function groups by a window, where it stands in GROUP BY.
pub fn is_function(name: &str) -> bool {
    matches!(name.to_ascii_uppercase().as_str(), "TUMBLE" | "HOP" | "SESSION")
}

/// The window of `TUMBLE(ts, size)`, `HOP(ts, slide, size)`, `SESSION(ts, gap)` in GROUP BY,
/// from the arguments behind the first; a session's keys are those of the GROUP BY.
pub fn of_group_by(name: &str, args: &[&Ast], span: Span) -> Result<Kind> {
    let intervals = args.iter().map(|arg| interval_ms(arg, name, span));
    let intervals = intervals.collect::<Result<Vec<_>>>()?;
    let (slide_ms, size_ms) = match (name, intervals.as_slice()) {
        ("SESSION", &[gap_ms]) if gap_ms > 0 => {
            return Ok(Kind::Session { gap_ms, keys: Vec::new() });
        }
        ("TUMBLE", &[size]) => (size, size),
        ("HOP", &[slide, size]) => (slide, size),
        _ => {
            let message = format!("{name} in GROUP BY takes other arguments");
            return Err(Fault::new(span, message)
                .help("TUMBLE(ts, size), HOP(ts, slide, size) or SESSION(ts, gap)"));
        }
    };
    let kind = WindowKind { size_ms, slide_ms, offset_ms: 0, grows: false };
    check(name, kind, span)?;
    Ok(Kind::Sliced(kind))
}

/// The function that stands for SESSION's PARTITION BY (see `tokens`).
pub const PARTITION_BY: &str = "PARTITION_BY";

/// What the window is over, and the window.
pub fn read<'a>(call: &WindowCall<'a>) -> Result<(Input<'a>, Unresolved)> {
    let name = call.name.to_ascii_uppercase();
    let parameters: &[&str] = match name.as_str() {
        "TUMBLE" => &["DATA", "TIMECOL", "SIZE", "OFFSET"],
        "HOP" => &["DATA", "TIMECOL", "SLIDE", "SIZE", "OFFSET"],
        "CUMULATE" => &["DATA", "TIMECOL", "STEP", "SIZE", "OFFSET"],
        "SESSION" => &["DATA", "TIMECOL", "GAP"],
        _ => {
            let message = format!("there is no table function {name}");
            let help = "TUMBLE, HOP, CUMULATE and SESSION are there";
            return Err(Fault::new(call.span, message).help(help));
        }
    };
    let (values, keys) = arguments(call, &name, parameters)?;
    let required = if name == "SESSION" { parameters.len() } else { parameters.len() - 1 };
    let given = |slot: usize| {
        values[slot].ok_or_else(|| {
            let form = parameters[..required].join(", ");
            Fault::new(call.span, format!("{name} needs ({form})"))
                .help("e.g. TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)")
        })
    };
    let table = match given(0)? {
        Ast::Identifier(table) => Input::Named(table.value.clone()),
        Ast::Subquery(query) => Input::Query(query),
        _ => {
            let message = format!("{name}: the first argument is TABLE name or (SELECT …)");
            return Err(Fault::new(call.span, message));
        }
    };
    let column = descriptor(given(1)?, call.span)?;
    let ms = |slot: usize| interval_ms(given(slot)?, &name, call.span);
    if name == "SESSION" {
        let gap_ms = ms(2)?;
        if gap_ms <= 0 {
            return Err(Fault::new(call.span, "SESSION: the gap must be longer than nothing"));
        }
        return Ok((table, Unresolved { column, kind: UnresolvedKind::Session { gap_ms, keys } }));
    }
    if !keys.is_empty() {
        return Err(Fault::unsupported(
            call.span,
            &format!("PARTITION BY in {name}"),
            "GROUP BY the columns: only SESSION needs to know them",
        ));
    }
    let two = parameters.len() == 5;
    let (slide_ms, size_ms) = if two { (ms(2)?, ms(3)?) } else { (ms(2)?, ms(2)?) };
    let offset_ms = match values[required] {
        Some(offset) => interval_ms(offset, &name, call.span)?,
        None => 0,
    };
    let grows = name == "CUMULATE";
    let kind = WindowKind { size_ms, slide_ms, offset_ms, grows };
    check(&name, kind, call.span)?;
    Ok((table, Unresolved { column, kind: UnresolvedKind::Sliced(kind) }))
}

/// Arguments by parameter, positional or named, and the columns of PARTITION BY.
fn arguments<'a>(
    call: &WindowCall<'a>,
    name: &str,
    parameters: &[&str],
) -> Result<(Vec<Option<&'a Ast>>, Vec<String>)> {
    let mut values: Vec<Option<&Ast>> = vec![None; parameters.len()];
    let mut keys = Vec::new();
    for (position, arg) in call.args.iter().enumerate() {
        if let Some(found) = partition_by(arg, call.span)? {
            keys = found;
            continue;
        }
        let (slot, value) = match arg {
            ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(value)) => (Some(position), value),
            ast::FunctionArg::Named { name, arg: ast::FunctionArgExpr::Expr(value), .. } => {
                (parameters.iter().position(|known| name.value.eq_ignore_ascii_case(known)), value)
            }
            other => {
                return Err(Fault::new(call.span, format!("{name} has no argument `{other}`")));
            }
        };
        match slot.and_then(|slot| values.get_mut(slot)) {
            Some(slot) => *slot = Some(value),
            None => return Err(Fault::new(call.span, format!("{name} has no argument `{arg}`"))),
        }
    }
    Ok((values, keys))
}

/// The columns of SESSION's PARTITION BY, if that is what an argument is.
fn partition_by(arg: &ast::FunctionArg, span: Span) -> Result<Option<Vec<String>>> {
    let ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(Ast::Function(call))) = arg else {
        return Ok(None);
    };
    if call.name.to_string() != PARTITION_BY {
        return Ok(None);
    }
    let name = |column: &&Ast| match column {
        Ast::Identifier(name) => Ok(name.value.clone()),
        other => Err(Fault::unsupported(span, &format!("PARTITION BY `{other}`"), "name a column")),
    };
    super::calls::plain_arguments(call, span)?.iter().map(name).collect::<Result<_>>().map(Some)
}

fn check(name: &str, kind: WindowKind, span: Span) -> Result<()> {
    let WindowKind { size_ms, slide_ms, offset_ms, .. } = kind;
    if size_ms <= 0 || slide_ms <= 0 {
        return Err(Fault::new(span, format!("{name}: sizes must be longer than nothing")));
    }
    if size_ms % slide_ms != 0 && kind.grows {
        let message = format!(
            "CUMULATE table function based aggregate requires maxSize must be an integral multiple of \
             step, but got maxSize {size_ms} ms and step {slide_ms} ms."
        );
        let help = "the first interval is the step, the second the longest window";
        return Err(Fault::new(span, message).help(help));
    }
    if offset_ms.abs() >= size_ms {
        let message = format!(
            "{name} table function parameters must satisfy abs(offset) < size, but got size {size_ms} ms \
             and offset {offset_ms} ms."
        );
        return Err(Fault::new(span, message));
    }
    Ok(())
}

fn descriptor(ast: &Ast, span: Span) -> Result<String> {
    if let Ast::Function(call) = ast
        && call.name.to_string().eq_ignore_ascii_case("DESCRIPTOR")
        && let [Ast::Identifier(column)] = super::calls::plain_arguments(call, span)?.as_slice()
    {
        return Ok(column.value.clone());
    }
    Err(Fault::new(span, "the second argument is DESCRIPTOR(column)"))
}

fn interval_ms(ast: &Ast, name: &str, span: Span) -> Result<i64> {
    let (sign, ast) = match ast {
        Ast::UnaryOp { op: ast::UnaryOperator::Minus, expr } => (-1, &**expr),
        other => (1, other),
    };
    let Ast::Interval(interval) = ast else {
        return Err(Fault::new(span, format!("{name} takes INTERVAL literals"))
            .help("e.g. INTERVAL '10' SECOND"));
    };
    let bound = literal::interval(interval, span)?;
    match (bound.as_literal().and_then(crate::record::Value::as_i64), &bound.data_type) {
        (Some(ms), DataType::IntervalDayTime) => Ok(sign * ms),
        _ => Err(Fault::new(
            span,
            "Window aggregate only support SECOND, MINUTE, HOUR, DAY as the time unit. MONTH and \
             YEAR time unit are not supported yet.",
        )),
    }
}

impl Unresolved {
    /// The name of the time column.
    pub fn column(&self) -> &str {
        &self.column
    }

    /// Looks the time column up: it must be the input's time attribute, or (`by_clock`) PROCTIME().
    pub fn resolve(self, call: &WindowCall<'_>, input: &Node, by_clock: bool) -> Result<Window> {
        let place = |column: &String| {
            input.schema.index_of(column).ok_or_else(|| {
                Fault::new(call.span, format!("Column '{column}' not found in any table"))
            })
        };
        let time = place(&self.column)?;
        let data_type = &input.schema.fields[time].data_type;
        if !data_type.is_timestamp() {
            let message = format!(
                "The window function {} requires the timecol to be TIMESTAMP or TIMESTAMP_LTZ, but is \
                 {data_type}.",
                call.name.to_ascii_uppercase()
            );
            return Err(Fault::new(call.span, message));
        }
        if input.time != Some(time) && !by_clock {
            let message = format!("`{}` is not a time attribute: it has no watermark", self.column);
            return Err(Fault::new(call.span, message).help(format!(
                "add WATERMARK FOR {0} AS {0} - INTERVAL '5' SECOND to the table, and pass the \
                 column on unchanged",
                self.column
            )));
        }
        let kind = match self.kind {
            UnresolvedKind::Sliced(kind) => Kind::Sliced(kind),
            UnresolvedKind::Session { gap_ms, keys } => {
                let keys = keys.iter().map(place).collect::<Result<_>>()?;
                Kind::Session { gap_ms, keys }
            }
        };
        Ok(Window { kind, time, span: call.span })
    }
}
