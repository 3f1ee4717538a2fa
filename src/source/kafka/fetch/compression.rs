//! Unpacks what a record batch holds, by the codecs of Kafka's protocol.

use std::io::Read;
use std::ops::{Deref, Range};

/// The most that a batch may unpack to: beyond it is an attack, not a batch.
const UNPACKED_MAX: usize = 256 << 20;
/// Snappy makes at most 64 bytes of three: what states more is damaged.
const SNAPPY_RATIO_MAX: usize = 22;

/// What a batch holds, unpacked. Its memory is used again for the next one, as it was left: only
/// what was never used before is set to zero.
#[derive(Debug, Default)]
pub struct Unpacked {
    /// Behind `len` stands what was there before.
    bytes: Vec<u8>,
    len: usize,
}

impl Deref for Unpacked {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Unpacked {
    /// Bytes of memory.
    pub fn room(&self) -> usize {
        self.bytes.capacity()
    }

    /// Makes it what `packed` holds. `codec` as in a batch's attributes: 0 none, 1 gzip, 2 snappy,
    /// 3 lz4, 4 zstd.
    pub fn fill(&mut self, codec: u8, packed: &[u8]) -> Result<(), String> {
        self.len = 0;
        match codec {
            0 => self.append(packed)?,
            1 => self.read_all(flate2::read::MultiGzDecoder::new(packed))?,
            2 => snappy(packed, self)?,
            3 => lz4(packed, self)?,
            4 => {
                let reader = zstd::stream::read::Decoder::new(packed);
                self.read_all(reader.map_err(|error| error.to_string())?)?;
            }
            other => return Err(format!("codec {other} is not known")),
        }
        Ok(())
    }

    fn read_all(&mut self, reader: impl Read) -> Result<(), String> {
        self.bytes.truncate(self.len);
        let mut limited = reader.take(UNPACKED_MAX as u64 + 1);
        limited.read_to_end(&mut self.bytes).map_err(|error| error.to_string())?;
        self.len = self.bytes.len();
        if self.len > UNPACKED_MAX { Err(too_large()) } else { Ok(()) }
    }

