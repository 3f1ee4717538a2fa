//! OVER: `COUNT(*) OVER (PARTITION BY k ORDER BY ts RANGE BETWEEN … PRECEDING AND CURRENT ROW)`.

use std::ops::ControlFlow;

use sqlparser::ast::{self, Expr as Ast, Spanned};
use sqlparser::tokenizer::Span;

use super::aggregates::{self, Below, Grouping, Spec};
use super::calls::plain_arguments;
use super::fault::{Fault, Result};
use super::literal;
use super::plan::{Node, NodeId, NodeKind};
use super::query::{Queries, Relation};
use super::scope::{Binder, Scope, ScopeColumn};
use crate::expression::{Expr, registry};
use crate::operator::aggregate::AggregateFunction;
use crate::operator::over::{Bounds, Order, OverCall, OverFunction, Variance};
use crate::record::{DataType, Field, Schema, Value};

/// One call with its argument over the input.
struct Call {
    function: OverFunction,
    argument: Option<Expr>,
    /// LAG's third argument: what stands where there is no row.
    otherwise: Value,
    distinct: bool,
    data_type: DataType,
    /// The result, of what the operator gives, which is column 0; as it is where there is none.
    finish: Option<Expr>,
}

impl Call {
    fn new(function: OverFunction, argument: Option<Expr>, data_type: DataType) -> Self {
        let otherwise = Value::Null;
        Self { function, argument, otherwise, distinct: false, data_type, finish: None }
    }
}

/// The OVER calls of one SELECT, all of the same window.
struct Calls {
    window: ast::WindowSpec,
    calls: Vec<Call>,
    names: Vec<String>,
}

