//! Tests of functions by tables, and of evaluation by batches against row by row.

use proptest::prelude::*;

use super::super::registry::{self, BinaryOp, binary, call, cast, like};
use super::super::{CastMode, EvalContext, EvalErrors, Expr, ExprKind, text};
use super::{eval, filter};
use crate::record::{Batch, BatchTime, Column, ColumnBuilder, DataType, Value};

fn s(text: &str) -> Expr {
    Expr::literal(Value::Str(text.into()), DataType::STRING)
}

fn i(value: i64) -> Expr {
    Expr::literal(Value::I64(value), DataType::Int)
}

fn d(value: f64) -> Expr {
    Expr::literal(Value::F64(value), DataType::Double)
}

fn null() -> Expr {
    Expr::literal(Value::Null, DataType::Null)
}

fn shown(column: &Column, row: usize, data_type: &DataType) -> String {
    let mut out = String::new();
    text::write_text(column, row, data_type, &jiff::tz::TimeZone::UTC, &mut out);
    out
}

fn one(expr: &Expr) -> Result<String, String> {
    let mut errors = EvalErrors::default();
    let batch = Batch::new(vec![], 1, BatchTime::at(0));
    let column = eval(expr, &batch, &EvalContext::default(), &mut errors);
    assert_eq!(column.len(), 1);
    match errors.rows.first() {
        Some((_, reason)) => Err(reason.to_string()),
        None => Ok(shown(&column, 0, &expr.data_type)),
    }
}

#[track_caller]
fn check(name: &str, args: Vec<Expr>, expected: &str) {
    assert_eq!(one(&call(name, args).unwrap()).unwrap(), expected, "{name}");
}

fn to(expr: Expr, data_type: DataType) -> Expr {
    cast(expr, data_type, CastMode::Try).unwrap()
}

#[test]
fn numbers() {
    check("ABS", vec![i(-3)], "3");
    check("MOD", vec![i(-7), i(3)], "-1");
    check("ROUND", vec![d(1.005), i(2)], "1.01");
    check("ROUND", vec![i(155), i(-1)], "160");
    check("FLOOR", vec![d(-1.5)], "-2.0");
    check("POWER", vec![i(2), i(10)], "1024.0");
    check("LOG", vec![i(2), i(8)], "3.0");
    check("SIGN", vec![i(-9)], "-1");
    check("SQRT", vec![null()], "null");
    let zero = binary(BinaryOp::Divide, i(1), i(0)).unwrap();
    assert!(one(&zero).unwrap_err().contains("/ by zero"));
    let wide = binary(BinaryOp::Add, i(i64::from(i32::MAX)), i(1)).unwrap();
    assert_eq!(one(&wide).unwrap(), "-2147483648");
    let mixed = binary(BinaryOp::Multiply, i(2), d(1.5)).unwrap();
    assert_eq!(one(&mixed).unwrap(), "3.0");
}

#[test]
fn strings() {
    check("UPPER", vec![s("naïve")], "NAÏVE");
    check("TRIM", vec![s("  a ")], "a");
    check("LTRIM", vec![s("xxa"), s("x")], "a");
    check("SUBSTRING", vec![s("李小龍"), i(2)], "小龍");
    check("SUBSTRING", vec![s("Zoë"), i(-3), i(2)], "Zo");
    check("SUBSTRING", vec![s("x"), i(-3), i(2)], "");
    check("SUBSTRING", vec![s("abc"), i(0), i(2)], "ab");
    check("CONCAT", vec![s("a"), null()], "null");
    check("CONCAT_WS", vec![s("-"), s("a"), null(), s("b")], "a-b");
    check("REPLACE", vec![s("London"), s("o"), s("00")], "L00nd00n");
    check("LPAD", vec![s("ab"), i(5), s("xy")], "xyxab");
    check("RPAD", vec![s("abc"), i(2), s("x")], "ab");
    check("POSITION", vec![s("ö"), s("größe")], "3");
    check("INSTR", vec![s("abc"), s("z")], "0");
    check("CHAR_LENGTH", vec![s("Zoë")], "3");
    check("LEFT", vec![s("abc"), i(-1)], "");
    check("RIGHT", vec![s("abc"), i(2)], "bc");
    check("SPLIT_INDEX", vec![s("a  b"), s(" "), i(1)], "");
    check("SPLIT_INDEX", vec![s("a b"), s(" "), i(9)], "null");
    check("SPLIT_INDEX", vec![s(""), s(" "), i(0)], "null");
    check("INITCAP", vec![s("hello WORLD")], "Hello World");
    check("REVERSE", vec![s("abc")], "cba");
    check("REPEAT", vec![s("ab"), i(2)], "abab");
}

