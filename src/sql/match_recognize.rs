//! MATCH_RECOGNIZE: the pattern, its conditions and measures, bound.
//!
//! What is read of the rows of a match (`LAST(A.x, 1)`, `SUM(A.x)`, `A.x` of another variable)
//! becomes a term: a column of its own that the operator fills.

use std::ops::ControlFlow;

use sqlparser::ast::{self, Expr as Ast, Spanned, VisitMut, VisitorMut};
use sqlparser::tokenizer::Span;

use super::aggregates::{self, Below};
use super::fault::{Fault, Result};
use super::literal;
use super::plan::{Node, NodeKind};
use super::query::{Queries, Relation};
use super::row_pattern;
use super::scope::{Binder, Scope, ScopeColumn};
use super::select::field_of;
use crate::expression::Expr;
use crate::operator::aggregate::AggregateFunction;
use crate::operator::over::{Order, OverCall, OverFunction};
use crate::operator::pattern::{Condition, Pattern, Recognition, Term, TermKind};
use crate::record::{DataType, Field, Schema, Value};

/// The definition under which the interval of WITHIN travels (see `tokens`).
pub const WITHIN: &str = "\u{1}within";

/// A clause as it was parsed.
struct Clause<'a> {
    table: &'a ast::TableFactor,
    partition_by: &'a [Ast],
    order_by: &'a [ast::OrderByExpr],
    measures: &'a [ast::Measure],
    rows_per_match: Option<&'a ast::RowsPerMatch>,
    skip: Option<&'a ast::AfterMatchSkip>,
    pattern: &'a ast::MatchRecognizePattern,
    symbols: &'a [ast::SymbolDefinition],
    span: Span,
}

/// Where an expression stands: what a plain column means depends on it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the definition of a variable: the row at hand.
    Define(Option<usize>),
    /// In MEASURES: the last row.
    Measures,
}

