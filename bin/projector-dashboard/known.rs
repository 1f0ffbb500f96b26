//! The alerts that a view knows: nodes of kind `alert`, whoever wrote them.

use foldhash::HashMap;
use ulp_core::event::{Register, RegisterKind};
use ulp_core::id::{Key, Tile};
use ulp_view::View;
use ulp_view::join::{Space, ViewNode, unquoted};

/// What makes a node an alert, as its register holds it.
const KIND: &str = "\"alert\"";
/// The state of an alert that is over, as its property holds it.
const ENDED: &str = "\"ended\"";

/// An alert.
pub struct Known<'k> {
    pub node: &'k str,
    pub created: Key<'k>,
    pub tile: Tile,
    pub is_ended: bool,
    /// The event that last set what is shown of it.
    pub event: &'k str,
    pub rule: String,
    /// What it warns of, and of which sensor.
    pub what: String,
    pub about: String,
    pub severity: String,
    pub status: String,
}

/// All of a view, and which were made of which series.
pub struct KnownAlerts<'k> {
    pub all: Vec<Known<'k>>,
    /// By space, rule, actor and sensor: their places in the order of their creation.
    by_series: HashMap<[String; 4], Vec<usize>>,
}

impl<'k> KnownAlerts<'k> {
    pub fn of(view: &'k View<'_, 'k>) -> KnownAlerts<'k> {
        let mut known = KnownAlerts { all: Vec::new(), by_series: HashMap::default() };
        for space in &view.spaces {
            for (name, node) in space.nodes.iter().filter(|(_, node)| is_alert(node)) {
                known.take(space, name, node);
            }
        }
        let all = &known.all;
        known.by_series.values_mut().for_each(|places| places.sort_by_key(|place| all[*place].created));
        known
    }

    fn take(&mut self, space: &Space<'k>, name: &'k str, node: &ViewNode<'k>) {
        let (Some(created), Some(tile)) = (node.state.created, node.tile) else { return };
        let text = |name: &str| node.get(Register::property(name)).map(unquoted).unwrap_or_default();
        let or = |text: String, other: &str| if text.is_empty() { other.to_owned() } else { text };
        let series = [space.space.to_owned(), text("rule"), text("actor"), text("sensor")];
        self.by_series.entry(series).or_default().push(self.all.len());
        self.all.push(Known {
            node: name,
            created,
            tile,
            is_ended: node.get(Register::property("state")) == Some(ENDED),
            event: last_event(created, node),
            rule: text("rule"),
            what: or(text("event"), &or(text("label"), name)),
            about: [text("actor"), text("sensor")].join(" ").trim().to_owned(),
            severity: or(text("severity"), "Unknown"),
            status: or(text("status"), "Draft"),
        });
    }

    /// The alerts that a rule made of a series, in the order of their creation.
    pub fn of_series(&self, name: [&str; 4]) -> impl Iterator<Item = usize> {
        self.by_series.get(&name.map(str::to_owned)).into_iter().flatten().copied()
    }
}

fn is_alert(node: &ViewNode<'_>) -> bool {
    node.visible && node.plain(RegisterKind::Kind) == Some(KIND)
}

/// The event of the greatest key among the creation and what is shown.
fn last_event<'k>(created: Key<'k>, node: &ViewNode<'k>) -> &'k str {
    let shown = |register: Register<'_>| match register.kind {
        RegisterKind::Kind => true,
        RegisterKind::Property => matches!(register.key, "rule" | "severity" | "status" | "state"),
        _ => false,
    };
    let set =
        node.state.registers.iter().filter(|written| shown(written.register)).map(|written| written.key);
    set.chain([created]).max().unwrap_or(created).id
}
