//! Records as a source hands them over: bytes and where they came from, nothing decoded.

/// Zero bytes behind the last record's payload, so that a scanner may load past its end.
pub const PAYLOAD_PADDING: usize = 64;

/// Bytes after which a block is full, however few its records: places in it have 32 bits, and a
/// few records may unpack to more than that.
const FULL: usize = 4 << 20;

/// What a record's timestamp is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimestampType {
    #[default]
    Unknown,
    /// Set by the producer.
    Create,
    /// Set by the broker.
    LogAppend,
}

/// One record of a [`RawBlock`].
#[derive(Clone, Copy, Debug, Default)]
pub struct RawRecord {
    /// Where the value lies in `RawBlock::payload`.
    pub offset: u32,
    pub len: u32,
    /// A tombstone: the record has no value (not the same as an empty one).
    pub is_null: bool,
    pub timestamp_type: TimestampType,
    /// Where the key lies in `RawBlock::keys`; `None` where the record has none.
    pub key: Option<(u32, u32)>,
    /// Index into the source's own list of partitions.
    pub partition: u32,
    /// Position in the partition (Kafka offset; byte or line number of a file).
    pub position: i64,
    /// Append or creation time, ms since the epoch; -1 where unknown.
    pub timestamp: i64,
}

/// Records of one source instance in the order they came.
#[derive(Debug, Default)]
pub struct RawBlock {
    /// The values, one behind the other, then at least [`PAYLOAD_PADDING`] zero bytes.
    pub payload: Vec<u8>,
    pub keys: Vec<u8>,
    pub records: Vec<RawRecord>,
    pub headers: Headers,
}

/// The headers of the records that have any, for dead letters.
#[derive(Debug, Default)]
pub struct Headers {
    bytes: Vec<u8>,
    /// Row, and where its headers lie in `bytes`, by row.
    rows: Vec<(u32, u32, u32)>,
}

impl Headers {
    /// As [`super::headers::read`] takes them, of the row that was pushed last.
    fn push(&mut self, row: usize, headers: &[u8]) {
        let from = self.bytes.len() as u32;
        self.bytes.extend_from_slice(headers);
        self.rows.push((row as u32, from, self.bytes.len() as u32));
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.rows.clear();
    }

    /// Those of some rows, for a block of these.
    pub fn picked(&self, rows: impl Iterator<Item = usize>) -> Self {
        let mut picked = Self::default();
        for (at, row) in rows.enumerate() {
            let headers = self.of(row);
            if !headers.is_empty() {
                picked.push(at, headers);
            }
        }
        picked
    }

    fn of(&self, row: usize) -> &[u8] {
        match self.rows.binary_search_by_key(&(row as u32), |&(row, ..)| row) {
            Ok(at) => &self.bytes[self.rows[at].1 as usize..self.rows[at].2 as usize],
            Err(_) => &[],
        }
    }
}

impl RawBlock {
    pub fn clear(&mut self) {
        self.payload.clear();
        self.keys.clear();
        self.records.clear();
        self.headers.clear();
    }

    /// Whether no more records are to be added.
    pub fn is_full(&self) -> bool {
        self.payload.len() + self.keys.len() + self.headers.bytes.len() >= FULL
    }

    /// The headers of the record that was pushed last; not empty.
    pub fn push_headers(&mut self, headers: &[u8]) {
        self.headers.push(self.records.len() - 1, headers);
    }

    /// Appends a record's value; the caller calls [`RawBlock::pad`] once at the end.
    pub fn push(&mut self, value: Option<&[u8]>, key: Option<&[u8]>, meta: RawRecord) {
        let offset = self.payload.len() as u32;
        let bytes = value.unwrap_or_default();
        self.payload.extend_from_slice(bytes);
        let key = key.map(|key| {
            let at = self.keys.len() as u32;
            self.keys.extend_from_slice(key);
            (at, key.len() as u32)
        });
        let len = bytes.len() as u32;
        self.records.push(RawRecord { offset, len, is_null: value.is_none(), key, ..meta });
    }

    pub fn pad(&mut self) {
        self.payload.extend_from_slice(&[0; PAYLOAD_PADDING]);
    }

    pub fn value(&self, row: usize) -> &[u8] {
        let record = &self.records[row];
        &self.payload[record.offset as usize..(record.offset + record.len) as usize]
    }

    pub fn key(&self, row: usize) -> Option<&[u8]> {
        let (offset, len) = self.records[row].key?;
        Some(&self.keys[offset as usize..(offset + len) as usize])
    }
}

/// A block after decoding: its payload is shared with the string columns made from it.
#[derive(Debug, Default)]
pub struct SharedBlock {
    /// As [`RawBlock::payload`], with unescaped texts behind the padding.
    pub payload: std::sync::Arc<Vec<u8>>,
    pub keys: Vec<u8>,
    pub records: Vec<RawRecord>,
    pub headers: Headers,
}

impl From<RawBlock> for SharedBlock {
    fn from(block: RawBlock) -> Self {
        let RawBlock { payload, keys, records, headers } = block;
        Self { payload: std::sync::Arc::new(payload), keys, records, headers }
    }
}

impl SharedBlock {
    /// The block's memory for new records, once no column uses it any more.
    pub fn recycle(self) -> Option<RawBlock> {
        let payload = std::sync::Arc::into_inner(self.payload)?;
        let Self { keys, records, headers, .. } = self;
        let mut block = RawBlock { payload, keys, records, headers };
        block.clear();
        Some(block)
    }

    pub fn value(&self, row: usize) -> &[u8] {
        let record = &self.records[row];
        &self.payload[record.offset as usize..(record.offset + record.len) as usize]
    }

    pub fn key(&self, row: usize) -> Option<&[u8]> {
        let (offset, len) = self.records[row].key?;
        Some(&self.keys[offset as usize..(offset + len) as usize])
    }

    pub fn headers(&self, row: usize) -> Vec<super::headers::Header<'_>> {
        super::headers::read(self.headers.of(row))
    }
}