#[test]
fn patterns() {
    check("REGEXP_EXTRACT", vec![s("id=17 x"), s(r"id=(\d+)"), i(1)], "17");
    check("REGEXP_EXTRACT", vec![s("id=17 x"), s(r"id=\d+")], "id=17");
    check("REGEXP_EXTRACT", vec![s("none"), s(r"id=\d+")], "null");
    check("REGEXP_REPLACE", vec![s("a1b22"), s("([0-9]+)"), s("<$1>")], "a<$1>b<$1>");
    check("REGEXP", vec![s("abc"), s("b.")], "true");
    assert!(call("REGEXP", vec![s("a"), s("(?=a)")]).is_err());
    for (text, pattern, escape, expected) in [
        ("ERROR", "ERR%", None, "true"),
        ("err", "ERR%", None, "false"),
        ("a id=17", "%id=_7%", None, "true"),
        ("up 100%", "%100!%%", Some("!"), "true"),
        ("up 1000", "%100!%%", Some("!"), "false"),
        ("", "%", None, "true"),
        ("abcabd", "%a_d", None, "true"),
        (r"a\b", r"a\b", None, "true"),
    ] {
        let expr = like(s(text), s(pattern), escape.map(s)).unwrap();
        assert_eq!(one(&expr).unwrap(), expected, "{text} LIKE {pattern}");
    }
}

#[test]
fn nested_values_print_and_open() {
    let array = DataType::Array(DataType::STRING.into());
    let value = Value::Array([Value::Str("a".into()), Value::Null].into());
    let tags = || Expr::literal(value.clone(), array.clone());
    assert_eq!(one(&tags()).unwrap(), "[a, null]");
    check("CARDINALITY", vec![tags()], "2");
    for (index, expected) in [(1, "a"), (2, "null"), (3, "null"), (0, "null")] {
        let kind = ExprKind::Item { input: tags().into(), key: i(index).into() };
        let expr = Expr { kind, data_type: DataType::STRING, nullable: true };
        assert_eq!(one(&expr).unwrap(), expected);
    }
    let not =
        Expr { kind: ExprKind::Not(null().into()), data_type: DataType::Boolean, nullable: true };
    assert_eq!(one(&not).unwrap(), "null");
}

#[test]
fn logic_has_three_values() {
    let truth = |value: Option<bool>| {
        Expr::literal(value.map_or(Value::Null, Value::Bool), DataType::Boolean)
    };
    for (a, b, and, or) in [
        (Some(true), None, "null", "true"),
        (None, Some(true), "null", "true"),
        (Some(false), None, "false", "null"),
        (None, Some(false), "false", "null"),
        (None, None, "null", "null"),
        (Some(true), Some(false), "false", "true"),
    ] {
        for (kind, expected) in [
            (ExprKind::And(vec![truth(a), truth(b)]), and),
            (ExprKind::Or(vec![truth(a), truth(b)]), or),
        ] {
            let expr = Expr { kind, data_type: DataType::Boolean, nullable: true };
            assert_eq!(one(&expr).unwrap(), expected, "{expr:?}");
        }
    }
}

#[test]
fn conditions() {
    check("COALESCE", vec![null(), s("b"), s("c")], "b");
    check("NULLIF", vec![i(0), i(0)], "null");
    check("NULLIF", vec![i(1), i(0)], "1");
    check("GREATEST", vec![i(1), i(5), i(3)], "5");
    check("LEAST", vec![i(1), null()], "null");
    let condition = binary(BinaryOp::Gt, i(1), i(2)).unwrap();
    check("IF", vec![condition, s("a"), s("b")], "b");
    let list = registry::in_list(i(3), vec![i(1), null()]).unwrap();
    assert_eq!(one(&list).unwrap(), "null");
    let refused = binary(BinaryOp::Eq, i(1), s("1")).unwrap_err();
    assert!(refused.contains("between INTEGER and CHAR is not supported now"), "{refused}");
}

