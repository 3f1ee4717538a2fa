//! The time of the right side of an interval join, which is a time attribute beside that of the
//! left one: results stay as far behind the watermark by the one as by the other.

use super::plan::{Node, NodeId, NodeKind};
use super::query::Queries;
use super::scope::Scope;
use crate::expression::Expr;
use crate::operator::join::JoinType;

impl Queries<'_> {
    /// The node with `column` for its time attribute, where that is the other time of an interval
    /// join.
    pub(super) fn timed_by(&mut self, node: NodeId, column: usize) -> NodeId {
        if self.plan.nodes[node].time == Some(column) || !self.is_second_time(node, column) {
            return node;
        }
        let schema = self.plan.nodes[node].schema.clone();
        let scope = Scope::of(&schema, None);
        let all: Vec<Expr> = (0..schema.len()).map(|column| scope.column(column)).collect();
        let kind = NodeKind::Project { exprs: all };
        self.plan.add(Node { kind, inputs: vec![node], schema, time: Some(column) })
    }

    fn is_second_time(&self, node: NodeId, column: usize) -> bool {
        let node = &self.plan.nodes[node];
        let below = || node.inputs[0];
        match &node.kind {
            // The right side of an outer join may be NULL.
            NodeKind::Join { spec } if spec.join == JoinType::Inner => {
                let width = self.plan.nodes[below()].schema.len();
                let timed = spec.time.filter(|time| !time.windows && !time.on_clock);
                timed.is_some_and(|time| column == width + time.columns[1])
            }
            NodeKind::Project { exprs } => {
                let column = exprs.get(column).and_then(Expr::as_column);
                column.is_some_and(|column| self.is_second_time(below(), column))
            }
            NodeKind::Filter { .. } => self.is_second_time(below(), column),
            _ => false,
        }
    }
}
