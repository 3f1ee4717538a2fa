//! Makes expressions and rows from a seed.

use super::reference::{Plain, Row};
use super::{BinaryOp, CastMode, DataType};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Type {
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    Double,
    Text,
    Bool,
}

use Type::{BigInt, Bool, Double, Int, SmallInt, Text, TinyInt};

const ALL: [Type; 7] = [TinyInt, SmallInt, Int, BigInt, Double, Text, Bool];
const NUMBERS: [Type; 5] = [TinyInt, SmallInt, Int, BigInt, Double];
const INTEGERS: [Type; 4] = [TinyInt, SmallInt, Int, BigInt];
/// Columns of one type: the positions 2 n and 2 n + 1 are of the n-th type.
const COLUMNS_A_TYPE: usize = 2;
/// Parts below parts of an expression.
const DEPTH_MAX: u32 = 4;

impl Type {
    pub fn data_type(self) -> DataType {
        match self {
            TinyInt => DataType::TinyInt,
            SmallInt => DataType::SmallInt,
            Int => DataType::Int,
            BigInt => DataType::BigInt,
            Double => DataType::Double,
            Text => DataType::STRING,
            Bool => DataType::Boolean,
        }
    }

    pub fn is_integer(self) -> bool {
        self <= BigInt
    }
}