#[test]
fn times() {
    let ts = || call("TO_TIMESTAMP", vec![s("2024-01-31 23:59:59.999")]).unwrap();
    check("TO_TIMESTAMP", vec![s("2023-02-29 00:00:00")], "2023-02-28T00:00");
    check("TO_TIMESTAMP", vec![s("bad")], "null");
    check("TO_TIMESTAMP", vec![s("09.10.2025 08:53"), s("dd.MM.yyyy HH:mm")], "2025-10-09T08:53");
    check("TO_TIMESTAMP_LTZ", vec![i(1_760_000_000), i(0)], "2025-10-09T08:53:20Z");
    check("DATE_FORMAT", vec![ts(), s("yyyy/MM/dd HH:mm")], "2024/01/31 23:59");
    check("EXTRACT", vec![s("MONTH"), ts()], "1");
    check("FLOOR TO", vec![ts(), s("HOUR")], "2024-01-31T23:00");
    check("CEIL TO", vec![ts(), s("MINUTE")], "2024-02-01T00:00");
    check("TIMESTAMPADD", vec![s("MONTH"), i(1), ts()], "2024-02-29T23:59:59.999");
    let later = call("TIMESTAMPADD", vec![s("SECOND"), i(150), ts()]).unwrap();
    check("TIMESTAMPDIFF", vec![s("MINUTE"), ts(), later.clone()], "2");
    check("TIMESTAMPDIFF", vec![s("MINUTE"), later, ts()], "-2");
    check("FROM_UNIXTIME", vec![i(0)], "1970-01-01 00:00:00");
    check("UNIX_TIMESTAMP", vec![s("1970-01-01 00:01:00")], "60");
    let minutes = Expr::literal(Value::I64(1_800_000), DataType::IntervalDayTime);
    let earlier = binary(BinaryOp::Subtract, ts(), minutes).unwrap();
    assert_eq!(one(&earlier).unwrap(), "2024-01-31T23:29:59.999");
    let text = to(ts(), DataType::STRING);
    assert_eq!(one(&text).unwrap(), "2024-01-31 23:59:59.999");
}

#[test]
fn zones() {
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
    let context = EvalContext { zone, now_ms: 0 };
    let ltz = DataType::TimestampLtz { precision: 3 };
    let expr = to(Expr::literal(Value::I64(0), ltz.clone()), DataType::STRING);
    let batch = Batch::new(vec![], 1, BatchTime::at(0));
    let column = eval(&expr, &batch, &context, &mut EvalErrors::default());
    assert_eq!(shown(&column, 0, &expr.data_type), "1970-01-01 01:00:00.000");
    let expr = to(to(s("1970-01-01 01:00:00"), DataType::Timestamp { precision: 3 }), ltz);
    let column = eval(&expr, &batch, &context, &mut EvalErrors::default());
    assert_eq!(column.value(0), Value::I64(0));
}

#[test]
fn casts() {
    for (expr, data_type, expected) in [
        (s(" 42 "), DataType::Int, "42"),
        (s("3000000000"), DataType::Int, "null"),
        (s("1e3"), DataType::Double, "1000.0"),
        (s("Y"), DataType::Boolean, "true"),
        (s("maybe"), DataType::Boolean, "null"),
        (d(-2.9), DataType::BigInt, "-2"),
        (d(1e20), DataType::Int, "2147483647"),
        (i(7), DataType::STRING, "7"),
        (s("größer"), DataType::String { max: Some(3) }, "grö"),
        (s("2025-10-09 10:11:12.5"), DataType::Date, "2025-10-09"),
        (null(), DataType::Int, "null"),
    ] {
        assert_eq!(one(&to(expr, data_type)).unwrap(), expected);
    }
    let strict = cast(s("abc"), DataType::Int, CastMode::Strict).unwrap();
    assert!(one(&strict).unwrap_err().starts_with("For input string: "));
    let text = to(Expr::literal(Value::Bool(true), DataType::Boolean), DataType::STRING);
    assert_eq!(one(&text).unwrap(), "TRUE");
}

