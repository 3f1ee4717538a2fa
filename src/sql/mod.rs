//! The job language: text in, plan out.
//!
//! `tokens` splits and prepares the text, `statement` and `table` read it, `query` and `scope`
//! bind names to columns, `optimizer` pushes down what is read, `explain` shows the result.

mod aggregates;
mod attached;
mod by_values;
mod calls;
mod carried;
pub mod connectors;
mod emptiness;
pub mod explain;
mod fault;
mod from;
mod group_forms;
mod grouped_subquery;
mod grouping;
mod hoist;
mod join;
mod json_clauses;
mod lateness;
mod lateral;
mod literal;
mod lookup;
mod match_recognize;
pub mod optimizer;
mod over;
pub mod partitioned;
mod percentile;
pub mod plan;
pub mod portability;
mod query;
mod rank;
mod row_pattern;
mod scope;
pub mod script;
mod second_time;
mod select;
mod session;
mod set_operations;
mod single_value;
mod sort;
mod statement;
mod subquery;
mod table;
mod temporal;
mod tokens;
pub mod ttl;
mod types;
mod unnest;
mod values;
mod variables;
mod windows;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sqlparser::tokenizer::Span;

use self::fault::Fault;
use self::plan::{Node, NodeId, NodeKind, Plan, Table};
pub use self::query::is_updating;
use self::query::{Catalog, Queries};
use self::scope::Scope;
use self::statement::Parsed;
use self::table::Declaration;
use self::ttl::Hints;
use crate::error::{SqlError, nearest};
use crate::expression::{Expr, registry};
use crate::record::{Schema, Value};

/// SET keys that have an effect.
const HONOURED: [&str; 3] = ["table.local-time-zone", "pipeline.name", ttl::STATE_TTL];

/// SET keys of Flink that mean nothing on one machine: taken with a notice.
const WITHOUT_EFFECT: [&str; 10] = [
    "parallelism.default",
    "scan.parallelism",
    "sink.parallelism",
    "sink.transactional-id-prefix",
    "execution.runtime-mode",
    "execution.checkpointing.interval",
    "pipeline.auto-watermark-interval",
    "pipeline.object-reuse",
    "table.exec.mini-batch.enabled",
    "restart-strategy.type",
];

/// What the files of a job say.
#[derive(Debug)]
pub struct Compiled {
    pub plan: Plan,
    /// Those of CREATE TABLE, by name.
    pub tables: BTreeMap<String, Arc<Table>>,
    /// The columns of each CREATE VIEW, by name.
    pub views: BTreeMap<String, Schema>,
}

/// Compiles the files of one job, which has to write something.
pub fn compile(
    files: &[(String, String)],
    env: &dyn Fn(&str) -> Option<String>,
    overrides: &BTreeMap<String, String>,
) -> Result<Plan, Vec<SqlError>> {
    let plan = read(files, env, overrides)?.plan;
    if !plan.sinks.is_empty() {
        return Ok(plan);
    }
    let (name, text) = files.first().cloned().unwrap_or_default();
    let fault = Fault::new(Span::empty(), "the job writes nothing")
        .help("add INSERT INTO a table SELECT …, or a bare SELECT that prints");
    Err(vec![fault.locate(&name, &text)])
}

