//! The merged rules of a place, for showing them.

use super::Scope;
use super::rules::Rules;
use crate::id::TilePrefix;
use crate::json;
use crate::names;

/// One rule as `ulp-store rules` shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// The key, with the keys around it: `limits.max_clock_skew`, `defaults.scope.realm`; `.ulp-ignore` for a
    /// pattern.
    pub key: String,
    /// The value, canonical JSON.
    pub value: String,
    /// The dotfile that says so, by its path below the directory.
    pub file: String,
}

impl Scope {
    /// The rules that apply at a place, or as far in as one is named: of each default the innermost, of each limit
    /// the smallest, of all else every one. By key, then from the outside in.
    pub fn rules(&self, space: Option<&str>, layer: Option<&str>, tile: Option<TilePrefix>) -> Vec<Rule> {
        let chain = self.chain_to(space, layer, tile);
        let mut rules: Vec<Rule> = chain.iter().flat_map(|file| self.of_file(file, &chain)).collect();
        rules.extend(self.patterns(space, layer, tile));
        rules.sort_by(|a, b| a.key.cmp(&b.key));
        rules
    }

    fn of_file<'r>(&self, file: &'r Rules, chain: &'r [&Rules]) -> impl Iterator<Item = Rule> + 'r {
        let here = file.present.iter().filter(move |present| counts(file, &present.key, chain));
        here.map(|p| Rule { key: p.key.clone(), value: p.value.clone(), file: file.file.clone() })
    }

    fn patterns(&self, space: Option<&str>, layer: Option<&str>, tile: Option<TilePrefix>) -> Vec<Rule> {
        let space = space.map(|s| format!("spaces/{}", names::encode(s)));
        let below = |rest: String| space.as_ref().map(|s| format!("{s}/{rest}"));
        let dirs = [
            Some("spaces".to_owned()),
            space.clone(),
            below("nodes".to_owned()),
            layer.and_then(|l| below(format!("layers/{}", names::encode(l)))),
            tile.and_then(|t| below(format!("tiles/{t}"))),
        ];
        let dirs: Vec<String> = dirs.into_iter().flatten().collect();
        let mut rules = Vec::new();
        for (file, patterns) in self.ignores.iter().flat_map(|tree| tree.above(&dirs)) {
            for pattern in patterns {
                let mut value = Vec::new();
                json::write_string(pattern, &mut value);
                let value = String::from_utf8_lossy(&value).into_owned();
                rules.push(Rule { key: ".ulp-ignore".to_owned(), value, file: file.to_owned() });
            }
        }
        rules
    }
}

/// Whether a key of one file counts, beside those of the others on its way.
fn counts(file: &Rules, key: &str, chain: &[&Rules]) -> bool {
    if key.starts_with("defaults.") {
        let innermost = chain.iter().rev().find(|f| f.present.iter().any(|p| p.key == key));
        return innermost.is_none_or(|f| f.file == file.file);
    }
    let is_smallest = |smaller: fn(&Rules, &Rules) -> bool| !chain.iter().any(|other| smaller(other, file));
    match key {
        "limits.max_event_bytes" => {
            is_smallest(|a, b| less(a.limits.max_event_bytes, b.limits.max_event_bytes))
        }
        "limits.max_clock_skew" => is_smallest(|a, b| less(a.limits.max_clock_skew, b.limits.max_clock_skew)),
        "limits.max_previous_events" => {
            is_smallest(|a, b| less(a.limits.max_previous_events, b.limits.max_previous_events))
        }
        _ => true,
    }
}

fn less<T: PartialOrd>(a: Option<T>, b: Option<T>) -> bool {
    a.zip(b).is_some_and(|(a, b)| a < b)
}