    /// Room for `len` more bytes: the range where they go.
    fn grow(&mut self, len: usize) -> Result<Range<usize>, String> {
        let from = self.len;
        let end = from.checked_add(len).filter(|end| *end <= UNPACKED_MAX).ok_or_else(too_large)?;
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.len = end;
        Ok(from..end)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), String> {
        let range = self.grow(bytes.len())?;
        self.bytes[range].copy_from_slice(bytes);
        Ok(())
    }
}

fn too_large() -> String {
    format!(
        "a batch unpacks to more than {} MiB. To go on behind it, start with another --state-dir and \
         'scan.startup.mode' = 'specific-offsets'; to have none, lower the producer's 'batch.size'",
        UNPACKED_MAX >> 20
    )
}

/// What the Java client writes in front of its snappy blocks; others write one bare block.
const XERIAL: &[u8] = b"\x82SNAPPY\0";
const XERIAL_HEADER: usize = 16;

fn snappy(packed: &[u8], out: &mut Unpacked) -> Result<(), String> {
    if !packed.starts_with(XERIAL) {
        return snappy_block(packed, out);
    }
    let mut rest = packed.get(XERIAL_HEADER..).ok_or("a snappy header is cut off")?;
    while !rest.is_empty() {
        let (len, tail) = rest.split_first_chunk().ok_or("a snappy block is cut off")?;
        let len = u32::from_be_bytes(*len) as usize;
        let (block, tail) = tail.split_at_checked(len).ok_or("a snappy block is cut off")?;
        snappy_block(block, out)?;
        rest = tail;
    }
    Ok(())
}

fn snappy_block(block: &[u8], out: &mut Unpacked) -> Result<(), String> {
    let len = snap::raw::decompress_len(block).map_err(|error| error.to_string())?;
    if len / SNAPPY_RATIO_MAX > block.len() {
        return Err("a snappy block states a length that it cannot have".into());
    }
    let range = out.grow(len)?;
    let unpacked = snap::raw::Decoder::new().decompress(block, &mut out.bytes[range]);
    unpacked.map(|_| ()).map_err(|error| error.to_string())
}

const LZ4_MAGIC: u32 = 0x184D_2204;

/// An LZ4 frame, block by block into its final place: the frame reader of the library copies once
/// more. Source: <https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md>. Checksums of the
/// frame are passed over: the batch has one of its own.
fn lz4(packed: &[u8], out: &mut Unpacked) -> Result<(), String> {
    let cut = "an lz4 frame is cut off";
    let (magic, rest) = packed.split_first_chunk().ok_or(cut)?;
    if u32::from_le_bytes(*magic) != LZ4_MAGIC {
        return Err("not an lz4 frame".into());
    }
    let [flags, block, ..] = *rest else { return Err(cut.into()) };
    if flags >> 6 != 1 || flags & 1 != 0 {
        return Err("an lz4 frame of another version, or with a dictionary".into());
    }
    let linked = flags & 32 == 0;
    let block_max = match block >> 4 & 7 {
        4 => 64 << 10,
        5 => 256 << 10,
        6 => 1 << 20,
        7 => 4 << 20,
        _ => return Err("an lz4 frame with an unknown block size".into()),
    };
    // Flags, block size, the content's size if it is there, the header's checksum.
    let header = if flags & 8 != 0 { 11 } else { 3 };
    let checksum = if flags & 16 != 0 { 4 } else { 0 };
    let mut rest = rest.get(header..).ok_or(cut)?;
    loop {
        let (size, tail) = rest.split_first_chunk().ok_or(cut)?;
        let size = u32::from_le_bytes(*size);
        if size == 0 {
            return Ok(());
        }
        let len = (size & 0x7fff_ffff) as usize;
        let (block, tail) = tail.split_at_checked(len).ok_or(cut)?;
        rest = tail.get(checksum..).ok_or(cut)?;
        if size >> 31 == 1 {
            out.append(block)?;
            continue;
        }
        lz4_block(block, block_max, linked, out)?;
    }
}

/// One block, which may refer to what was unpacked before it where blocks are linked.
fn lz4_block(
    block: &[u8],
    block_max: usize,
    linked: bool,
    out: &mut Unpacked,
) -> Result<(), String> {
    let range = out.grow(block_max)?;
    let (before, into) = out.bytes[..range.end].split_at_mut(range.start);
    let unpacked = if linked {
        let dictionary = &before[before.len().saturating_sub(64 << 10)..];
        lz4_flex::block::decompress_into_with_dict(block, into, dictionary)
    } else {
        lz4_flex::block::decompress_into(block, into)
    };
    let len = unpacked.map_err(|error| error.to_string())?;
    out.len = range.start + len;
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use super::*;

    fn text() -> Vec<u8> {
        (0..200_000_u32).flat_map(|number| (number * number % 1009).to_le_bytes()).collect()
    }

    fn unpacked(codec: u8, packed: &[u8]) -> Result<Vec<u8>, String> {
        let mut out = Unpacked::default();
        out.append(b"what was there before")?;
        out.fill(codec, packed).map(|()| out.to_vec())
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    fn xerial(bytes: &[u8]) -> Vec<u8> {
        let mut out = XERIAL.to_vec();
        out.extend([0, 0, 0, 1, 0, 0, 0, 1]);
        for part in bytes.chunks(32 << 10) {
            let block = snap::raw::Encoder::new().compress_vec(part).unwrap();
            out.extend((block.len() as u32).to_be_bytes());
            out.extend(block);
        }
        out
    }

    /// A frame by hand: every second block as it is, the others packed, linked where asked.
    fn frame(bytes: &[u8], linked: bool, sums: bool) -> Vec<u8> {
        let mut out = LZ4_MAGIC.to_le_bytes().to_vec();
        let linked_flag = if linked { 0 } else { 1 << 5 };
        out.extend([1 << 6 | linked_flag | u8::from(sums) << 4 | 8, 4 << 4]);
        out.extend((bytes.len() as u64).to_le_bytes());
        out.push(0);
        for (index, part) in bytes.chunks(64 << 10).enumerate() {
            let from = index * (64 << 10);
            let before = &bytes[from.saturating_sub(64 << 10)..from];
            let block = match (index % 2, linked) {
                (1, _) => part.to_vec(),
                (_, true) => lz4_flex::block::compress_with_dict(part, before),
                (_, false) => lz4_flex::block::compress(part),
            };
            let raw = if index % 2 == 1 { 1 << 31 } else { 0 };
            out.extend((block.len() as u32 | raw).to_le_bytes());
            out.extend(&block);
            out.extend([0; 4].iter().take(if sums { 4 } else { 0 }));
        }
        out.extend([0; 4]);
        out
    }

    /// The same in every codec, and in its forms.
    pub fn packed(text: &[u8]) -> Vec<(u8, Vec<u8>)> {
        vec![
            (0, text.to_vec()),
            (1, gzip(text)),
            (2, snap::raw::Encoder::new().compress_vec(text).unwrap()),
            (2, xerial(text)),
            (3, frame(text, false, false)),
            (3, frame(text, true, true)),
            (4, zstd::stream::encode_all(text, 1).unwrap()),
        ]
    }

    #[test]
    fn every_codec_gives_back_what_went_in() {
        let text = text();
        for (codec, packed) in packed(&text) {
            assert!(unpacked(codec, &packed) == Ok(text.clone()), "codec {codec}");
        }
        assert!(unpacked(5, b"").is_err());
    }

    #[test]
    fn nothing_is_left_of_a_longer_batch() {
        let (long, short) = (text(), &text()[7..70_007]);
        let mut out = Unpacked::default();
        for (codec, packed) in packed(short) {
            out.fill(0, &long).unwrap();
            out.fill(codec, &packed).unwrap();
            assert!(*out == *short, "codec {codec}");
        }
    }

    #[test]
    fn damage_is_refused_or_harmless() {
        let text = &text()[..50_000];
        let zstd = zstd::stream::encode_all(text, 1).unwrap();
        for (codec, packed) in
            [(1, gzip(text)), (2, xerial(text)), (3, frame(text, true, true)), (4, zstd)]
        {
            for cut in (0..packed.len()).step_by(97) {
                assert!(unpacked(codec, &packed[..cut]) != Ok(text.to_vec()), "{codec} {cut}");
            }
            for at in (0..packed.len()).step_by(31) {
                let mut bad = packed.clone();
                bad[at] ^= 0x55;
                let _ = unpacked(codec, &bad);
            }
        }
    }

    #[test]
    fn a_length_that_is_only_stated_takes_no_memory() {
        // 256 MiB in a varint, and nothing to make them of.
        let mut out = Unpacked::default();
        let error = out.fill(2, b"\x80\x80\x80\x80\x01\x00").unwrap_err();
        assert!(error.contains("cannot have") && out.room() < 1 << 20, "{error}");
        // As much as snappy can make of a byte.
        let zeros = vec![0; 64 << 20];
        let packed = snap::raw::Encoder::new().compress_vec(&zeros).unwrap();
        assert!(unpacked(2, &packed) == Ok(zeros));
    }

    #[test]
    fn a_bomb_is_refused() {
        let mut bomb = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        let zeros = vec![0; 1 << 20];
        (0..=UNPACKED_MAX >> 20).for_each(|_| bomb.write_all(&zeros).unwrap());
        let error = unpacked(4, &bomb.finish().unwrap()).unwrap_err();
        assert!(error.contains("more than 256 MiB"), "{error}");
    }
}
