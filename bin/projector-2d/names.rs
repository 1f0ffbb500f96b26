//! Names of which each is given out once.

use std::collections::{BTreeMap, BTreeSet};

/// The names that were given out.
#[derive(Default)]
pub struct Names {
    used: BTreeSet<String>,
    /// How often a name was asked for again.
    again: BTreeMap<String, u64>,
}

impl Names {
    /// The name itself, else one that begins with it.
    pub fn take(&mut self, name: &str) -> String {
        if self.used.insert(name.to_owned()) {
            return name.to_owned();
        }
        let count = self.again.entry(name.to_owned()).or_default();
        loop {
            *count += 1;
            let other = if *count == 1 { format!("{name}'") } else { format!("{name}'{count}") };
            if self.used.insert(other.clone()) {
                return other;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_given_out_once() {
        let mut names = Names::default();
        assert_eq!(["a", "a'", "a", "a", "b"].map(|name| names.take(name)), ["a", "a'", "a'2", "a'3", "b"]);
    }
}
