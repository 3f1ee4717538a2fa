use super::*;

const fn of(precision: u8, scale: u8) -> DecimalType {
    DecimalType::new(precision, scale)
}

fn shown(value: Option<i128>, scale: u8) -> String {
    value.map_or("null".into(), |value| {
        let mut text = String::new();
        write(value, scale, &mut text);
        text
    })
}

fn read(text: &str, to: DecimalType) -> String {
    parse(text.as_bytes(), to).map_or("bad".into(), |value| shown(value, to.scale))
}

#[test]
fn texts_are_rounded_half_up() {
    for (text, to, expected) in [
        ("1.255", of(10, 2), "1.26"),
        ("-1.255", of(10, 2), "-1.26"),
        ("1e3", of(10, 2), "1000.00"),
        ("0.0014999999999999999999999999999999999999999999999", of(5, 3), "0.001"),
        (
            "0.00149999999999999999999999999999999999999999999995",
            of(38, 37),
            "0.0015000000000000000000000000000000000",
        ),
        ("123456789.5", of(10, 2), "null"),
        ("1e400", of(10, 2), "null"),
        ("1e-400", of(10, 2), "0.00"),
        (
            "99999999999999999999999999999999999999",
            of(38, 0),
            "99999999999999999999999999999999999999",
        ),
        ("99999999999999999999999999999999999999.5", of(38, 0), "null"),
        (
            "9999999999999999999999999999.9999999999",
            of(38, 10),
            "9999999999999999999999999999.9999999999",
        ),
        ("0000000000000000000000000000000000000000000000001.5", of(2, 1), "1.5"),
        (".5", of(5, 1), "0.5"),
        ("5.", of(5, 1), "5.0"),
        ("+5", of(5, 1), "5.0"),
        ("0.04", of(1, 1), "0.0"),
        ("-0.04", of(1, 1), "0.0"),
        ("", of(5, 1), "bad"),
        (".", of(5, 1), "bad"),
        ("1.2.3", of(5, 1), "bad"),
        ("1e", of(5, 1), "bad"),
        ("abc", of(5, 1), "bad"),
        (" 1", of(5, 1), "bad"),
    ] {
        assert_eq!(read(text, to), expected, "{text} as {to}");
    }
}

/// As observed on Flink 2.3.
#[test]
fn casts_of_text_as_flink() {
    for (text, short, long) in [
        ("5x", "5.0", "null"),
        ("5xy", "null", "null"),
        ("1.5e+1", "15.0", "15.0000000000"),
        ("000000000000000000000000001.5", "1.5", "1.5000000000"),
        ("-0.04", "0.0", "-0.0400000000"),
        ("-0.05", "-0.1", "-0.0500000000"),
        ("1e-30", "null", "0.0000000000"),
        ("1e30", "null", "null"),
        ("\t5", "5.0", "5.0000000000"),
        ("5 ", "5.0", "5.0000000000"),
        (" ", "null", "null"),
        ("1d", "1.0", "null"),
        ("e", "0.0", "null"),
        ("1e", "1.0", "null"),
        ("1e+", "null", "null"),
        ("-", "null", "null"),
        ("9999.95", "10000.0", "9999.9500000000"),
        ("99999.95", "null", "99999.9500000000"),
        ("5x          ", "5.0", "null"),
        ("1e5x", "null", "null"),
        ("1.2.3", "null", "null"),
    ] {
        assert_eq!(shown(parse_flink(text, of(5, 1)), 1), short, "{text}");
        assert_eq!(shown(parse_flink(text, of(30, 10)), 10), long, "{text}");
    }
}

#[test]
fn java_forms() {
    for (value, scale, json, function) in [
        (150, 2, "1.5", "1.50"),
        (10_000, 2, "1E+2", "100.00"),
        (1, 20, "1E-20", "1E-20"),
        (0, 2, "0", "0.00"),
        (12_345_678_901_234_567_890, 0, "1.234567890123456789E+19", "12345678901234567890"),
        (-5, 3, "-0.005", "-0.005"),
        (1, 7, "1E-7", "1E-7"),
        (1, 6, "0.000001", "0.000001"),
    ] {
        let (mut a, mut b) = (String::new(), String::new());
        write_scientific(value, scale, &mut a);
        write_java(value, scale, &mut b);
        assert_eq!((a.as_str(), b.as_str()), (json, function));
    }
}

