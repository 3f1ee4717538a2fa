//! Queries: from SELECT to nodes of the plan.

use std::collections::HashMap;
use std::sync::Arc;

use sqlparser::ast::{self, Expr as Ast, Spanned};
use sqlparser::tokenizer::Span;

use super::emptiness::groups_nothing;
use super::fault::{Fault, Result};
use super::group_forms::groupings;
use super::join::split;
use super::over::has_over;
use super::plan::{Node, NodeId, NodeKind, Plan, Table};
use super::rank::{has_other, has_rank};
use super::scope::{Binder, Scope};
use super::select::{
    and, field_of, group_expressions, has_aggregate, name_of, refuse_clauses, star,
};
use super::ttl::Hints;
use super::windows::{Kind, Window};
use crate::expression::Expr;
use crate::operator::join::JoinType;
use crate::operator::over::Order;
use crate::record::Schema;

/// A FROM item: the node it reads and the columns it offers. A window's three columns stand
/// behind those of the node until it is known whether they are grouped by.
#[derive(Clone)]
pub struct Relation {
    pub node: NodeId,
    pub scope: Scope,
    pub window: Option<Window>,
}

/// Everything that can be selected from.
#[derive(Default)]
pub struct Catalog {
    pub tables: HashMap<String, Arc<Table>>,
    /// Views are bound once, where they are made.
    pub views: HashMap<String, NodeId>,
}

pub struct Queries<'a> {
    pub plan: &'a mut Plan,
    pub catalog: &'a Catalog,
    /// WITH of the query at hand.
    pub common: HashMap<String, NodeId>,
    /// Those of the SELECT at hand.
    pub hints: Hints,
    /// Of the statement.
    pub span: Span,
}

