//! Rows as a table of text, on their way to a person.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

pub struct Head {
    pub name: String,
    /// Numbers stand on the right.
    pub right: bool,
}

impl Head {
    pub fn text(name: &str) -> Self {
        Self { name: name.to_owned(), right: false }
    }
}

pub struct Grid {
    heads: Vec<Head>,
    /// Rows before the widths are fixed, and how many are waited for.
    gathered: Vec<Vec<String>>,
    gathered_max: usize,
    widths: Option<Vec<usize>>,
    out: Box<dyn Write + Send>,
}

impl Grid {
    pub fn new(heads: Vec<Head>, gathered_max: usize, out: Box<dyn Write + Send>) -> Self {
        Self { heads, gathered: Vec::new(), gathered_max, widths: None, out }
    }

    pub fn row(&mut self, row: Vec<String>) -> io::Result<()> {
        match &self.widths {
            Some(widths) => write_row(&mut self.out, &self.heads, widths, &row),
            None => {
                self.gathered.push(row);
                if self.gathered.len() < self.gathered_max { Ok(()) } else { self.show() }
            }
        }
    }

    /// Shows what has been gathered, and from now on each row as it comes.
    pub fn show(&mut self) -> io::Result<()> {
        if self.widths.is_none() {
            let width = |column: usize| {
                let cells = self.gathered.iter().map(|row| row[column].width());
                cells.chain([self.heads[column].name.width()]).max().unwrap_or(0)
            };
            let widths: Vec<usize> = (0..self.heads.len()).map(width).collect();
            write_line(&mut self.out, &widths)?;
            let names: Vec<String> = self.heads.iter().map(|head| head.name.clone()).collect();
            let left: Vec<Head> = names.iter().map(|name| Head::text(name)).collect();
            write_row(&mut self.out, &left, &widths, &names)?;
            write_line(&mut self.out, &widths)?;
            for row in std::mem::take(&mut self.gathered) {
                write_row(&mut self.out, &self.heads, &widths, &row)?;
            }
            self.widths = Some(widths);
        }
        self.out.flush()
    }

    /// The last line; nothing where there was no row.
    pub fn finish(&mut self) -> io::Result<()> {
        if self.widths.is_none() && self.gathered.is_empty() {
            return Ok(());
        }
        self.show()?;
        let widths = self.widths.take().unwrap_or_default();
        write_line(&mut self.out, &widths)?;
        self.out.flush()
    }
}

fn write_line(out: &mut dyn Write, widths: &[usize]) -> io::Result<()> {
    let lines: Vec<String> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
    writeln!(out, "+{}+", lines.join("+"))
}

fn write_row(
    out: &mut dyn Write,
    heads: &[Head],
    widths: &[usize],
    row: &[String],
) -> io::Result<()> {
    let mut line = String::from("|");
    for ((cell, head), width) in row.iter().zip(heads).zip(widths) {
        let blank = " ".repeat(width.saturating_sub(cell.width()));
        let (before, behind) = if head.right { (&*blank, "") } else { ("", &*blank) };
        line.push_str(&format!(" {before}{cell}{behind} |"));
    }
    writeln!(out, "{line}")
}

/// A value in one line: what would move the cursor is written as an escape.
pub fn cell(text: &str) -> String {
    if !text.contains(char::is_control) {
        return text.to_owned();
    }
    let escaped = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn columns_are_as_wide_as_what_stands_in_them() {
        let out = Shared::default();
        let heads = vec![Head::text("name"), Head { name: "n".into(), right: true }];
        let mut grid = Grid::new(heads, 10, Box::new(out.clone()));
        grid.row(vec![cell("用户\n"), "12".into()]).unwrap();
        grid.show().unwrap();
        grid.row(vec!["wider than that".into(), "1".into()]).unwrap();
        grid.finish().unwrap();
        let text = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
        let wanted = "\
+--------+----+
| name   | n  |
+--------+----+
| 用户\\n | 12 |
| wider than that |  1 |
+--------+----+
";
        assert_eq!(text, wanted);
    }
}
