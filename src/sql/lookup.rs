//! `JOIN t FOR SYSTEM_TIME AS OF left.proc`: each row with what another system says of its key.

use std::sync::Arc;

use sqlparser::ast::{self, Spanned};

use super::fault::{Fault, Result};
use super::join::{Found, On, Sides, conjunction};
use super::plan::{Node, NodeKind, Table};
use super::query::{Queries, Relation, is_updating};
use super::scope::{Scope, ScopeColumn};
use super::select::unquoted;
use crate::expression::registry::{BinaryOp, Function, binary};
use crate::expression::{Expr, ExprKind};
use crate::lookup;
use crate::operator::lookup::LookupSpec;
use crate::record::{Field, Schema};

/// Expressions of the left side, and the columns of the table that they equal.
type Keys = (Vec<Expr>, Vec<usize>);

impl Queries<'_> {
    pub(super) fn lookup(
        &mut self,
        left: Relation,
        factor: &ast::TableFactor,
        outer: bool,
        on: On<'_>,
    ) -> Result<Relation> {
        let (span, whole) = (factor.span(), self.span);
        let fault = |message: &str| Fault::new(span, message).at_least(whole);
        let (table, name) = self.looked_up(factor)?;
        if is_updating(self.plan, left.node) {
            return Err(fault("a lookup takes new rows only, but rows of the left side change")
                .help(
                    "what is taken back would be looked up again, maybe with another answer: look \
                     up before the aggregation",
                ));
        }
        if !matches!(on, On::Condition(_)) {
            return Err(fault("a lookup needs ON").help("ON o.customer_id = c.id"));
        }
        let width = left.scope.columns.len();
        let mut scope = left.scope;
        scope.columns.extend(
            table
                .schema
                .fields
                .iter()
                .map(|field| ScopeColumn::new(Some(name.as_str().into()), field.clone())),
        );
        // Stands for the table where conditions are read; nothing reads it.
        let schema = table.schema.clone();
        let stand_in = Node { kind: NodeKind::Union, inputs: vec![], schema, time: None };
        let sides = Sides { nodes: [left.node, self.plan.add(stand_in)], scope, left: width };
        let mut found = Found::default();
        self.on(&sides, on, &mut found)?;
        if found.nulls_equal.contains(&true) {
            return Err(fault("a lookup compares keys by =, not IS NOT DISTINCT FROM"));
        }
        let required = lookup::required(&table);
        let required = required.and_then(|keys| Ok((keys, lookup::cache(&table)?)));
        let (required, cache) =
            required.map_err(|reason| fault(&format!("table `{}`: {reason}", table.name)))?;
        let ((exprs, table_keys), rest) = chosen(&sides, found, &required).map_err(|missing| {
            let message = match missing {
                Some(column) => format!(
                    "ON must compare the column `{}` itself: rows of `{}` are found by it",
                    table.schema.fields[column].name, table.name
                ),
                None => "a lookup needs a column of the table that equals something of the left"
                    .to_owned(),
            };
            let help = "ON o.customer_id = c.id; where the types differ, CAST the left side";
            Fault::new(span, message).help(help).at_least(whole)
        })?;
        let (input, keys) = self.key_columns(left.node, &exprs);
        let columns = (0..table.schema.len()).collect();
        let spec = LookupSpec { keys, table_keys, columns, outer, condition: None, cache };
        Ok(self.lookup_node(input, sides, (table, spec), rest))
    }

    fn lookup_node(
        &mut self,
        input: usize,
        sides: Sides,
        (table, mut spec): (Arc<Table>, LookupSpec),
        rest: Vec<Expr>,
    ) -> Relation {
        let Sides { mut scope, left, .. } = sides;
        let below = &self.plan.nodes[input];
        let (computed, time) = (below.schema.len() - left, below.time);
        // Keys that are computed stand between the two sides.
        let place = |column: usize| if column < left { column } else { column + computed };
        spec.condition = conjunction(rest).map(|mut condition| {
            condition.map_columns(&place);
            condition
        });
        let mut schema = below.schema.clone();
        for column in &mut scope.columns[left..] {
            column.field.nullable |= spec.outer;
            schema.fields.push(column.field.clone());
        }
        let of = Scope::of(&schema, None);
        let kind = NodeKind::Lookup { table, spec: Box::new(spec) };
        let mut node = self.plan.add(Node { kind, inputs: vec![input], schema, time });
        if computed > 0 {
            let exprs = (0..scope.columns.len()).map(|column| of.column(place(column))).collect();
            let fields: Vec<Field> = scope.columns.iter().map(|it| it.field.clone()).collect();
            node = self.project(node, exprs, Schema::new(fields));
        }
        Relation { node, scope, window: None }
    }

    /// The table that rows are looked up in, and the name by which its columns are called.
    fn looked_up(&self, factor: &ast::TableFactor) -> Result<(Arc<Table>, String)> {
        let (span, whole) = (factor.span(), self.span);
        let fault = |message: String| Fault::new(span, message).at_least(whole);
        let ast::TableFactor::Table { name, alias, .. } = factor else {
            return Err(fault("a lookup names a table".to_owned()));
        };
        let (name, alias) = (unquoted(name), alias.as_ref());
        let instead = "name a table of the connector redis or filesystem; for versions kept here \
                       join as of event time: FOR SYSTEM_TIME AS OF left.ts";
        let Some(table) = self.catalog.tables.get(&name) else {
            let message = match self.catalog.views.contains_key(&name) {
                true => format!("`{name}` is a view: rows are looked up in tables alone"),
                false => format!("Object '{name}' not found"),
            };
            return Err(fault(message).help(instead));
        };
        if !matches!(&*table.connector, "redis" | "filesystem") {
            let connector = &table.connector;
            let message = format!("table `{name}`: rows of '{connector}' cannot be looked up");
            return Err(fault(message).help(instead));
        }
        if table.physical.len() < table.schema.len() {
            let message = format!(
                "table `{name}`: a table that rows are looked up in has no computed or METADATA \
                 columns"
            );
            return Err(fault(message).help("compute them in the SELECT"));
        }
        if alias.is_some_and(|alias| !alias.columns.is_empty()) {
            let what = "names for the columns of a table that rows are looked up in";
            return Err(Fault::unsupported(span, what, "name them in the SELECT").at_least(whole));
        }
        Ok((table.clone(), alias.map_or(name, |alias| alias.name.value.clone())))
    }
}