/// Whether an expression calls a function OVER a window.
pub fn has_over(ast: &Ast) -> bool {
    let found = ast::visit_expressions(ast, |expr: &Ast| match expr {
        Ast::Function(call) if call.over.is_some() => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}

impl Queries<'_> {
    /// Computes the OVER calls of a SELECT list and puts columns in their place.
    pub(super) fn over(
        &mut self,
        select: &ast::Select,
        relation: &mut Relation,
        items: &mut [(Ast, String)],
    ) -> Result<()> {
        self.assign(relation)?;
        let mut found: Option<Calls> = None;
        for (item, _) in items.iter_mut() {
            let _ = ast::visit_expressions_mut(item, |expr: &mut Ast| {
                if let Some(spelled_out) = lag_or(expr, &relation.scope) {
                    *expr = spelled_out;
                }
                ControlFlow::<()>::Continue(())
            });
            let replaced = ast::visit_expressions_mut(item, |expr: &mut Ast| {
                let Ast::Function(call) = &*expr else { return ControlFlow::Continue(()) };
                if call.over.is_none() {
                    return ControlFlow::Continue(());
                }
                match self.over_call(call, select, &relation.scope, &mut found) {
                    Ok(name) => *expr = Ast::Identifier(ast::Ident::with_quote('`', name)),
                    Err(fault) => return ControlFlow::Break(fault),
                }
                ControlFlow::Continue(())
            });
            if let ControlFlow::Break(fault) = replaced {
                return Err(fault.at_least(self.span));
            }
        }
        match found {
            Some(calls) => self.over_node(relation, calls),
            None => Ok(()),
        }
    }

    /// Notes one call; gives the name of the column that takes its place.
    fn over_call(
        &self,
        call: &ast::Function,
        select: &ast::Select,
        scope: &Scope,
        found: &mut Option<Calls>,
    ) -> Result<String> {
        let span = call.span();
        let mut window = self.window_spec(call.over.as_ref(), select, span)?;
        if call.name.to_string().eq_ignore_ascii_case("ROW_NUMBER") {
            window.window_frame = Some(ast::WindowFrame {
                units: ast::WindowFrameUnits::Rows,
                start_bound: ast::WindowFrameBound::Preceding(None),
                end_bound: None,
            });
        }
        if let Some(frame) = &mut window.window_frame {
            frame.end_bound.get_or_insert(ast::WindowFrameBound::CurrentRow);
        }
        let bound = bind_call(call, scope, span).map_err(|fault| fault.at_least(self.span))?;
        let calls = found.get_or_insert_with(|| Calls {
            window: window.clone(),
            calls: Vec::new(),
            names: Vec::new(),
        });
        if calls.window != window {
            return Err(two_windows(span));
        }
        // A name that no column of a user has.
        let name = format!("\u{1}over{}", calls.calls.len());
        calls.calls.push(bound);
        calls.names.push(name.clone());
        Ok(name)
    }

    pub(super) fn window_spec(
        &self,
        over: Option<&ast::WindowType>,
        select: &ast::Select,
        span: Span,
    ) -> Result<ast::WindowSpec> {
        match over {
            Some(ast::WindowType::WindowSpec(spec)) if spec.window_name.is_none() => {
                Ok(spec.clone())
            }
            Some(ast::WindowType::NamedWindow(name)) => {
                let named = select.named_window.iter().find(|known| known.0.value == name.value);
                match named {
                    Some(ast::NamedWindowDefinition(_, ast::NamedWindowExpr::WindowSpec(spec))) => {
                        Ok(spec.clone())
                    }
                    _ => Err(Fault::new(span, format!("there is no WINDOW {}", name.value))
                        .help("write WINDOW name AS (PARTITION BY … ORDER BY …) behind FROM")),
                }
            }
            _ => Err(Fault::unsupported(
                span,
                "a window that extends another",
                "spell the window out: OVER (PARTITION BY … ORDER BY …)",
            )),
        }
    }

    /// A projection that computes what is read, the rows by time, and the calls over them; the
    /// relation then offers its own columns and one more for each call.
    fn over_node(&mut self, relation: &mut Relation, found: Calls) -> Result<()> {
        let bounds = bounds(&found, self.span)?;
        if let Some(first) = found.window.order_by.first()
            && let Some(time) =
                Binder::plain(&relation.scope, self.span).bind(&first.expr)?.as_column()
        {
            relation.node = self.timed_by(relation.node, time);
        }
        let columns = relation.scope.columns.len();
        let mut below = Below::default();
        (0..columns).for_each(|column| {
            below.exprs.push(relation.scope.column(column));
        });
        let mut keys = Vec::new();
        for key in &found.window.partition_by {
            let key = Binder::plain(&relation.scope, self.span).bind(key)?;
            keys.push(below.column(&key));
        }
        let (by, nulls_first) = self.over_order(relation, &found.window, &mut below)?;
        if let (Some(_), Bounds::Newest(_)) = (nulls_first, bounds) {
            let what = "LAG OVER ordered by a column without a watermark";
            let instead = "ORDER BY the time attribute of the table";
            return Err(Fault::unsupported(self.span, what, instead));
        }
        let mut calls = Vec::new();
        for call in &found.calls {
            calls.push(OverCall {
                function: call.function,
                argument: call.argument.as_ref().map(|argument| below.column(argument)),
                otherwise: call.otherwise.clone(),
                distinct: call.distinct,
                scale: call.argument.as_ref().map_or(0, |argument| argument.data_type.scale()),
                data_type: call.data_type.clone(),
            });
        }
        let schema = below.schema(&self.plan.nodes[relation.node].schema);
        let input = self.project(relation.node, below.exprs.clone(), schema);
        let (input, order) = match nulls_first {
            Some(nulls_first) => (input, Order::Value { nulls_first }),
            None => self.ordered(input, by, &keys),
        };
        let mut schema = self.plan.nodes[input].schema.clone();
        for call in &calls {
            schema.fields.push(Field::new("over", call.data_type.clone()));
        }
        let read = below.exprs.len();
        let kind = NodeKind::Over { time: by, keys, calls, bounds, order };
        let time = self.plan.nodes[input].time.filter(|_| nulls_first.is_none());
        let node = self.plan.add(Node { kind, inputs: vec![input], schema, time });
        self.offer(relation, node, read, found)
    }

    /// Leaves out what was only read, so that positions are those of the scope.
    fn offer(
        &mut self,
        relation: &mut Relation,
        node: NodeId,
        read: usize,
        found: Calls,
    ) -> Result<()> {
        let columns = relation.scope.columns.len();
        let scope = Scope::of(&self.plan.nodes[node].schema, None);
        let mut exprs: Vec<Expr> = (0..columns).map(|column| scope.column(column)).collect();
        let fields = relation.scope.columns.iter().map(|column| column.field.clone());
        let mut fields: Vec<Field> = fields.collect();
        for (index, (call, name)) in found.calls.into_iter().zip(found.names).enumerate() {
            let mut value = scope.column(read + index);
            if let Some(mut finish) = call.finish {
                finish.map_columns(&|_| read + index);
                value = finish;
            }
            let mut field = Field::new(&name, value.data_type.clone());
            field.nullable = call.function != OverFunction::Count;
            relation.scope.columns.push(ScopeColumn::new(None, field.clone()));
            fields.push(field);
            exprs.push(value);
        }
        relation.node = self.project(node, exprs, Schema::new(fields));
        Ok(())
    }

    /// The column that the window is ordered by, and, where it is no time attribute, whether NULL
    /// stands first in it.
    fn over_order(
        &self,
        relation: &Relation,
        window: &ast::WindowSpec,
        below: &mut Below,
    ) -> Result<(usize, Option<bool>)> {
        if let [by] = window.order_by.as_slice() {
            let bound = Binder::plain(&relation.scope, self.span).bind(&by.expr)?;
            let time = self.plan.nodes[relation.node].time;
            let is_time = bound.as_column().is_some_and(|column| {
                Some(column) == time || self.is_proctime(relation.node, column)
            });
            let frame = window.window_frame.as_ref();
            let whole = frame.is_none_or(|frame| {
                frame.start_bound == ast::WindowFrameBound::Preceding(None)
                    && matches!(frame.end_bound, None | Some(ast::WindowFrameBound::CurrentRow))
            });
            let descends = matches!(by.options.sort, Some(ast::OrderBySort::Desc));
            if !is_time && !descends && whole {
                let nulls_first = by.options.nulls_first.unwrap_or(true);
                return Ok((below.column(&bound), Some(nulls_first)));
            }
        }
        self.refuse_updates(relation.node, "OVER")?;
        Ok((self.over_time(relation, window)?, None))
    }

    /// The time attribute that the window is ordered by.
    fn over_time(&self, relation: &Relation, window: &ast::WindowSpec) -> Result<usize> {
        let Some(first) = window.order_by.first() else {
            return Err(Fault::new(
                self.span,
                "OVER needs ORDER BY: rows count in the order of their time",
            )
            .help(
                "write OVER (PARTITION BY … ORDER BY ts …) with the column that has a watermark",
            ));
        };
        let span = first.expr.span();
        if !matches!(first.options.sort, None | Some(ast::OrderBySort::Asc)) {
            let message = "The window can only be ordered in ASCENDING mode.";
            return Err(Fault::new(span, message).at_least(self.span));
        }
        let order = Binder::plain(&relation.scope, self.span).bind(&first.expr)?;
        let time = self.plan.nodes[relation.node].time;
        let is_time =
            |column: &usize| Some(*column) == time || self.is_proctime(relation.node, *column);
        match order.as_column().filter(is_time) {
            Some(time) => Ok(time),
            None => Err(Fault::unsupported(
                span,
                "OVER ordered by a column without a watermark",
                "ORDER BY the time attribute of the table",
            )
            .at_least(self.span)),
        }
    }

    /// The input in the order that OVER takes it in.
    pub(super) fn ordered(
        &mut self,
        input: NodeId,
        time: usize,
        keys: &[usize],
    ) -> (NodeId, Order) {
        match self.in_arrival_order(input) {
            _ if self.is_proctime(input, time) => (input, Order::Arrival { slack_ms: 0 }),
            true => (input, Order::Arrival { slack_ms: self.delay_below(input) }),
            false => (self.time_sorted(input, time, keys), Order::EventTime),
        }
    }

    /// How far rows may be out of order (ms), by the watermark below.
    fn delay_below(&self, id: NodeId) -> i64 {
        let node = &self.plan.nodes[id];
        match node.kind {
            NodeKind::Watermark { delay_ms, .. } => delay_ms,
            _ => node.inputs.iter().map(|&input| self.delay_below(input)).max().unwrap_or(0),
        }
    }
}

fn bind_call(call: &ast::Function, scope: &Scope, span: Span) -> Result<Call> {
    let name = call.name.to_string().to_ascii_uppercase();
    if call.filter.is_some() {
        return Err(Fault::new(span, "OVER must be applied to aggregate function, without FILTER")
            .help("put the condition into the argument: SUM(CASE WHEN … THEN x END)"));
    }
    if let Some(aggregate) = aggregates::function(&name)
        && let Some(function) = over_function(aggregate)
    {
        let spec = aggregates::bind(aggregate, call, scope, span)?;
        let distinct = spec.distinct;
        return Ok(Call { distinct, ..Call::new(function, spec.argument, spec.data_type) });
    }
    if matches!(name.as_str(), "LISTAGG" | "ARRAY_AGG" | "COLLECT" | "PERCENTILE") {
        return collection(&name, call, scope, span);
    }
    if let Some(variance) = variance(&name) {
        let spec = aggregates::bind(AggregateFunction::Sum, call, scope, span)?;
        if spec.data_type.is_decimal() {
            let text = format!("{name} OVER of {}", spec.data_type);
            return Err(Fault::unsupported(span, &text, "cast to DOUBLE before"));
        }
        let function = OverFunction::Variance(variance);
        let distinct = spec.distinct;
        return Ok(Call { distinct, ..Call::new(function, spec.argument, spec.data_type) });
    }
    let mut arguments = plain_arguments(call, span)?.into_iter();
    let mut binder = Binder::plain(scope, span);
    let mut next = || arguments.next().map(|argument| binder.bind(argument)).transpose();
    let argument = next()?;
    let function = match (name.as_str(), &argument) {
        ("FIRST_VALUE", Some(_)) => OverFunction::FirstValue,
        ("LAST_VALUE", Some(_)) => OverFunction::LastValue,
        ("LAG", Some(_)) => lag(next()?, span)?,
        ("ROW_NUMBER", None) => {
            return Ok(Call::new(OverFunction::Count, None, DataType::BigInt));
        }
        ("ROW_NUMBER" | "RANK" | "DENSE_RANK", _) => {
            return Err(Fault::unsupported(
                span,
                &name,
                "ROW_NUMBER in a subquery that is filtered by it: WHERE rn <= 10",
            ));
        }
        _ => return Err(not_over(&name, span)),
    };
    let data_type = argument.as_ref().map_or(DataType::Null, |it| it.data_type.clone());
    if data_type.is_nested() {
        return Err(Fault::new(span, format!("{name} OVER cannot take {data_type}")));
    }
    let otherwise = match next()? {
        None => Value::Null,
        Some(value) => {
            let value = registry::coerce(value, &data_type);
            value
                .and_then(|value| value.as_literal().cloned())
                .ok_or_else(|| Fault::new(span, format!("LAG: the default must be {data_type}")))?
        }
    };
    Ok(Call { otherwise, ..Call::new(function, argument, data_type) })
}

/// LISTAGG, ARRAY_AGG, COLLECT and PERCENTILE, which are made of what rows give one behind the other, or counted.
fn collection(name: &str, call: &ast::Function, scope: &Scope, span: Span) -> Result<Call> {
    let mut grouping = Grouping::default();
    let mut binder = Binder { scope, grouping: Some(&mut grouping), span };
    let finish = aggregates::derived(name, call, &mut binder, span)?;
    let function = match name {
        "COLLECT" | "PERCENTILE" => OverFunction::Collect,
        _ => OverFunction::Concat,
    };
    let Some(Spec { argument, distinct, data_type, .. }) = grouping.calls.pop() else {
        return Err(Fault::new(span, format!("{name} needs an argument")));
    };
    Ok(Call { distinct, finish: Some(finish), ..Call::new(function, argument, data_type) })
}

/// A function that is none of OVER.
fn not_over(name: &str, span: Span) -> Fault {
    match name {
        "LEAD" | "NTILE" | "PERCENT_RANK" | "CUME_DIST" => {
            let message = format!("{name} Function is not supported in stream mode.");
            Fault::new(span, message).help("LAG looks at the rows before")
        }
        _ => Fault::unsupported(
            span,
            &format!("{name} OVER"),
            "COUNT, SUM, MIN, MAX, AVG, variances, FIRST_VALUE, LAST_VALUE, LAG, LISTAGG, ARRAY_AGG, \
             COLLECT and PERCENTILE are there",
        ),
    }
}

/// LAG whose default is not known beforehand: where there is no such row, as a mark tells, it is the
/// default of the newest one.
fn lag_or(expr: &Ast, scope: &Scope) -> Option<Ast> {
    let Ast::Function(call) = expr else { return None };
    let span = call.span();
    if !call.name.to_string().eq_ignore_ascii_case("LAG") || call.over.is_none() {
        return None;
    }
    let arguments = plain_arguments(call, span).ok()?;
    let [_, rows, default] = arguments.as_slice() else { return None };
    if Binder::plain(scope, span).bind(default).is_ok_and(|default| default.as_literal().is_some())
    {
        return None;
    }
    let number = |text: &str| Ast::Value(ast::Value::Number(text.into(), false).into());
    let lag = |arguments: Vec<Ast>| {
        let mut call = call.clone();
        if let ast::FunctionArguments::List(list) = &mut call.args {
            let unnamed = |of| ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(of));
            list.args = arguments.into_iter().map(unnamed).collect();
        }
        Box::new(Ast::Function(call))
    };
    let mark = Ast::Value(ast::Value::Boolean(true).into());
    let there = Ast::IsNotNull(lag(vec![mark, (*rows).clone()]));
    let then = ast::CaseWhen {
        condition: there,
        result: *lag(vec![arguments[0].clone(), (*rows).clone()]),
    };
    let nothing = || ast::helpers::attached_token::AttachedToken::empty();
    Some(Ast::Case {
        case_token: nothing(),
        end_token: nothing(),
        operand: None,
        conditions: vec![then],
        else_result: Some(lag(vec![(*default).clone(), number("0")])),
    })
}