impl Queries<'_> {
    pub(super) fn match_recognize(
        &mut self,
        factor: &ast::TableFactor,
        span: Span,
    ) -> Result<Relation> {
        let ast::TableFactor::MatchRecognize {
            table,
            partition_by,
            order_by,
            measures,
            rows_per_match,
            after_match_skip,
            pattern,
            symbols,
            ..
        } = factor
        else {
            return Err(Fault::new(span, "this is no MATCH_RECOGNIZE"));
        };
        let (rows_per_match, skip) = (rows_per_match.as_ref(), after_match_skip.as_ref());
        self.recognized(&Clause {
            table,
            partition_by,
            order_by,
            measures,
            rows_per_match,
            skip,
            pattern,
            symbols,
            span,
        })
    }

    fn recognized(&mut self, clause: &Clause<'_>) -> Result<Relation> {
        let span = clause.span;
        if matches!(clause.rows_per_match, Some(ast::RowsPerMatch::AllRows(_))) {
            return Err(Fault::new(span, "All rows per match mode is not supported yet.")
                .help("write ONE ROW PER MATCH"));
        }
        let mut input = self.relation(clause.table)?;
        self.assign(&mut input)?;
        self.refuse_updates(input.node, "MATCH_RECOGNIZE")?;
        let mut keys = Vec::new();
        for key in clause.partition_by {
            let bound = Binder::plain(&input.scope, span).bind(key)?;
            keys.push(bound.as_column().ok_or_else(|| {
                Fault::unsupported(span, "PARTITION BY an expression", "name a column there")
            })?);
        }
        if let Some(first) = clause.order_by.first()
            && let Some(time) = Binder::plain(&input.scope, span).bind(&first.expr)?.as_column()
        {
            input.node = self.timed_by(input.node, time);
        }
        let (time, ties) = self.match_order(&input, clause)?;
        let (elements, variables) = row_pattern::read(clause.pattern, span)?;
        let skip = row_pattern::skip(clause.skip, &variables, span)?;
        let pattern = Pattern { elements, skip, within_ms: within(clause)? };
        let mut below = Below::default();
        for column in 0..input.scope.columns.len() {
            below.exprs.push(input.scope.column(column));
        }
        let mut recognition = Recognition {
            pattern,
            conditions: vec![None; variables.len()],
            measures: Vec::new(),
            ties,
            order: Order::EventTime,
        };
        let mut reading = Reading { scope: &input.scope, variables: &variables, time, span };
        // What an aggregate reads stands behind the input's own columns; conditions are bound
        // once all of that is known.
        let mut definitions = Vec::new();
        for symbol in clause.symbols.iter().filter(|symbol| symbol.symbol.value != WITHIN) {
            let variable = variables.iter().position(|known| *known == symbol.symbol.value);
            let mut definition = symbol.definition.clone();
            let place = Place::Define(variable);
            let terms = reading.terms(&mut definition, place, &mut below, Vec::new())?;
            definitions.extend(variable.map(|variable| (variable, definition, terms)));
        }
        let mut measures = Vec::new();
        for measure in clause.measures {
            let mut expr = measure.expr.clone();
            let known = std::mem::take(&mut recognition.measures);
            recognition.measures = reading.terms(&mut expr, Place::Measures, &mut below, known)?;
            measures.push((expr, measure.alias.value.clone()));
        }
        for (variable, definition, terms) in definitions {
            let scope = scope_of(&input.scope, &below, &terms);
            let predicate = Binder::plain(&scope, span).truth(&definition)?;
            recognition.conditions[variable] = Some(Condition { predicate, terms });
        }
        self.match_node(input, below, (time, keys), recognition, &measures, span)
    }

    /// The operator over its sorted input, and a projection that computes the measures.
    fn match_node(
        &mut self,
        input: Relation,
        below: Below,
        (time, keys): (usize, Vec<usize>),
        mut recognition: Recognition,
        measures: &[(Ast, String)],
        span: Span,
    ) -> Result<Relation> {
        let schema = below.schema(&self.plan.nodes[input.node].schema);
        let node = self.project(input.node, below.exprs.clone(), schema);
        let proctime = self.is_proctime(node, time);
        let node = match proctime || self.in_arrival_order(node) {
            true => {
                recognition.order = Order::Arrival { slack_ms: 0 };
                node
            }
            false => self.time_sorted(node, time, &keys),
        };
        let of_key = |&key: &usize| input.scope.columns[key].field.clone();
        let mut fields: Vec<Field> = keys.iter().map(of_key).collect();
        let is_rowtime = |term: &_| !proctime && Term::is_rowtime(term, time);
        let rowtime = recognition.measures.iter().position(is_rowtime);
        let rowtime = rowtime.map(|at| at + keys.len());
        let mut scope = Scope::of(&Schema::new(fields.clone()), None);
        for (index, term) in recognition.measures.iter().enumerate() {
            let field = Field::new(&term_name(index), term.data_type.clone());
            fields.push(field.clone());
            scope.columns.push(ScopeColumn::new(None, field));
        }
        let mut exprs: Vec<Expr> = (0..keys.len()).map(|column| scope.column(column)).collect();
        let mut out: Vec<Field> = fields[..keys.len()].to_vec();
        for (measure, name) in measures {
            let expr = Binder::plain(&scope, span).bind(measure)?;
            out.push(field_of(name, &expr));
            exprs.push(expr);
        }
        let kind = NodeKind::Match { time, keys, recognition: Box::new(recognition) };
        let schema = Schema::new(fields);
        let node = self.plan.add(Node { kind, inputs: vec![node], schema, time: rowtime });
        let node = self.project(node, exprs, Schema::new(out.clone()));
        Ok(Relation { node, scope: Scope::of(&Schema::new(out), None), window: None })
    }

    /// The time attribute, and the columns that order rows of one time.
    fn match_order(
        &self,
        input: &Relation,
        clause: &Clause<'_>,
    ) -> Result<(usize, Vec<(usize, bool)>)> {
        let span = clause.span;
        let Some((first, ties)) = clause.order_by.split_first() else {
            let message = "You must specify either rowtime or proctime for order by.";
            return Err(Fault::new(span, message).help("ORDER BY the time attribute of the table"));
        };
        let column = |order: &ast::OrderByExpr| {
            let bound = Binder::plain(&input.scope, span).bind(&order.expr)?;
            bound.as_column().ok_or_else(|| {
                Fault::unsupported(span, "ORDER BY an expression", "name a column there")
            })
        };
        let ascending =
            |order: &ast::OrderByExpr| !matches!(order.options.sort, Some(ast::OrderBySort::Desc));
        let time = column(first)?;
        let is_time = self.plan.nodes[input.node].time == Some(time);
        if !is_time && !self.is_proctime(input.node, time) {
            let message =
                "You must specify either rowtime or proctime for order by as the first one.";
            return Err(Fault::new(first.expr.span(), message)
                .help("ORDER BY the time attribute of the table first")
                .at_least(span));
        }
        if !ascending(first) {
            let message = "Primary sort order of a streaming table must be ascending on time.";
            return Err(Fault::new(span, message).help("leave DESC out"));
        }
        let ties = ties.iter().map(|order| Ok((column(order)?, ascending(order))));
        Ok((time, ties.collect::<Result<_>>()?))
    }
}

