//! CREATE TABLE: columns, watermark, key, options.

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlparser::ast;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Span, Token, TokenWithSpan};

use super::connectors::{self, Options};
use super::fault::{Fault, Result};
use super::from::metadata_type;
use super::plan::{Table, Watermark};
use super::scope::{Binder, Scope, ScopeColumn};
use super::statement;
use super::tokens::{Flink, closing, prepare};
use super::types::Cursor;
use crate::expression::{CastMode, Expr, registry};
use crate::record::{DataType, Field, Schema};
use crate::source::metadata;

/// A table as it is written, before its expressions are bound.
#[derive(Clone, Debug)]
pub struct Declaration {
    pub name: String,
    pub if_not_exists: bool,
    pub span: Span,
    columns: Vec<Column>,
    watermark: Option<(String, Span, Vec<TokenWithSpan>)>,
    primary_key: Vec<(String, Span)>,
    options: Options,
    option_spans: BTreeMap<String, Span>,
    like: Option<(String, Span)>,
}

#[derive(Clone, Debug)]
struct Column {
    name: String,
    kind: ColumnKind,
}

#[derive(Clone, Debug)]
enum ColumnKind {
    Physical { data_type: DataType, nullable: bool },
    Metadata { data_type: DataType, from: String, span: Span },
    Computed { tokens: Vec<TokenWithSpan>, span: Span },
}

/// Reads `CREATE [TEMPORARY] TABLE …`; the cursor stands behind `TABLE`.
pub fn parse(cursor: &mut Cursor<'_>) -> Result<Declaration> {
    let if_not_exists = cursor.words(&["IF", "NOT", "EXISTS"]);
    let span = cursor.span();
    let name = cursor.identifier("a table's name")?;
    let mut table = Declaration {
        name,
        if_not_exists,
        span,
        columns: Vec::new(),
        watermark: None,
        primary_key: Vec::new(),
        options: Options::new(),
        option_spans: BTreeMap::new(),
        like: None,
    };
    if cursor.token(&Token::LParen) && !cursor.token(&Token::RParen) {
        loop {
            table.element(cursor)?;
            if !cursor.token(&Token::Comma) {
                break;
            }
        }
        cursor.expect_token(&Token::RParen)?;
    }
    if cursor.word("COMMENT") {
        cursor.string("a comment")?;
    }
    if cursor.word("WITH") {
        table.with(cursor)?;
    }
    if cursor.word("LIKE") {
        let span = cursor.span();
        table.like = Some((cursor.identifier("a table's name")?, span));
        if cursor.peek() == Some(&Token::LParen) {
            cursor.at = closing(cursor.tokens, cursor.at)? + 1;
        }
    }
    match cursor.peek() {
        None => Ok(table),
        Some(_) => Err(cursor.unexpected("the end of CREATE TABLE")),
    }
}

impl Declaration {
    fn element(&mut self, cursor: &mut Cursor<'_>) -> Result<()> {
        if cursor.words(&["WATERMARK", "FOR"]) {
            let span = cursor.span();
            let column = cursor.identifier("a column")?;
            cursor.expect_word("AS")?;
            self.watermark = Some((column, span, take_expression(cursor)?));
            return Ok(());
        }
        if cursor.words(&["PRIMARY", "KEY"]) {
            cursor.expect_token(&Token::LParen)?;
            loop {
                let span = cursor.span();
                self.primary_key.push((cursor.identifier("a column")?, span));
                if !cursor.token(&Token::Comma) {
                    break;
                }
            }
            cursor.expect_token(&Token::RParen)?;
            return match cursor.words(&["NOT", "ENFORCED"]) {
                true => Ok(()),
                false => Err(cursor
                    .unexpected("NOT ENFORCED")
                    .help("keys are not checked, so write PRIMARY KEY (…) NOT ENFORCED")),
            };
        }
        let name = cursor.identifier("a column, WATERMARK or PRIMARY KEY")?;
        let span = cursor.span();
        if cursor.word("AS") {
            let kind = ColumnKind::Computed { tokens: take_expression(cursor)?, span };
            self.columns.push(Column { name, kind });
            return Ok(());
        }
        let data_type = cursor.data_type()?;
        let nullable = !cursor.words(&["NOT", "NULL"]);
        cursor.word("NULL");
        let metadata = cursor.span();
        let kind = if cursor.word("METADATA") {
            let from = match cursor.word("FROM") {
                true => cursor.string("the metadata's name")?,
                false => name.clone(),
            };
            cursor.word("VIRTUAL");
            ColumnKind::Metadata { data_type, from, span: metadata }
        } else {
            if cursor.words(&["PRIMARY", "KEY"]) {
                self.primary_key.push((name.clone(), span));
                cursor.words(&["NOT", "ENFORCED"]);
            }
            ColumnKind::Physical { data_type, nullable }
        };
        if cursor.word("COMMENT") {
            cursor.string("a comment")?;
        }
        self.columns.push(Column { name, kind });
        Ok(())
    }

