//! Forms of GROUP BY that are other ones in disguise: GROUPING SETS, ROLLUP and CUBE are a union
//! of plain groupings; `TUMBLE(ts, …)` among the keys is the older way to write a window.

use std::ops::ControlFlow;

use sqlparser::ast::{self, Expr as Ast, Spanned};
use sqlparser::tokenizer::Span;

use super::calls::plain_arguments;
use super::fault::{Fault, Result};
use super::query::{Queries, Relation};
use super::scope::Binder;
use super::select::{has_aggregate, name_of};
use super::windows::{self, Kind, Window};

/// One SELECT for each grouping of GROUPING SETS, ROLLUP or CUBE; none where there are none.
pub fn groupings(select: &ast::Select, span: Span) -> Result<Option<Vec<ast::Select>>> {
    let ast::GroupByExpr::Expressions(exprs, modifiers) = &select.group_by else {
        return Ok(None);
    };
    let special = |expr: &Ast| matches!(expr, Ast::Rollup(_) | Ast::Cube(_) | Ast::GroupingSets(_));
    let asks = select.projection.iter().any(asks_for_grouping);
    if !modifiers.is_empty() || !(asks || exprs.iter().any(special)) {
        return Ok(None);
    }
    let mut sets: Vec<Vec<Ast>> = vec![Vec::new()];
    for expr in exprs {
        let choices = choices(expr);
        let joined = |set: &Vec<Ast>, choice: &Vec<Ast>| [set.clone(), choice.clone()].concat();
        sets =
            sets.iter().flat_map(|set| choices.iter().map(|choice| joined(set, choice))).collect();
    }
    if sets.iter().any(Vec::is_empty) && !select.projection.iter().any(aggregates) {
        let what = "a grouping of all rows without an aggregate";
        return Err(Fault::unsupported(span, what, "select COUNT(*) as well"));
    }
    let all: Vec<Ast> = sets.concat();
    Ok(Some(sets.iter().map(|set| grouped_by(select, set, &all)).collect()))
}

/// The keys that an item of GROUP BY stands for, grouping by grouping.
fn choices(expr: &Ast) -> Vec<Vec<Ast>> {
    match expr {
        Ast::GroupingSets(sets) => sets.clone(),
        Ast::Rollup(keys) => (0..=keys.len()).rev().map(|end| keys[..end].concat()).collect(),
        Ast::Cube(keys) => {
            let chosen = |of: usize| {
                let picked = keys.iter().enumerate().filter(move |(at, _)| of >> at & 1 == 1);
                picked.flat_map(|(_, key)| key.clone()).collect()
            };
            (0..1 << keys.len()).rev().map(chosen).collect()
        }
        key => vec![vec![key.clone()]],
    }
}

/// The SELECT with one of its groupings: keys that are not of it are NULL.
fn grouped_by(select: &ast::Select, set: &[Ast], all: &[Ast]) -> ast::Select {
    let mut select = select.clone();
    select.group_by = ast::GroupByExpr::Expressions(set.to_vec(), Vec::new());
    let left_out = |expr: &Ast| all.contains(expr) && !set.contains(expr);
    if let Some(having) = &mut select.having {
        *having = with_markers(having.clone(), set);
    }
    for (index, item) in select.projection.iter_mut().enumerate() {
        let (expr, name) = match item {
            ast::SelectItem::UnnamedExpr(expr) => (expr.clone(), name_of(expr, index)),
            ast::SelectItem::ExprWithAlias { expr, alias } => (expr.clone(), alias.value.clone()),
            _ => continue,
        };
        let expr = with_markers(expr, set);
        let expr = if has_aggregate(&expr) { expr } else { without(expr, &left_out) };
        *item = ast::SelectItem::ExprWithAlias { expr, alias: ast::Ident::with_quote('`', name) };
    }
    select
}

/// GROUPING(key, …) and GROUPING_ID: a bit for each key, set where it is not of the grouping; and
/// GROUP_ID, which tells groupings that are written twice apart.
const MARKERS: [&str; 3] = ["GROUPING", "GROUPING_ID", "GROUP_ID"];

fn marker(expr: &Ast) -> Option<Vec<Ast>> {
    let Ast::Function(call) = expr else { return None };
    let name = call.name.to_string().to_ascii_uppercase();
    let keys = plain_arguments(call, call.span()).ok()?;
    MARKERS.contains(&name.as_str()).then(|| keys.into_iter().cloned().collect())
}

fn asks_for_grouping(item: &ast::SelectItem) -> bool {
    let (ast::SelectItem::UnnamedExpr(expr) | ast::SelectItem::ExprWithAlias { expr, .. }) = item
    else {
        return false;
    };
    let found = ast::visit_expressions(expr, |expr: &Ast| match marker(expr) {
        Some(_) => ControlFlow::Break(()),
        None => ControlFlow::Continue(()),
    });
    found.is_break()
}

