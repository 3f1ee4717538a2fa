//! Unpacks what a record batch holds, by the codecs of Kafka's protocol: at once, or what is too
//! large for that piece by piece.

use std::io::{self, Read};
use std::ops::{Deref, Range};

/// The most that is held at once of what a batch unpacks to.
const UNPACKED_MAX: usize = 256 << 20;
/// How much of a stream is unpacked at once where a batch is read piece by piece.
pub const PIECE: usize = 4 << 20;
/// So far back may a block of LZ4 refer to the blocks before it.
const HISTORY: usize = 64 << 10;
/// Snappy makes at most 64 bytes of three: what states more is damaged.
const SNAPPY_RATIO_MAX: usize = 22;

/// Why something is not unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is more than may be held at once.
    TooLarge,
    Damaged(String),
}

impl From<&str> for Refused {
    fn from(reason: &str) -> Self {
        Self::Damaged(reason.to_owned())
    }
}

impl From<String> for Refused {
    fn from(reason: String) -> Self {
        Self::Damaged(reason)
    }
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}

impl From<snap::Error> for Refused {
    fn from(error: snap::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}

/// What a batch holds, unpacked. Its memory is used again for the next one, as it was left: only
/// what was never used before is set to zero.
#[derive(Debug)]
pub struct Unpacked {
    /// Behind `len` stands what was there before.
    bytes: Vec<u8>,
    len: usize,
    /// The most that `len` may be.
    max: usize,
}

impl Default for Unpacked {
    fn default() -> Self {
        Self { bytes: Vec::new(), len: 0, max: UNPACKED_MAX }
    }
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
    pub fn fill(&mut self, codec: u8, packed: &[u8]) -> Result<(), Refused> {
        self.len = 0;
        match codec {
            0 => self.append(packed),
            1 => self.read_all(flate2::read::MultiGzDecoder::new(packed)),
            2 => snappy(packed, self),
            3 => lz4(packed, self),
            4 => self.read_all(zstd::stream::read::Decoder::new(packed)?),
            other => Err(unknown(other)),
        }
    }

    /// Lets go of what stands before `at`, but for what blocks behind it may refer to, and of memory
    /// that is not in use: how many bytes went.
    pub fn forget(&mut self, at: usize) -> usize {
        let gone = at.saturating_sub(HISTORY).min(self.len);
        self.bytes.truncate(self.len);
        self.bytes.drain(..gone);
        self.bytes.shrink_to(self.len - gone + PIECE);
        self.len -= gone;
        gone
    }

    fn read_all(&mut self, reader: impl Read) -> Result<(), Refused> {
        match self.read_up_to(self.max + 1, reader)? {
            _ if self.len > self.max => Err(Refused::TooLarge),
            _ => Ok(()),
        }
    }

    /// Appends what comes of a reader, at most `len` bytes: how many that were.
    fn read_up_to(&mut self, len: usize, reader: impl Read) -> io::Result<usize> {
        self.bytes.truncate(self.len);
        let read = reader.take(len as u64).read_to_end(&mut self.bytes)?;
        self.len = self.bytes.len();
        Ok(read)
    }

    /// Room for `len` more bytes: the range where they go.
    fn grow(&mut self, len: usize) -> Result<Range<usize>, Refused> {
        let from = self.len;
        let end = from.checked_add(len).filter(|end| *end <= self.max).ok_or(Refused::TooLarge)?;
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.len = end;
        Ok(from..end)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        let range = self.grow(bytes.len())?;
        self.bytes[range].copy_from_slice(bytes);
        Ok(())
    }
}

fn unknown(codec: u8) -> Refused {
    Refused::Damaged(format!("codec {codec} is not known"))
}

/// What is left to unpack of a batch that is too large to be held at once.
pub enum Pieces {
    Stream(Box<dyn Read + Send>),
    /// Blocks of snappy behind `at`.
    Snappy {
        packed: Vec<u8>,
        at: usize,
    },
    Lz4 {
        packed: Vec<u8>,
        at: usize,
        frame: Frame,
    },
}

impl std::fmt::Debug for Pieces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pieces")
    }
}

impl Pieces {
    pub fn new(codec: u8, packed: &[u8]) -> Result<Self, Refused> {
        let own = || io::Cursor::new(packed.to_vec());
        Ok(match codec {
            1 => Self::Stream(Box::new(flate2::read::MultiGzDecoder::new(own()))),
            2 if packed.starts_with(XERIAL) => {
                Self::Snappy { packed: packed.to_vec(), at: XERIAL_HEADER }
            }
            // What is not packed has come whole, and a block by itself cannot be cut.
            0 | 2 => return Err(Refused::TooLarge),
            3 => {
                let (frame, at) = Frame::of(packed)?;
                Self::Lz4 { packed: packed.to_vec(), at, frame }
            }
            4 => Self::Stream(Box::new(zstd::stream::read::Decoder::new(own())?)),
            other => return Err(unknown(other)),
        })
    }

    /// Appends the next piece to `out`, where the last ones still stand; false at the end.
    pub fn unpack(&mut self, out: &mut Unpacked) -> Result<bool, Refused> {
        match self {
            Self::Stream(reader) => {
                let len = PIECE.min(out.max.saturating_sub(out.len));
                if len == 0 {
                    return Err(Refused::TooLarge);
                }
                Ok(out.read_up_to(len, reader)? > 0)
            }
            Self::Snappy { packed, at } => xerial_block(packed, at, out),
            Self::Lz4 { packed, at, frame } => frame.block(packed, at, out),
        }
    }
}

