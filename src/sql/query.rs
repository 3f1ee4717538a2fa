//! Queries: from SELECT to nodes of the plan.

use std::collections::HashMap;
use std::sync::Arc;

use sqlparser::ast::{self, Expr as Ast, Spanned};
use sqlparser::tokenizer::Span;

use super::aggregates::{Below, Grouping};
use super::fault::{Fault, Result};
use super::plan::{Node, NodeId, NodeKind, Plan, ScanField, Table};
use super::scope::{Binder, Scope, ScopeColumn};
use super::select::{
    field_of, group_expressions, has_aggregate, name_of, refuse_clauses, star, unquoted,
};
use super::windows::{self, WindowCall};
use crate::error::nearest;
use crate::expression::{Expr, registry};
use crate::operator::aggregate::AggregateCall;
use crate::operator::window::WindowKind;
use crate::record::{DataType, Field, Schema};

/// A FROM item: the node it reads and the columns it offers. A window's three columns stand
/// behind those of the node until it is known whether they are grouped by.
pub struct Relation {
    pub node: NodeId,
    pub scope: Scope,
    pub window: Option<(WindowKind, usize)>,
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
        if query.order_by.is_some() || query.limit_clause.is_some() || query.fetch.is_some() {
            let instead = "keep the largest rows where they are read, e.g. /api/v1/tables";
            return Err(
                Fault::unsupported(query.span(), "ORDER BY and LIMIT", instead).at_least(self.span)
            );
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
        let node = self.set(&query.body);
        self.common = outer;
        node
    }

    fn set(&mut self, body: &ast::SetExpr) -> Result<NodeId> {
        match body {
            ast::SetExpr::Select(select) => self.select(select),
            ast::SetExpr::Query(query) => self.query(query),
            ast::SetExpr::SetOperation { left, op, set_quantifier, right } => {
                let all = matches!(set_quantifier, ast::SetQuantifier::All);
                if *op != ast::SetOperator::Union || !all {
                    let what = format!("{op} {set_quantifier}");
                    return Err(Fault::unsupported(
                        self.span,
                        what.trim(),
                        "write UNION ALL, and SELECT DISTINCT around it",
                    ));
                }
                let (left, right) = (self.set(left)?, self.set(right)?);
                self.union(left, right)
            }
            other => {
                let what = format!("`{}`", other.to_string().split(' ').next().unwrap_or_default());
                Err(Fault::unsupported(
                    self.span,
                    &what,
                    "SELECT from a table; 'datagen' and 'filesystem' make test input",
                ))
            }
        }
    }

    fn union(&mut self, left: NodeId, right: NodeId) -> Result<NodeId> {
        let (a, b) = (&self.plan.nodes[left].schema, &self.plan.nodes[right].schema);
        if a.len() != b.len() {
            return Err(Fault::new(
                self.span,
                format!("UNION ALL of {} and {} columns", a.len(), b.len()),
            ));
        }
        let mut fields = Vec::new();
        for (x, y) in a.fields.iter().zip(&b.fields) {
            let types = [x.data_type.clone(), y.data_type.clone()];
            let Some(data_type) = registry::common_type(&types) else {
                let message = format!(
                    "UNION ALL: `{}` is {} here and {} there",
                    x.name, x.data_type, y.data_type
                );
                return Err(Fault::new(self.span, message).help("CAST one of them"));
            };
            fields.push(Field {
                name: x.name.clone(),
                data_type,
                nullable: x.nullable || y.nullable,
            });
        }
        let schema = Schema::new(fields);
        let left = self.converted(left, &schema)?;
        let right = self.converted(right, &schema)?;
        let time = self.plan.nodes[left].time;
        let time = time.filter(|_| self.plan.nodes[right].time == time);
        let node = Node { kind: NodeKind::Union, inputs: vec![left, right], schema, time };
        Ok(self.plan.add(node))
    }

