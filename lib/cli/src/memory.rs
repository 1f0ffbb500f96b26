//! Room for what follows the input: running out of memory is a failure with a message, not an abort.
//!
//! Most of what is kept lies in collections that can only abort where they cannot grow. So whoever is about to work on
//! some input asks first whether there is room for what comes of it, so that what was begun is taken back; where it is
//! refused in the midst of work, `signals` sees to the status. That holds where the system refuses memory, as under
//! `ulimit -v`; where it hands out more than it has, nobody can tell.

use super::Failure;
use ulp_core::kind::Kind;

/// Makes sure that there is room for so many bytes.
///
/// # Errors
/// Where there is not: the system's.
pub fn room_for(bytes: usize) -> Result<(), Failure> {
    let mut room: Vec<u8> = Vec::new();
    let done = room.try_reserve_exact(bytes);
    // Room that nobody looks at would not be asked for at all.
    std::hint::black_box(&mut room);
    done.map_err(|_| Failure::new(Kind::System, "memory", "Cannot allocate memory"))
}
