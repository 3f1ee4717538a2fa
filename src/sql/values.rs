//! VALUES, and SELECT without FROM: rows that the job itself writes down.

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlparser::ast;

use super::fault::{At, Fault, Result};
use super::plan::{Node, NodeId, NodeKind, ScanField, Table};
use super::query::Queries;
use super::scope::{Binder, Scope};
use crate::expression::registry::{self, BinaryOp};
use crate::expression::{Expr, ExprKind};
use crate::record::format::Side;
use crate::record::{DataType, Field, Schema, Value};

/// More rows belong into a file: each value is a branch of an expression.
const ROWS_MAX: usize = 1_000;

impl Queries<'_> {
    /// A column of the numbers from 0 to `count` - 1, read once.
    pub(super) fn rows(&mut self, count: usize) -> NodeId {
        let field = Field { nullable: false, ..Field::new("row", DataType::Int) };
        let schema = Schema::new(vec![field.clone()]);
        let option = |key: &str, value: String| (Arc::from(key), Arc::from(value));
        let last = count.saturating_sub(1);
        let options = BTreeMap::from([
            option("fields.row.kind", "sequence".into()),
            option("fields.row.start", "0".into()),
            option("fields.row.end", last.to_string()),
            option("number-of-rows", count.to_string()),
            option("rows-per-second", "1000000".into()),
        ]);
        let table = Arc::new(Table {
            name: "VALUES".into(),
            schema: schema.clone(),
            physical: vec![0],
            computed: Vec::new(),
            metadata: Vec::new(),
            watermark: None,
            primary_key: Vec::new(),
            connector: "datagen".into(),
            options,
        });
        let path = vec![field.name.clone()];
        let (side, data_type) = (Side::Value, field.data_type);
        let fields = vec![ScanField { side, path, data_type, nullable: false }];
        let kind = NodeKind::Scan { table, fields, metadata: Vec::new() };
        self.plan.add(Node { kind, inputs: vec![], schema, time: None })
    }

    /// `VALUES (1, 'a'), (2, 'b')`.
    pub(super) fn values(&mut self, values: &ast::Values) -> Result<NodeId> {
        let count = values.rows.len();
        let width = values.rows.first().map_or(0, |row| row.content.len());
        if values.rows.iter().any(|row| row.content.len() != width) {
            return Err(Fault::new(self.span, "rows of VALUES have the same number of columns"));
        }
        if count > ROWS_MAX {
            let message = format!("VALUES takes at most {ROWS_MAX} rows, these are {count}");
            return Err(Fault::new(self.span, message).help("put them into a file: 'filesystem'"));
        }
        let node = self.rows(count);
        let scope = Scope::default();
        let (mut exprs, mut fields) = (Vec::new(), Vec::new());
        for column in 0..width {
            let bind = |row: &sqlparser::ast::Parens<Vec<ast::Expr>>| {
                Binder::plain(&scope, self.span).bind(&row.content[column])
            };
            let cells = values.rows.iter().map(bind).collect::<Result<Vec<_>>>()?;
            let nullable = cells.iter().any(|cell| cell.nullable);
            let mut value = self.by_row(cells)?;
            value.nullable = nullable;
            let name = format!("EXPR${column}");
            fields.push(Field { nullable, ..Field::new(&name, value.data_type.clone()) });
            exprs.push(value);
        }
        Ok(self.project(node, exprs, Schema::new(fields)))
    }

    /// The value of each row, by its number.
    fn by_row(&self, mut cells: Vec<Expr>) -> Result<Expr> {
        let Some(last) = cells.pop() else {
            return Err(Fault::new(self.span, "VALUES needs a row"));
        };
        if cells.is_empty() {
            return Ok(last);
        }
        let number = Expr { nullable: false, ..Expr::column(0, DataType::Int) };
        let mut branches = Vec::new();
        for (row, cell) in cells.into_iter().enumerate() {
            let row = Expr::literal(Value::I64(row as i64), DataType::Int);
            let here = registry::binary(BinaryOp::Eq, number.clone(), row).at(self.span)?;
            branches.push((here, cell));
        }
        let value = registry::case(branches, Some(last)).at(self.span)?;
        match value.kind {
            ExprKind::Case { .. } if value.data_type == DataType::Null => {
                Err(Fault::new(self.span, "Illegal use of 'NULL'").help("CAST(NULL AS STRING)"))
            }
            _ => Ok(value),
        }
    }
}
