//! What is said of each function, in docs/sql.md and by DESCRIBE FUNCTION.

/// `# kind` before a line for each function: signature | what it gives | example | its result, as
/// `print` shows it, or `…` where that depends on the row.
const TEXT: &str = include_str!("reference.txt");

/// One form of a function.
#[derive(Clone, Copy)]
pub struct Described {
    /// The heading under which it stands.
    pub kind: &'static str,
    pub signature: &'static str,
    pub gives: &'static str,
    pub example: &'static str,
    pub result: &'static str,
}

impl Described {
    pub fn name(&self) -> &'static str {
        self.signature.split(['(', '[']).next().unwrap_or(self.signature)
    }

    fn read(kind: &'static str, line: &'static str) -> Option<Self> {
        // From the end, as a signature may have a bar of its own.
        let mut parts = line.rsplitn(4, " | ");
        let (result, example, gives) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { kind, signature: parts.next()?, gives, example, result })
    }
}

/// All of them, in the order of docs/sql.md.
pub fn reference() -> impl Iterator<Item = Described> {
    let mut kind = "";
    TEXT.lines().filter_map(move |line| match line.strip_prefix("# ") {
        Some(heading) => {
            kind = heading;
            None
        }
        None => Described::read(kind, line),
    })
}
