//! The words of CAP 1.2, and where a node says them.

use ulp_core::event::{Register, RegisterKind};

/// The registers of a node that alerts are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    Kind,
    Layer,
    Survivor,
    Geometry,
    Position,
    Rotation,
    Scale,
    Parent,
    Event,
    Category,
    Urgency,
    Severity,
    Certainty,
    ResponseType,
    Headline,
    Description,
    Instruction,
    Language,
    Onset,
    Expires,
    Sender,
    SenderName,
    AreaDesc,
    Contact,
    Web,
    Status,
    State,
    Label,
}

/// The properties by name.
const PROPERTIES: [(&str, Slot); 20] = [
    ("event", Slot::Event),
    ("category", Slot::Category),
    ("urgency", Slot::Urgency),
    ("severity", Slot::Severity),
    ("certainty", Slot::Certainty),
    ("responseType", Slot::ResponseType),
    ("headline", Slot::Headline),
    ("description", Slot::Description),
    ("instruction", Slot::Instruction),
    ("language", Slot::Language),
    ("onset", Slot::Onset),
    ("expires", Slot::Expires),
    ("sender", Slot::Sender),
    ("senderName", Slot::SenderName),
    ("areaDesc", Slot::AreaDesc),
    ("contact", Slot::Contact),
    ("web", Slot::Web),
    ("status", Slot::Status),
    ("state", Slot::State),
    ("label", Slot::Label),
];

impl Slot {
    /// The slot of a register, if alerts are made of it.
    pub fn of(register: Register<'_>) -> Option<Slot> {
        Some(match register.kind {
            RegisterKind::Kind => Slot::Kind,
            RegisterKind::Layer => Slot::Layer,
            RegisterKind::Geometry => Slot::Geometry,
            RegisterKind::Position => Slot::Position,
            RegisterKind::Rotation => Slot::Rotation,
            RegisterKind::Scale => Slot::Scale,
            RegisterKind::Parent => Slot::Parent,
            RegisterKind::AbsorbedInto => Slot::Survivor,
            RegisterKind::Property => PROPERTIES.iter().find(|(name, _)| *name == register.key)?.1,
            _ => return None,
        })
    }

    /// The register's name.
    pub fn register(self) -> String {
        let kind = match self {
            Slot::Kind => RegisterKind::Kind,
            Slot::Layer => RegisterKind::Layer,
            Slot::Survivor => RegisterKind::AbsorbedInto,
            Slot::Geometry => RegisterKind::Geometry,
            Slot::Position => RegisterKind::Position,
            Slot::Rotation => RegisterKind::Rotation,
            Slot::Scale => RegisterKind::Scale,
            Slot::Parent => RegisterKind::Parent,
            property => {
                let name =
                    PROPERTIES.iter().find(|(_, slot)| *slot == property).map_or("", |(name, _)| *name);
                return Register::property(name).to_string();
            }
        };
        Register::plain(kind).to_string()
    }

    /// Whether setting it is news of an alert: what CAP names, and where and how large the alert is.
    pub fn is_news(self) -> bool {
        (Slot::Geometry..=Slot::Status).contains(&self)
    }
}

pub const CATEGORIES: &[&str] = &[
    "Geo",
    "Met",
    "Safety",
    "Security",
    "Rescue",
    "Fire",
    "Health",
    "Env",
    "Transport",
    "Infra",
    "CBRNE",
    "Other",
];
pub const RESPONSES: &[&str] =
    &["Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"];
pub const URGENCIES: &[&str] = &["Immediate", "Expected", "Future", "Past", UNKNOWN];
pub const SEVERITIES: &[&str] = &["Extreme", "Severe", "Moderate", "Minor", UNKNOWN];
pub const CERTAINTIES: &[&str] = &["Observed", "Likely", "Possible", "Unlikely", UNKNOWN];
pub const UNKNOWN: &str = "Unknown";
pub const OTHER: &str = "Other";
pub const ALL_CLEAR: &str = "AllClear";

/// How far a message is meant; the least of what is said counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Draft,
    Test,
    Exercise,
    System,
    Actual,
}

impl Status {
    const ALL: [Status; 5] = [Status::Draft, Status::Test, Status::Exercise, Status::System, Status::Actual];

    pub fn as_str(self) -> &'static str {
        match self {
            Status::Draft => "Draft",
            Status::Test => "Test",
            Status::Exercise => "Exercise",
            Status::System => "System",
            Status::Actual => "Actual",
        }
    }

    pub fn parse(text: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Whether it is no more than practice, of which nothing later makes an alarm.
    pub fn is_practice(self) -> bool {
        matches!(self, Status::Test | Status::Exercise)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_are_named_as_they_are_read() {
        for (name, slot) in PROPERTIES {
            assert_eq!(Slot::of(Register::property(name)), Some(slot));
            assert_eq!(slot.register(), format!("properties.{name}"));
        }
        for slot in [Slot::Kind, Slot::Survivor, Slot::Geometry, Slot::Parent] {
            assert_eq!(Register::parse(&slot.register()).and_then(Slot::of), Some(slot));
        }
        assert_eq!(Slot::of(Register::property("fill")), None);
    }

    #[test]
    fn what_is_said_less_is_less() {
        assert!(Status::ALL.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(Status::ALL.iter().all(|s| Status::parse(s.as_str()) == Some(*s)));
        assert_eq!(Status::parse("actual"), None);
    }
}
