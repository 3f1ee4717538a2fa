//! `CROSS JOIN UNNEST(array or map) [WITH ORDINALITY] [AS t(x, …)]`, and LEFT JOIN … ON.

use sqlparser::ast::{self, Expr as Ast, Spanned};

use super::fault::{Fault, Result};
use super::plan::{Node, NodeKind};
use super::query::{Queries, Relation};
use super::scope::{Binder, Scope, ScopeColumn};
use super::select::unquoted;
use crate::expression::{Expr, registry};
use crate::operator::join::JoinType;
use crate::operator::unnest::UnnestSpec;
use crate::record::{DataType, Field, Schema, Value};

/// Whether a FROM item is UNNEST(…).
pub fn is_unnest(factor: &ast::TableFactor) -> bool {
    matches!(factor, ast::TableFactor::Table { name, args: Some(_), .. }
        if unquoted(name).eq_ignore_ascii_case("UNNEST"))
}

impl Queries<'_> {
    /// Each row of `left` with the elements of its array or map.
    pub(super) fn unnest(
        &mut self,
        mut left: Relation,
        factor: &ast::TableFactor,
        kind: JoinType,
        on: Option<&Ast>,
    ) -> Result<Relation> {
        self.assign(&mut left)?;
        let ast::TableFactor::Table { args: Some(args), alias, with_ordinality, .. } = factor
        else {
            return Err(Fault::new(self.span, "UNNEST needs an array or a map"));
        };
        let span = factor.span();
        let whole = self.span;
        let fault = |message: &str| Fault::new(span, message).at_least(whole);
        let [ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(collection))] =
            args.args.as_slice()
        else {
            return Err(fault("UNNEST takes one array or map"));
        };
        if !matches!(kind, JoinType::Inner | JoinType::Left) {
            return Err(fault("UNNEST is joined by CROSS JOIN, JOIN or LEFT JOIN"));
        }
        let collection = repeated(Binder::plain(&left.scope, self.span).bind(collection)?);
        let Some(elements) = elements(&collection.data_type) else {
            let message = format!(
                "UNNEST takes an ARRAY, a MAP or a MULTISET, this is {}",
                collection.data_type
            );
            return Err(fault(&message));
        };
        let width = left.scope.columns.len();
        let scope = Scope::of(&self.plan.nodes[left.node].schema, None);
        let mut exprs: Vec<Expr> = (0..width).map(|column| scope.column(column)).collect();
        let mut schema = self.plan.nodes[left.node].schema.clone();
        schema.fields.push(Field::new("collection", collection.data_type.clone()));
        exprs.push(collection);
        let input = self.project(left.node, exprs, schema.clone());
        let mut added = elements;
        if *with_ordinality {
            added.push(Field::new("ORDINALITY", DataType::Int));
        }
        name_columns(&mut added, alias.as_ref()).map_err(fault)?;
        let table = alias.as_ref().map(|alias| alias.name.value.as_str().into());
        let mut scope = left.scope;
        scope.columns.extend(
            added.iter().map(|field| {
                ScopeColumn::new(Some(table.clone().unwrap_or_default()), field.clone())
            }),
        );
        let condition = self.unnest_condition(&scope, on, width)?;
        schema.fields.extend(added);
        let spec = UnnestSpec {
            column: width,
            outer: kind == JoinType::Left,
            ordinality: *with_ordinality,
            condition,
        };
        let time = self.plan.nodes[input].time;
        let of = Scope::of(&schema, None);
        let kind = NodeKind::Unnest { spec };
        let node = self.plan.add(Node { kind, inputs: vec![input], schema, time });
        // The collection itself is no column of the result.
        let shown = (0..width).chain(width + 1..of.columns.len());
        let exprs = shown.map(|column| of.column(column)).collect();
        let fields = scope.columns.iter().map(|column| column.field.clone()).collect();
        let node = self.project(node, exprs, Schema::new(fields));
        Ok(Relation { node, scope, window: None })
    }

    /// ON over the columns of the node, where the collection stands at `width`; none for TRUE.
    fn unnest_condition(
        &self,
        scope: &Scope,
        on: Option<&Ast>,
        width: usize,
    ) -> Result<Option<Expr>> {
        let Some(on) = on else { return Ok(None) };
        let mut condition = Binder::plain(scope, self.span).truth(on)?;
        if condition.as_literal() == Some(&Value::Bool(true)) {
            return Ok(None);
        }
        condition.map_columns(&|column| if column < width { column } else { column + 1 });
        Ok(Some(condition))
    }
}

/// A multiset as an array; what else there is stays.
fn repeated(collection: Expr) -> Expr {
    match collection.data_type.clone() {
        DataType::Multiset(element) => registry::repeated(collection, (*element).clone()),
        _ => collection,
    }
}

/// `AS t(x, …)`: the first columns get these names.
fn name_columns(
    columns: &mut [Field],
    alias: Option<&ast::TableAlias>,
) -> std::result::Result<(), &'static str> {
    let names = alias.map_or(&[][..], |alias| &alias.columns);
    if names.len() > columns.len() {
        return Err("UNNEST has fewer columns than names are given");
    }
    for (field, name) in columns.iter_mut().zip(names) {
        field.name = name.name.value.as_str().into();
    }
    Ok(())
}

/// The columns that one element makes.
fn elements(collection: &DataType) -> Option<Vec<Field>> {
    Some(match collection {
        DataType::Array(element) => match &**element {
            DataType::Row(fields) => {
                fields.iter().map(|field| Field { nullable: true, ..field.clone() }).collect()
            }
            plain => vec![Field::new("EXPR$0", plain.clone())],
        },
        DataType::Map(key, value) => {
            vec![Field::new("KEY", (**key).clone()), Field::new("VALUE", (**value).clone())]
        }
        _ => return None,
    })
}