    fn with(&mut self, cursor: &mut Cursor<'_>) -> Result<()> {
        cursor.expect_token(&Token::LParen)?;
        loop {
            let span = cursor.span();
            let key = cursor.string("an option in quotes")?;
            cursor.expect_token(&Token::Eq)?;
            let value = cursor.string("the option's value in quotes")?;
            if self.options.insert(key.as_str().into(), value.into()).is_some() {
                return Err(Fault::new(span, format!("the option '{key}' stands twice")));
            }
            self.option_spans.insert(key, span);
            if !cursor.token(&Token::Comma) {
                break;
            }
        }
        cursor.expect_token(&Token::RParen)
    }

    /// Takes what LIKE's table has and this one does not say itself.
    pub fn inherit(&mut self, find: impl Fn(&str) -> Option<Declaration>) -> Result<()> {
        let Some((name, span)) = self.like.take() else { return Ok(()) };
        let Some(base) = find(&name) else {
            return Err(Fault::new(span, format!("Object '{name}' not found")));
        };
        let own = std::mem::replace(&mut self.columns, base.columns);
        self.columns.extend(own);
        self.watermark = self.watermark.take().or(base.watermark);
        if self.primary_key.is_empty() {
            self.primary_key = base.primary_key;
        }
        for (key, value) in base.options {
            self.options.entry(key).or_insert(value);
        }
        Ok(())
    }

    /// What of it Flink would not take, as it is written; `whole` has what LIKE's table says, too.
    pub fn beyond_flink(&self, whole: &Declaration, is_read: bool) -> Vec<Fault> {
        let (connector, options) = (whole.connector(), &whole.options);
        let place = |option: &str| self.option_spans.get(option).copied();
        let mut faults = Vec::new();
        let mut add = |span: Option<Span>, message: String, instead: &str| {
            faults.extend(span.map(|span| Fault::new(span, message).help(instead)));
        };
        if let Some(instead) = connectors::instead(connector) {
            add(place("connector"), format!("Flink has no connector '{connector}'"), instead);
            return faults;
        }
        for (option, message, instead) in connectors::beyond_flink(connector, options) {
            add(place(option), message, &instead);
        }
        for column in &self.columns {
            if let ColumnKind::Metadata { from, span, .. } = &column.kind
                && let Some(instead) = metadata::instead(connector, from)
            {
                let message = format!("'{connector}' of Flink has no METADATA FROM '{from}'");
                add(Some(*span), message, instead);
            }
        }
        if !connectors::takes_key(connector, options) {
            let span = self.primary_key.first().map(|(_, span)| *span);
            let message = format!("'{connector}' of Flink takes no PRIMARY KEY with this format");
            add(span, message, "leave it out, or take upsert-kafka");
        }
        if is_read && connectors::lacks_group(connector, options) {
            let message = "Flink wants 'properties.group.id', to go on from its offsets".to_owned();
            add(Some(self.span), message, "add it, or 'scan.startup.mode' = 'earliest-offset'");
        }
        faults
    }

