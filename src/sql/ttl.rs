//! How long state is kept that has no other end: `table.exec.state.ttl`, and the hint STATE_TTL
//! for single inputs.

use sqlparser::ast;
use sqlparser::tokenizer::{Location, Span, Token, Tokenizer};

use super::fault::{Fault, Result};
use super::plan::{Node, NodeId, NodeKind, Plan, Table};
use super::scope::Scope;
use super::tokens::Flink;
use super::types::Cursor;
use crate::error::SqlError;
use crate::operator::over::Order;
use crate::time::duration_ms;

/// How long state that has no other end is kept behind its last write, in event time.
pub const STATE_TTL: &str = "table.exec.state.ttl";

/// What a SELECT's STATE_TTL says: table or alias, and how long (ms; 0: for good).
#[derive(Default)]
pub struct Hints(Vec<Hint>);

struct Hint {
    name: String,
    ttl_ms: i64,
    is_used: bool,
}

impl Hints {
    /// Those of a SELECT at `span`.
    pub fn read(select: &ast::Select, span: Span) -> Result<Self> {
        let mut all = Self::default();
        for hint in &select.optimizer_hints {
            all.add(&hint.text).map_err(|fault| Fault { span, ..fault })?;
        }
        Ok(all)
    }

    /// `STATE_TTL('a' = '1 d', 'b' = '2 h')`.
    fn add(&mut self, text: &str) -> Result<()> {
        let tokens = Tokenizer::new(&Flink, text).with_unescape(true).tokenize_with_location();
        let mut tokens = tokens.map_err(|error| Fault::new(Span::empty(), error.message))?;
        tokens.retain(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF));
        let mut cursor = Cursor::new(&tokens);
        while cursor.peek().is_some() {
            let name = cursor.identifier("a hint")?;
            if !name.eq_ignore_ascii_case("STATE_TTL") {
                let message = format!("the hint {name} is not supported");
                let help = "leave it out; there is STATE_TTL('table or alias' = '2 h')";
                return Err(Fault::new(Span::empty(), message).help(help));
            }
            cursor.expect_token(&Token::LParen)?;
            loop {
                let name = cursor.string("a table or alias in quotes")?;
                cursor.expect_token(&Token::Eq)?;
                let ttl = cursor.string("a duration in quotes")?;
                let ttl_ms = duration_ms(&ttl).ok_or_else(|| no_duration(Span::empty(), &ttl))?;
                self.0.push(Hint { name, ttl_ms, is_used: false });
                if !cursor.token(&Token::Comma) {
                    break;
                }
            }
            cursor.expect_token(&Token::RParen)?;
            cursor.token(&Token::Comma);
        }
        Ok(())
    }

    /// What is said of the one table whose columns these are.
    pub fn of(&mut self, scope: &Scope) -> Option<i64> {
        let table = scope.columns.first()?.table.clone()?;
        let is_alone = scope.columns.iter().all(|column| column.table.as_ref() == Some(&table));
        let hint = self.0.iter_mut().find(|hint| is_alone && hint.name == *table)?;
        hint.is_used = true;
        Some(hint.ttl_ms)
    }

    /// A hint that says nothing of the SELECT is an error.
    pub fn all_used(&self, span: Span) -> Result<()> {
        match self.0.iter().find(|hint| !hint.is_used) {
            None => Ok(()),
            Some(Hint { name, .. }) => {
                let message = format!("STATE_TTL: `{name}` is no input of a join or GROUP BY here");
                let help = "name a table of FROM, or its alias, as it stands there; a join bounded \
                            by time and a window need no hint";
                Err(Fault::new(span, message).help(help))
            }
        }
    }
}

/// What is not a duration, and how one is written.
pub fn no_duration(span: Span, text: &str) -> Fault {
    Fault::new(span, format!("'{text}' is not a duration"))
        .help("write it like '1 h' or '7 d'; '0 s' keeps state for ever")
}

/// How long what a node keeps of each input is kept behind its last write (ms); none where that is
/// for good, or has another end.
pub fn of(plan: &Plan, node: &Node) -> [Option<i64>; 2] {
    let set = plan.settings.get(STATE_TTL).and_then(|ttl| duration_ms(ttl));
    let ttl_ms = match &node.kind {
        NodeKind::Aggregate { ttl_ms, lateness: None, .. } => [ttl_ms.or(set), None],
        NodeKind::Join { spec } if spec.time.is_none() => spec.ttl_ms.map(|hint| hint.or(set)),
        NodeKind::Normalize { .. }
        | NodeKind::First { .. }
        | NodeKind::Over { order: Order::Value { .. }, .. }
        | NodeKind::Rank { window: None, .. } => [set, None],
        NodeKind::Sink { table } if keeps_all(table) => [set, None],
        _ => [None, None],
    };
    ttl_ms.map(|ttl_ms| ttl_ms.filter(|ms| *ms > 0))
}

/// Whether a table keeps its rows by key here, and has no bound of its own.
fn keeps_all(table: &Table) -> bool {
    &*table.connector == "queryable" && !table.options.contains_key("max-rows")
}

/// State is forgotten in event time, which needs a watermark of every table that it is made of.
pub fn check(plan: &Plan, files: &[(String, String)]) -> std::result::Result<(), SqlError> {
    let Some(table) = plan.sinks.iter().find_map(|&sink| held(plan, sink)) else { return Ok(()) };
    let message = format!(
        "'{STATE_TTL}' goes by event time, but table `{table}` has no watermark: its state would \
         never be forgotten"
    );
    let fault = Fault::new(Span::empty(), message).help(
        "add WATERMARK FOR a time of its records, e.g. that of the Kafka record: ts TIMESTAMP_LTZ(3) \
         METADATA FROM 'timestamp', WATERMARK FOR ts AS ts",
    );
    let said = files.iter().find_map(|(name, text)| {
        let at = text.find(STATE_TTL).or_else(|| text.find("STATE_TTL"))?;
        let line = text[..at].matches('\n').count() as u64 + 1;
        let column = text[..at].chars().rev().take_while(|c| *c != '\n').count() as u64 + 1;
        let (start, end) = (Location { line, column }, Location { line, column: column + 9 });
        Some(Fault { span: Span::new(start, end), ..fault.clone() }.locate(name, text))
    });
    Err(said.unwrap_or_else(|| fault.locate("--set", STATE_TTL)))
}

/// A table without a watermark below state that is to be forgotten.
fn held(plan: &Plan, id: NodeId) -> Option<&str> {
    let node = &plan.nodes[id];
    let forgets = of(plan, node) != [None, None];
    let here = || node.inputs.iter().find_map(|&input| timeless(plan, input));
    let below = || node.inputs.iter().find_map(|&input| held(plan, input));
    forgets.then(here).flatten().or_else(below)
}

/// A table below a node that has no watermark, and no end with which it would stop to matter.
fn timeless(plan: &Plan, id: NodeId) -> Option<&str> {
    let node = &plan.nodes[id];
    match &node.kind {
        NodeKind::Watermark { .. } => None,
        NodeKind::Scan { table, .. } => (!has_end(table)).then_some(&*table.name),
        _ => node.inputs.iter().find_map(|&input| timeless(plan, input)),
    }
}

fn has_end(table: &Table) -> bool {
    match &*table.connector {
        "filesystem" => true,
        "datagen" => {
            let ends = |option: &str| option == "number-of-rows" || option.ends_with(".end");
            table.options.keys().any(|option| ends(option))
        }
        _ => false,
    }
}