/// Which equations find a row, and what else must hold. An error names the column that is not
/// compared, or none where no equation will do. No columns required: all that are compared.
fn chosen(
    sides: &Sides,
    found: Found,
    required: &[usize],
) -> std::result::Result<(Keys, Vec<Expr>), Option<usize>> {
    let Found { keys: [lefts, rights], rest: conditions, .. } = found;
    let mut rest = Vec::new();
    let mut equations: Vec<(Expr, usize)> = Vec::new();
    for (left, mut right) in lefts.into_iter().zip(rights) {
        match right.as_column() {
            Some(column) if fits(&equations, required, column) => equations.push((left, column)),
            _ => {
                right.map_columns(&|column| column + sides.left);
                // Both have one type already.
                rest.extend(binary(BinaryOp::Eq, left, right));
            }
        }
    }
    for condition in conditions {
        match constant(sides, &condition) {
            Some((value, column)) if fits(&equations, required, column) => {
                equations.push((value, column));
            }
            _ => rest.push(condition),
        }
    }
    let position = |column: &usize| equations.iter().position(|(_, known)| known == column);
    if let Some(&missing) = required.iter().find(|column| position(column).is_none()) {
        return Err(Some(missing));
    }
    if equations.is_empty() {
        return Err(None);
    }
    equations.sort_by_key(|(_, column)| *column);
    Ok((equations.into_iter().unzip(), rest))
}

/// Whether a column that is compared is one more to find rows by.
fn fits(equations: &[(Expr, usize)], required: &[usize], column: usize) -> bool {
    (required.is_empty() || required.contains(&column))
        && equations.iter().all(|(_, known)| *known != column)
}

/// A column of the table that equals a constant.
fn constant(sides: &Sides, condition: &Expr) -> Option<(Expr, usize)> {
    let ExprKind::Call { function: Function::Eq, args } = &condition.kind else { return None };
    let [a, b] = &args[..] else { return None };
    let (column, value) = if a.as_literal().is_some() { (b, a) } else { (a, b) };
    value.as_literal()?;
    let column = column.as_column()?.checked_sub(sides.left)?;
    Some((value.clone(), column))
}