    /// Binds the table; every fault there is.
    pub fn bind(&self) -> std::result::Result<Table, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut options = self.options.clone();
        let connector = options.remove("connector");
        match &connector {
            None => faults.push(
                Fault::new(self.span, format!("table `{}` names no connector", self.name))
                    .help("add WITH ('connector' = 'kafka', …)"),
            ),
            Some(connector) => {
                for (option, message, help) in connectors::check(connector, &options) {
                    let span = option.and_then(|option| self.option_spans.get(&option));
                    let fault = Fault::new(*span.unwrap_or(&self.span), message);
                    faults.push(Fault { help, ..fault });
                }
            }
        }
        let columns = self.bind_columns();
        let (schema, computed) = match columns {
            Ok(bound) => bound,
            Err(fault) => {
                faults.push(fault);
                return Err(faults);
            }
        };
        let watermark = self.bind_watermark(&schema).unwrap_or_else(|fault| {
            faults.push(fault);
            None
        });
        let mut primary_key = Vec::new();
        for (name, span) in &self.primary_key {
            match schema.index_of(name) {
                Some(index) => primary_key.push(index),
                None => faults.push(Fault::new(*span, format!("Column '{name}' not found"))),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let of_kind = |wanted: fn(&ColumnKind) -> bool| {
            let columns = self.columns.iter().enumerate();
            columns.filter(|(_, column)| wanted(&column.kind)).map(|(index, _)| index).collect()
        };
        let metadata =
            self.columns.iter().enumerate().filter_map(|(index, column)| match &column.kind {
                ColumnKind::Metadata { from, .. } => Some((index, from.as_str().into())),
                _ => None,
            });
        Ok(Table {
            name: self.name.as_str().into(),
            physical: of_kind(|kind| matches!(kind, ColumnKind::Physical { .. })),
            metadata: metadata.collect(),
            schema,
            computed,
            watermark,
            primary_key,
            connector: connector.unwrap_or_default(),
            options,
        })
    }

    fn bind_columns(&self) -> Result<(Schema, Vec<(usize, Expr)>)> {
        // Computed columns see all that are not, so those get their types first.
        let mut scope = Scope::default();
        for column in &self.columns {
            let (data_type, nullable) = match &column.kind {
                ColumnKind::Physical { data_type, nullable } => (data_type.clone(), *nullable),
                ColumnKind::Metadata { data_type, .. } => (data_type.clone(), true),
                ColumnKind::Computed { .. } => (DataType::Null, true),
            };
            let field = Field { name: column.name.as_str().into(), data_type, nullable };
            scope.columns.push(ScopeColumn::new(None, field));
        }
        for (index, column) in self.columns.iter().enumerate() {
            if self.columns[..index].iter().any(|other| other.name == column.name) {
                let message = format!("table `{}` has two columns `{}`", self.name, column.name);
                return Err(Fault::new(self.span, message));
            }
            if let ColumnKind::Metadata { data_type, from, span } = &column.kind {
                self.check_metadata(&column.name, from, data_type, *span)?;
            }
        }
        let mut computed = Vec::new();
        for (index, column) in self.columns.iter().enumerate() {
            if let ColumnKind::Computed { tokens, span } = &column.kind {
                let ast = expression(tokens, *span)?;
                let expr = Binder::plain(&scope, *span).bind(&ast)?;
                self.check_reads(&column.name, &expr, *span)?;
                scope.columns[index].field.data_type = expr.data_type.clone();
                scope.columns[index].field.nullable = expr.nullable;
                computed.push((index, expr));
            }
        }
        let fields = scope.columns.into_iter().map(|column| column.field).collect();
        Ok((Schema::new(fields), computed))
    }

    /// A computed column reads what comes with the record, as in Flink.
    fn check_reads(&self, column: &str, expr: &Expr, span: Span) -> Result<()> {
        let mut other = None;
        expr.visit_columns(&mut |read| {
            let read = &self.columns[read];
            if matches!(read.kind, ColumnKind::Computed { .. }) {
                other = Some(&read.name);
            }
        });
        let Some(other) = other else { return Ok(()) };
        let message =
            format!("the computed column `{column}` reads `{other}`, which is computed too");
        Err(Fault::new(span, message)
            .help(format!("write the expression of `{other}` again, or compute in a VIEW")))
    }

    pub fn connector(&self) -> &str {
        self.options.get("connector").map_or("", |connector| &**connector)
    }

    fn check_metadata(
        &self,
        column: &str,
        from: &str,
        declared: &DataType,
        span: Span,
    ) -> Result<()> {
        let connector = self.connector();
        let names = metadata::names(connector);
        if !names.contains(&from) {
            let fault = Fault::new(span, format!("there is no METADATA FROM '{from}'"));
            let known = names.join(", ");
            return Err(fault.help(format!("of '{connector}' there are {known}")));
        }
        let own = metadata_type(from, declared);
        let cast = registry::cast(Expr::column(0, own.clone()), declared.clone(), CastMode::Strict);
        match cast {
            Ok(_) => Ok(()),
            Err(_) => {
                let message =
                    format!("column `{column}`: METADATA FROM '{from}' is {own}, not {declared}");
                Err(Fault::new(span, message).help(format!("declare it as {own}")))
            }
        }
    }

    fn bind_watermark(&self, schema: &Schema) -> Result<Option<Watermark>> {
        let Some((name, span, tokens)) = &self.watermark else { return Ok(None) };
        let Some(column) = schema.index_of(name) else {
            return Err(Fault::new(*span, format!("Column '{name}' not found")));
        };
        let data_type = &schema.fields[column].data_type;
        if !data_type.is_timestamp() {
            return Err(Fault::new(
                *span,
                format!("a watermark needs a TIMESTAMP, `{name}` is {data_type}"),
            )
            .help(format!("compute one: ts AS TO_TIMESTAMP_LTZ({name}, 3)")));
        }
        let ast = expression(tokens, *span)?;
        if let Some(delay_ms) = delay_ms(&ast, name, *span) {
            return Ok(Some(Watermark { column, delay_ms, by: None }));
        }
        let bounded = format!("write WATERMARK FOR {name} AS {name} - INTERVAL '5' SECOND");
        let by = Binder::plain(&Scope::of(schema, None), *span).bind(&ast)?;
        if !by.data_type.is_timestamp() {
            let message = format!("a watermark is a TIMESTAMP, this is {}", by.data_type);
            return Err(Fault::new(*span, message).help(bounded));
        }
        if self.options.get("scan.order").is_some_and(|order| &**order == "arrival") {
            let what = "'scan.order' = 'arrival' with this watermark";
            return Err(Fault::unsupported(*span, what, &bounded));
        }
        Ok(Some(Watermark { column, delay_ms: 0, by: Some(by) }))
    }
}

/// `ts`, and `ts - INTERVAL '…' …` or `+`, once or several times.
fn delay_ms(ast: &ast::Expr, column: &str, span: Span) -> Option<i64> {
    let is_column =
        |ast: &ast::Expr| matches!(ast, ast::Expr::Identifier(name) if name.value == column);
    match ast {
        ast::Expr::Nested(inner) => delay_ms(inner, column, span),
        ast::Expr::BinaryOp { left, op, right } => {
            let sign = match op {
                ast::BinaryOperator::Minus => 1,
                ast::BinaryOperator::Plus => -1,
                _ => return None,
            };
            let bound = Binder::plain(&Scope::default(), span).bind(right).ok()?;
            let day_time = bound.data_type == DataType::IntervalDayTime;
            let more = day_time.then(|| bound.as_literal()?.as_i64()).flatten()?;
            delay_ms(left, column, span)?.checked_add(more.checked_mul(sign)?)
        }
        other => is_column(other).then_some(0),
    }
}

/// The tokens up to the next comma or closing parenthesis outside of any other.
fn take_expression(cursor: &mut Cursor<'_>) -> Result<Vec<TokenWithSpan>> {
    let start = cursor.at;
    let mut depth = 0usize;
    while let Some(token) = cursor.peek() {
        match token {
            Token::LParen | Token::LBracket => depth += 1,
            Token::RParen | Token::RBracket if depth > 0 => depth -= 1,
            Token::Comma | Token::RParen if depth == 0 => break,
            _ => {}
        }
        cursor.at += 1;
    }
    match cursor.at == start {
        true => Err(cursor.unexpected("an expression")),
        false => Ok(cursor.tokens[start..cursor.at].to_vec()),
    }
}

fn expression(tokens: &[TokenWithSpan], span: Span) -> Result<ast::Expr> {
    let tokens = prepare(tokens.to_vec())?;
    let mut parser = Parser::new(&Flink).with_tokens_with_locations(tokens);
    let mut parsed = parser.parse_expr().map_err(|error| statement::parser_fault(&error, span))?;
    statement::settle_names(&mut parsed);
    Ok(parsed)
}

/// A table that prints, for a bare SELECT.
pub fn print_table(schema: &Schema) -> Arc<Table> {
    Arc::new(Table {
        name: "print".into(),
        schema: schema.clone(),
        physical: (0..schema.len()).collect(),
        computed: Vec::new(),
        metadata: Vec::new(),
        watermark: None,
        primary_key: Vec::new(),
        connector: "print".into(),
        options: Options::new(),
    })
}