/// LAG with the number of rows that it looks back.
fn lag(offset: Option<Expr>, span: Span) -> Result<OverFunction> {
    let offset = offset.map_or(Some(1), |it| it.as_literal().and_then(Value::as_i64));
    match offset.and_then(|offset| usize::try_from(offset).ok()) {
        Some(offset) => Ok(OverFunction::Lag { offset }),
        None => Err(Fault::new(span, "LAG: the offset is a number of rows, 0 or more")),
    }
}

fn variance(name: &str) -> Option<Variance> {
    let (sample, root) = match name {
        "VAR_POP" => (false, false),
        "VAR_SAMP" | "VARIANCE" => (true, false),
        "STDDEV_POP" => (false, true),
        "STDDEV_SAMP" | "STDDEV" => (true, true),
        _ => return None,
    };
    Some(Variance { sample, root })
}

fn over_function(function: AggregateFunction) -> Option<OverFunction> {
    Some(match function {
        AggregateFunction::CountStar | AggregateFunction::Count => OverFunction::Count,
        AggregateFunction::Sum => OverFunction::Sum,
        AggregateFunction::Min => OverFunction::Min,
        AggregateFunction::Max => OverFunction::Max,
        AggregateFunction::Avg => OverFunction::Avg,
        _ => {
            return None;
        }
    })
}