fn within(clause: &Clause<'_>) -> Result<Option<i64>> {
    let found = clause.symbols.iter().find(|symbol| symbol.symbol.value == WITHIN);
    let Some(symbol) = found else { return Ok(None) };
    let bound = match &symbol.definition {
        Ast::Interval(interval) => Some(literal::interval(interval, clause.span)?),
        _ => None,
    };
    let ms = bound.filter(|bound| bound.data_type == DataType::IntervalDayTime);
    match ms.and_then(|ms| ms.as_literal().and_then(Value::as_i64)) {
        Some(ms) => Ok(Some(ms)),
        None => Err(Fault::new(
            clause.span,
            "Only constant intervals with millisecond resolution are supported as time constraints \
             of patterns.",
        )
        .help("write WITHIN INTERVAL '10' MINUTE, or SECOND, HOUR, DAY")),
    }
}

impl Term {
    /// The time of the match's last row.
    fn is_rowtime(&self, time: usize) -> bool {
        self.kind == TermKind::Last(0) && self.variable.is_none() && self.column == time
    }
}

/// A name that no column of a user has.
fn term_name(index: usize) -> String {
    format!("\u{1}term{index}")
}

fn scope_of(input: &Scope, below: &Below, terms: &[Term]) -> Scope {
    let mut scope = input.clone();
    for (index, expr) in below.exprs.iter().enumerate().skip(input.columns.len()) {
        let field = Field::new(&format!("\u{1}below{index}"), expr.data_type.clone());
        scope.columns.push(ScopeColumn::new(None, field));
    }
    for (index, term) in terms.iter().enumerate() {
        let field = Field::new(&term_name(index), term.data_type.clone());
        scope.columns.push(ScopeColumn::new(None, field));
    }
    scope
}

/// Finds what an expression reads of the rows of a match.
struct Reading<'a> {
    scope: &'a Scope,
    variables: &'a [String],
    /// The time attribute.
    time: usize,
    span: Span,
}

impl Reading<'_> {
    /// Puts terms in the places of what they stand for; gives those known and the new ones.
    fn terms(
        &mut self,
        ast: &mut Ast,
        place: Place,
        below: &mut Below,
        known: Vec<Term>,
    ) -> Result<Vec<Term>> {
        let mut visitor = Visitor { reading: self, place, below, terms: known };
        match ast.visit(&mut visitor) {
            ControlFlow::Continue(()) => Ok(visitor.terms),
            ControlFlow::Break(fault) => Err(fault),
        }
    }

    fn variable(&self, name: &str) -> Option<usize> {
        self.variables.iter().position(|known| known == name)
    }
}

struct Visitor<'a, 'b> {
    reading: &'a Reading<'b>,
    place: Place,
    below: &'a mut Below,
    terms: Vec<Term>,
}

impl VisitorMut for Visitor<'_, '_> {
    type Break = Fault;

    fn pre_visit_expr(&mut self, expr: &mut Ast) -> ControlFlow<Fault> {
        match self.replaced(expr) {
            Ok(Some(by)) => *expr = by,
            Ok(None) => {}
            Err(fault) => return ControlFlow::Break(fault.at_least(self.reading.span)),
        }
        ControlFlow::Continue(())
    }
}

