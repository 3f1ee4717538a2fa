//! UNION, INTERSECT and EXCEPT.

use sqlparser::ast;

use super::fault::{Fault, Result};
use super::plan::{Node, NodeId, NodeKind};
use super::query::Queries;
use super::scope::Scope;
use crate::expression::registry::{self, BinaryOp};
use crate::expression::{Expr, ExprKind};
use crate::operator::aggregate::{AggregateCall, AggregateFunction};
use crate::operator::join::{JoinSpec, JoinType};
use crate::operator::unnest::UnnestSpec;
use crate::record::{DataType, Field, Schema, Value};

impl Queries<'_> {
    pub(super) fn set(&mut self, body: &ast::SetExpr) -> Result<NodeId> {
        match body {
            ast::SetExpr::Select(select) => self.select(select),
            ast::SetExpr::Query(query) => self.query(query),
            ast::SetExpr::Values(values) => self.values(values),
            ast::SetExpr::SetOperation { left, op, set_quantifier, right } => {
                self.set_operation([left, right], *op, *set_quantifier)
            }
            other => {
                let what = format!("`{}`", other.to_string().split(' ').next().unwrap_or_default());
                let instead = "SELECT from a table, or VALUES (…), (…)";
                Err(Fault::unsupported(self.span, &what, instead))
            }
        }
    }

    fn set_operation(
        &mut self,
        sides: [&ast::SetExpr; 2],
        op: ast::SetOperator,
        quantifier: ast::SetQuantifier,
    ) -> Result<NodeId> {
        let all = matches!(quantifier, ast::SetQuantifier::All);
        let distinct =
            matches!(quantifier, ast::SetQuantifier::None | ast::SetQuantifier::Distinct);
        if !(all || distinct) || op == ast::SetOperator::Minus {
            let what = format!("{op} {quantifier}");
            let instead = "there are UNION, INTERSECT and EXCEPT, each with ALL";
            return Err(Fault::unsupported(self.span, what.trim(), instead));
        }
        let (left, right) = (self.set(sides[0])?, self.set(sides[1])?);
        let name = op.to_string();
        match (op, all) {
            (ast::SetOperator::Union, true) => self.union(left, right),
            (ast::SetOperator::Union, false) => {
                let union = self.union(left, right)?;
                self.distinct(union)
            }
            (ast::SetOperator::Intersect, false) => {
                self.matched(left, right, JoinType::Semi, &name)
            }
            (_, false) => self.matched(left, right, JoinType::Anti, &name),
            (ast::SetOperator::Intersect, true) => {
                self.counted_rows(left, right, &name, |l, r| registry::call("LEAST", vec![l, r]))
            }
            (_, true) => self.counted_rows(left, right, &name, |l, r| {
                registry::binary(BinaryOp::Subtract, l, r)
            }),
        }
    }

    pub(super) fn union(&mut self, left: NodeId, right: NodeId) -> Result<NodeId> {
        let [left, right] = self.aligned(left, right, "UNION ALL")?;
        let mut schema = self.plan.nodes[left].schema.clone();
        for (field, other) in schema.fields.iter_mut().zip(&self.plan.nodes[right].schema.fields) {
            field.nullable |= other.nullable;
        }
        let time = self.plan.nodes[left].time;
        let time = time.filter(|_| self.plan.nodes[right].time == time);
        let node = Node { kind: NodeKind::Union, inputs: vec![left, right], schema, time };
        Ok(self.plan.add(node))
    }

    /// The different rows of the left that are, or are not, among those of the right. NULL is a
    /// value like others here.
    fn matched(
        &mut self,
        left: NodeId,
        right: NodeId,
        join: JoinType,
        name: &str,
    ) -> Result<NodeId> {
        let [left, right] = self.aligned(left, right, name)?;
        let inputs = vec![self.distinct(left)?, self.distinct(right)?];
        let schema = self.plan.nodes[left].schema.clone();
        let columns: Vec<usize> = (0..schema.len()).collect();
        let spec = Box::new(JoinSpec {
            join,
            nulls_equal: vec![true; columns.len()],
            keys: [columns.clone(), columns],
            condition: None,
            time: None,
            ttl_ms: [None; 2],
        });
        Ok(self.plan.add(Node { kind: NodeKind::Join { spec }, inputs, schema, time: None }))
    }

    /// Each different row as often as `times` says of how often it is on the left and the right.
    fn counted_rows(
        &mut self,
        left: NodeId,
        right: NodeId,
        name: &str,
        times: fn(Expr, Expr) -> std::result::Result<Expr, String>,
    ) -> Result<NodeId> {
        let [left, right] = self.aligned(left, right, name)?;
        let mut schema = self.plan.nodes[left].schema.clone();
        let width = schema.len();
        let marked = [self.marked(left, 0), self.marked(right, 1)];
        let union = self.union(marked[0], marked[1])?;
        let call = |side: usize| AggregateCall {
            function: AggregateFunction::Count,
            argument: Some(width + side),
            argument_type: DataType::Boolean,
            distinct: false,
            filter: None,
            data_type: DataType::BigInt,
        };
        for name in ["left", "right"] {
            schema.fields.push(Field { nullable: false, ..Field::new(name, DataType::BigInt) });
        }
        let (keys, calls) = ((0..width).collect(), vec![call(0), call(1)]);
        let kind = NodeKind::Aggregate { keys, calls, lateness: None, ttl_ms: None };
        let node = Node { kind, inputs: vec![union], schema, time: None };
        let counted = self.plan.add(node);
        let scope = Scope::of(&self.plan.nodes[counted].schema, None);
        let times = times(scope.column(width), scope.column(width + 1));
        let times = times.map_err(|message| Fault::new(self.span, message))?;
        let mut exprs: Vec<Expr> = (0..width).map(|column| scope.column(column)).collect();
        exprs.push(times);
        let mut schema = self.plan.nodes[counted].schema.clone();
        schema.fields.truncate(width + 1);
        let repeated = self.project(counted, exprs.clone(), schema.clone());
        let spec = UnnestSpec { column: width, ..UnnestSpec::default() };
        let kind = NodeKind::Unnest { spec };
        let node = Node { kind, inputs: vec![repeated], schema: schema.clone(), time: None };
        let rows = self.plan.add(node);
        schema.fields.truncate(width);
        exprs.truncate(width);
        Ok(self.project(rows, exprs, schema))
    }

    /// The node with two more columns, of which that of its side is not NULL.
    fn marked(&mut self, node: NodeId, side: usize) -> NodeId {
        let mut schema = self.plan.nodes[node].schema.clone();
        let scope = Scope::of(&schema, None);
        let mut exprs: Vec<Expr> = (0..schema.len()).map(|column| scope.column(column)).collect();
        for (at, name) in ["left", "right"].into_iter().enumerate() {
            let value = if at == side { Value::Bool(true) } else { Value::Null };
            let kind = ExprKind::Literal(value);
            exprs.push(Expr { kind, data_type: DataType::Boolean, nullable: true });
            schema.fields.push(Field::new(name, DataType::Boolean));
        }
        self.project(node, exprs, schema)
    }

    /// Both with the columns of the left's names and of the types that they share.
    fn aligned(&mut self, left: NodeId, right: NodeId, what: &str) -> Result<[NodeId; 2]> {
        let (a, b) = (&self.plan.nodes[left].schema, &self.plan.nodes[right].schema);
        if a.len() != b.len() {
            let message = format!("{what} of {} and {} columns", a.len(), b.len());
            return Err(Fault::new(self.span, message));
        }
        let mut fields = Vec::new();
        for (x, y) in a.fields.iter().zip(&b.fields) {
            let types = [x.data_type.clone(), y.data_type.clone()];
            let Some(data_type) = registry::common_type(&types) else {
                let message = format!(
                    "{what}: `{}` is {} here and {} there",
                    x.name, x.data_type, y.data_type
                );
                return Err(Fault::new(self.span, message).help("CAST one of them"));
            };
            let nullable = x.nullable || y.nullable;
            fields.push(Field { name: x.name.clone(), data_type, nullable });
        }
        let schema = Schema::new(fields);
        Ok([self.converted(left, &schema)?, self.converted(right, &schema)?])
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
            let expr = registry::unify(scope.column(index), &field.data_type);
            exprs.push(
                expr.ok_or_else(|| {
                    Fault::new(self.span, format!("`{}` does not fit", field.name))
                })?,
            );
        }
        Ok(self.project(node, exprs, schema.clone()))
    }
}
