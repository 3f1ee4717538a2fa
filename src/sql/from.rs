//! FROM: tables, views, subqueries and windows, and the scan below a table.

use std::sync::Arc;

use sqlparser::ast::{self, Expr as Ast, Spanned};
use sqlparser::tokenizer::Span;

use super::fault::{At, Fault, Result};
use super::join::On;
use super::plan::{Node, NodeId, NodeKind, ScanField, Table, Watermark};
use super::query::{Queries, Relation};
use super::scope::Scope;
use super::select::unquoted;
use super::windows::{self, Input, WindowCall};
use crate::error::nearest;
use crate::expression::registry::{self, Function};
use crate::expression::{CastMode, Expr, ExprKind};
use crate::operator::join::JoinType;
use crate::operator::over::Order;
use crate::record::format::Side;
use crate::record::{DataType, Field, Schema};
use crate::source::metadata;
use crate::source::sampling::Rule;

/// How often a view may read its tables: planning takes each of the ways by itself.
const MOST_WAYS: u64 = 4_096;

impl Queries<'_> {
    pub(super) fn from(&mut self, select: &ast::Select) -> Result<Relation> {
        let Some((table, others)) = select.from.split_first() else {
            let (node, scope) = (self.rows(1), Scope::default());
            return Ok(Relation { node, scope, window: None });
        };
        let selection = select.selection.as_ref();
        let mut relation = self.relation(&table.relation)?;
        for join in &table.joins {
            relation = self.join(relation, join, selection)?;
        }
        for table in others {
            let (item, kind) = (&table.relation, JoinType::Inner);
            let beside = match super::unnest::is_unnest(item) {
                true => Some(self.unnest(relation.clone(), item, kind, None)?),
                false => self.lateral(&relation, item, kind, &On::Nothing)?,
            };
            if let Some(beside) = beside {
                relation = beside;
                for join in &table.joins {
                    relation = self.join(relation, join, selection)?;
                }
                continue;
            }
            let mut right = self.relation(&table.relation)?;
            for join in &table.joins {
                right = self.join(right, join, selection)?;
            }
            relation = self.combine(relation, right, JoinType::Inner, On::Nothing, selection)?;
        }
        Ok(relation)
    }

    pub(super) fn relation(&mut self, factor: &ast::TableFactor) -> Result<Relation> {
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
            ast::TableFactor::MatchRecognize { alias, .. } => {
                (self.match_recognize(factor, span)?, alias)
            }
            ast::TableFactor::NestedJoin { table_with_joins, alias: None } => {
                let mut relation = self.relation(&table_with_joins.relation)?;
                for join in &table_with_joins.joins {
                    relation = self.join(relation, join, None)?;
                }
                return Ok(relation);
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

    pub(super) fn windowed(&mut self, call: &WindowCall<'_>) -> Result<Relation> {
        let (input, window_of) = windows::read(call)?;
        let (node, table) = match input {
            Input::Named(table) => (self.named(&table, call.span)?, Some(table)),
            Input::Query(query) => (self.query(query)?, None),
        };
        let table = table.as_deref();
        if call.name.eq_ignore_ascii_case("SESSION") {
            self.refuse_updates(node, "SESSION")?;
        }
        let mut scope = Scope::of(&self.plan.nodes[node].schema, table);
        let column = self.plan.nodes[node].schema.index_of(window_of.column());
        let node = column.map_or(node, |column| self.timed_by(node, column));
        let by_clock = column.is_some_and(|column| self.is_proctime(node, column));
        let window = window_of.resolve(call, &self.plan.nodes[node], by_clock)?;
        let names = ["window_start", "window_end", "window_time"];
        scope.offer_window(table, window.time, names);
        Ok(Relation { node, scope, window: Some(window) })
    }

    /// The node of a table, view or WITH name.
    pub(super) fn named(&mut self, name: &str, span: Span) -> Result<NodeId> {
        if let Some(&node) = self.common.get(name).or(self.catalog.views.get(name)) {
            let ways = self.plan.ways(node);
            if ways > MOST_WAYS {
                let message = format!("`{name}` reads its tables {ways} times over");
                let help = format!(
                    "{MOST_WAYS} is the most. A view that reads another one twice, which reads \
                     another one twice: each row comes out as often"
                );
                return Err(Fault::new(span, message).help(help));
            }
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
    pub(super) fn scan(&mut self, table: &Arc<Table>, span: Span) -> Result<NodeId> {
        if !super::connectors::is_source(&table.connector) {
            let message =
                format!("table `{}`: '{}' cannot be read from", table.name, table.connector);
            let help = match &*table.connector {
                "redis" => {
                    "its rows are looked up: JOIN … FOR SYSTEM_TIME AS OF left.proc, where proc is a \
                     column `proc AS PROCTIME()`"
                }
                _ => "kafka, upsert-kafka, filesystem and datagen can",
            };
            return Err(Fault::new(span, message).help(help));
        }
        let at_fault = |reason: String| {
            Fault::new(span, format!("table `{}`: {reason}", table.name)).at_least(self.span)
        };
        let parts = table.parts().map_err(at_fault)?;
        check_options(table).map_err(at_fault)?;
        let scan_field = |column: usize| {
            let (side, place) = parts.place(column);
            let Field { name, data_type, nullable } = parts.part(side).fields[place].clone();
            // Of a PRIMARY KEY.
            let nullable = nullable && !(parts.upsert && side == Side::Key);
            ScanField { side, path: vec![name], data_type, nullable }
        };
        let fields: Vec<ScanField> = (0..table.physical.len()).map(scan_field).collect();
        let metadata: Vec<Arc<str>> = table.metadata.iter().map(|(_, from)| from.clone()).collect();
        let order: Vec<usize> = table
            .physical
            .iter()
            .copied()
            .chain(table.metadata.iter().map(|(index, _)| *index))
            .collect();
        let mut schema = Schema::new(table.physical_fields());
        for (index, from) in &table.metadata {
            let field = table.schema.fields[*index].clone();
            let data_type = metadata_type(from, &field.data_type);
            schema.fields.push(Field { data_type, ..field });
        }
        let read = Scope::of(&schema, None);
        let kind = NodeKind::Scan { table: self.source_of(table), fields, metadata };
        let mut node = self.plan.add(Node { kind, inputs: vec![], schema, time: None });
        let place = |column: usize| order.iter().position(|&index| index == column).unwrap_or(0);
        // Metadata in the type that the table gives it.
        let own = |index: usize| {
            let to = table.schema.fields[index].data_type.clone();
            registry::cast(read.column(place(index)), to, CastMode::Strict).at(span)
        };
        let mut exprs = Vec::new();
        for index in 0..table.schema.len() {
            exprs.push(match table.computed.iter().find(|(column, _)| *column == index) {
                Some((_, expr)) => substituted(expr, &own)?,
                None => own(index)?,
            });
        }
        node = match &table.watermark {
            Some(watermark) => self.watermarked(node, exprs, table, watermark)?,
            None => self.project(node, exprs, table.schema.clone()),
        };
        if parts.upsert {
            let (kind, schema) =
                (NodeKind::Normalize { keys: table.primary_key.clone() }, table.schema.clone());
            node = self.plan.add(Node { kind, inputs: vec![node], schema, time: None });
        }
        Ok(node)
    }

    /// The columns of a table and its watermarks above them.
    fn watermarked(
        &mut self,
        node: NodeId,
        mut exprs: Vec<Expr>,
        table: &Arc<Table>,
        watermark: &Watermark,
    ) -> Result<NodeId> {
        let (column, delay_ms) = (watermark.column, watermark.delay_ms);
        let mut schema = table.schema.clone();
        let by = match &watermark.by {
            Some(by) => {
                let by = substituted(by, &|index| Ok(exprs[index].clone()))?;
                // A name that no column of a user has.
                schema.fields.push(Field::new("\u{1}watermark", by.data_type.clone()));
                exprs.push(by);
                Some(exprs.len() - 1)
            }
            None => None,
        };
        let node = self.project(node, exprs, schema.clone());
        let scope = Scope::of(&schema, None);
        let kind = NodeKind::Watermark { column, delay_ms, by, table: table.clone() };
        let node = self.plan.add(Node { kind, inputs: vec![node], schema, time: Some(column) });
        if by.is_none() {
            return Ok(node);
        }
        let own = (0..table.schema.len()).map(|column| scope.column(column)).collect();
        Ok(self.project(node, own, table.schema.clone()))
    }

    /// What a scan needs to know of a table: no more, so that tables over one topic share one
    /// reader. It goes by the name of the first of them.
    fn source_of(&self, table: &Arc<Table>) -> Arc<Table> {
        if &*table.connector == "datagen" {
            // Two of them make different rows.
            return table.clone();
        }
        let fields: Vec<Field> =
            table.physical.iter().map(|&index| table.schema.fields[index].clone()).collect();
        let above = |option: &str| {
            option.starts_with("scan.watermark.")
                || matches!(option, "scan.order" | "scan.max-future")
        };
        let mut source = Table {
            name: table.name.clone(),
            physical: (0..fields.len()).collect(),
            schema: Schema::new(fields),
            computed: Vec::new(),
            metadata: Vec::new(),
            watermark: None,
            // Where records replace rows, it is read from their keys.
            primary_key: match &*table.connector {
                "upsert-kafka" => {
                    let place = |key: &usize| table.physical.iter().position(|it| it == key);
                    table.primary_key.iter().filter_map(place).collect()
                }
                _ => Vec::new(),
            },
            connector: table.connector.clone(),
            options: table.options.clone(),
        };
        source.options.retain(|option, _| !above(option));
        for node in &self.plan.nodes {
            if let NodeKind::Scan { table: known, .. } = &node.kind {
                let same = Table { name: known.name.clone(), ..source.clone() };
                if same == **known {
                    return known.clone();
                }
            }
        }
        Arc::new(source)
    }

    /// The rows of a node by event time, for what computes in that order; as they come where
    /// their table says so (`'scan.order' = 'arrival'`).
    pub(super) fn time_sorted(&mut self, input: NodeId, time: usize, keys: &[usize]) -> NodeId {
        if self.in_arrival_order(input) {
            return input;
        }
        let schema = self.plan.nodes[input].schema.clone();
        let kind = NodeKind::TimeSort { time, keys: keys.to_vec(), then: Vec::new() };
        self.plan.add(Node { kind, inputs: vec![input], schema, time: Some(time) })
    }

    /// Whether a column is PROCTIME(): in the order of it, rows stand as they come.
    pub(super) fn is_proctime(&self, id: NodeId, column: usize) -> bool {
        let node = &self.plan.nodes[id];
        let input = |&input: &NodeId| {
            column < self.plan.nodes[input].schema.len() && self.is_proctime(input, column)
        };
        match &node.kind {
            NodeKind::Project { exprs } => match exprs.get(column).map(|expr| &expr.kind) {
                Some(ExprKind::Column(below)) => self.is_proctime(node.inputs[0], *below),
                Some(ExprKind::Call { function, .. }) => *function == Function::ProcTime,
                _ => false,
            },
            NodeKind::Filter { .. }
            | NodeKind::Watermark { .. }
            | NodeKind::TimeSort { .. }
            | NodeKind::Over { .. }
            | NodeKind::First { .. }
            | NodeKind::Unnest { .. }
            | NodeKind::Lookup { .. }
            | NodeKind::Union => node.inputs.iter().all(input),
            _ => false,
        }
    }

    /// Whether rows are to be taken as they come.
    pub(super) fn in_arrival_order(&self, id: NodeId) -> bool {
        let node = &self.plan.nodes[id];
        match &node.kind {
            NodeKind::Watermark { table, .. } => {
                table.options.get("scan.order").is_some_and(|order| &**order == "arrival")
            }
            NodeKind::Over { time, .. } if self.is_proctime(node.inputs[0], *time) => {
                self.in_arrival_order(node.inputs[0])
            }
            NodeKind::Over { order, .. } => matches!(order, Order::Arrival { .. }),
            NodeKind::Project { .. }
            | NodeKind::Filter { .. }
            | NodeKind::Unnest { .. }
            | NodeKind::Lookup { .. }
            | NodeKind::Union => node.inputs.iter().any(|&input| self.in_arrival_order(input)),
            _ => false,
        }
    }
}

/// The type that a scan gives metadata, before it is CAST to the table's: numbers need no CAST to a
/// wider type.
pub(super) fn metadata_type(name: &str, declared: &DataType) -> DataType {
    let own = metadata::data_type(name);
    match own.is_integer() && matches!(declared, DataType::BigInt) {
        true => DataType::BigInt,
        false => own,
    }
}

/// The expression with each column replaced by what `by` gives for it.
fn substituted(expr: &Expr, by: &impl Fn(usize) -> Result<Expr>) -> Result<Expr> {
    if let ExprKind::Column(index) = expr.kind {
        return by(index);
    }
    let mut expr = expr.clone();
    for child in expr.children_mut() {
        *child = substituted(child, by)?;
    }
    Ok(expr)
}

/// Options of a table that is read, beside those of its connector.
fn check_options(table: &Table) -> std::result::Result<(), String> {
    super::partitioned::columns(table)?;
    Rule::of(table)?;
    super::lateness::of(table)?;
    Ok(())
}