impl Visitor<'_, '_> {
    /// What stands in the place of an expression, if something does.
    fn replaced(&mut self, expr: &Ast) -> Result<Option<Ast>> {
        match expr {
            Ast::Function(call) => self.call(call),
            Ast::CompoundIdentifier(parts) if parts.len() > 1 => {
                let Some(variable) = self.reading.variable(&parts[0].value) else {
                    return Ok(None);
                };
                if self.place == Place::Define(Some(variable)) {
                    return Ok(Some(path(parts[1..].to_vec())));
                }
                let column = Ast::Identifier(parts[1].clone());
                let name = self.term(TermKind::Last(0), Some(variable), &column)?;
                Ok(Some(path([&[name], &parts[2..]].concat())))
            }
            // What is no column is a unit of time, or a fault that the binder tells.
            Ast::Identifier(name)
                if self.place == Place::Measures
                    && self.reading.scope.position(None, &name.value).is_some() =>
            {
                let name = self.term(TermKind::Last(0), None, expr)?;
                Ok(Some(Ast::Identifier(name)))
            }
            _ => Ok(None),
        }
    }

    fn call(&mut self, call: &ast::Function) -> Result<Option<Ast>> {
        let span = self.reading.span;
        let name = call.name.to_string().to_ascii_uppercase();
        match name.as_str() {
            "FIRST" | "LAST" => {
                let arguments = super::calls::plain_arguments(call, span)?;
                let offset = match arguments.get(1) {
                    None => Some(0),
                    Some(offset) => {
                        let bound = Binder::plain(self.reading.scope, span).bind(offset)?;
                        bound.as_literal().and_then(Value::as_i64)
                    }
                };
                let offset = offset.and_then(|offset| usize::try_from(offset).ok());
                let (Some(offset), Some(argument)) = (offset, arguments.first()) else {
                    return Err(Fault::new(span, format!("{name} takes a column and an offset"))
                        .help(format!("e.g. {name}(A.price, 1)")));
                };
                let kind = match name.as_str() {
                    "FIRST" => TermKind::First(offset),
                    _ => TermKind::Last(offset),
                };
                let (variable, column) = self.argument(argument)?;
                self.term(kind, variable, &column).map(|name| Some(Ast::Identifier(name)))
            }
            "MATCH_ROWTIME" => {
                let of = &self.reading.scope.columns[self.reading.time].field.data_type;
                // Of an instant too it is a TIMESTAMP, unless the attribute is named.
                let data_type = match super::calls::plain_arguments(call, span)?.is_empty() {
                    true => DataType::Timestamp { precision: 3 },
                    false => of.clone(),
                };
                let column = self.reading.time;
                let term = Term { kind: TermKind::Last(0), variable: None, column, data_type };
                Ok(Some(Ast::Identifier(self.named(term))))
            }
            "PREV" | "NEXT" => {
                Err(Fault::new(span, "Flink does not support physical offsets within partition.")
                    .help("LAST(A.x, 1) is the row of A before the last one"))
            }
            "CLASSIFIER" | "MATCH_NUMBER" | "RUNNING" | "MATCH_PROCTIME" => {
                Err(Fault::new(span, format!("Unsupported call: {name}()")))
            }
            _ => match aggregates::function(&name) {
                Some(function) => self.aggregate(function, call).map(Some),
                None => Ok(None),
            },
        }
    }

