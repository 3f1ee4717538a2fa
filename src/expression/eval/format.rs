//! PRINTF: formats of Java's `String.format`.

use super::frame::{Arg, Frame};
use crate::decimal;
use crate::expression::text;
use crate::record::{ColumnRef, DataType, Validity};

/// Widths and precisions beyond this are a slip of a number.
const MAX_WIDTH: usize = 10_000;

/// One `%[index$][flags][width][.precision]conversion`.
struct Spec {
    index: Option<usize>,
    flags: String,
    width: usize,
    precision: Option<usize>,
    conversion: char,
}

impl Spec {
    /// Behind the percent sign; what is left comes with it.
    fn read(text: &str) -> Option<(Self, &str)> {
        let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let number = |text: &str| text.parse::<usize>().ok().filter(|n| *n <= MAX_WIDTH);
        let (mut rest, mut index) = (text, None);
        let end = digits(rest);
        if end > 0 && rest[end..].starts_with('$') {
            index = Some(number(&rest[..end])?);
            rest = &rest[end + 1..];
        }
        let end = rest.find(|c| !"-#+ 0,(".contains(c))?;
        let (flags, mut rest) = (rest[..end].to_owned(), &rest[end..]);
        let end = digits(rest);
        let width = if end > 0 { number(&rest[..end])? } else { 0 };
        rest = &rest[end..];
        let mut precision = None;
        if let Some(behind) = rest.strip_prefix('.') {
            let end = digits(behind);
            precision = Some(number(&behind[..end])?);
            rest = &behind[end..];
        }
        let conversion = rest.chars().next()?;
        let rest = &rest[conversion.len_utf8()..];
        Some((Self { index, flags, width, precision, conversion }, rest))
    }

    fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }

    /// The value of a row, by a type of SQL; `None` where Java would fail.
    fn show(&self, arg: &Arg, of: &DataType, row: usize) -> Option<String> {
        let lower = self.conversion.to_ascii_lowercase();
        if arg.is_null(row) {
            let null = if lower == 'b' { "false" } else { "null" };
            return "bscdxofeg".contains(lower).then(|| self.cut(null.into()));
        }
        match lower {
            's' => {
                let mut shown = String::new();
                let zone = jiff::tz::TimeZone::UTC;
                match of {
                    DataType::Decimal(kind) => {
                        decimal::write(arg.i128(row), kind.scale, &mut shown)
                    }
                    // Flink hands over what it computes with.
                    DataType::Date | DataType::Time => {
                        crate::number::write_i64(arg.i64(row), &mut shown);
                    }
                    of => text::write_text(&arg.column, arg.index(row), of, &zone, &mut shown),
                }
                Some(self.cut(shown))
            }
            'b' => Some(self.cut(match of {
                DataType::Boolean => arg.bool(row).to_string(),
                _ => "true".into(),
            })),
            'c' if of.is_integer() => {
                char::from_u32(u32::try_from(arg.i64(row)).ok()?).map(String::from)
            }
            'd' if of.is_integer() => Some(self.whole(arg.i64(row))),
            'x' | 'o' if of.is_integer() => {
                let value = arg.i64(row);
                let value = match of {
                    DataType::TinyInt => u64::from(value as u8),
                    DataType::SmallInt => u64::from(value as u16),
                    DataType::Int => u64::from(value as u32),
                    _ => value as u64,
                };
                Some(if lower == 'x' { format!("{value:x}") } else { format!("{value:o}") })
            }
            'f' if of.is_approximate() => Some(self.fraction(arg.f64(row))),
            'e' if of.is_approximate() => {
                let shown = format!("{:.*e}", self.precision.unwrap_or(6), arg.f64(row));
                let (digits, exponent) = shown.split_once('e')?;
                let exponent: i32 = exponent.parse().ok()?;
                let sign = if exponent < 0 { '-' } else { '+' };
                Some(format!("{digits}e{sign}{:02}", exponent.abs()))
            }
            _ => None,
        }
    }

    fn cut(&self, shown: String) -> String {
        match self.precision {
            Some(most) => shown.chars().take(most).collect(),
            None => shown,
        }
    }

    fn whole(&self, value: i64) -> String {
        self.signed(value < 0, value.unsigned_abs().to_string())
    }

    /// Half up by the decimal digits of a double, as Java rounds.
    fn fraction(&self, value: f64) -> String {
        if !value.is_finite() {
            return if value.is_nan() {
                "NaN".into()
            } else {
                self.signed(value < 0.0, "Infinity".into())
            };
        }
        let places = self.precision.unwrap_or(6);
        let kind = decimal::DecimalType::new(38, places.min(20) as u8);
        let mut digits = String::new();
        match decimal::from_f64(value.abs(), kind) {
            Ok(Some(unscaled)) => decimal::write(unscaled, kind.scale, &mut digits),
            _ => digits = format!("{:.*}", places, value.abs()),
        }
        self.signed(value.is_sign_negative(), digits)
    }

    /// With sign, groups of thousands, and zeros in front.
    fn signed(&self, negative: bool, mut digits: String) -> String {
        if self.has(',') {
            let whole = digits.find('.').unwrap_or(digits.len());
            for at in (1..whole).rev().filter(|at| (whole - at).is_multiple_of(3)) {
                digits.insert(at, ',');
            }
        }
        let sign = match negative {
            true if self.has('(') => "(",
            true => "-",
            false if self.has('+') => "+",
            false if self.has(' ') => " ",
            false => "",
        };
        let close = if sign == "(" { ")" } else { "" };
        let used = sign.len() + digits.len() + close.len();
        let zeros = if self.has('0') { self.width.saturating_sub(used) } else { 0 };
        format!("{sign}{}{digits}{close}", "0".repeat(zeros))
    }
}

/// Appends by the format; `None` where Java would fail.
fn write(format: &str, args: &[(Arg, &DataType)], row: usize, out: &mut String) -> Option<()> {
    let (mut rest, mut next) = (format, 0);
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let (spec, behind) = Spec::read(&rest[at + 1..])?;
        rest = behind;
        let mut shown = match spec.conversion {
            '%' => "%".to_owned(),
            'n' => "\n".to_owned(),
            _ => {
                let index = spec.index.map_or(next, |index| index.wrapping_sub(1));
                next += usize::from(spec.index.is_none());
                let (arg, of) = args.get(index)?;
                spec.show(arg, of, row)?
            }
        };
        if spec.conversion.is_ascii_uppercase() {
            shown = shown.to_uppercase();
        }
        // Java counts its own characters, two for one beyond U+FFFF.
        let missing = spec.width.saturating_sub(shown.encode_utf16().count());
        let blanks = " ".repeat(missing);
        match spec.has('-') {
            true => out.extend([shown, blanks]),
            false => out.extend([blanks, shown]),
        }
    }
    out.push_str(rest);
    Some(())
}

pub fn printf(frame: &mut Frame, types: &[DataType]) -> ColumnRef {
    let all = frame.args.clone();
    let Some((format, args)) = all.split_first() else { return frame.nulls(&DataType::STRING) };
    let args: Vec<_> = args.iter().cloned().zip(types.iter().skip(1)).collect();
    frame.strings_of(Validity::all(), |row, out| {
        if format.is_null(row) {
            return Ok(None);
        }
        let mut shown = String::new();
        Ok(write(format.str(row), &args, row, &mut shown).map(|()| out.push_str(&shown)))
    })
}