#[test]
fn json() {
    let body = r#"{"type":"größe","user":{"id": 7},"tags":["a",{"b":[1, 2]}],"n":1.50,"z":null}"#;
    let value = |path: &str, empty: &str, returned: Option<&str>| {
        let args = vec![
            s(body),
            s(path),
            returned.map_or_else(null, s),
            s(empty),
            s("9"),
            s("NULL"),
            null(),
        ];
        one(&call("JSON_VALUE", args).unwrap()).unwrap()
    };
    assert_eq!(value("$.type", "NULL", None), "größe");
    assert_eq!(value("$.user.id", "NULL", Some("INT")), "7");
    assert_eq!(value("$.tags[0]", "NULL", None), "a");
    assert_eq!(value("$.tags[1].b[1]", "NULL", None), "2");
    assert_eq!(value("$.n", "NULL", None), "1.50");
    assert_eq!(value("$.lang", "DEFAULT", None), "null");
    assert_eq!(value("lax $.lang", "DEFAULT", None), "9");
    assert_eq!(value("lax $.user", "DEFAULT", None), "9");
    check("JSON_EXISTS", vec![s(body), s("$.z")], "false");
    check("JSON_EXISTS", vec![s(body), s("$.user.id")], "true");
    check("JSON_QUERY", vec![s(body), s("$.tags[1]")], r#"{"b":[1,2]}"#);
    check("IS JSON", vec![s("{bad"), s("VALUE")], "false");
}

/// However deep a text is nested, functions neither run out of stack nor of time.
#[test]
fn json_nested_deeply_is_none() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[\"]\",{\"[\":", "}]")] {
        let levels = open.matches(['[', '{']).count() - open.matches("\"[\"").count();
        for depth in [10, 500, 1_000, 1_002, 10_000, 100_000] {
            let text = format!("{}1{}", open.repeat(depth / levels), close.repeat(depth / levels));
            let is_json = (depth <= 1_000).to_string();
            check("IS JSON", vec![s(&text), s("VALUE")], &is_json);
            check("JSON_EXISTS", vec![s(&text), s("lax $")], &is_json);
            check("JSON_EXISTS", vec![s(&text), s("lax $..a")], &is_json);
            let args = [&text, "lax $", "WITHOUT", "NULL", "NULL"].map(s);
            let found = one(&call("JSON_QUERY", args.into()).unwrap()).unwrap();
            assert_eq!(found == "null", depth > 1_000, "{depth}");
        }
    }
    // Brackets in a text are none.
    let text = format!("\"{}\\\"{}\"", "[".repeat(2_000), "{".repeat(2_000));
    check("IS JSON", vec![s(&text), s("VALUE")], "true");
}

#[test]
fn json_numbers_beyond_all_bounds_stay_as_they_are() {
    let value = |number: &str| {
        let args = [
            s(&format!("{{\"a\":{number}}}")),
            s("$.a"),
            null(),
            s("NULL"),
            null(),
            s("NULL"),
            null(),
        ];
        one(&call("JSON_VALUE", args.into()).unwrap()).unwrap()
    };
    assert_eq!(value("1e400"), "1E+400");
    assert_eq!(value("1e-2147483647"), "1E-2147483647");
    assert_eq!(value("1e2147483648"), "1E+2147483648");
    assert_eq!(value("1e9999999999"), "1e9999999999");
    assert_eq!(value("1e99999999999"), "1e99999999999");
}

#[test]
fn instants_are_rounded_by_their_own_offset() {
    let instant = DataType::TimestampLtz { precision: 3 };
    let berlin = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
    let context = EvalContext { zone: berlin, now_ms: 0 };
    let mut batch = batch_of(&[(Some(0), None)]);
    let at = |text: &str| crate::time::parse_timestamp_sql(text).unwrap();
    // Flink takes the offset of summer time back to January, and that of winter time to October.
    for (function, unit, from, expected) in [
        ("FLOOR TO", "YEAR", "2023-03-31 23:59:59.5", "2022-12-31 22:00:00"),
        ("FLOOR TO", "MONTH", "2025-10-26 02:30:00", "2025-09-30 23:00:00"),
        ("CEIL TO", "QUARTER", "2024-02-29 12:34:56.789", "2024-03-31 23:00:00"),
        ("CEIL TO", "QUARTER", "2023-03-31 23:59:59.5", "2023-06-30 22:00:00"),
        ("FLOOR TO", "DAY", "2024-10-27 01:30:00", "2024-10-26 23:00:00"),
    ] {
        batch.columns[0] = std::sync::Arc::new(crate::record::Column::constant(
            &Value::I64(at(from)),
            &instant,
            1,
        ));
        let expr = call(function, vec![Expr::column(0, instant.clone()), s(unit)]).unwrap();
        let mut errors = EvalErrors::default();
        let result = eval(&expr, &batch, &context, &mut errors).value(0);
        assert_eq!(result, Value::I64(at(expected)), "{function} {from} to {unit}");
    }
}

