//! What the text alone shows to have no rows. An aggregate of all rows gives nothing in a stream
//! before a row comes; over such an input it is known at once: a count of 0, else NULL.

use std::cmp::Ordering;

use super::aggregates::Grouping;
use super::optimizer::replaced;
use super::plan::{NodeId, NodeKind, Plan};
use super::query::Queries;
use crate::expression::registry::Function;
use crate::expression::{Expr, ExprKind};
use crate::operator::aggregate::AggregateFunction;
use crate::operator::join::JoinType;
use crate::record::{DataType, Field, Schema, Value};

impl Queries<'_> {
    /// The one row of aggregates of all rows of a node that has none. Flink knows it of these
    /// functions, and of no others.
    pub(super) fn of_nothing(&mut self, input: NodeId, grouping: &Grouping) -> Option<NodeId> {
        use AggregateFunction::{Avg, Count, CountStar, Max, Min, Sum};
        let known = |function| matches!(function, Count | CountStar | Sum | Avg | Min | Max);
        if !grouping.keys.is_empty()
            || !grouping.window.is_empty()
            || !grouping.calls.iter().all(|call| known(call.function))
            || !is_empty(self.plan, input)
        {
            return None;
        }
        let value = |function, data_type: &DataType| match function {
            Count | CountStar => Expr::literal(Value::I64(0), data_type.clone()),
            _ => Expr::literal(Value::Null, data_type.clone()),
        };
        let exprs: Vec<Expr> =
            grouping.calls.iter().map(|call| value(call.function, &call.data_type)).collect();
        let field = |expr: &Expr| Field {
            nullable: expr.nullable,
            ..Field::new("aggregate", expr.data_type.clone())
        };
        let schema = Schema::new(exprs.iter().map(field).collect());
        let row = self.rows(1);
        Some(self.project(row, exprs, schema))
    }
}

/// Whether a node has no rows, whatever is read.
pub fn is_empty(plan: &Plan, id: NodeId) -> bool {
    let node = &plan.nodes[id];
    let of = |port: usize| node.inputs.get(port).is_some_and(|&input| is_empty(plan, input));
    match &node.kind {
        NodeKind::Filter { predicate } => filters_all(plan, predicate, node.inputs[0]) || of(0),
        NodeKind::Project { .. } | NodeKind::Watermark { .. } => of(0),
        NodeKind::Union => node.inputs.iter().all(|&input| is_empty(plan, input)),
        NodeKind::Aggregate { keys, .. } => !keys.is_empty() && of(0),
        NodeKind::Join { spec } => {
            let apart = spec.condition.as_ref().is_some_and(is_never);
            match spec.join {
                JoinType::Inner | JoinType::Semi => apart || of(0) || of(1),
                JoinType::Left | JoinType::Anti => of(0),
                JoinType::Right => of(1),
                JoinType::Full => of(0) && of(1),
            }
        }
        _ => false,
    }
}

/// Whether a GROUP BY has no rows to group, whatever HAVING says of them.
pub fn groups_nothing(plan: &Plan, id: NodeId) -> bool {
    let node = &plan.nodes[id];
    match &node.kind {
        NodeKind::Project { .. } | NodeKind::Filter { .. } => groups_nothing(plan, node.inputs[0]),
        NodeKind::Aggregate { keys, .. } => !keys.is_empty() && is_empty(plan, node.inputs[0]),
        _ => false,
    }
}

/// Whether no row passes a filter and those right below it. Over UNNEST, Flink takes it for one that
/// might pass some.
fn filters_all(plan: &Plan, predicate: &Expr, below: NodeId) -> bool {
    let (mut conditions, mut at) = (vec![predicate.clone()], below);
    loop {
        match &plan.nodes[at].kind {
            NodeKind::Filter { predicate } => conditions.push(predicate.clone()),
            NodeKind::Project { exprs } => {
                conditions.iter_mut().for_each(|it| *it = replaced(it, exprs));
            }
            NodeKind::Unnest { .. } => return false,
            _ => break,
        }
        at = plan.nodes[at].inputs[0];
    }
    let all =
        Expr { kind: ExprKind::And(conditions), data_type: DataType::Boolean, nullable: true };
    is_never(&all)
}

/// Whether a condition is true of no row.
fn is_never(condition: &Expr) -> bool {
    match &condition.kind {
        ExprKind::Literal(value) => !matches!(value, Value::Bool(true)),
        ExprKind::Or(parts) => parts.iter().all(is_never),
        ExprKind::And(_) => {
            let mut parts = Vec::new();
            flat(condition, &mut parts);
            parts.iter().any(|part| is_never(part)) || contradict(&parts)
        }
        ExprKind::Not(inner) => {
            matches!(inner.as_literal(), Some(Value::Null | Value::Bool(true)))
        }
        ExprKind::Call { function: Function::NotEq | Function::Lt | Function::Gt, args }
            if args[0] == args[1] && args[0].as_column().is_some() =>
        {
            // Neither is true of a value and itself.
            true
        }
        ExprKind::Call { function, args } if compares(*function) => {
            args.iter().any(|arg| matches!(arg.as_literal(), Some(Value::Null)))
        }
        _ => false,
    }
}