impl Queries<'_> {
    /// The node that a query's result comes from.
    pub fn query(&mut self, query: &ast::Query) -> Result<NodeId> {
        let outer = self.common.clone();
        if let Some(with) = &query.with {
            for table in &with.cte_tables {
                let node = self.query(&table.query)?;
                let names: Vec<String> =
                    table.alias.columns.iter().map(|column| column.name.value.clone()).collect();
                let node = self.renamed(node, &names, table.span())?;
                self.common.insert(table.alias.name.value.clone(), node);
            }
        }
        let others = [
            (!query.locks.is_empty(), "FOR UPDATE"),
            (query.for_clause.is_some(), "FOR"),
            (query.settings.is_some(), "SETTINGS"),
            (query.format_clause.is_some(), "FORMAT"),
            (!query.pipe_operators.is_empty(), "a pipe operator"),
        ];
        if let Some((_, clause)) = others.iter().find(|(there, _)| *there) {
            return Err(Fault::unsupported(self.span, clause, "leave it out"));
        }
        let node = self.set(&query.body).and_then(|node| self.first_rows(query, node));
        self.common = outer;
        node
    }

    /// A projection; the time attribute stays one where it is passed on unchanged.
    pub fn project(&mut self, input: NodeId, exprs: Vec<Expr>, schema: Schema) -> NodeId {
        let time = self.plan.nodes[input].time;
        let time =
            time.and_then(|time| exprs.iter().position(|expr| expr.as_column() == Some(time)));
        let kind = NodeKind::Project { exprs };
        self.plan.add(Node { kind, inputs: vec![input], schema, time })
    }

    /// The node under other column names.
    pub fn renamed(&mut self, node: NodeId, names: &[String], span: Span) -> Result<NodeId> {
        if names.is_empty() {
            return Ok(node);
        }
        let mut schema = self.plan.nodes[node].schema.clone();
        if names.len() != schema.len() {
            let message = format!("{} names for {} columns", names.len(), schema.len());
            return Err(Fault::new(span, message).at_least(self.span));
        }
        let scope = Scope::of(&schema, None);
        let exprs = (0..names.len()).map(|index| scope.column(index)).collect();
        for (field, name) in schema.fields.iter_mut().zip(names) {
            field.name = name.as_str().into();
        }
        Ok(self.project(node, exprs, schema))
    }

    pub(super) fn select(&mut self, select: &ast::Select) -> Result<NodeId> {
        refuse_clauses(select, self.span)?;
        if let Some(condition) = &select.qualify {
            return self.qualified(select, condition);
        }
        if let Some(selects) = groupings(select, self.span)? {
            if self.from(select)?.window.is_some_and(|it| matches!(it.kind, Kind::Session { .. })) {
                let what = "GROUPING SETS, ROLLUP and CUBE of SESSION windows";
                return Err(Fault::unsupported(self.span, what, "UNION ALL a query of each"));
            }
            let nodes = selects.iter().map(|select| self.select(select));
            let mut nodes = nodes.collect::<Result<Vec<_>>>()?;
            if nodes.iter().any(|&node| groups_nothing(self.plan, node)) {
                // Of several groupings Flink gives none of no rows, not even that of all.
                nodes.retain(|&node| groups_nothing(self.plan, node));
            }
            return nodes[1..].iter().try_fold(nodes[0], |all, &one| self.union(all, one));
        }
        let outer = std::mem::replace(&mut self.hints, Hints::read(select, self.span)?);
        let node = self.selected(select);
        let own = std::mem::replace(&mut self.hints, outer);
        node.and_then(|node| own.all_used(self.span).map(|()| node))
    }

    /// A SELECT of one grouping.
    fn selected(&mut self, select: &ast::Select) -> Result<NodeId> {
        let mut relation = self.from(select)?;
        self.settle_sessions(&mut relation, select)?;
        let mut of_windows = None;
        let conditions = match &select.selection {
            Some(selection) => self.subqueries(&mut relation, selection)?,
            None => None,
        };
        if let Some(condition) = &conditions {
            let grouped = !group_expressions(select, self.span)?.is_empty();
            of_windows = self.filter_by(&mut relation, condition, grouped)?;
        }
        let mut items = self.items(select, &relation.scope)?;
        let group_by = group_expressions(select, self.span)?;
        let aggregates = items.iter().any(|(ast, _)| has_aggregate(ast))
            || select.having.as_ref().is_some_and(has_aggregate);
        let node = if !group_by.is_empty() || aggregates {
            let mut having = and(of_windows, select.having.clone());
            let asts = items.iter_mut().map(|(ast, _)| ast).chain(&mut having);
            self.subqueries_of_rows(&mut relation, asts)?;
            let older =
                self.window_among_keys(&mut relation, &group_by, &mut items, &mut having)?;
            let group_by = older.as_ref().map_or(group_by, |keys| keys.iter().collect());
            self.grouped(relation, &group_by, &items, having.as_ref())?
        } else {
            if select.having.is_some() {
                return Err(Fault::new(self.span, "HAVING without GROUP BY").help("write WHERE"));
            }
            if matches!(select.distinct, Some(ast::Distinct::Distinct))
                && self.is_of_windows(&relation, &items)
            {
                let keys: Vec<&Ast> = items.iter().map(|(ast, _)| ast).collect();
                return self.grouped(relation, &keys, &items, None);
            }
            self.assign(&mut relation)?;
            for (ast, _) in &mut items {
                self.single_values(&mut relation, ast)?;
            }
            let alone = !items.iter().any(|(ast, _)| has_other(ast));
            if alone && items.iter().any(|(ast, _)| has_rank(ast)) {
                self.ranked(select, &mut relation, &mut items)?;
            } else if items.iter().any(|(ast, _)| has_over(ast)) {
                self.over(select, &mut relation, &mut items)?;
            }
            self.listed(&relation, &items)?
        };
        match &select.distinct {
            None | Some(ast::Distinct::All) => Ok(node),
            Some(ast::Distinct::Distinct) => self.distinct(node),
            Some(_) => Err(Fault::unsupported(self.span, "DISTINCT ON", "write SELECT DISTINCT")),
        }
    }

    /// The SELECT list over rows that have all it reads.
    pub(super) fn listed(
        &mut self,
        relation: &Relation,
        items: &[(Ast, String)],
    ) -> Result<NodeId> {
        let (mut exprs, mut fields) = (Vec::new(), Vec::new());
        for (ast, name) in items {
            let expr = Binder::plain(&relation.scope, self.span).bind(ast)?;
            fields.push(field_of(name, &expr));
            exprs.push(expr);
        }
        Ok(self.project(relation.node, exprs, Schema::new(fields)))
    }

    /// WHERE. What asks for a window's own columns alone, below a GROUP BY, is given back: it
    /// is the same for all rows of a window, and the result can be filtered by it.
    fn filter_by(
        &mut self,
        relation: &mut Relation,
        condition: &Ast,
        grouped: bool,
    ) -> Result<Option<Ast>> {
        let columns = self.plan.nodes[relation.node].schema.len();
        let (mut rows, mut windows, mut conjuncts) = (None, None, Vec::new());
        split(condition, &mut conjuncts);
        let mut reads = Vec::new();
        for conjunct in &conjuncts {
            let bound = Binder::plain(&relation.scope, self.span).truth(conjunct)?;
            let (mut row, mut window) = (false, false);
            bound.visit_columns(&mut |column| match column >= columns {
                true => window = true,
                false => row = true,
            });
            reads.push((row, window));
        }
        let apart = grouped && !reads.contains(&(true, true));
        for (conjunct, (_, reads_window)) in conjuncts.into_iter().zip(reads) {
            let part = if reads_window && apart { &mut windows } else { &mut rows };
            *part = and(part.take(), Some(conjunct.clone()));
        }
        if let Some(condition) = rows {
            let predicate = Binder::plain(&relation.scope, self.span).truth(&condition)?;
            let mut reads_window = false;
            predicate.visit_columns(&mut |column| reads_window |= column >= columns);
            if reads_window {
                self.assign(relation)?;
            }
            relation.node = self.filter_ranked(relation.node, predicate);
        }
        Ok(windows)
    }

    pub(super) fn filter(&mut self, input: NodeId, predicate: Expr) -> NodeId {
        let Node { schema, time, .. } = self.plan.nodes[input].clone();
        self.plan.add(Node {
            kind: NodeKind::Filter { predicate },
            inputs: vec![input],
            schema,
            time,
        })
    }

    pub(super) fn distinct(&mut self, input: NodeId) -> Result<NodeId> {
        let schema = self.plan.nodes[input].schema.clone();
        let kind = NodeKind::Aggregate {
            keys: (0..schema.len()).collect(),
            calls: Vec::new(),
            lateness: None,
            ttl_ms: None,
        };
        Ok(self.plan.add(Node { kind, inputs: vec![input], schema, time: None }))
    }

    /// The SELECT list with stars spelled out, each with its output name.
    pub(super) fn items(&self, select: &ast::Select, scope: &Scope) -> Result<Vec<(Ast, String)>> {
        let mut items = Vec::new();
        for (index, item) in select.projection.iter().enumerate() {
            match item {
                ast::SelectItem::ExprWithAlias { expr, alias } => {
                    items.push((expr.clone(), alias.value.clone()));
                }
                ast::SelectItem::UnnamedExpr(expr) => {
                    items.push((expr.clone(), name_of(expr, index)))
                }
                ast::SelectItem::Wildcard(_) => items.extend(star(scope, None)),
                ast::SelectItem::QualifiedWildcard(
                    ast::SelectItemQualifiedWildcardKind::ObjectName(name),
                    _,
                ) => {
                    let table = name.to_string().replace('`', "");
                    let found: Vec<_> = star(scope, Some(&table)).collect();
                    if found.is_empty() {
                        return Err(Fault::new(self.span, format!("Object '{table}' not found")));
                    }
                    items.extend(found);
                }
                other => {
                    return Err(Fault::unsupported(
                        self.span,
                        &format!("`{other}`"),
                        "name the columns",
                    ));
                }
            }
        }
        Ok(items)
    }
}