/// The ways of 128 and of 256 bits agree with each other and with Flink.
#[test]
fn arithmetic_beyond_128_bits() {
    const MAX: i128 = POWERS[38] - 1;
    let c = of(38, 10);
    let row = 123_456_789_012_345_678_901_234_567_891;
    assert_eq!(shown(add(row, 10, row, 10, c.sum(c)), 9), "24691357802469135780.246913578");
    assert_eq!(multiply(row, 10, row, 10, c.product(c)), None);
    assert_eq!(shown(multiply(row, 10, 15, 1, of(38, 8)), 8), "18518518351851851835.18518518");
    let a = of(10, 2);
    assert_eq!(shown(divide(row, 10, 125, 2, c.quotient(a)), 8), "9876543120987654312.09876543");
    assert_eq!(shown(divide(125, 2, row, 10, a.quotient(c)), 20), "0.00000000000000000010");
    assert_eq!(shown(remainder(row, 10, 125, 2, c.remainder(a)), 10), "0.1234567891");
    assert_eq!(add(MAX, 0, MAX, 0, of(38, 0)), None);
    assert_eq!(subtract(MAX, 0, MAX, 0, of(38, 0)), Some(0));
    assert!(compare(MAX, 0, MAX, 38).is_gt());
    assert!(compare(-MAX, 0, MAX, 38).is_lt());
    assert!(compare(-MAX, 0, -MAX, 38).is_lt());
    assert_eq!(shown(divide(MAX, 0, 3, 0, of(38, 0)), 0), "33333333333333333333333333333333333333");
    assert_eq!(remainder(MAX, 0, 7, 38, of(38, 38)), Some(wide_rest(MAX, 7)));
    for (value, digits, toward, expected) in [
        (-125, 1, Toward::Nearest, "-1.3"),
        (-129, 1, Toward::Zero, "-1.2"),
        (-125, 0, Toward::Below, "-2"),
        (-125, 0, Toward::Above, "-1"),
        (5_125, -1, Toward::Nearest, "50"),
        (125, -40, Toward::Nearest, "0"),
    ] {
        let to = a.rounded(digits);
        assert_eq!(shown(round(value, 2, digits, toward, to), to.scale), expected);
    }
}

/// `a` × 10^38 modulo `b`, digit by digit.
fn wide_rest(a: i128, b: i128) -> i128 {
    (0..38).fold(a % b, |rest, _| rest * 10 % b)
}

#[test]
fn types_as_flink() {
    let (a, b, c, int) = (of(10, 2), of(5, 3), of(38, 10), of(10, 0));
    for (found, expected) in [
        (a.sum(b), of(12, 3)),
        (a.product(b), of(16, 5)),
        (a.quotient(b), of(19, 8)),
        (b.quotient(a), of(18, 14)),
        (a.remainder(b), of(5, 3)),
        (a.quotient(int), of(21, 13)),
        (int.quotient(a), of(23, 11)),
        (c.sum(c), of(38, 9)),
        (c.product(c), of(38, 6)),
        (c.quotient(a), of(38, 8)),
        (a.quotient(c), of(38, 20)),
        (int.quotient(c), of(38, 18)),
        (a.common(b), of(11, 3)),
        (a.common(int), of(12, 2)),
        (of(38, 38).common(of(38, 0)), of(38, 0)),
        (a.rounded(1), of(10, 1)),
        (a.rounded(0), of(9, 0)),
        (a.rounded(-1), of(9, 0)),
        (a.rounded(5), a),
        (c.rounded(2), of(31, 2)),
        (a.mean(), of(38, 6)),
        (c.mean(), of(38, 10)),
    ] {
        assert_eq!(found, expected);
    }
}

#[test]
fn doubles_by_their_shortest_form() {
    for (value, to, expected) in [
        (0.15, of(3, 1), "0.2"),
        (-2.5, of(3, 0), "-3"),
        (1e22, of(38, 0), "10000000000000000000000"),
        (1e30, of(10, 2), "null"),
        (f64::from(-0.1f32), of(20, 18), "-0.100000001490116120"),
    ] {
        assert_eq!(shown(from_f64(value, to).expect("a number"), to.scale), expected);
    }
    assert_eq!(to_f64(9_999_999_999, 2).to_string(), "99999999.99");
    assert_eq!(to_f64(123_456_789_012_345_678_901_234_567_891, 10), 1.2345678901234567e19);
    assert!(from_f64(f64::NAN, of(5, 1)).is_err());
}