    /// The node with its columns widened to `schema`.
    fn converted(&mut self, node: NodeId, schema: &Schema) -> Result<NodeId> {
        let from = &self.plan.nodes[node].schema;
        let same = from.fields.iter().zip(&schema.fields).all(|(a, b)| a.data_type == b.data_type);
        if same {
            return Ok(node);
        }
        let scope = Scope::of(from, None);
        let mut exprs = Vec::new();
        for (index, field) in schema.fields.iter().enumerate() {
            let expr = registry::coerce(scope.column(index), &field.data_type);
            exprs.push(
                expr.ok_or_else(|| {
                    Fault::new(self.span, format!("`{}` does not fit", field.name))
                })?,
            );
        }
        Ok(self.project(node, exprs, schema.clone()))
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

    fn select(&mut self, select: &ast::Select) -> Result<NodeId> {
        refuse_clauses(select, self.span)?;
        let mut relation = self.from(select)?;
        if let Some(condition) = &select.selection {
            let predicate = Binder::plain(&relation.scope, self.span).truth(condition)?;
            let columns = self.plan.nodes[relation.node].schema.len();
            let mut reads_window = false;
            predicate.visit_columns(&mut |column| reads_window |= column >= columns);
            if reads_window && !group_expressions(select, self.span)?.is_empty() {
                return Err(Fault::unsupported(
                    self.span,
                    "WHERE over a window's own columns below a GROUP BY",
                    "filter the result: HAVING window_start …",
                ));
            }
            if reads_window {
                self.assign(&mut relation);
            }
            relation.node = self.filter(relation.node, predicate);
        }
        let items = self.items(select, &relation.scope)?;
        let group_by = group_expressions(select, self.span)?;
        let aggregates = items.iter().any(|(ast, _)| has_aggregate(ast))
            || select.having.as_ref().is_some_and(has_aggregate);
        let node = if !group_by.is_empty() || aggregates {
            self.grouped(relation, &group_by, &items, select.having.as_ref())?
        } else {
            if select.having.is_some() {
                return Err(Fault::new(self.span, "HAVING without GROUP BY").help("write WHERE"));
            }
            self.assign(&mut relation);
            let mut exprs = Vec::new();
            let mut fields = Vec::new();
            for (ast, name) in &items {
                let expr = Binder::plain(&relation.scope, self.span).bind(ast)?;
                fields.push(field_of(name, &expr));
                exprs.push(expr);
            }
            self.project(relation.node, exprs, Schema::new(fields))
        };
        match &select.distinct {
            None | Some(ast::Distinct::All) => Ok(node),
            Some(ast::Distinct::Distinct) => self.distinct(node),
            Some(_) => Err(Fault::unsupported(self.span, "DISTINCT ON", "write SELECT DISTINCT")),
        }
    }

    fn filter(&mut self, input: NodeId, predicate: Expr) -> NodeId {
        let Node { schema, time, .. } = self.plan.nodes[input].clone();
        self.plan.add(Node {
            kind: NodeKind::Filter { predicate },
            inputs: vec![input],
            schema,
            time,
        })
    }

    /// A window without a GROUP BY over it: each row gets the columns of its windows.
    fn assign(&mut self, relation: &mut Relation) {
        let Some((window, time)) = relation.window.take() else { return };
        let schema = Schema::new(relation.scope.columns.iter().map(|c| c.field.clone()).collect());
        let kind = NodeKind::WindowAssign { window, time };
        let rowtime = Some(schema.len() - 1);
        let inputs = vec![relation.node];
        relation.node = self.plan.add(Node { kind, inputs, schema, time: rowtime });
    }

    fn distinct(&mut self, input: NodeId) -> Result<NodeId> {
        self.refuse_updates(input, "SELECT DISTINCT")?;
        let schema = self.plan.nodes[input].schema.clone();
        let kind = NodeKind::Aggregate { keys: (0..schema.len()).collect(), calls: Vec::new() };
        Ok(self.plan.add(Node { kind, inputs: vec![input], schema, time: None }))
    }

    /// Whether rows of a node carry windows that no GROUP BY has used up.
    fn has_windows(&self, node: NodeId) -> bool {
        let node = &self.plan.nodes[node];
        match node.kind {
            NodeKind::WindowAssign { .. } => true,
            NodeKind::Project { .. } | NodeKind::Filter { .. } | NodeKind::Union => {
                node.inputs.iter().any(|&input| self.has_windows(input))
            }
            _ => false,
        }
    }

    fn refuse_updates(&self, input: NodeId, what: &str) -> Result<()> {
        match is_updating(self.plan, input) {
            false => Ok(()),
            true => Err(Fault::unsupported(
                self.span,
                &format!("{what} over rows that change"),
                "its input is an aggregate without a window; group by a TUMBLE or HOP window there",
            )),
        }
    }

    fn grouped(
        &mut self,
        relation: Relation,
        group_by: &[&Ast],
        items: &[(Ast, String)],
        having: Option<&Ast>,
    ) -> Result<NodeId> {
        self.refuse_updates(relation.node, "GROUP BY")?;
        let columns = self.plan.nodes[relation.node].schema.len();
        let mut relation = relation;
        if relation.window.is_none() && self.has_windows(relation.node) {
            return Err(Fault::unsupported(
                self.span,
                "GROUP BY over a subquery that assigns windows",
                "group directly over TABLE(TUMBLE(…)) or TABLE(HOP(…))",
            ));
        }
        let mut grouping = Grouping::default();
        let mut windowed = [false; 3];
        for ast in group_by {
            let key = Binder::plain(&relation.scope, self.span).bind(ast)?;
            match key.as_column().filter(|column| *column >= columns) {
                Some(column) => windowed[column - columns] = true,
                None if grouping.keys.contains(&key) => {}
                None => grouping.keys.push(key),
            }
        }
        if relation.window.is_some() {
            if windowed[..2] != [true, true] {
                let help = "add window_start and window_end to GROUP BY";
                let fault = "a GROUP BY over a window needs both window_start and window_end";
                return Err(Fault::new(self.span, fault).help(help));
            }
            grouping.window =
                (columns..columns + 3).map(|column| relation.scope.column(column)).collect();
        }
        let mut exprs = Vec::new();
        let mut fields = Vec::new();
        for (ast, name) in items {
            let mut binder =
                Binder { scope: &relation.scope, grouping: Some(&mut grouping), span: self.span };
            let expr = binder.bind(ast)?;
            fields.push(field_of(name, &expr));
            exprs.push(expr);
        }
        let having = match having {
            None => None,
            Some(condition) => {
                let mut binder = Binder {
                    scope: &relation.scope,
                    grouping: Some(&mut grouping),
                    span: self.span,
                };
                Some(binder.truth(condition)?)
            }
        };
        let mut node = self.aggregate(&mut relation, &grouping)?;
        if let Some(predicate) = having {
            node = self.filter(node, predicate);
        }
        Ok(self.project(node, exprs, Schema::new(fields)))
    }

    /// The aggregate itself, with a projection below that computes what it reads.
    fn aggregate(&mut self, relation: &mut Relation, grouping: &Grouping) -> Result<NodeId> {
        let mut below = Below::default();
        let keys: Vec<usize> = grouping.keys.iter().map(|key| below.column(key)).collect();
        let time = relation.window.map(|(_, time)| below.column(&relation.scope.column(time)));
        let mut calls = Vec::new();
        for spec in &grouping.calls {
            calls.push(AggregateCall {
                function: spec.function,
                argument: spec.argument.as_ref().map(|argument| below.column(argument)),
                argument_type: spec
                    .argument
                    .as_ref()
                    .map_or(DataType::Null, |a| a.data_type.clone()),
                distinct: spec.distinct,
                filter: spec.filter.as_ref().map(|filter| below.column(filter)),
                data_type: spec.data_type.clone(),
            });
        }
        let input = self.project(relation.node, below.exprs.clone(), below.schema());
        let mut fields: Vec<Field> =
            keys.iter().map(|&key| self.plan.nodes[input].schema.fields[key].clone()).collect();
        let rowtime = time.map(|_| fields.len() + 2);
        if relation.window.is_some() {
            fields
                .extend(relation.scope.columns.iter().rev().take(3).rev().map(|c| c.field.clone()));
        }
        fields.extend(calls.iter().map(|call| Field::new("aggregate", call.data_type.clone())));
        let kind = match (relation.window, time) {
            (Some((window, _)), Some(time)) => {
                NodeKind::WindowAggregate { window, time, keys, calls }
            }
            _ => NodeKind::Aggregate { keys, calls },
        };
        let schema = Schema::new(fields);
        Ok(self.plan.add(Node { kind, inputs: vec![input], schema, time: rowtime }))
    }

    /// The SELECT list with stars spelled out, each with its output name.
    fn items(&self, select: &ast::Select, scope: &Scope) -> Result<Vec<(Ast, String)>> {
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

    fn from(&mut self, select: &ast::Select) -> Result<Relation> {
        let [table] = select.from.as_slice() else {
            let what =
                if select.from.is_empty() { "SELECT without FROM" } else { "a join by comma" };
            return Err(Fault::unsupported(self.span, what, "name one table or subquery in FROM"));
        };
        if let Some(join) = table.joins.first() {
            let instead = "read the streams apart, or UNION ALL them";
            return Err(
                Fault::unsupported(join.relation.span(), "JOIN", instead).at_least(self.span)
            );
        }
        self.relation(&table.relation)
    }

    fn relation(&mut self, factor: &ast::TableFactor) -> Result<Relation> {
        let span = if factor.span().start.line == 0 { self.span } else { factor.span() };
        let (mut relation, alias) = match factor {
            ast::TableFactor::Table { sample: Some(_), .. } => {
                return Err(Fault::unsupported(span, "TABLESAMPLE", "filter by a column"));
            }
            ast::TableFactor::Table { name, alias, args: None, version: None, .. } => {
                let name = unquoted(name);
                let node = self.named(&name, span)?;
                let scope = Scope::of(&self.plan.nodes[node].schema, Some(&name));
                (Relation { node, scope, window: None }, alias)
            }
            ast::TableFactor::Table { version: Some(_), .. } => {
                let what = "FOR SYSTEM_TIME AS OF";
                return Err(Fault::unsupported(span, what, "read the streams apart"));
            }
            ast::TableFactor::Table { name, alias, args: Some(args), .. } => {
                let call =
                    WindowCall { name: unquoted(name), args: args.args.iter().collect(), span };
                (self.windowed(&call)?, alias)
            }
            ast::TableFactor::Function { name, args, alias, .. } => {
                let call = WindowCall { name: unquoted(name), args: args.iter().collect(), span };
                (self.windowed(&call)?, alias)
            }
            ast::TableFactor::TableFunction { expr: Ast::Function(call), alias } => {
                let args = match &call.args {
                    ast::FunctionArguments::List(list) => list.args.iter().collect(),
                    _ => Vec::new(),
                };
                let call = WindowCall { name: unquoted(&call.name), args, span };
                (self.windowed(&call)?, alias)
            }
            ast::TableFactor::Derived { subquery, alias, .. } => {
                let node = self.query(subquery)?;
                let scope = Scope::of(&self.plan.nodes[node].schema, None);
                (Relation { node, scope, window: None }, alias)
            }
            other => {
                let what = format!("`{other}` in FROM");
                return Err(Fault::unsupported(span, &what, "name a table, a view or a subquery"));
            }
        };
        if let Some(alias) = alias {
            relation.scope = relation.scope.alias(&alias.name.value);
            for (column, name) in relation.scope.columns.iter_mut().zip(&alias.columns) {
                column.field.name = name.name.value.as_str().into();
            }
        }
        Ok(relation)
    }

    fn windowed(&mut self, call: &WindowCall<'_>) -> Result<Relation> {
        let (table, window_of) = windows::read(call)?;
        let node = self.named(&table, call.span)?;
        self.refuse_updates(node, &call.name.to_ascii_uppercase())?;
        let mut scope = Scope::of(&self.plan.nodes[node].schema, Some(&table));
        let (window, time) = window_of.resolve(call, &self.plan.nodes[node])?;
        let ltz = matches!(scope.columns[time].field.data_type, DataType::TimestampLtz { .. });
        let local = DataType::Timestamp { precision: 3 };
        let rowtime = if ltz { DataType::TimestampLtz { precision: 3 } } else { local.clone() };
        for (name, data_type) in
            [("window_start", local.clone()), ("window_end", local), ("window_time", rowtime)]
        {
            let field = Field { nullable: false, ..Field::new(name, data_type) };
            scope.columns.push(ScopeColumn { table: Some(table.as_str().into()), field });
        }
        Ok(Relation { node, scope, window: Some((window, time)) })
    }

    /// The node of a table, view or WITH name.
    fn named(&mut self, name: &str, span: Span) -> Result<NodeId> {
        if let Some(&node) = self.common.get(name).or(self.catalog.views.get(name)) {
            return Ok(node);
        }
        if let Some(table) = self.catalog.tables.get(name) {
            return self.scan(&table.clone(), span);
        }
        let known = self.catalog.tables.keys().chain(self.catalog.views.keys()).map(String::as_str);
        let fault = Fault::new(span, format!("Object '{name}' not found"));
        Err(match nearest(name, known) {
            Some(meant) => fault.help(format!("did you mean `{meant}`?")),
            None => fault.help("CREATE TABLE or CREATE VIEW must stand before its use"),
        })
    }

    /// Scan, computed columns, watermark.
    fn scan(&mut self, table: &Arc<Table>, span: Span) -> Result<NodeId> {
        if !super::connectors::is_source(&table.connector) {
            let message =
                format!("table `{}`: '{}' cannot be read from", table.name, table.connector);
            return Err(Fault::new(span, message).help("kafka, filesystem and datagen can"));
        }
        let of = |index: usize| table.schema.fields[index].clone();
        let scan_field = |&index: &usize| {
            let Field { name, data_type, nullable } = of(index);
            ScanField { path: vec![name], data_type, nullable }
        };
        let fields: Vec<ScanField> = table.physical.iter().map(scan_field).collect();
        let metadata: Vec<Arc<str>> = table.metadata.iter().map(|(_, from)| from.clone()).collect();
        let order: Vec<usize> = table
            .physical
            .iter()
            .copied()
            .chain(table.metadata.iter().map(|(index, _)| *index))
            .collect();
        let schema = Schema::new(order.iter().map(|&index| of(index)).collect());
        let kind = NodeKind::Scan { table: table.clone(), fields, metadata };
        let mut node = self.plan.add(Node { kind, inputs: vec![], schema, time: None });
        let place = |column: usize| order.iter().position(|&index| index == column).unwrap_or(0);
        let exprs = (0..table.schema.len()).map(|index| {
            match table.computed.iter().find(|(column, _)| *column == index) {
                Some((_, expr)) => {
                    let mut expr = expr.clone();
                    expr.map_columns(&place);
                    expr
                }
                None => {
                    let mut expr = Scope::of(&table.schema, None).column(index);
                    expr.map_columns(&place);
                    expr
                }
            }
        });
        let exprs = exprs.collect();
        node = self.project(node, exprs, table.schema.clone());
        if let Some(watermark) = &table.watermark {
            let (column, delay_ms) = (watermark.column, watermark.delay_ms);
            let kind = NodeKind::Watermark { column, delay_ms, table: table.clone() };
            let schema = table.schema.clone();
            node = self.plan.add(Node { kind, inputs: vec![node], schema, time: Some(column) });
        }
        Ok(node)
    }
}

/// Whether rows of a node may change later.
pub fn is_updating(plan: &Plan, node: NodeId) -> bool {
    let node = &plan.nodes[node];
    match node.kind {
        NodeKind::Aggregate { .. } => true,
        NodeKind::Scan { .. } | NodeKind::WindowAggregate { .. } => false,
        _ => node.inputs.iter().any(|&input| is_updating(plan, input)),
    }
}