/// Whether rows of a node may change later.
pub fn is_updating(plan: &Plan, node: NodeId) -> bool {
    let node = &plan.nodes[node];
    match node.kind {
        // Of DISTINCT, each row comes once.
        NodeKind::Aggregate { ref calls, .. } if calls.is_empty() => {
            is_updating(plan, node.inputs[0])
        }
        NodeKind::Aggregate { .. } | NodeKind::Normalize { .. } => true,
        NodeKind::Join { ref spec }
            if spec.time.is_none() && !matches!(spec.join, JoinType::Inner | JoinType::Semi) =>
        {
            true
        }
        NodeKind::Rank { ref window, .. } if window.is_none() => true,
        NodeKind::Over { order: Order::Value { .. }, .. } => true,
        NodeKind::TemporalJoin { .. } => is_updating(plan, node.inputs[0]),
        NodeKind::Scan { ref table, .. } => table.is_changelog(),
        NodeKind::WindowAggregate { .. } | NodeKind::SessionAggregate { .. } => false,
        _ => node.inputs.iter().any(|&input| is_updating(plan, input)),
    }
}

/// The columns by which a query's changing rows are known again, where they are columns of its
/// result and follow from an aggregation or a table of changes.
pub fn upsert_key(plan: &Plan, node: NodeId) -> Option<Vec<usize>> {
    let of = &plan.nodes[node];
    match &of.kind {
        NodeKind::Aggregate { keys, .. } => Some((0..keys.len()).collect()),
        NodeKind::Normalize { keys } => Some(keys.clone()),
        NodeKind::Filter { .. } => upsert_key(plan, of.inputs[0]),
        NodeKind::Project { exprs } => {
            let passed = |key| exprs.iter().position(|expr| expr.as_column() == Some(key));
            upsert_key(plan, of.inputs[0])?.into_iter().map(passed).collect()
        }
        _ => None,
    }
}

/// Whether rows of a query that changes them may go away again, not only take other values.
pub fn is_deleting(plan: &Plan, node: NodeId) -> bool {
    let inputs = &plan.nodes[node].inputs;
    match plan.nodes[node].kind {
        _ if !is_updating(plan, node) => false,
        NodeKind::Aggregate { .. } => is_updating(plan, inputs[0]),
        NodeKind::Project { .. } | NodeKind::Union => {
            inputs.iter().any(|&input| is_deleting(plan, input))
        }
        _ => true,
    }
}