/// Reads statements. `env` gives the values of variables, `overrides` is what `--set` says. All
/// faults of all statements are reported at once.
pub fn read(
    files: &[(String, String)],
    env: &dyn Fn(&str) -> Option<String>,
    overrides: &BTreeMap<String, String>,
) -> Result<Compiled, Vec<SqlError>> {
    let mut compiler = Compiler::default();
    let mut errors = Vec::new();
    let fill = |literal: &str| variables::substitute(literal, env);
    for (name, text) in files {
        let mut faults = Vec::new();
        for statement in tokens::statements(text, &fill, &mut faults) {
            let span = statement.span();
            match statement::parse(&statement) {
                Ok(parsed) => compiler.take(parsed, span, &mut faults),
                Err(fault) => faults.push(fault.at_least(span)),
            }
        }
        errors.extend(faults.into_iter().map(|fault| fault.locate(name, text)));
    }
    for (key, value) in overrides {
        if let Err(fault) = compiler.set(key, value, Span::empty()) {
            errors.push(fault.locate("--set", &format!("{key}={value}")));
        }
    }
    if errors.is_empty() {
        errors.extend(ttl::check(&compiler.plan, files).err());
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let Compiler { plan, catalog, .. } = compiler;
    let schema = |(name, node): (String, NodeId)| (name, plan.nodes[node].schema.clone());
    let views = catalog.views.into_iter().map(schema).collect();
    Ok(Compiled { views, tables: catalog.tables.into_iter().collect(), plan })
}

#[derive(Default)]
struct Compiler {
    plan: Plan,
    catalog: Catalog,
    declarations: HashMap<String, Declaration>,
}

impl Compiler {
    fn take(&mut self, parsed: Parsed, span: Span, faults: &mut Vec<Fault>) {
        let done = match parsed {
            Parsed::Table(declaration) => return self.table(*declaration, faults),
            Parsed::View { name, columns, query } => self.view(name, &columns, &query, span),
            Parsed::Insert { table, table_span, columns, query } => {
                self.insert(&table, table_span, &columns, &query, span)
            }
            Parsed::Select(query) => self.select(&query, span),
            Parsed::Set(key, value, at) => self.set(&key, &value, at),
            Parsed::Nothing => Ok(()),
        };
        if let Err(fault) = done {
            faults.push(fault.at_least(span));
        }
    }

    fn table(&mut self, mut declaration: Declaration, faults: &mut Vec<Fault>) {
        let name = declaration.name.clone();
        if self.declarations.contains_key(&name) {
            if !declaration.if_not_exists {
                let fault =
                    Fault::new(declaration.span, format!("table `{name}` is there already"));
                faults.push(fault.help("give it another name, or write IF NOT EXISTS"));
            }
            return;
        }
        if let Err(fault) = declaration.inherit(|base| self.declarations.get(base).cloned()) {
            return faults.push(fault);
        }
        match declaration.bind() {
            Ok(table) => {
                self.catalog.tables.insert(name.clone(), Arc::new(table));
            }
            Err(found) => faults.extend(found),
        }
        self.declarations.insert(name, declaration);
    }

    fn queries(&mut self, span: Span) -> Queries<'_> {
        let Self { plan, catalog, .. } = self;
        Queries { plan, catalog, common: HashMap::new(), hints: Hints::default(), span }
    }

    fn view(
        &mut self,
        name: String,
        columns: &[String],
        query: &sqlparser::ast::Query,
        span: Span,
    ) -> fault::Result<()> {
        let mut queries = self.queries(span);
        let node = queries.query(query)?;
        let node = queries.renamed(node, columns, span)?;
        self.catalog.views.insert(name, node);
        Ok(())
    }

    fn select(&mut self, query: &sqlparser::ast::Query, span: Span) -> fault::Result<()> {
        let mut queries = self.queries(span);
        let node = queries.query(query)?;
        let node = queries.numbered(node)?;
        let table = table::print_table(&self.plan.nodes[node].schema);
        self.sink(node, table);
        Ok(())
    }

    fn sink(&mut self, input: NodeId, table: Arc<Table>) {
        let schema = self.plan.nodes[input].schema.clone();
        self.plan.add(Node {
            kind: NodeKind::Sink { table },
            inputs: vec![input],
            schema,
            time: None,
        });
    }

    fn insert(
        &mut self,
        name: &str,
        table_span: Span,
        columns: &[(String, Span)],
        query: &sqlparser::ast::Query,
        span: Span,
    ) -> fault::Result<()> {
        let Some(table) = self.catalog.tables.get(name).cloned() else {
            let fault = Fault::new(table_span, format!("Object '{name}' not found"));
            let known = self.catalog.tables.keys().map(String::as_str);
            return Err(match nearest(name, known) {
                Some(meant) => fault.help(format!("did you mean `{meant}`?")),
                None => fault,
            });
        };
        if !connectors::is_sink(&table.connector) {
            let message = format!("table `{name}`: '{}' cannot be written to", table.connector);
            return Err(Fault::new(table_span, message));
        }
        let written =
            |node: &&Node| matches!(&node.kind, NodeKind::Sink { table } if *table.name == *name);
        // Rows of a clickhouse or redis table are known again by their table, epoch and place in it.
        if matches!(&*table.connector, "queryable" | "clickhouse" | "redis")
            && self.plan.nodes.iter().any(|node| written(&node))
        {
            let message = format!("table `{name}` is written by another INSERT already");
            let connector = &table.connector;
            let help = format!("a {connector} table is one query: put UNION ALL between the two");
            return Err(Fault::new(table_span, message).help(help));
        }
        if let Err(reason) = crate::sink::check(&table) {
            return Err(Fault::new(table_span, format!("table `{name}`: {reason}")));
        }
        let mut queries = self.queries(span);
        let node = queries.query(query)?;
        let node = queries.numbered(node)?;
        self.check_updates(node, &table, table_span)?;
        let node = self.fit(node, &table, columns, table_span)?;
        self.check_key(node, &table, table_span)?;
        self.sink(node, table);
        Ok(())
    }

    fn check_updates(&self, node: NodeId, table: &Table, span: Span) -> fault::Result<()> {
        if !is_updating(&self.plan, node) {
            return Ok(());
        }
        if !connectors::takes_updates(&table.connector, &table.options) {
            let message = format!(
                "table `{}` takes new rows only, but rows of this query change: it groups without a \
                 window or takes late rows into one, or reads a table of changes",
                table.name
            );
            return Err(Fault::new(span, message).help(match &*table.connector {
                "redis" => {
                    "group by a TUMBLE or HOP window, or set 'data-type' to what takes changes: \
                     string, hash or zset"
                }
                _ => {
                    "group by a TUMBLE or HOP window, or write to a table that takes changes: \
                     upsert-kafka, queryable or redis"
                }
            }));
        }
        if matches!(&*table.connector, "queryable" | "redis") && table.primary_key.is_empty() {
            let message = format!("table `{}` needs a key: rows of this query change", table.name);
            return Err(Fault::new(span, message).help("add PRIMARY KEY (…) NOT ENFORCED"));
        }
        let early = table.options.get("sink.publish").is_some_and(|publish| &**publish == "early");
        if early && query::is_deleting(&self.plan, node) {
            // A row that went out before a crash and goes while its input is read again may come
            // and go within one batch then: nobody would take it away.
            let message = format!(
                "table `{}` is published early, but rows of this query may go away again: after a \
                 crash one that has gone could stay",
                table.name
            );
            return Err(Fault::new(span, message).help(
                "leave 'sink.publish' out: rows are published when their epoch is committed",
            ));
        }
        Ok(())
    }

    /// Rows of several keys of the query under one of the table would replace each other, and one
    /// that goes would take the others along. Flink refuses it, too.
    fn check_key(&self, node: NodeId, table: &Table, span: Span) -> fault::Result<()> {
        let updating = is_updating(&self.plan, node);
        let known = updating.then(|| query::upsert_key(&self.plan, node)).flatten();
        let Some(known) = known else { return Ok(()) };
        let key = &table.primary_key;
        let column = |at: &usize| table.physical.get(*at).copied();
        if key.is_empty() || known.iter().all(|at| column(at).is_some_and(|at| key.contains(&at))) {
            return Ok(());
        }
        let names = |columns: Vec<usize>| {
            let fields = columns.into_iter().map(|at| table.schema.fields[at].name.to_string());
            fields.collect::<Vec<_>>().join(", ")
        };
        let message = format!(
            "table `{}` has the PRIMARY KEY ({}), but rows of this query are known by ({}): several \
             would replace each other",
            table.name,
            names(key.clone()),
            names(known.iter().filter_map(column).collect())
        );
        let help = "make what the query groups by the PRIMARY KEY, or group once more by the key";
        Err(Fault::new(span, message).help(help))
    }

    /// The query's columns as the table's, widened where that loses nothing; columns that the
    /// INSERT leaves out are NULL.
    fn fit(
        &mut self,
        node: NodeId,
        table: &Table,
        columns: &[(String, Span)],
        span: Span,
    ) -> fault::Result<NodeId> {
        let schema = self.plan.nodes[node].schema.clone();
        let mut targets = Vec::new();
        for (name, span) in columns {
            let index = table.schema.index_of(name);
            let index = index.filter(|it| table.physical.contains(it) && !targets.contains(it));
            targets.push(index.ok_or_else(|| {
                Fault::new(*span, format!("`{name}` is not a column that can be written here"))
                    .help("name each column once; computed and metadata columns are not written")
            })?);
        }
        if columns.is_empty() {
            targets = table.physical.clone();
        }
        let mismatch = |cause: String| {
            let name = &table.name;
            let message = format!(
                "Column types of query result and sink for '{name}' do not match. Cause: {cause}"
            );
            Fault::new(span, message)
        };
        if targets.len() != schema.len() {
            return Err(mismatch("Different number of columns.".into()).help(format!(
                "the query gives {}, the table takes {}",
                schema.len(),
                targets.len()
            )));
        }
        check_nulls(table, &targets, &schema, span)?;
        let scope = Scope::of(&schema, None);
        let mut exprs = Vec::new();
        for &column in &table.physical {
            let field = &table.schema.fields[column];
            let Some(position) = targets.iter().position(|&target| target == column) else {
                if !field.nullable {
                    let message = format!("column `{}` is NOT NULL and needs a value", field.name);
                    return Err(Fault::new(span, message));
                }
                exprs.push(Expr::literal(Value::Null, field.data_type.clone()));
                continue;
            };
            let found = scope.column(position);
            let shown = found.data_type.to_string();
            let fitted = registry::coerce(found, &field.data_type).ok_or_else(|| {
                mismatch(format!(
                    "Incompatible types for sink column '{}' at position {position}.",
                    field.name
                ))
                .help(format!("it is {shown} here and {} there: CAST it", field.data_type))
            })?;
            exprs.push(fitted);
        }
        let fields = table.physical.iter().map(|&column| table.schema.fields[column].clone());
        let fields = Schema::new(fields.collect());
        let mut queries = self.queries(span);
        Ok(queries.project(node, exprs, fields))
    }

    fn set(&mut self, key: &str, value: &str, span: Span) -> fault::Result<()> {
        if WITHOUT_EFFECT.contains(&key) {
            tracing::warn!(key, "SET has no effect on one machine");
            return Ok(());
        }
        if !HONOURED.contains(&key) {
            let fault = Fault::new(span, format!("SET '{key}' is not known"));
            return Err(match nearest(key, HONOURED) {
                Some(meant) => fault.help(format!("did you mean '{meant}'?")),
                None => fault.help(format!("there are {}", HONOURED.join(", "))),
            });
        }
        if key == "table.local-time-zone" && jiff::tz::TimeZone::get(value).is_err() {
            return Err(Fault::new(span, format!("there is no time zone '{value}'"))
                .help("name one like 'UTC' or 'Asia/Shanghai'"));
        }
        if key == ttl::STATE_TTL && crate::time::duration_ms(value).is_none() {
            return Err(ttl::no_duration(span, value));
        }
        self.plan.settings.insert(key.to_owned(), value.to_owned());
        Ok(())
    }
}

/// Columns of ClickHouse that take no NULL cannot be given one once the job runs.
fn check_nulls(table: &Table, targets: &[usize], schema: &Schema, span: Span) -> fault::Result<()> {
    let columns = targets.iter().map(|&target| &table.schema.fields[target]).zip(&schema.fields);
    let misfit = columns.into_iter().find(|(to, from)| !to.nullable && from.nullable);
    match misfit.filter(|_| &*table.connector == "clickhouse") {
        None => Ok(()),
        Some((to, _)) => {
            let name = &to.name;
            let message =
                format!("column `{name}` is NOT NULL, but the query may give NULL for it");
            Err(Fault::new(span, message)
                .help("give it a value by COALESCE(…, …), or leave NOT NULL out"))
        }
    }
}

#[cfg(test)]
mod mutations;
#[cfg(test)]
mod tests;
