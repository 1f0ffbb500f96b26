//! Rule 8.

use ulp_core::json::{Kind, Value};
use ulp_core::report::Refusal;

use super::has_type;

/// The lists, the code of each, and the type of its items where they have one.
const LISTS: [(&str, &str, Option<&str>); 6] = [
    ("shards", "um.shards", Some("um:Shard")),
    ("facets", "um.facets", Some("um:Facet")),
    ("claims", "um.claims", None),
    ("consents", "um.consents", None),
    ("devices", "um.devices", None),
    ("pointers", "um.pointers", None),
];

pub fn check(manifest: Value<'_, '_>) -> Result<(), Refusal> {
    for (name, code, typed) in LISTS {
        let Some(list) = manifest.get(name) else { continue };
        if list.kind() != Kind::Array {
            return Err(Refusal::new(code, format!("{name} is not an array")));
        }
        let Some(typed) = typed else { continue };
        if !list.items().all(|item| item.kind() == Kind::Object && has_type(item, typed)) {
            return Err(Refusal::new(code, format!("an item of {name} is not an object of type {typed}")));
        }
    }
    Ok(())
}
