//! What a sample holds at one place: how often which kind of value, and what tells types apart.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::time;

/// All values at one place.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub nulls: u64,
    pub bools: u64,
    pub numbers: Numbers,
    pub texts: Texts,
    pub objects: u64,
    pub arrays: u64,
    /// The members of objects, in the order in which they were met.
    pub members: Vec<(String, Seen)>,
    places: HashMap<String, usize>,
    /// What stands in arrays.
    pub element: Option<Box<Seen>>,
}

#[derive(Clone, Debug, Default)]
pub struct Numbers {
    pub count: u64,
    /// Without a fraction and an exponent.
    pub integers: u64,
    /// Of these, how many an i64 holds.
    pub longs: u64,
    /// Digits before and behind the point, at most.
    pub whole: usize,
    pub scale: usize,
    /// Those with more digits than a double tells apart.
    pub wide: u64,
    pub least: Option<f64>,
    pub most: Option<f64>,
}

/// How texts can be read as times: each count has those that fit.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    pub count: u64,
    /// `2026-01-05T10:30:00`, and with `Z` or an offset.
    pub iso_local: u64,
    pub iso_instant: u64,
    /// `2026-01-05 10:30:00`, and with `Z`.
    pub sql_local: u64,
    pub sql_instant: u64,
    pub dates: u64,
    /// Numbers in quotes.
    pub numbers: u64,
}

/// The members of an object in their order, as text.
pub struct Members<'a>(pub Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((Name(name), value)) = map.next_entry()? {
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }
        from.deserialize_map(Collect)
    }
}

/// Borrowed where it holds no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl Seen {
    /// How often there was a value, NULL or not.
    pub fn times(&self) -> u64 {
        self.nulls + self.kinds().iter().sum::<u64>()
    }

    /// Truth values, numbers, texts, objects, arrays.
    pub fn kinds(&self) -> [u64; 5] {
        [self.bools, self.numbers.count, self.texts.count, self.objects, self.arrays]
    }

    /// Takes a value in; it has been checked to be JSON.
    pub fn add(&mut self, raw: &str) {
        match raw.as_bytes().first() {
            Some(b'{') => {
                self.objects += 1;
                self.add_members(raw);
            }
            Some(b'[') => {
                self.arrays += 1;
                let element = self.element.get_or_insert_default();
                let values: Vec<&RawValue> = serde_json::from_str(raw).unwrap_or_default();
                values.into_iter().for_each(|value| element.add(value.get()));
            }
            Some(b'"') => self.texts.add(&text(raw)),
            Some(b't' | b'f') => self.bools += 1,
            Some(b'n') | None => self.nulls += 1,
            Some(_) => self.numbers.add(raw),
        }
    }

    fn add_members(&mut self, raw: &str) {
        let Ok(Members(members)) = serde_json::from_str(raw) else { return };
        // Of a name that stands twice, the last one counts.
        let mut last: HashMap<&str, usize> = HashMap::new();
        for (at, (name, _)) in members.iter().enumerate() {
            last.insert(name, at);
        }
        for (at, (name, value)) in members.iter().enumerate() {
            if last[&**name] == at {
                self.member(name).add(value.get());
            }
        }
    }

    fn member(&mut self, name: &str) -> &mut Seen {
        let place = match self.places.get(name) {
            Some(&place) => place,
            None => {
                self.places.insert(name.to_owned(), self.members.len());
                self.members.push((name.to_owned(), Seen::default()));
                self.members.len() - 1
            }
        };
        &mut self.members[place].1
    }

    pub fn merge(&mut self, other: &Self) {
        self.nulls += other.nulls;
        self.bools += other.bools;
        self.objects += other.objects;
        self.arrays += other.arrays;
        self.numbers.merge(&other.numbers);
        self.texts.merge(&other.texts);
        for (name, seen) in &other.members {
            self.member(name).merge(seen);
        }
        if let Some(element) = &other.element {
            self.element.get_or_insert_default().merge(element);
        }
    }
}

/// A text without its quotes.
pub fn text(raw: &str) -> String {
    serde_json::from_str(raw).unwrap_or_default()
}

impl Numbers {
    fn add(&mut self, raw: &str) {
        let (mantissa, exponent) = raw.split_once(['e', 'E']).unwrap_or((raw, ""));
        let mantissa = mantissa.trim_start_matches('-');
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let value: f64 = raw.parse().unwrap_or_default();
        self.count += 1;
        if fraction.is_empty() && exponent.is_empty() && !raw.contains('.') {
            self.integers += 1;
            self.longs += u64::from(raw.parse::<i64>().is_ok());
        }
        self.whole = self.whole.max(whole.len());
        self.scale = self.scale.max(fraction.len());
        let digits = format!("{whole}{fraction}");
        let digits = digits.trim_start_matches('0').trim_end_matches('0');
        // What 15 digits say is always the same double again.
        let told_apart = digits.len() <= 15 || shortest(value) == digits;
        self.wide += u64::from(!told_apart && exponent.is_empty());
        self.least = Some(self.least.map_or(value, |least| least.min(value)));
        self.most = Some(self.most.map_or(value, |most| most.max(value)));
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.integers += other.integers;
        self.longs += other.longs;
        self.whole = self.whole.max(other.whole);
        self.scale = self.scale.max(other.scale);
        self.wide += other.wide;
        self.least = [self.least, other.least].into_iter().flatten().reduce(f64::min);
        self.most = [self.most, other.most].into_iter().flatten().reduce(f64::max);
    }
}

/// The digits that tell a double from all others.
fn shortest(value: f64) -> String {
    let text = format!("{value:e}");
    let mantissa = text.split('e').next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    digits.trim_end_matches('0').to_owned()
}

impl Texts {
    fn add(&mut self, text: &str) {
        self.count += 1;
        let iso = time::parse_iso8601(text).is_some();
        let instant = time::parse_iso8601_instant(text).is_some();
        self.iso_instant += u64::from(instant);
        self.iso_local += u64::from(iso && !instant);
        let is_sql = |text: &str| text.len() > 10 && time::parse_timestamp_sql(text).is_some();
        self.sql_local += u64::from(is_sql(text));
        self.sql_instant += u64::from(text.strip_suffix('Z').is_some_and(is_sql));
        let is_date = text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok();
        self.dates += u64::from(is_date);
        self.numbers += u64::from(serde_json::from_str::<serde_json::Number>(text).is_ok());
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.iso_local += other.iso_local;
        self.iso_instant += other.iso_instant;
        self.sql_local += other.sql_local;
        self.sql_instant += other.sql_instant;
        self.dates += other.dates;
        self.numbers += other.numbers;
    }
}
