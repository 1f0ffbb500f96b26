//! `projector-physics`: what must hold of small worlds, whatever the engine's bytes; runs cut anywhere; what others
//! computed, checked; worlds that no solver likes.

#[cfg(feature = "physics")]
mod bodies;
#[cfg(feature = "physics")]
mod checks;
#[cfg(feature = "physics")]
mod hostile;
#[cfg(feature = "physics")]
mod lab;
#[cfg(feature = "physics")]
mod machines;
#[cfg(feature = "physics")]
mod runs;
#[cfg(feature = "physics")]
mod worlds;

#[cfg(not(feature = "physics"))]
#[test]
fn bodies_fall() {
    crate::run::skipped("projector-physics: it needs the feature physics");
}
