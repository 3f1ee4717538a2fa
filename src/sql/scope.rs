//! Which columns a name can mean, and the binding of expressions to them.

use std::sync::Arc;

use sqlparser::ast::{self, CastKind, Expr as Ast, Spanned};
use sqlparser::tokenizer::Span;

use super::aggregates::Grouping;
use super::fault::{At, Fault, Result};
use super::literal;
use super::subquery::comparison;
use crate::error::nearest;
use crate::expression::registry::{self, BinaryOp};
use crate::expression::{CastMode, Expr, ExprKind};
use crate::record::{DataType, Field, Schema, Value};

/// A column that can be named.
#[derive(Clone, Debug)]
pub struct ScopeColumn {
    /// The table's name or alias.
    pub table: Option<Arc<str>>,
    pub field: Field,
    /// Found only with the table's name in front: another column goes by the name alone.
    pub qualified: bool,
}

impl ScopeColumn {
    pub fn new(table: Option<Arc<str>>, field: Field) -> Self {
        Self { table, field, qualified: false }
    }
}

/// The columns of a FROM clause, by position.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    pub columns: Vec<ScopeColumn>,
}

impl Scope {
    pub fn of(schema: &Schema, table: Option<&str>) -> Self {
        let table: Option<Arc<str>> = table.map(Into::into);
        let column = |field: &Field| ScopeColumn::new(table.clone(), field.clone());
        Self { columns: schema.fields.iter().map(column).collect() }
    }

    /// Adds the columns of a window over the time column `time`.
    pub fn offer_window(&mut self, table: Option<&str>, time: usize, names: [&str; 3]) {
        let ltz = matches!(self.columns[time].field.data_type, DataType::TimestampLtz { .. });
        let local = DataType::Timestamp { precision: 3 };
        let rowtime = if ltz { DataType::TimestampLtz { precision: 3 } } else { local.clone() };
        for (name, data_type) in names.into_iter().zip([local.clone(), local, rowtime]) {
            let field = Field { nullable: false, ..Field::new(name, data_type) };
            self.columns.push(ScopeColumn::new(table.map(Into::into), field));
        }
    }

    /// The same columns under another table name.
    pub fn alias(mut self, alias: &str) -> Self {
        let alias: Arc<str> = alias.into();
        self.columns.iter_mut().for_each(|column| column.table = Some(alias.clone()));
        self
    }

    pub fn column(&self, index: usize) -> Expr {
        let field = &self.columns[index].field;
        let mut expr = Expr::column(index, field.data_type.clone());
        expr.nullable = field.nullable;
        expr
    }

    pub fn position(&self, table: Option<&str>, name: &str) -> Option<usize> {
        let same_table = |column: &ScopeColumn| match table {
            None => !column.qualified,
            Some(_) => column.table.as_deref() == table,
        };
        self.columns.iter().position(|column| same_table(column) && &*column.field.name == name)
    }

    /// Whether a name alone can mean columns of several tables.
    fn is_ambiguous(&self, name: &str) -> bool {
        let named = |column: &&ScopeColumn| !column.qualified && &*column.field.name == name;
        let mut named = self.columns.iter().filter(named);
        let first = named.next();
        first.is_some_and(|first| named.any(|column| column.table != first.table))
    }

    /// The one column that a name alone means.
    pub fn only(&self, name: &str, span: Span) -> Result<usize> {
        if self.is_ambiguous(name) {
            return Err(Fault::new(span, format!("Column '{name}' is ambiguous")));
        }
        self.position(None, name).ok_or_else(|| self.unknown(name, span))
    }

    fn unknown(&self, name: &str, span: Span) -> Fault {
        let fault = Fault::new(span, format!("Column '{name}' not found in any table"));
        match nearest(name, self.columns.iter().map(|column| &*column.field.name)) {
            Some(meant) => fault.help(format!("did you mean `{meant}`? Names are case-sensitive")),
            None => fault,
        }
    }
}

