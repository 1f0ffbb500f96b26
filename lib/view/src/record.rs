//! Records: what a projector writes a line each of, and what takes the line back.

/// One record of a view.
pub struct Record {
    /// What stays the same while the record changes.
    pub id: Vec<u8>,
    /// The record, with its line end.
    pub text: Vec<u8>,
    /// What is written once the record is no more; nothing where that cannot be.
    pub tombstone: Vec<u8>,
}