fn flat<'a>(condition: &'a Expr, out: &mut Vec<&'a Expr>) {
    match &condition.kind {
        ExprKind::And(parts) => parts.iter().for_each(|part| flat(part, out)),
        _ => out.push(condition),
    }
}

/// Whether no value is such as all of these conditions want it.
fn contradict(parts: &[&Expr]) -> bool {
    let bounds: Vec<Bound<'_>> = parts.iter().filter_map(|part| Bound::read(part)).collect();
    let opposite = |part: &&Expr| match &part.kind {
        ExprKind::Not(inner) => parts.contains(&&**inner),
        _ => false,
    };
    let missing = |part: &&Expr| match &part.kind {
        ExprKind::IsNull(operand) => bounds.iter().any(|bound| *bound.operand == **operand),
        _ => false,
    };
    parts.iter().any(|part| opposite(part) || missing(part))
        || bounds.iter().any(|bound| {
            let others = bounds.iter().filter(|other| other.operand == bound.operand);
            bound.leaves_none(others)
        })
}

/// What a condition asks of one operand, which NULL does not meet.
struct Bound<'a> {
    operand: &'a Expr,
    function: Function,
    values: Vec<&'a Value>,
    negated: bool,
}

impl<'a> Bound<'a> {
    fn read(condition: &'a Expr) -> Option<Self> {
        let (inner, negated) = match &condition.kind {
            ExprKind::Not(inner) => (&**inner, true),
            _ => (condition, false),
        };
        let ExprKind::Call { function, args } = &inner.kind else { return None };
        if !compares(*function) && *function != Function::In {
            return None;
        }
        let (operand, others) = args.split_first()?;
        let (operand, others, function) = match (operand.as_literal(), others) {
            (Some(_), [other]) => (other, std::slice::from_ref(operand), turned(*function)),
            _ => (operand, others, *function),
        };
        let values: Option<Vec<&Value>> = others.iter().map(Expr::as_literal).collect();
        let values = values.filter(|values| values.iter().all(|value| is_ordered(value)))?;
        Some(Self { operand, function, values, negated })
    }

    fn holds(&self, value: &Value) -> bool {
        let any = |wanted: &[Ordering]| {
            self.values.iter().any(|other| wanted.contains(&value.order(other)))
        };
        let plain = match self.function {
            Function::NotEq => any(&[Ordering::Less, Ordering::Greater]),
            Function::Lt => any(&[Ordering::Less]),
            Function::LtEq => any(&[Ordering::Less, Ordering::Equal]),
            Function::Gt => any(&[Ordering::Greater]),
            Function::GtEq => any(&[Ordering::Greater, Ordering::Equal]),
            _ => any(&[Ordering::Equal]),
        };
        plain != self.negated
    }

    /// Whether this one wants one of some values, and the others take none of them; or this one
    /// wants what is less, and another what is more.
    fn leaves_none<'b>(&self, mut others: impl Iterator<Item = &'b Bound<'b>> + Clone) -> bool {
        match (self.function, self.negated) {
            (Function::Eq | Function::In, false) | (Function::NotEq, true) => {
                self.values.iter().all(|value| !others.clone().all(|other| other.holds(value)))
            }
            (Function::Lt | Function::LtEq, false) | (Function::Gt | Function::GtEq, true) => {
                others.any(|other| other.is_lower() && self.ends_before(other))
            }
            _ => false,
        }
    }

    fn is_lower(&self) -> bool {
        match self.negated {
            false => matches!(self.function, Function::Gt | Function::GtEq),
            true => matches!(self.function, Function::Lt | Function::LtEq),
        }
    }

    /// Of an upper bound: whether no value is up to it and from the lower bound on.
    fn ends_before(&self, lower: &Bound<'_>) -> bool {
        let (end, start) = (self.values[0], lower.values[0]);
        match end.order(start) {
            Ordering::Less => true,
            Ordering::Equal => !(self.holds(end) && lower.holds(start)),
            Ordering::Greater => false,
        }
    }
}

fn compares(function: Function) -> bool {
    use Function::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    matches!(function, Eq | NotEq | Lt | LtEq | Gt | GtEq)
}

/// Comparisons of texts, numbers and times; NaN makes doubles none that a bound can be told of.
fn is_ordered(value: &Value) -> bool {
    matches!(value, Value::I64(_) | Value::Decimal(_) | Value::Str(_))
}

/// A comparison with its sides changed.
fn turned(function: Function) -> Function {
    match function {
        Function::Lt => Function::Gt,
        Function::LtEq => Function::GtEq,
        Function::Gt => Function::Lt,
        Function::GtEq => Function::LtEq,
        other => other,
    }
}