/// Binds expressions over a scope; with a grouping, over what GROUP BY leaves.
pub struct Binder<'a> {
    pub scope: &'a Scope,
    pub grouping: Option<&'a mut Grouping>,
    /// Of the statement, for constructs that the parser's library gives no place.
    pub span: Span,
}

impl<'a> Binder<'a> {
    pub fn plain(scope: &'a Scope, span: Span) -> Self {
        Self { scope, grouping: None, span }
    }

    fn place(&self, ast: &Ast) -> Span {
        let span = ast.span();
        if span.start.line == 0 { self.span } else { span }
    }

    pub fn bind(&mut self, ast: &Ast) -> Result<Expr> {
        if let Some(grouping) = &mut self.grouping {
            let plain = Binder::plain(self.scope, self.span).bind(ast);
            if let Ok(bound) = plain {
                if let Some(key) = grouping.key(&bound) {
                    return Ok(key);
                }
                if matches!(bound.kind, ExprKind::Literal(_)) {
                    return Ok(bound);
                }
            }
        }
        self.bind_inner(ast).map_err(|fault| fault.at_least(self.span))
    }

    fn bind_inner(&mut self, ast: &Ast) -> Result<Expr> {
        let span = self.place(ast);
        match ast {
            Ast::Identifier(name) => self.name(std::slice::from_ref(name), span),
            Ast::CompoundIdentifier(parts) => self.name(parts, span),
            Ast::CompoundFieldAccess { root, access_chain } => {
                self.access(root, access_chain, span)
            }
            Ast::Nested(inner) => self.bind(inner),
            Ast::Value(value) => literal::value(&value.value, span),
            Ast::TypedString(typed) => literal::typed(typed, span),
            Ast::Interval(interval) => match &*interval.value {
                Ast::Nested(difference) => self.difference(difference, interval, span),
                _ => literal::interval(interval, span),
            },
            Ast::BinaryOp { left, op, right } => self.binary(left, op, right, span),
            Ast::UnaryOp { op, expr } => self.unary(*op, expr, span),
            Ast::Cast { kind, expr, data_type, .. } => {
                let mode = match kind {
                    CastKind::TryCast | CastKind::SafeCast => CastMode::Try,
                    _ => CastMode::Strict,
                };
                let to = literal::data_type(data_type, span)?;
                let input = self.bind(expr)?;
                let length = match data_type {
                    ast::DataType::Char(length) | ast::DataType::Character(length) => length,
                    _ => &None,
                };
                match length {
                    Some(ast::CharacterLength::IntegerLength { length, .. }) => {
                        let text = registry::cast(input, to, mode).at(span)?;
                        Ok(registry::blank_pad(text, *length))
                    }
                    // Flink does not cut these, but by TRY_CAST.
                    _ if input.data_type.is_approximate()
                        && to.is_string()
                        && mode == CastMode::Strict =>
                    {
                        registry::cast(input, DataType::STRING, mode).at(span)
                    }
                    _ => registry::cast(input, to, mode).at(span),
                }
            }
            Ast::Case { operand, conditions, else_result, .. } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref(), span)
            }
            Ast::Function(call) => self.function(call, span),
            Ast::Array(array) => {
                let elements: Vec<&Ast> = array.elem.iter().collect();
                self.call("ARRAY", None, &elements, span)
            }
            Ast::Tuple(fields) => {
                let fields: Vec<&Ast> = fields.iter().collect();
                self.call("ROW", None, &fields, span)
            }
            _ => self.predicate(ast, span),
        }
    }

    /// Forms with a syntax of their own that give a boolean, or a call in disguise.
    fn predicate(&mut self, ast: &Ast, span: Span) -> Result<Expr> {
        match ast {
            Ast::IsNull(inner) | Ast::IsUnknown(inner) => Ok(is_null(self.bind(inner)?)),
            Ast::IsNotNull(inner) | Ast::IsNotUnknown(inner) => Ok(not(is_null(self.bind(inner)?))),
            Ast::IsTrue(inner) => {
                self.is(inner, Value::Bool(true), BinaryOp::IsNotDistinctFrom, span)
            }
            Ast::IsNotTrue(inner) => {
                self.is(inner, Value::Bool(true), BinaryOp::IsDistinctFrom, span)
            }
            Ast::IsFalse(inner) => {
                self.is(inner, Value::Bool(false), BinaryOp::IsNotDistinctFrom, span)
            }
            Ast::IsNotFalse(inner) => {
                self.is(inner, Value::Bool(false), BinaryOp::IsDistinctFrom, span)
            }
            Ast::IsDistinctFrom(..) | Ast::IsNotDistinctFrom(..) => self.distinct(ast, span),
            Ast::InList { expr, list, negated } => {
                if let Ast::Tuple(fields) = &**expr {
                    return Ok(negate_if(*negated, self.tuple_among(fields, list, span)?));
                }
                let value = self.bind(expr)?;
                let list = list.iter().map(|item| self.bind(item)).collect::<Result<Vec<_>>>()?;
                Ok(negate_if(*negated, registry::in_list(value, list).at(span)?))
            }
            Ast::Between { expr, negated, low, high } => {
                let value = self.bind(expr)?;
                let above =
                    registry::binary(BinaryOp::GtEq, value.clone(), self.bind(low)?).at(span)?;
                let below = registry::binary(BinaryOp::LtEq, value, self.bind(high)?).at(span)?;
                Ok(negate_if(*negated, boolean(ExprKind::And(vec![above, below]))))
            }
            Ast::Like { negated, expr, pattern, escape_char, .. } => {
                let (value, pattern) = (self.bind(expr)?, self.bind(pattern)?);
                let escape = escape_char.as_deref().map(|escape| self.bind(escape)).transpose()?;
                Ok(negate_if(*negated, registry::like(value, pattern, escape).at(span)?))
            }
            Ast::SimilarTo { .. } | Ast::IsJson { .. } => self.text_form(ast, span),
            Ast::Extract { field, expr, .. } => {
                self.call("EXTRACT", Some(&field.to_string()), &[expr], span)
            }
            Ast::Floor { expr, field } => self.round("FLOOR", expr, field, span),
            Ast::Ceil { expr, field } => self.round("CEIL", expr, field, span),
            Ast::Position { expr, r#in } => self.call("POSITION", None, &[expr, r#in], span),
            Ast::Substring { expr, substring_from, substring_for, .. } => {
                let parts = [Some(expr), substring_from.as_ref(), substring_for.as_ref()];
                let parts: Vec<&Ast> = parts.into_iter().flatten().map(|part| &**part).collect();
                self.call("SUBSTRING", None, &parts, span)
            }
            Ast::Trim { .. } => self.trim(ast, span),
            Ast::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
                let mut parts: Vec<&Ast> = vec![expr, overlay_what, overlay_from];
                parts.extend(overlay_for.as_deref());
                self.call("OVERLAY", None, &parts, span)
            }
            Ast::InSubquery { .. } | Ast::Exists { .. } | Ast::Subquery(_) => {
                Err(Fault::unsupported(
                    span,
                    "a subquery here",
                    "let it stand in WHERE or in a SELECT list without GROUP BY, or join it",
                ))
            }
            _ => Err(Fault::unsupported(
                span,
                &format!("`{ast}`"),
                "see docs/sql.md for what there is",
            )),
        }
    }

    /// SIMILAR TO and IS JSON.
    fn text_form(&mut self, ast: &Ast, span: Span) -> Result<Expr> {
        match ast {
            Ast::SimilarTo { negated, expr, pattern, escape_char } => {
                let mut parts: Vec<&Ast> = vec![expr, pattern];
                parts.extend(escape_char.as_deref());
                Ok(negate_if(*negated, self.call("SIMILAR TO", None, &parts, span)?))
            }
            Ast::IsJson { expr, kind, negated, .. } => {
                let kind = kind.as_ref().map_or("VALUE".into(), ToString::to_string);
                let kind = Expr::literal(Value::Str(kind.into()), DataType::STRING);
                let text = self.bind(expr)?;
                let is_json = registry::call("IS JSON", vec![text, kind]).at(span)?;
                Ok(negate_if(*negated, is_json))
            }
            other => Err(Fault::new(span, format!("`{other}` is no test of a text"))),
        }
    }

    fn distinct(&mut self, ast: &Ast, span: Span) -> Result<Expr> {
        let (op, a, b) = match ast {
            Ast::IsDistinctFrom(a, b) => (BinaryOp::IsDistinctFrom, a, b),
            Ast::IsNotDistinctFrom(a, b) => (BinaryOp::IsNotDistinctFrom, a, b),
            other => return Err(Fault::new(span, format!("`{other}` is no comparison"))),
        };
        let (a, b) = (self.bind(a)?, self.bind(b)?);
        registry::binary(op, a, b).at(span)
    }

    /// `TRIM([LEADING|TRAILING|BOTH] [what] FROM text)`.
    fn trim(&mut self, ast: &Ast, span: Span) -> Result<Expr> {
        let Ast::Trim { trim_where, trim_what, expr, .. } = ast else {
            return Err(Fault::new(span, format!("`{ast}` is no TRIM")));
        };
        let name = match trim_where {
            Some(ast::TrimWhereField::Leading) => "LTRIM",
            Some(ast::TrimWhereField::Trailing) => "RTRIM",
            _ => "TRIM",
        };
        let parts: Vec<&Ast> = std::iter::once(&**expr).chain(trim_what.as_deref()).collect();
        self.call(name, None, &parts, span)
    }

    pub(super) fn call(
        &mut self,
        name: &str,
        unit: Option<&str>,
        args: &[&Ast],
        span: Span,
    ) -> Result<Expr> {
        let unit = unit.map(|unit| {
            Expr::literal(Value::Str(unit.to_ascii_uppercase().into()), DataType::STRING)
        });
        let mut bound: Vec<Expr> = unit.into_iter().collect();
        for arg in args {
            bound.push(self.bind(arg)?);
        }
        registry::call(name, bound).at(span)
    }

    fn round(
        &mut self,
        name: &str,
        expr: &Ast,
        field: &ast::CeilFloorKind,
        span: Span,
    ) -> Result<Expr> {
        let input = self.bind(expr)?;
        match field {
            ast::CeilFloorKind::DateTimeField(ast::DateTimeField::NoDateTime) => {
                registry::call(name, vec![input]).at(span)
            }
            ast::CeilFloorKind::DateTimeField(unit) => {
                let unit = unit.to_string().to_ascii_uppercase();
                let unit = Expr::literal(Value::Str(unit.into()), DataType::STRING);
                registry::call(&format!("{name} TO"), vec![input, unit]).at(span)
            }
            ast::CeilFloorKind::Scale(_) => Err(Fault::unsupported(
                span,
                &format!("{name} with a scale"),
                "write ROUND or TRUNCATE with the number of digits",
            )),
        }
    }

    fn is(&mut self, inner: &Ast, value: Value, op: BinaryOp, span: Span) -> Result<Expr> {
        let input = self.bind(inner)?;
        registry::binary(op, input, Expr::literal(value, DataType::Boolean)).at(span)
    }

    /// `column`, `table.column`, and fields of rows behind either.
    fn name(&mut self, parts: &[ast::Ident], span: Span) -> Result<Expr> {
        let texts: Vec<&str> = parts.iter().map(|part| part.value.as_str()).collect();
        let qualified =
            (texts.len() > 1).then(|| self.scope.position(Some(texts[0]), texts[1])).flatten();
        if qualified.is_none() && self.scope.is_ambiguous(texts[0]) {
            return Err(Fault::new(span, format!("Column '{}' is ambiguous", texts[0]))
                .help("put the table's name before it"));
        }
        let (index, used) = match (qualified, self.scope.position(None, texts[0])) {
            (Some(index), _) => (index, 2),
            (None, Some(index)) => (index, 1),
            (None, None) => return self.bare_call(&texts, span),
        };
        if self.grouping.is_some() {
            let name = texts.join(".");
            return Err(Fault::new(span, format!("Expression '{name}' is not being grouped"))
                .help("add it to GROUP BY, or put it into an aggregate such as MAX"));
        }
        let mut expr = self.scope.column(index);
        for field in &texts[used..] {
            expr = row_field(expr, field, span)?;
        }
        Ok(expr)
    }

    /// A function that is called without parentheses, such as CURRENT_TIMESTAMP.
    fn bare_call(&mut self, texts: &[&str], span: Span) -> Result<Expr> {
        let name = texts[0].to_ascii_uppercase();
        let clock = [
            "CURRENT_TIMESTAMP",
            "LOCALTIMESTAMP",
            "CURRENT_DATE",
            "CURRENT_TIME",
            "LOCALTIME",
            "PI",
        ];
        match texts.len() == 1 && clock.contains(&name.as_str()) {
            true => registry::call(&name, Vec::new()).at(span),
            false => Err(self.scope.unknown(texts.last().unwrap_or(&""), span)),
        }
    }

    fn access(&mut self, root: &Ast, chain: &[ast::AccessExpr], span: Span) -> Result<Expr> {
        let mut expr = self.bind(root)?;
        for step in chain {
            expr = match step {
                ast::AccessExpr::Dot(Ast::Value(field)) => {
                    let field = field.value.clone().into_string();
                    row_field(expr, field.as_deref().unwrap_or_default(), span)?
                }
                ast::AccessExpr::Subscript(ast::Subscript::Index { index }) => {
                    let key = self.bind(index)?;
                    item(expr, key, span)?
                }
                _ => {
                    return Err(Fault::unsupported(
                        span,
                        "this access",
                        "write map['key'] or array[1]",
                    ));
                }
            };
        }
        Ok(expr)
    }

    fn binary(
        &mut self,
        left: &Ast,
        op: &ast::BinaryOperator,
        right: &Ast,
        span: Span,
    ) -> Result<Expr> {
        use ast::BinaryOperator as Op;
        if let (Op::Overlaps, Ast::Tuple(left), Ast::Tuple(right)) = (op, left, right) {
            return self.overlaps(left, right, span);
        }
        // By `<>` they are compared as rows.
        if let (Op::Eq, Ast::Tuple(left), Ast::Tuple(right)) = (op, left, right) {
            return self.equal_tuples(left, right, span);
        }
        let op = match op {
            Op::And => {
                return Ok(boolean(ExprKind::And(vec![self.truth(left)?, self.truth(right)?])));
            }
            Op::Or => {
                return Ok(boolean(ExprKind::Or(vec![self.truth(left)?, self.truth(right)?])));
            }
            Op::Plus => BinaryOp::Add,
            Op::Minus => BinaryOp::Subtract,
            Op::Multiply => BinaryOp::Multiply,
            Op::Divide => BinaryOp::Divide,
            Op::Modulo => BinaryOp::Modulo,
            Op::StringConcat => BinaryOp::Concat,
            other => comparison(other).ok_or_else(|| {
                Fault::unsupported(span, &format!("the operator {other}"), "see docs/sql.md")
            })?,
        };
        let (left, right) = (self.bind(left)?, self.bind(right)?);
        registry::binary(op, left, right).at(span)
    }

    /// A condition.
    pub fn truth(&mut self, ast: &Ast) -> Result<Expr> {
        let expr = self.bind(ast)?;
        match expr.data_type {
            DataType::Boolean => Ok(expr),
            DataType::Null => Ok(Expr::literal(Value::Null, DataType::Boolean)),
            _ => {
                let message = format!("a condition must be BOOLEAN, this is {}", expr.data_type);
                Err(Fault::new(self.place(ast), message).help("compare it with something"))
            }
        }
    }

    fn unary(&mut self, op: ast::UnaryOperator, expr: &Ast, span: Span) -> Result<Expr> {
        match op {
            ast::UnaryOperator::Not => Ok(not(self.truth(expr)?)),
            ast::UnaryOperator::Minus => {
                // So that the smallest BIGINT can be written.
                if let Ast::Value(value) = expr
                    && let ast::Value::Number(digits, _) = &value.value
                {
                    return literal::number(&format!("-{digits}"), span);
                }
                let input = self.bind(expr)?;
                registry::negate(input).at(span)
            }
            ast::UnaryOperator::Plus => self.bind(expr),
            other => {
                Err(Fault::unsupported(span, &format!("the operator {other}"), "see docs/sql.md"))
            }
        }
    }

    fn case(
        &mut self,
        operand: Option<&Ast>,
        conditions: &[ast::CaseWhen],
        otherwise: Option<&Ast>,
        span: Span,
    ) -> Result<Expr> {
        let mut branches = Vec::new();
        for when in conditions {
            let condition = match operand {
                None => self.truth(&when.condition)?,
                Some(operand) => {
                    let (left, right) = (self.bind(operand)?, self.bind(&when.condition)?);
                    registry::binary(BinaryOp::Eq, left, right).at(span)?
                }
            };
            branches.push((condition, self.bind(&when.result)?));
        }
        let otherwise = otherwise.map(|otherwise| self.bind(otherwise)).transpose()?;
        registry::case(branches, otherwise).at(span)
    }
}