/// What the Java client writes in front of its snappy blocks; others write one bare block.
const XERIAL: &[u8] = b"\x82SNAPPY\0";
const XERIAL_HEADER: usize = 16;

fn snappy(packed: &[u8], out: &mut Unpacked) -> Result<(), Refused> {
    if !packed.starts_with(XERIAL) {
        return snappy_block(packed, out);
    }
    let mut at = XERIAL_HEADER;
    while xerial_block(packed, &mut at, out)? {}
    Ok(())
}

/// The block at `at`, behind its length; false at the end.
fn xerial_block(packed: &[u8], at: &mut usize, out: &mut Unpacked) -> Result<bool, Refused> {
    let rest = packed.get(*at..).ok_or("a snappy header is cut off")?;
    if rest.is_empty() {
        return Ok(false);
    }
    let (len, tail) = rest.split_first_chunk().ok_or("a snappy block is cut off")?;
    let block = tail.get(..u32::from_be_bytes(*len) as usize).ok_or("a snappy block is cut off")?;
    *at += len.len() + block.len();
    snappy_block(block, out)?;
    Ok(true)
}

fn snappy_block(block: &[u8], out: &mut Unpacked) -> Result<(), Refused> {
    let len = snap::raw::decompress_len(block)?;
    if len / SNAPPY_RATIO_MAX > block.len() {
        return Err("a snappy block states a length that it cannot have".into());
    }
    let range = out.grow(len)?;
    snap::raw::Decoder::new().decompress(block, &mut out.bytes[range])?;
    Ok(())
}

const LZ4_MAGIC: u32 = 0x184D_2204;

const LZ4_CUT: &str = "an lz4 frame is cut off";

/// An LZ4 frame, block by block into its final place: the frame reader of the library copies once
/// more.
fn lz4(packed: &[u8], out: &mut Unpacked) -> Result<(), Refused> {
    let (frame, mut at) = Frame::of(packed)?;
    while frame.block(packed, &mut at, out)? {}
    Ok(())
}

/// What the header of an LZ4 frame says of its blocks. Source:
/// <https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md>. Checksums of the frame are passed
/// over: the batch has one of its own.
pub struct Frame {
    /// Blocks may refer to what was unpacked before them.
    linked: bool,
    block_max: usize,
    checksum: usize,
}

impl Frame {
    /// With where its first block stands.
    fn of(packed: &[u8]) -> Result<(Self, usize), Refused> {
        let (magic, rest) = packed.split_first_chunk().ok_or(LZ4_CUT)?;
        if u32::from_le_bytes(*magic) != LZ4_MAGIC {
            return Err("not an lz4 frame".into());
        }
        let [flags, block, ..] = *rest else { return Err(LZ4_CUT.into()) };
        if flags >> 6 != 1 || flags & 1 != 0 {
            return Err("an lz4 frame of another version, or with a dictionary".into());
        }
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
        Ok((Self { linked: flags & 32 == 0, block_max, checksum }, magic.len() + header))
    }

    /// The block at `at`; false at the end.
    fn block(&self, packed: &[u8], at: &mut usize, out: &mut Unpacked) -> Result<bool, Refused> {
        let rest = packed.get(*at..).ok_or(LZ4_CUT)?;
        let (size, tail) = rest.split_first_chunk().ok_or(LZ4_CUT)?;
        let word = u32::from_le_bytes(*size);
        if word == 0 {
            return Ok(false);
        }
        let len = (word & 0x7fff_ffff) as usize;
        let (block, tail) = tail.split_at_checked(len).ok_or(LZ4_CUT)?;
        tail.get(self.checksum..).ok_or(LZ4_CUT)?;
        *at += size.len() + len + self.checksum;
        match word >> 31 {
            1 => out.append(block)?,
            _ => self.unpack(block, out)?,
        }
        Ok(true)
    }

    fn unpack(&self, block: &[u8], out: &mut Unpacked) -> Result<(), Refused> {
        let range = out.grow(self.block_max)?;
        let (before, into) = out.bytes[..range.end].split_at_mut(range.start);
        let unpacked = if self.linked {
            let dictionary = &before[before.len().saturating_sub(HISTORY)..];
            lz4_flex::block::decompress_into_with_dict(block, into, dictionary)
        } else {
            lz4_flex::block::decompress_into(block, into)
        };
        let len = unpacked.map_err(|error| error.to_string())?;
        out.len = range.start + len;
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use super::*;

    fn text() -> Vec<u8> {
        (0..200_000_u32).flat_map(|number| (number * number % 1009).to_le_bytes()).collect()
    }

    /// Holds no more than `max` bytes.
    pub fn limited(max: usize) -> Unpacked {
        Unpacked { max, ..Unpacked::default() }
    }

    fn unpacked(codec: u8, packed: &[u8]) -> Result<Vec<u8>, Refused> {
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
        let told = matches!(&error, Refused::Damaged(reason) if reason.contains("cannot have"));
        assert!(told && out.room() < 1 << 20, "{error:?}");
        // As much as snappy can make of a byte.
        let zeros = vec![0; 64 << 20];
        let packed = snap::raw::Encoder::new().compress_vec(&zeros).unwrap();
        assert!(unpacked(2, &packed) == Ok(zeros));
    }

    #[test]
    fn what_is_too_large_is_not_held() {
        let zeros = vec![0; (1 << 20) + 1];
        for (codec, packed) in packed(&zeros) {
            let mut out = limited(1 << 20);
            assert_eq!(out.fill(codec, &packed), Err(Refused::TooLarge), "codec {codec}");
            assert!(out.room() <= 3 << 20, "codec {codec}: {}", out.room());
        }
    }
}
