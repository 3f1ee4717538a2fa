//! The order in which a HashMap of Java gives its entries. It shows where Flink reads maps from records.

use super::Value;

/// Slots of a HashMap at first; it doubles when they are filled to three quarters.
const SLOTS: usize = 16;

/// Puts entries that came in this order into that of a HashMap, by the hash of their keys.
pub fn in_slots<T>(entries: &mut [T], hash: impl Fn(&T) -> u32) {
    let mut slots = SLOTS;
    while entries.len() * 4 > slots * 3 {
        slots *= 2;
    }
    entries.sort_by_cached_key(|entry| {
        let hash = hash(entry);
        (hash ^ hash >> 16) as usize & (slots - 1)
    });
}

/// Puts the entries of a map with texts for keys into the order in which Flink has them once they are read.
pub fn as_read(entries: &mut [(Value, Value)]) {
    in_slots(entries, |(key, _)| text_hash(key.as_str().unwrap_or_default().as_bytes()));
}

/// The hash that Flink's texts have: Murmur3 with 42 for a seed, the last one to three bytes by themselves.
fn text_hash(text: &[u8]) -> u32 {
    const SEED: u32 = 42;
    let mixed = |hash: u32, word: u32| {
        let word = word.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
        (hash ^ word).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64)
    };
    let (words, rest) = text.as_chunks();
    let hash = words.iter().fold(SEED, |hash, word| mixed(hash, u32::from_le_bytes(*word)));
    // Java's bytes have a sign.
    let hash = rest.iter().fold(hash, |hash, byte| mixed(hash, *byte as i8 as u32));
    let hash = hash ^ text.len() as u32;
    let hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    let hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_hash_as_flinks_do() {
        // Of `org.apache.flink.table.data.binary.BinaryStringData`: "c" stands before "b".
        let mut entries = ["a", "b", "c"].map(|key| (Value::Str(key.into()), Value::Null));
        as_read(&mut entries);
        let keys: Vec<&str> = entries.iter().filter_map(|(key, _)| key.as_str()).collect();
        let before = |a: &str, b: &str| {
            keys.iter().position(|key| *key == a) < keys.iter().position(|key| *key == b)
        };
        assert!(before("c", "b") && before("a", "b"), "{keys:?}");
    }
}
