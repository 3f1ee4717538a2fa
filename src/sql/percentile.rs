//! PERCENTILE, exactly and by a sketch.

use sqlparser::ast;
use sqlparser::tokenizer::Span;

use super::aggregates::{Spec, bind, gathered, is_distinct, misplaced};
use super::calls::plain_arguments;
use super::fault::{At, Fault, Result};
use super::scope::Binder;
use crate::expression::registry::{self, BinaryOp};
use crate::expression::{CastMode, Expr};
use crate::operator::aggregate::{AggregateFunction, Share};
use crate::record::{DataType, Value};

/// APPROX_PERCENTILE(x, share).
pub fn approximate(call: &ast::Function, binder: &mut Binder<'_>, span: Span) -> Result<Expr> {
    const NAME: &str = "APPROX_PERCENTILE";
    let wrong = || {
        Fault::new(span, format!("{NAME} takes a number and a share, a literal from 0 to 1"))
            .help(format!("{NAME}(amount, 0.95)"))
    };
    let all = plain_arguments(call, span)?;
    let [_, share] = all.as_slice() else { return Err(wrong()) };
    let share = Binder::plain(binder.scope, span).bind(share)?;
    let share = registry::cast(share, DataType::Double, CastMode::Strict).at(span)?;
    let share = share.as_literal().and_then(share_of).ok_or_else(wrong)?;
    let spec = bind(AggregateFunction::Sum, &first_argument(call), binder.scope, span)?;
    if spec.distinct {
        return Err(Fault::unsupported(span, &format!("{NAME}(DISTINCT …)"), "leave DISTINCT out"));
    }
    let function = AggregateFunction::ApproxPercentile(share);
    let double = |value| registry::cast(value, DataType::Double, CastMode::Strict).at(span);
    let argument = spec.argument.map(double).transpose()?;
    let Some(grouping) = &mut binder.grouping else { return Err(misplaced(NAME, span)) };
    Ok(grouping.call(Spec { function, argument, data_type: DataType::Double, ..spec }))
}

/// PERCENTILE(x, shares [, frequency]): the different values, packed, with their counts, and at the
/// end what stands at the shares of them.
pub fn exact(call: &ast::Function, binder: &mut Binder<'_>, span: Span) -> Result<Expr> {
    let wrong = |what: &str| {
        let form = "PERCENTILE takes a number, a share from 0 to 1 or an ARRAY of them, as literals, \
                    and how often the number counts, an integer";
        Fault::new(span, format!("{form}: {what}")).help("PERCENTILE(amount, ARRAY[0.5, 0.95])")
    };
    let all = plain_arguments(call, span)?;
    let bind = |ast: &ast::Expr| Binder::plain(binder.scope, span).bind(ast);
    let (value, shares, frequency) = match all.as_slice() {
        [value, shares] => (bind(value)?, bind(shares)?, None),
        [value, shares, frequency] => (bind(value)?, bind(shares)?, Some(bind(frequency)?)),
        _ => return Err(wrong(&format!("these are {} arguments", all.len()))),
    };
    if !value.data_type.is_numeric() {
        return Err(wrong(&format!("the first is {}", value.data_type)));
    }
    let shares =
        literal_shares(shares, span)?.ok_or_else(|| wrong(&format!("`{}` is none", all[1])))?;
    let null = || Expr::literal(Value::Null, DataType::Null);
    let mut nothing = vec![(registry::is_null(value.clone()), null())];
    let mut piece = registry::cast(value, DataType::Double, CastMode::Strict).at(span)?;
    if let Some(frequency) = frequency {
        if !frequency.data_type.is_integer() {
            return Err(wrong(&format!("the third is {}", frequency.data_type)));
        }
        let frequency = registry::cast(frequency, DataType::BigInt, CastMode::Strict).at(span)?;
        nothing.push((registry::is_null(frequency.clone()), null()));
        let zero = Expr::literal(Value::I64(0), DataType::BigInt);
        let none = registry::binary(BinaryOp::LtEq, frequency.clone(), zero).at(span)?;
        nothing.push((none, null()));
        piece = registry::call("ROW", vec![piece, frequency]).at(span)?;
    }
    let packed = registry::case(nothing, Some(registry::pack(piece))).at(span)?;
    let packed = (AggregateFunction::Collect, packed);
    let all = gathered(call, packed, is_distinct(call), binder, span)?;
    Ok(registry::percentile(all, shares))
}

/// A DOUBLE, or an array of them, if these are shares; none where they are not literals from 0 to 1.
fn literal_shares(shares: Expr, span: Span) -> Result<Option<Expr>> {
    let to = match &shares.data_type {
        DataType::Array(_) => DataType::Array(DataType::Double.into()),
        _ => DataType::Double,
    };
    let shares = registry::cast(shares, to, CastMode::Strict).at(span)?;
    let fits = match shares.as_literal() {
        Some(Value::Array(all)) => all.iter().all(|share| share_of(share).is_some()),
        Some(share) => share_of(share).is_some(),
        None => false,
    };
    Ok(fits.then_some(shares))
}

fn share_of(value: &Value) -> Option<Share> {
    match value {
        Value::F64(share) => Share::new(*share),
        _ => None,
    }
}

/// The call with its first argument alone and no clauses.
fn first_argument(call: &ast::Function) -> ast::Function {
    let mut plain = call.clone();
    if let ast::FunctionArguments::List(list) = &mut plain.args {
        list.args.truncate(1);
        list.clauses.clear();
    }
    plain
}
