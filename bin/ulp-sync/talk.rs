//! A session over a pipe: turn by turn, to its end.

use crate::held::Held;
use crate::pipe::{Broken, Pipe};
use ulp_cli::Failure;
use ulp_peer::sync::{Fault, Role, Session};

/// Speaks and listens in turn until all is said.
///
/// # Errors
/// What broke the session off; what was durable before stays.
pub fn run<'s>(
    session: &mut Session<Held<'s>>,
    role: Role,
    held: &mut Held<'s>,
    pipe: &mut Pipe,
) -> Result<(), Fault<Failure>> {
    let mut is_ours = role == Role::Client;
    while !session.is_over() {
        if is_ours {
            pipe.begin();
            let turn = session.speak(held)?;
            pipe.say(&turn).map_err(fault)?;
        } else {
            let (text, kept) = pipe.hear(session.turn()).map_err(fault)?;
            // From here on this side works.
            pipe.begin();
            session.hear(held, &text, kept)?;
        }
        is_ours = !is_ours;
    }
    Ok(())
}

fn fault(broken: Broken) -> Fault<Failure> {
    match broken {
        Broken::Turn(reason) => Fault::Turn(reason),
        Broken::Version(v) => Fault::Version(v),
        Broken::Io(error) => Fault::Store(Failure::io("pipe", error)),
    }
}
