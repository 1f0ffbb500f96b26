//! Universal Manifests: signed documents about people, and what they permit. Page "6. Trust".

pub mod cache;
pub mod manifest;