pub(super) fn boolean(kind: ExprKind) -> Expr {
    Expr { kind, data_type: DataType::Boolean, nullable: true }
}

fn not(expr: Expr) -> Expr {
    boolean(ExprKind::Not(Box::new(expr)))
}

fn negate_if(negated: bool, expr: Expr) -> Expr {
    if negated { not(expr) } else { expr }
}

fn is_null(expr: Expr) -> Expr {
    Expr { nullable: false, ..boolean(ExprKind::IsNull(Box::new(expr))) }
}

fn row_field(input: Expr, name: &str, span: Span) -> Result<Expr> {
    let DataType::Row(fields) = input.data_type.clone() else {
        return Err(Fault::new(span, format!("`.{name}`: {} has no fields", input.data_type)));
    };
    let Some(index) = fields.iter().position(|field| &*field.name == name) else {
        let fault = Fault::new(span, format!("the row has no field '{name}'"));
        return Err(match nearest(name, fields.iter().map(|field| &*field.name)) {
            Some(meant) => fault.help(format!("did you mean `{meant}`?")),
            None => fault,
        });
    };
    let data_type = fields[index].data_type.clone();
    Ok(Expr {
        kind: ExprKind::RowField { input: Box::new(input), index },
        data_type,
        nullable: true,
    })
}

fn item(input: Expr, key: Expr, span: Span) -> Result<Expr> {
    let (data_type, key) = match &input.data_type {
        DataType::Map(key_type, value_type) => (
            (**value_type).clone(),
            registry::coerce(key, key_type)
                .ok_or_else(|| Fault::new(span, format!("keys of this map are {key_type}")))?,
        ),
        DataType::Array(element) if key.data_type.is_integer() => ((**element).clone(), key),
        other => {
            return Err(Fault::new(
                span,
                format!("`[…]` needs a MAP or an ARRAY, this is {other}"),
            ));
        }
    };
    let kind = ExprKind::Item { input: Box::new(input), key: Box::new(key) };
    Ok(Expr { kind, data_type, nullable: true })
}
