//! Lines of files as records (of CSV, lines whose quotes are open go on in the next): one file is one partition, its positions are byte offsets.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::PathBuf;

use super::{OpenSource, PartitionState, Polled, Position, Source};
use crate::record::format::{Format, OpenQuotes};
use crate::record::{RawBlock, RawRecord};
use crate::sql::plan::Table;

/// Bytes after which a record ends at its line though quotes are open.
const OPEN_MAX: usize = 16 << 20;

pub(crate) fn files(table: &Table) -> Result<Vec<PathBuf>, String> {
    let path = table.options.get("path").ok_or("option 'path' is missing")?;
    let path = PathBuf::from(path.strip_prefix("file://").unwrap_or(path));
    let told = |error: std::io::Error| format!("cannot read {}: {error}", path.display());
    if !std::fs::metadata(&path).map_err(told)?.is_dir() {
        return Ok(vec![path]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&path).map_err(told)? {
        let file = entry.map_err(told)?.path();
        if file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

/// The numbers of the table's files.
pub fn partitions(table: &Table) -> Result<Vec<i32>, String> {
    Ok((0..files(table)?.len() as i32).collect())
}

struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    next: i64,
    finished: bool,
}

impl Lines {
    /// Reads the next record: a line, or several while quotes are open. Gives its bytes, 0 at the
    /// end of the file.
    fn record(
        &mut self,
        line: &mut Vec<u8>,
        mut quotes: Option<&mut OpenQuotes>,
    ) -> io::Result<usize> {
        line.clear();
        quotes.iter_mut().for_each(|quotes| quotes.reset());
        loop {
            let from = line.len();
            let read = self.reader.read_until(b'\n', line)?;
            let goes_on = quotes.as_mut().is_some_and(|quotes| quotes.after(&line[from..]));
            if read == 0 || !goes_on || line.len() > OPEN_MAX {
                return Ok(line.len());
            }
        }
    }
}

struct FileSource {
    numbers: Vec<i32>,
    lines: Vec<Lines>,
    line: Vec<u8>,
    /// Where a record may have several lines.
    quotes: Option<OpenQuotes>,
}

pub fn open(request: OpenSource) -> Result<Box<dyn Source>, String> {
    let quotes = match request.table.parts()?.value.format {
        Format::Csv(options) => Some(OpenQuotes::new(options)),
        _ => None,
    };
    let (numbers, lines) = (Vec::new(), Vec::new());
    let mut source = FileSource { numbers, lines, line: Vec::new(), quotes };
    for (number, path) in files(&request.table)?.into_iter().enumerate() {
        if number % request.workers.max(1) != request.worker {
            continue;
        }
        let number = number as i32;
        let restored = request.restored.iter().flatten().find(|at| at.partition == number);
        let next = restored.map_or(0, |at| at.next);
        let told = |error: std::io::Error| format!("cannot read {}: {error}", path.display());
        let mut file = File::open(&path).map_err(told)?;
        file.seek(SeekFrom::Start(next.max(0) as u64)).map_err(told)?;
        let reader = BufReader::with_capacity(1 << 18, file);
        source.numbers.push(number);
        source.lines.push(Lines { path, reader, next, finished: false });
    }
    Ok(Box::new(source))
}

impl Source for FileSource {
    fn partitions(&self) -> &[i32] {
        &self.numbers
    }

    fn poll(&mut self, block: &mut RawBlock, max_rows: usize) -> Result<Polled, String> {
        let before = block.records.len();
        for (index, lines) in self.lines.iter_mut().enumerate() {
            while !lines.finished {
                if block.records.len() - before >= max_rows || block.is_full() {
                    return Ok(Polled::Records);
                }
                let read = lines.record(&mut self.line, self.quotes.as_mut());
                let read =
                    read.map_err(|e| format!("cannot read {}: {e}", lines.path.display()))?;
                let position = lines.next;
                lines.next += read as i64;
                lines.finished = read == 0;
                let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                if read > 0 {
                    let partition = index as u32;
                    let meta =
                        RawRecord { partition, position, timestamp: -1, ..RawRecord::default() };
                    block.push(Some(line), None, meta);
                }
            }
        }
        let some = block.records.len() > before;
        Ok(if some { Polled::Records } else { Polled::Finished })
    }

    fn partition_state(&self, index: usize) -> PartitionState {
        match self.lines[index].finished {
            true => PartitionState::Finished,
            false => PartitionState::Reading,
        }
    }

    fn positions(&self) -> Vec<Position> {
        let position =
            |(&partition, lines): (&i32, &Lines)| Position { partition, next: lines.next };
        self.numbers.iter().zip(&self.lines).map(position).collect()
    }
}