/// All calls of a SELECT share one window.
pub fn two_windows(span: Span) -> Fault {
    Fault::new(
        span,
        "Over Agg: Unsupported use of OVER windows. All aggregates must be computed on the same \
         window. please re-check the over window statement.",
    )
    .help("compute the other window in a subquery")
}

/// The frame: RANGE or ROWS, up to the current row.
fn bounds(found: &Calls, span: Span) -> Result<Bounds> {
    let lags = found.calls.iter().filter_map(|call| match call.function {
        OverFunction::Lag { offset } => Some(offset),
        _ => None,
    });
    if let Some(most) = lags.clone().max() {
        if found.window.window_frame.is_some() {
            let instead = "leave the frame out: LAG looks at the rows before, whatever their time";
            return Err(Fault::unsupported(span, "LAG with a frame", instead));
        }
        return Ok(Bounds::Newest(most));
    }
    let Some(frame) = &found.window.window_frame else { return Ok(Bounds::Range(None)) };
    if !matches!(frame.end_bound, None | Some(ast::WindowFrameBound::CurrentRow)) {
        let instead = "… AND CURRENT ROW";
        let what = match frame.units {
            ast::WindowFrameUnits::Range => "OVER RANGE FOLLOWING windows are not supported yet.",
            _ => "OVER ROWS FOLLOWING windows are not supported yet.",
        };
        return Err(Fault::new(span, what).help(instead));
    }
    let from = match &frame.start_bound {
        ast::WindowFrameBound::CurrentRow => None,
        ast::WindowFrameBound::Preceding(None) => {
            return match frame.units {
                ast::WindowFrameUnits::Rows => Ok(Bounds::Rows(None)),
                _ => Ok(Bounds::Range(None)),
            };
        }
        ast::WindowFrameBound::Preceding(Some(from)) => Some(&**from),
        ast::WindowFrameBound::Following(_) => {
            let message = "OVER RANGE FOLLOWING windows are not supported yet.";
            return Err(Fault::new(span, message).help("start the frame with … PRECEDING"));
        }
    };
    match (frame.units, from) {
        (ast::WindowFrameUnits::Range, None) => Ok(Bounds::Range(Some(0))),
        (ast::WindowFrameUnits::Rows, None) => Ok(Bounds::Rows(Some(0))),
        (ast::WindowFrameUnits::Range, Some(Ast::Interval(interval))) => {
            let bound = literal::interval(interval, span)?;
            match (bound.as_literal().and_then(Value::as_i64), &bound.data_type) {
                (Some(ms), DataType::IntervalDayTime) if ms >= 0 => Ok(Bounds::Range(Some(ms))),
                _ => Err(Fault::new(span, "RANGE takes an interval of days or less")
                    .help("e.g. RANGE BETWEEN INTERVAL '1' MINUTE PRECEDING AND CURRENT ROW")),
            }
        }
        (ast::WindowFrameUnits::Rows, Some(Ast::Value(value))) => {
            let rows = literal::value(&value.value, span)?;
            let rows = rows.as_literal().and_then(Value::as_i64);
            match rows.and_then(|rows| usize::try_from(rows).ok()) {
                Some(rows) => Ok(Bounds::Rows(Some(rows))),
                None => Err(Fault::new(span, "ROWS takes a number of rows")),
            }
        }
        _ => Err(Fault::new(span, "the frame is RANGE with an INTERVAL, or ROWS with a number")
            .help("e.g. RANGE BETWEEN INTERVAL '1' MINUTE PRECEDING AND CURRENT ROW")),
    }
}