    fn aggregate(&mut self, function: AggregateFunction, call: &ast::Function) -> Result<Ast> {
        let span = self.reading.span;
        let refused = |what: &str| Fault::new(span, format!("{what} in '{call}'"));
        let ast::FunctionArguments::List(list) = &call.args else {
            return Err(refused("no argument"));
        };
        if list.duplicate_treatment.is_some() || call.filter.is_some() {
            return Err(Fault::new(span, format!("DISTINCT/ALL not allowed with {call} function")));
        }
        let argument = match list.args.as_slice() {
            [ast::FunctionArg::Unnamed(argument)] => argument,
            _ => return Err(refused("one argument is needed")),
        };
        let (variable, argument) = match argument {
            ast::FunctionArgExpr::Wildcard => (None, None),
            ast::FunctionArgExpr::QualifiedWildcard(name) => {
                let name = super::select::unquoted(name);
                (Some(self.known(&name)?), None)
            }
            ast::FunctionArgExpr::Expr(argument) => {
                let (variable, argument) = self.argument(argument)?;
                (variable, Some(argument))
            }
            _ => return Err(refused("this argument is not supported")),
        };
        let function = match function {
            AggregateFunction::Count | AggregateFunction::CountStar => OverFunction::Count,
            AggregateFunction::Sum => OverFunction::Sum,
            AggregateFunction::Min => OverFunction::Min,
            AggregateFunction::Max => OverFunction::Max,
            AggregateFunction::Avg => OverFunction::Avg,
            _ => {
                return Err(refused("write FIRST or LAST"));
            }
        };
        let column = match &argument {
            Some(argument) => self.column(argument)?,
            None => self.reading.time,
        };
        let of = self.below.exprs[column].data_type.clone();
        let data_type = match function {
            OverFunction::Count => DataType::BigInt,
            OverFunction::Sum | OverFunction::Avg if !of.is_numeric() => {
                return Err(refused(&format!("{of} is no number")));
            }
            OverFunction::Sum => aggregates::total(&of),
            OverFunction::Avg => aggregates::mean(&of),
            _ => of.clone(),
        };
        let over = OverCall {
            function,
            argument: argument.map(|_| column),
            otherwise: Value::Null,
            distinct: false,
            scale: of.scale(),
            data_type: data_type.clone(),
        };
        let term = Term { kind: TermKind::Aggregate(over), variable, column, data_type };
        Ok(Ast::Identifier(self.named(term)))
    }

    fn known(&self, name: &str) -> Result<usize> {
        let fault = || Fault::new(self.reading.span, format!("Unknown pattern '{name}'"));
        self.reading.variable(name).ok_or_else(fault)
    }

    /// An argument as an expression over the input, and the variable that it is of.
    fn argument(&self, argument: &Ast) -> Result<(Option<usize>, Ast)> {
        let mut found: Option<usize> = None;
        let mut several = false;
        let mut plain = argument.clone();
        let _ = ast::visit_expressions_mut(&mut plain, |expr: &mut Ast| {
            if let Ast::CompoundIdentifier(parts) = &*expr
                && let Some(variable) = self.reading.variable(&parts[0].value)
            {
                several |= found.is_some_and(|found| found != variable);
                found = Some(variable);
                *expr = path(parts[1..].to_vec());
            }
            ControlFlow::<()>::Continue(())
        });
        if several {
            let message = format!("Multiple pattern variables in '{argument}'");
            return Err(Fault::new(self.reading.span, message)
                .help("compute it from one variable's columns, or add two aggregates up"));
        }
        Ok((found, plain))
    }

    fn column(&mut self, argument: &Ast) -> Result<usize> {
        let bound = Binder::plain(self.reading.scope, self.reading.span).bind(argument)?;
        Ok(match bound.as_column() {
            Some(column) => column,
            None => self.below.column(&bound),
        })
    }

    fn term(
        &mut self,
        kind: TermKind,
        variable: Option<usize>,
        argument: &Ast,
    ) -> Result<ast::Ident> {
        let column = self.column(argument)?;
        let data_type = self.below.exprs[column].data_type.clone();
        Ok(self.named(Term { kind, variable, column, data_type }))
    }

    /// The name of a term; asked twice, it is computed once.
    fn named(&mut self, term: Term) -> ast::Ident {
        let index = self.terms.iter().position(|known| *known == term);
        let index = index.unwrap_or_else(|| {
            self.terms.push(term);
            self.terms.len() - 1
        });
        ast::Ident::with_quote('`', term_name(index))
    }
}

fn path(parts: Vec<ast::Ident>) -> Ast {
    match parts.as_slice() {
        [name] => Ast::Identifier(name.clone()),
        _ => Ast::CompoundIdentifier(parts),
    }
}
