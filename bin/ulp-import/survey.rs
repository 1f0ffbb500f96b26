//! `--origin auto`: where everything lies and when it begins, before anything is written.

use foldhash::HashMap;
use ulp_core::id::Time;
use ulp_core::json::write::Object;
use ulp_view::geodesy::Plane;

use crate::desk::Desk;
use crate::draft::{Draft, Envelope, What};
use crate::place::{Around, Ground};
use crate::record::Record;
use crate::time::Stamp;

#[derive(Default)]
pub struct Survey {
    around: Around,
    /// The spaces that records name, or none of their own, each with the how-manyth it came.
    spaces: HashMap<Option<String>, usize>,
    /// The earliest time.
    least: Option<Time>,
}

impl Survey {
    /// Looks at records; those that are refused are left out of the account.
    pub fn take_all(&mut self, records: &[Record]) {
        for record in records.iter().filter(|record| record.refused.is_none()) {
            self.around.join(record.around);
            record.drafts.iter().for_each(|draft| self.draft(draft));
        }
    }

    fn draft(&mut self, draft: &Draft) {
        if !self.spaces.contains_key(&draft.envelope.space) {
            self.spaces.insert(draft.envelope.space.clone(), self.spaces.len());
        }
        if let Some(time) = draft.stamp.given() {
            self.least = Some(self.least.map_or(time, |least| least.min(time)));
        }
    }

    /// Lays the plane, and gives the events that say so: one a space. Where nothing lies anywhere, there are none.
    pub fn lay(self, desk: &mut Desk) -> Vec<Draft> {
        let Some(origin) = self.around.origin() else {
            desk.ground = Ground::None;
            return Vec::new();
        };
        desk.ground = Ground::Plane(Plane::new(origin));
        let mut properties = Object::default();
        properties.raw("origin", Some(&origin.json()));
        let properties = properties.bytes();
        let stamp = match self.least {
            Some(time) if desk.times.for_all() == Some(time) => Stamp::All(time),
            Some(time) => Stamp::Own(time),
            None => Stamp::Open,
        };
        let event = |space| Draft {
            envelope: Envelope { space, ..Envelope::default() },
            stamp,
            what: What::Properties { node_id: "@space".to_owned(), properties: properties.clone() },
        };
        let mut spaces: Vec<(Option<String>, usize)> = self.spaces.into_iter().collect();
        spaces.sort_unstable_by_key(|(_, place)| *place);
        spaces.into_iter().map(|(space, _)| event(space)).collect()
    }
}