fn with_markers(mut expr: Ast, set: &[Ast]) -> Ast {
    let _ = ast::visit_expressions_mut(&mut expr, |expr: &mut Ast| {
        if let Some(keys) = marker(expr) {
            let bits =
                keys.iter().fold(0_u64, |bits, key| bits << 1 | u64::from(!set.contains(key)));
            *expr = Ast::Cast {
                kind: ast::CastKind::Cast,
                expr: Box::new(Ast::value(ast::Value::Number(bits.to_string(), false))),
                data_type: ast::DataType::BigInt(None),
                format: None,
            };
        }
        ControlFlow::<()>::Continue(())
    });
    expr
}

fn aggregates(item: &ast::SelectItem) -> bool {
    match item {
        ast::SelectItem::UnnamedExpr(expr) | ast::SelectItem::ExprWithAlias { expr, .. } => {
            has_aggregate(expr)
        }
        _ => false,
    }
}

fn without(mut expr: Ast, left_out: &dyn Fn(&Ast) -> bool) -> Ast {
    let _ = ast::visit_expressions_mut(&mut expr, |expr: &mut Ast| {
        if left_out(expr) {
            *expr = Ast::Value(ast::Value::Null.into());
        }
        ControlFlow::<()>::Continue(())
    });
    expr
}

/// Names that no column of a user has, for the window's columns.
const PARTS: [&str; 3] = ["\u{1}window_start", "\u{1}window_end", "\u{1}window_time"];

/// Whether a column is one of those of the older way to write a window.
pub fn is_part(name: &str) -> bool {
    PARTS.contains(&name)
}

impl Queries<'_> {
    /// `GROUP BY …, TUMBLE(ts, INTERVAL …)`: the relation with that window, the keys with its
    /// columns, and the items with `TUMBLE_START(…)` and the like as those columns.
    pub(super) fn window_among_keys(
        &mut self,
        relation: &mut Relation,
        keys: &[&Ast],
        items: &mut [(Ast, String)],
        having: &mut Option<Ast>,
    ) -> Result<Option<Vec<Ast>>> {
        let call = |key: &&Ast| match key {
            Ast::Function(call) => {
                windows::is_function(&call.name.to_string()).then(|| call.clone())
            }
            _ => None,
        };
        let Some(call) = keys.iter().find_map(call) else { return Ok(None) };
        let name = call.name.to_string().to_ascii_uppercase();
        if name == "SESSION" {
            self.refuse_updates(relation.node, &name)?;
        }
        let arguments = plain_arguments(&call, call.span())?;
        let [time, rest @ ..] = arguments.as_slice() else {
            return Err(Fault::new(call.span(), format!("{name} needs a time attribute")));
        };
        let time = Binder::plain(&relation.scope, self.span).bind(time)?.as_column();
        relation.node = time.map_or(relation.node, |time| self.timed_by(relation.node, time));
        let is_time = |time: &usize| {
            let node = relation.node;
            self.plan.nodes[node].time == Some(*time) || self.is_proctime(node, *time)
        };
        let Some(time) = time.filter(is_time) else {
            let message = "Window can only be defined over a time attribute column.";
            return Err(Fault::new(call.span(), message).help("name the column with a watermark"));
        };
        let mut kind = windows::of_group_by(&name, rest, call.span())?;
        let others = keys.iter().filter(|key| **key != &Ast::Function(call.clone()));
        let mut plain: Vec<Ast> = others.map(|key| (*key).clone()).collect();
        if let Kind::Session { keys, .. } = &mut kind {
            *keys = self.columns_of(relation, &plain)?;
        }
        relation.window = Some(Window { kind, time, span: call.span() });
        relation.scope.offer_window(None, time, PARTS);
        for expr in items.iter_mut().map(|(expr, _)| expr).chain(having) {
            parts_as_columns(expr, &name);
        }
        plain.extend(PARTS[..2].iter().map(|part| column(part)));
        Ok(Some(plain))
    }

    fn columns_of(&self, relation: &Relation, keys: &[Ast]) -> Result<Vec<usize>> {
        let column = |key: &Ast| {
            let bound = Binder::plain(&relation.scope, self.span).bind(key)?;
            bound.as_column().ok_or_else(|| {
                let what = "SESSION grouped by an expression";
                Fault::unsupported(self.span, what, "compute it in a subquery and name the column")
            })
        };
        keys.iter().map(column).collect()
    }
}

fn column(name: &str) -> Ast {
    Ast::Identifier(ast::Ident::with_quote('`', name))
}

/// `TUMBLE_START(…)` and its kin, for the window `name`.
fn parts_as_columns(expr: &mut Ast, name: &str) {
    let _ = ast::visit_expressions_mut(expr, |expr: &mut Ast| {
        if let Ast::Function(call) = expr {
            let called = call.name.to_string().to_ascii_uppercase();
            let part = called.strip_prefix(name).and_then(|rest| match rest {
                "_START" => Some(0),
                "_END" => Some(1),
                "_ROWTIME" => Some(2),
                _ => None,
            });
            if let Some(part) = part {
                *expr = column(PARTS[part]);
            }
        }
        ControlFlow::<()>::Continue(())
    });
}