/// An expression that says its type.
#[derive(Clone, Debug)]
pub enum Node {
    Column(Type, usize),
    Literal(Type, Plain),
    Arithmetic(BinaryOp, Box<(Node, Node)>),
    Compare(BinaryOp, Box<(Node, Node)>),
    Negate(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    IsNull(Box<Node>),
    In(Box<Node>, Vec<Node>),
    Case(Vec<(Node, Node)>, Option<Box<Node>>),
    Cast(Box<Node>, Type, CastMode),
    Call(&'static str, Type, Vec<Node>),
}

impl Node {
    pub fn type_of(&self) -> Type {
        match self {
            Self::Column(of, _) | Self::Literal(of, _) => *of,
            Self::Cast(_, of, _) | Self::Call(_, of, _) => *of,
            Self::Arithmetic(op, sides) => {
                let (left, right) = (sides.0.type_of(), sides.1.type_of());
                if *op == BinaryOp::Modulo { right } else { left.max(right) }
            }
            Self::Negate(input) => input.type_of(),
            Self::Case(branches, _) => branches[0].1.type_of(),
            _ => Bool,
        }
    }
}

pub fn columns() -> Vec<Type> {
    ALL.iter().flat_map(|of| [*of; COLUMNS_A_TYPE]).collect()
}

/// SplitMix64: Steele, Lea and Flood, Fast splittable pseudorandom number generators, 2014.
pub struct Generator(u64);

impl Generator {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0xa076_1d64_78bd_642f))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u64) as usize]
    }

    pub fn row(&mut self) -> Row {
        columns().into_iter().map(|of| self.value(of, 5)).collect()
    }

    /// A value; one of `nulls` is NULL.
    fn value(&mut self, of: Type, nulls: u64) -> Plain {
        if self.below(nulls) == 0 {
            return Plain::Null;
        }
        match of {
            Bool => Plain::Bool(self.below(2) == 0),
            Text => Plain::Text(self.text()),
            Double => Plain::Double(self.double()),
            TinyInt => Plain::Int(self.integer(i64::from(i8::MIN), i64::from(i8::MAX))),
            SmallInt => Plain::Int(self.integer(i64::from(i16::MIN), i64::from(i16::MAX))),
            Int => Plain::Int(self.integer(i64::from(i32::MIN), i64::from(i32::MAX))),
            BigInt => Plain::Int(self.integer(i64::MIN, i64::MAX)),
        }
    }

    fn integer(&mut self, least: i64, most: i64) -> i64 {
        match self.below(8) {
            0 => least,
            1 => most,
            2 => (self.next() as i64).clamp(least, most),
            _ => self.below(9) as i64 - 4,
        }
    }

    fn double(&mut self) -> f64 {
        match self.below(10) {
            0 => self.one_of(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0]),
            1 => self.one_of(&[1e300, -1e300, 1e-300, 9.3e18, -9.3e18, 2_147_483_648.5]),
            _ => (self.below(65) as f64 - 32.0) / 4.0,
        }
    }

    fn text(&mut self) -> String {
        const WHOLE: [&str; 12] = [
            "12",
            " -7 ",
            "+3.9",
            "1e3",
            "true",
            "F",
            "yes",
            "999999999999",
            "-129",
            ".",
            "-",
            "0",
        ];
        if self.below(3) == 0 {
            return self.one_of(&WHOLE).to_owned();
        }
        (0..self.below(6))
            .map(|_| self.one_of(&['a', 'b', 'B', ' ', ',', '1', 'ä', '龍']))
            .collect()
    }

    pub fn expression(&mut self) -> Node {
        let of = self.one_of(&ALL);
        let depth = 1 + self.below(u64::from(DEPTH_MAX)) as u32;
        self.node(of, depth)
    }

    pub fn node(&mut self, of: Type, depth: u32) -> Node {
        if depth == 0 || self.below(8) == 0 {
            return self.leaf(of);
        }
        match (self.below(6), of) {
            (0, _) => self.choice(of, depth - 1),
            (1, _) => self.cast(of, depth - 1),
            (_, Bool) => self.truth(depth - 1),
            (_, Text) => self.text_call(depth - 1),
            _ => self.number(of, depth - 1),
        }
    }

    fn leaf(&mut self, of: Type) -> Node {
        if self.below(3) == 0 {
            return Node::Literal(of, self.value(of, 8));
        }
        let first = ALL.iter().position(|known| *known == of).unwrap() * COLUMNS_A_TYPE;
        Node::Column(of, first + self.below(COLUMNS_A_TYPE as u64) as usize)
    }

    fn boxed(&mut self, of: Type, depth: u32) -> Box<Node> {
        Box::new(self.node(of, depth))
    }

    fn several(&mut self, of: Type, depth: u32) -> Vec<Node> {
        (0..1 + self.below(3)).map(|_| self.node(of, depth)).collect()
    }

    /// CASE and the functions that are like it.
    fn choice(&mut self, of: Type, depth: u32) -> Node {
        match self.below(6) {
            0 => Node::Call("COALESCE", of, self.several(of, depth)),
            1 => {
                let args = vec![self.node(Bool, depth), self.node(of, depth), self.node(of, depth)];
                Node::Call("IF", of, args)
            }
            2 => Node::Call("NULLIF", of, vec![self.node(of, depth), self.node(of, depth)]),
            3 => Node::Call("GREATEST", of, self.several(of, depth)),
            4 => Node::Call("LEAST", of, self.several(of, depth)),
            _ => {
                let branches = 1 + self.below(3);
                let branch = |make: &mut Self| (make.node(Bool, depth), make.node(of, depth));
                let branches = (0..branches).map(|_| branch(self)).collect();
                let otherwise = (self.below(2) == 0).then(|| self.boxed(of, depth));
                Node::Case(branches, otherwise)
            }
        }
    }

    fn cast(&mut self, to: Type, depth: u32) -> Node {
        let from = match to {
            // How a double is written is a matter of its own (crate::number).
            Text => self.one_of(&[TinyInt, Int, BigInt, Bool, Text]),
            _ => self.one_of(&ALL),
        };
        let mode = self.one_of(&[CastMode::Strict, CastMode::Try, CastMode::Try]);
        Node::Cast(self.boxed(from, depth), to, mode)
    }

    fn truth(&mut self, depth: u32) -> Node {
        match self.below(8) {
            0 => Node::And(self.several(Bool, depth)),
            1 => Node::Or(self.several(Bool, depth)),
            2 => Node::Not(self.boxed(Bool, depth)),
            3 => {
                let of = self.one_of(&ALL);
                Node::IsNull(self.boxed(of, depth))
            }
            4 => {
                let of = self.one_of(&ALL);
                Node::In(self.boxed(of, depth), self.several(of, depth))
            }
            5 => {
                let name = self.one_of(&["STARTSWITH", "ENDSWITH"]);
                Node::Call(name, Bool, vec![self.node(Text, depth), self.node(Text, depth)])
            }
            _ => {
                use BinaryOp::{Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, NotEq};
                const OPS: [BinaryOp; 8] =
                    [Eq, NotEq, Lt, LtEq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom];
                let op = self.one_of(&OPS);
                let left = self.one_of(&ALL);
                let right = if left <= Double { self.one_of(&NUMBERS) } else { left };
                Node::Compare(op, Box::new((self.node(left, depth), self.node(right, depth))))
            }
        }
    }

    fn number(&mut self, of: Type, depth: u32) -> Node {
        use BinaryOp::{Add, Divide, Modulo, Multiply, Subtract};
        match self.below(8) {
            0 => Node::Negate(self.boxed(of, depth)),
            1 => {
                let name = self.one_of(&["ABS", "SIGN", "FLOOR", "CEIL"]);
                Node::Call(name, of, vec![self.node(of, depth)])
            }
            2 if of == Int => {
                let name = self.one_of(&["CHAR_LENGTH", "POSITION", "ASCII"]);
                let mut args = vec![self.node(Text, depth)];
                args.extend((name == "POSITION").then(|| self.node(Text, depth)));
                Node::Call(name, of, args)
            }
            3 if of.is_integer() => {
                let left = self.one_of(&INTEGERS);
                Node::Arithmetic(Modulo, Box::new((self.node(left, depth), self.node(of, depth))))
            }
            _ => {
                let op = self.one_of(&[Add, Subtract, Multiply, Divide]);
                let fitting = NUMBERS.iter().filter(|other| **other <= of).count();
                let other = self.one_of(&NUMBERS[..fitting]);
                let mut sides = (self.node(of, depth), self.node(other, depth));
                if self.below(2) == 0 {
                    sides = (sides.1, sides.0);
                }
                Node::Arithmetic(op, Box::new(sides))
            }
        }
    }

    fn text_call(&mut self, depth: u32) -> Node {
        const ONE: [&str; 7] = ["UPPER", "LOWER", "REVERSE", "TRIM", "LTRIM", "RTRIM", "INITCAP"];
        let small = |make: &mut Self| match make.below(3) {
            0 => make.node(TinyInt, depth.min(1)),
            _ => Node::Literal(Int, Plain::Int(make.below(9) as i64 - 3)),
        };
        let text = self.node(Text, depth);
        let (name, args) = match self.below(8) {
            0 => (self.one_of(&["LEFT", "RIGHT", "SUBSTRING"]), vec![text, small(self)]),
            1 => ("SUBSTRING", vec![text, small(self), small(self)]),
            2 => ("REPEAT", vec![text, Node::Literal(Int, Plain::Int(self.below(4) as i64 - 1))]),
            3 => {
                // What Flink does without a text to look for has tests of its own.
                let from = self.one_of(&["a", "ab", ",", "ä"]);
                let from = Node::Literal(Text, Plain::Text(from.to_owned()));
                ("REPLACE", vec![text, from, self.node(Text, depth)])
            }
            4 => (self.one_of(&["LPAD", "RPAD"]), vec![text, small(self), self.node(Text, depth)]),
            5 => (self.one_of(&["CONCAT", "CONCAT_WS"]), {
                let mut all = vec![text];
                all.extend(self.several(Text, depth));
                all
            }),
            6 => {
                let separator = Node::Literal(Text, Plain::Text(",".to_owned()));
                ("SPLIT_INDEX", vec![text, separator, small(self)])
            }
            _ => (self.one_of(&ONE), vec![text]),
        };
        Node::Call(name, Text, args)
    }
}
