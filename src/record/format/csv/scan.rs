//! Where the fields of a record begin and end, by Jackson's rules.

use super::CsvOptions;

/// The text of a field: in the record itself, or (it had escapes) in a buffer beside it.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    pub from: usize,
    pub to: usize,
    pub is_copy: bool,
}

/// Takes a record apart. The record ends with its first line, unless a quoted field goes on.
pub fn cells(
    record: &[u8],
    options: &CsvOptions,
    cells: &mut Vec<Cell>,
    copies: &mut Vec<u8>,
) -> Result<(), String> {
    let end = line_end(record);
    let mut at = if record.starts_with("\u{feff}".as_bytes()) { 3 } else { 0 };
    let record = &record[..end];
    loop {
        let (cell, stop) = match record.get(at) {
            Some(first) if Some(*first) == options.quote => {
                quoted(record, at + 1, *first, options, copies)?
            }
            _ => plain(record, at, options, copies)?,
        };
        cells.push(cell);
        match stop < record.len() {
            true => at = stop + 1,
            false => return Ok(()),
        }
    }
}

/// Where a record ends without its line end.
fn line_end(record: &[u8]) -> usize {
    let line = record.strip_suffix(b"\n").unwrap_or(record);
    line.strip_suffix(b"\r").unwrap_or(line).len()
}

/// A field without quotes and where it stops: at a delimiter, or the end.
fn plain(
    record: &[u8],
    from: usize,
    options: &CsvOptions,
    copies: &mut Vec<u8>,
) -> Result<(Cell, usize), String> {
    let rest = &record[from..];
    let stop = rest.iter().position(|byte| *byte == options.delimiter).unwrap_or(rest.len());
    let field = &rest[..stop];
    if options.escape.is_none_or(|escape| !field.contains(&escape)) {
        return match field.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
            true => Err("there is another line behind the first".into()),
            false => Ok((Cell { from, to: from + stop, is_copy: false }, from + stop)),
        };
    }
    let (start, mut at) = (copies.len(), from);
    while let Some(&byte) = record.get(at) {
        if byte == options.delimiter {
            break;
        }
        if matches!(byte, b'\n' | b'\r') {
            return Err("there is another line behind the first".into());
        }
        at = copy(record, at, options, copies)?;
    }
    Ok((Cell { from: start, to: copies.len(), is_copy: true }, at))
}

/// A field behind its opening quote.
fn quoted(
    record: &[u8],
    from: usize,
    quote: u8,
    options: &CsvOptions,
    copies: &mut Vec<u8>,
) -> Result<(Cell, usize), String> {
    let is_special = |byte: &u8| *byte == quote || Some(*byte) == options.escape;
    let missing = || "Missing closing quote for value".to_owned();
    let first = from + record[from..].iter().position(is_special).ok_or_else(missing)?;
    if record[first] == quote && record.get(first + 1) != Some(&quote) {
        let stop = behind_quote(record, first + 1, options)?;
        return Ok((Cell { from, to: first, is_copy: false }, stop));
    }
    let start = copies.len();
    copies.extend_from_slice(&record[from..first]);
    let mut at = first;
    loop {
        match record.get(at) {
            None => return Err(missing()),
            Some(byte) if *byte != quote => at = copy(record, at, options, copies)?,
            Some(_) if record.get(at + 1) == Some(&quote) => {
                copies.push(quote);
                at += 2;
            }
            Some(_) => {
                let stop = behind_quote(record, at + 1, options)?;
                return Ok((Cell { from: start, to: copies.len(), is_copy: true }, stop));
            }
        }
    }
}

/// Appends the character at `at`, or what its escape stands for; returns where the next one is.
fn copy(
    record: &[u8],
    at: usize,
    options: &CsvOptions,
    copies: &mut Vec<u8>,
) -> Result<usize, String> {
    if Some(record[at]) != options.escape {
        copies.push(record[at]);
        return Ok(at + 1);
    }
    let byte = *record.get(at + 1).ok_or("an escape at the end")?;
    copies.push(match byte {
        b'0' => 0,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        other => other,
    });
    Ok(at + 2)
}

/// Blanks may stand between a closing quote and the delimiter.
fn behind_quote(record: &[u8], mut at: usize, options: &CsvOptions) -> Result<usize, String> {
    while let Some(&byte) = record.get(at) {
        if byte == options.delimiter {
            return Ok(at);
        }
        if matches!(byte, b'\n' | b'\r') {
            return Err("there is another line behind the first".into());
        }
        if byte > b' ' {
            let odd = String::from_utf8_lossy(&record[at..]).chars().next().unwrap_or_default();
            return Err(format!(
                "Unexpected character ('{odd}'): Expected column separator character ('{}') or \
                 end-of-line",
                char::from(options.delimiter)
            ));
        }
        at += 1;
    }
    Ok(at)
}

/// Follows a file line by line: a record whose quotes are open goes on in the next line.
#[derive(Clone, Debug)]
pub struct OpenQuotes {
    options: CsvOptions,
    is_open: bool,
}

impl OpenQuotes {
    pub fn new(options: CsvOptions) -> Self {
        Self { options, is_open: false }
    }

    /// The next line begins a record.
    pub fn reset(&mut self) {
        self.is_open = false;
    }

    /// Whether the record goes on behind this line.
    pub fn after(&mut self, line: &[u8]) -> bool {
        let Some(quote) = self.options.quote else { return false };
        if !self.is_open && (self.options.is_comment(line) || memchr::memchr(quote, line).is_none())
        {
            return false;
        }
        let (mut at, mut begins) = (0, !self.is_open);
        while let Some(&byte) = line.get(at) {
            let is_escape = Some(byte) == self.options.escape;
            if is_escape {
                (at, begins) = (at + 2, false);
                continue;
            }
            match (self.is_open, byte == quote) {
                (true, true) if line.get(at + 1) == Some(&quote) => at += 1,
                (true, true) => self.is_open = false,
                (true, false) => {}
                (false, is_quote) => {
                    self.is_open = is_quote && begins;
                    begins = byte == self.options.delimiter;
                }
            }
            at += 1;
        }
        self.is_open
    }
}
