//! Strict sequences have an operator of their own: it must find what the general one finds, which
//! is compared with a search of all ways.

use super::*;
use crate::expression::registry::Function;
use crate::expression::{Expr, ExprKind};
use crate::fault::mutation::Random;
use crate::operator::over::Order;
use crate::operator::pattern::{
    Condition, Element, MatchRecognize, Pattern, Recognition, Skip, Term, TermKind, recognize,
};
use crate::state::KeyDictionary;

fn term(random: &mut Random, columns: &[usize], variables: usize) -> Term {
    let column = random.one_of(columns);
    let kind = match random.below(6) {
        0 => TermKind::First(1),
        1 => TermKind::Last(1),
        2 | 3 => TermKind::First(0),
        _ => TermKind::Last(0),
    };
    let variable = (random.below(4) > 0).then(|| random.below(variables));
    Term { kind, variable, column, data_type: TYPES[column].clone() }
}

/// Compares a column of the row, or another term, with a value of the match so far; or asks a
/// flag of the row alone.
fn condition(random: &mut Random, variables: usize) -> Option<Condition> {
    let column = random.one_of(&[LONG, TEXT]);
    let function = random.one_of(&[Function::Eq, Function::NotEq, Function::LtEq]);
    let call = |args| Expr {
        kind: ExprKind::Call { function, args },
        data_type: DataType::Boolean,
        nullable: true,
    };
    let own = Expr::column(column, TYPES[column].clone());
    let of_term = |at: usize| Expr::column(TYPES.len() + at, TYPES[column].clone());
    match random.below(8) {
        0 => None,
        1 => {
            let predicate = Expr::column(FLAG, DataType::Boolean);
            Some(Condition { predicate, terms: Vec::new() })
        }
        2 => {
            let terms =
                vec![term(random, &[column], variables), term(random, &[column], variables)];
            Some(Condition { predicate: call(vec![of_term(0), of_term(1)]), terms })
        }
        _ => {
            let terms = vec![term(random, &[column], variables)];
            Some(Condition { predicate: call(vec![own, of_term(0)]), terms })
        }
    }
}

fn recognition(random: &mut Random) -> Recognition {
    let len = 1 + random.below(5);
    let element = |variable| Element { variable, min: 1, max: Some(1), possessive: false };
    let all = [KEY, TIME, LONG, DOUBLE, TEXT, FLAG, INT];
    let conditions = (0..len).map(|_| condition(random, len)).collect();
    Recognition {
        conditions,
        measures: (0..4).map(|_| term(random, &all, len)).collect(),
        pattern: Pattern {
            elements: (0..len).map(element).collect(),
            skip: random.one_of(&[Skip::PastLastRow, Skip::ToNextRow]),
            within_ms: (random.below(3) > 0).then(|| 10 + random.below(300) as i64),
        },
        ties: Vec::new(),
        order: random.one_of(&[Order::EventTime, Order::Arrival { slack_ms: 0 }]),
    }
}

/// Few values, so that rows are often alike.
fn few_values(mut rows: Vec<Row>) -> Vec<Row> {
    for row in &mut rows {
        row[KEY] = Value::I64(row[KEY].as_i64().unwrap_or_default() / 3);
        row[LONG] = row[LONG].as_i64().map_or(Value::Null, |long| Value::I64(long / 4));
        row[TEXT] = row[TEXT].as_str().map_or(Value::Null, |text| Value::Str(text[..1].into()));
    }
    rows
}

#[test]
fn sequences_are_found_as_by_the_general_operator() {
    let mut random = Random::new(17);
    let mut found = 0;
    for round in 0..1_200 {
        let of = recognition(&mut random);
        let rows = few_values(rows(round, 200));
        let keys = || KeyDictionary::shared(3);
        let general = || -> Box<dyn Operator> {
            Box::new(MatchRecognize::new(TIME, vec![KEY], &TYPES, of.clone(), keys()))
        };
        let wanted = run(&general, &batches(&rows, 200), false);
        let wanted_rows = all_values(&wanted);
        found += usize::from(!wanted_rows.is_empty());
        let make = || {
            let mut operator = recognize(TIME, vec![KEY], &TYPES, of.clone(), keys());
            assert_eq!(operator.states()[0].0, "sequences");
            operator
        };
        for (size, restore) in [(1, true), (7, false), (7, true), (1024, false)] {
            let out = run(&make, &batches(&rows, size), restore);
            let what = format!("{of:?}, batches of {size}, restored {restore}");
            same(&all_values(&out), &wanted_rows, &what);
            assert_eq!(out.late_rows, wanted.late_rows, "{what}");
        }
    }
    assert!(found > 200, "only {found} have a match");
}