#[test]
fn branches_not_taken_are_no_errors() {
    let column = || Expr::column(0, DataType::Int);
    let batch = batch_of(&[(Some(0), None), (Some(2), None)]);
    let divided = binary(BinaryOp::Divide, i(10), column()).unwrap();
    let nonzero = binary(BinaryOp::NotEq, column(), i(0)).unwrap();
    let expr = registry::case(vec![(nonzero.clone(), divided.clone())], None).unwrap();
    let mut errors = EvalErrors::default();
    let result = eval(&expr, &batch, &EvalContext::default(), &mut errors);
    assert!(errors.rows.is_empty() && result.is_null(0));
    assert_eq!(result.value(1), Value::I64(5));
    let big = binary(BinaryOp::Gt, divided, i(1)).unwrap();
    let kind = ExprKind::And(vec![nonzero, big]);
    let both = Expr { kind, data_type: DataType::Boolean, nullable: true };
    assert_eq!(filter(&both, &batch, &EvalContext::default(), &mut errors), vec![1]);
    assert!(errors.rows.is_empty());
}

type Row = (Option<i64>, Option<String>);

fn batch_of(rows: &[Row]) -> Batch {
    let mut numbers = ColumnBuilder::for_type(&DataType::Int, rows.len());
    let mut texts = ColumnBuilder::for_type(&DataType::STRING, rows.len());
    for (number, text) in rows {
        numbers.push_value(&number.map_or(Value::Null, Value::I64));
        texts.push_value(&text.as_deref().map_or(Value::Null, |text| Value::Str(text.into())));
    }
    let columns = vec![numbers.finish().into(), texts.finish().into()];
    Batch::new(columns, rows.len(), BatchTime::at(0))
}

/// Expressions over (INT, STRING) that reach all the forms.
fn expressions() -> Vec<Expr> {
    let n = || Expr::column(0, DataType::Int);
    let t = || Expr::column(1, DataType::STRING);
    let bin = |op, a, b| binary(op, a, b).unwrap();
    let or = |a, b| Expr {
        kind: ExprKind::Or(vec![a, b]),
        data_type: DataType::Boolean,
        nullable: true,
    };
    vec![
        bin(BinaryOp::Add, n(), i(7)),
        bin(BinaryOp::Divide, i(100), n()),
        bin(BinaryOp::Lt, n(), i(3)),
        bin(BinaryOp::Eq, t(), s("ab")),
        bin(BinaryOp::IsDistinctFrom, n(), i(1)),
        or(bin(BinaryOp::Gt, n(), i(2)), bin(BinaryOp::Lt, t(), s("b"))),
        call("COALESCE", vec![t(), to(n(), DataType::STRING), s("x")]).unwrap(),
        call("SUBSTRING", vec![t(), n(), i(2)]).unwrap(),
        call("CONCAT_WS", vec![s("-"), t(), t()]).unwrap(),
        call("UPPER", vec![t()]).unwrap(),
        call("GREATEST", vec![n(), i(2)]).unwrap(),
        to(t(), DataType::Int),
        cast(t(), DataType::Int, CastMode::Strict).unwrap(),
        call("POWER", vec![n(), i(2)]).unwrap(),
        registry::negate(to(n(), DataType::Double)).unwrap(),
        registry::in_list(n(), vec![i(1), null(), i(3)]).unwrap(),
        like(t(), s("%a_"), None).unwrap(),
    ]
}

proptest! {
    #[test]
    fn batches_agree_with_single_rows(
        rows in prop::collection::vec(
            (prop::option::of(-4i64..5), prop::option::of("[abä1-3 ]{0,4}")), 1..70),
        mask in prop::collection::vec(any::<bool>(), 70),
    ) {
        let context = EvalContext::default();
        let batch = batch_of(&rows);
        let selected: Vec<u32> = (0..rows.len() as u32).filter(|&r| mask[r as usize]).collect();
        let part = batch.with_selection(selected.clone());
        for expr in expressions() {
            let (mut all_errors, mut part_errors) = (EvalErrors::default(), EvalErrors::default());
            let all = eval(&expr, &batch, &context, &mut all_errors);
            let some = eval(&expr, &part, &context, &mut part_errors);
            prop_assert_eq!(all.len(), rows.len());
            prop_assert_eq!(some.len(), rows.len());
            for (r, row) in rows.iter().enumerate() {
                let mut errors = EvalErrors::default();
                let single = eval(&expr, &batch_of(std::slice::from_ref(row)), &context, &mut errors);
                prop_assert_eq!(all.value(r), single.value(0), "{:?} of {:?}", &expr, row);
                let failed = |errors: &EvalErrors, r: u32| errors.rows.iter().any(|e| e.0 == r);
                prop_assert_eq!(failed(&all_errors, r as u32), !errors.rows.is_empty());
                if mask[r] {
                    prop_assert_eq!(some.value(r), single.value(0));
                    prop_assert_eq!(failed(&part_errors, r as u32), !errors.rows.is_empty());
                }
            }
        }
    }
}
