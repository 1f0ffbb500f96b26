//! The words of a scope, and the lanes that realm and policy make.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// Declares a closed set of words, each with its spelling, ordered from the strictest to the loosest. It stands where
/// `std::fmt` and `std::str::FromStr` are in scope.
#[macro_export]
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every value, the strictest first.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The word as events spell it.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }
        }

        impl FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<$name, String> {
                match text {
                    $($text => Ok($name::$variant),)+
                    _ => Err(format!("not one of {}", [$($text),+].join(", "))),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words!(
    /// Who an event is for: `personal` is stricter than `team`, and that than `public`.
    Realm { Personal = "personal", Team = "team", Public = "public" }
);
words!(
    /// How an event may be shown: `private` is stricter than `redacted`, and that than `public`.
    Policy { Private = "private", Redacted = "redacted", Public = "public" }
);
words!(
    /// Whether an event is an original or computed from others.
    Authority { Derived = "derived", Source = "source" }
);
words!(
    /// On which side of the world's border an event stands.
    Boundary { Interior = "interior", Boundary = "boundary", Exterior = "exterior" }
);

/// The four words of an event's `scope`. The default is team, source, interior, public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    pub realm: Realm,
    pub authority: Authority,
    pub boundary: Boundary,
    pub policy: Policy,
}

impl Default for Scope {
    fn default() -> Scope {
        Scope {
            realm: Realm::Team,
            authority: Authority::Source,
            boundary: Boundary::Interior,
            policy: Policy::Public,
        }
    }
}

/// The realm and policy of a lane. Within a tile, lanes are ordered by the text `realm.policy`, as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lane {
    pub realm: Realm,
    pub policy: Policy,
}

impl Lane {
    /// How many lanes a tile can have.
    pub const COUNT: usize = 9;

    /// Whether everything in this lane may count as a cause for what is in `other`.
    pub fn is_no_stricter_than(self, other: Lane) -> bool {
        self.realm >= other.realm && self.policy >= other.policy
    }

    /// Whether this lane is for everyone: policy `public`, and a realm other than `personal`.
    pub fn is_shared(self) -> bool {
        self.policy == Policy::Public && self.realm != Realm::Personal
    }

    /// Every lane, in the order of their names.
    pub fn all() -> impl Iterator<Item = Lane> {
        (0..Self::COUNT).map(Lane::from_index)
    }

    /// The lane's place among all lanes in the order of their names, 0 to 8.
    pub fn index(self) -> usize {
        // As bytes: personal < public < team; private < public < redacted.
        let realm = match self.realm {
            Realm::Personal => 0,
            Realm::Public => 1,
            Realm::Team => 2,
        };
        let policy = match self.policy {
            Policy::Private => 0,
            Policy::Public => 1,
            Policy::Redacted => 2,
        };
        realm * 3 + policy
    }

    /// The lane at a place of `index`.
    pub fn from_index(index: usize) -> Lane {
        let realm = [Realm::Personal, Realm::Public, Realm::Team][index / 3 % 3];
        let policy = [Policy::Private, Policy::Public, Policy::Redacted][index % 3];
        Lane { realm, policy }
    }
}

impl PartialOrd for Lane {
    fn partial_cmp(&self, other: &Lane) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Lane {
    fn cmp(&self, other: &Lane) -> Ordering {
        self.index().cmp(&other.index())
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.realm, self.policy)
    }
}

impl FromStr for Lane {
    type Err = String;
    fn from_str(text: &str) -> Result<Lane, String> {
        let (realm, policy) = text.split_once('.').ok_or("not a lane as team.public")?;
        Ok(Lane { realm: realm.parse()?, policy: policy.parse()? })
    }
}

impl From<Scope> for Lane {
    fn from(scope: Scope) -> Lane {
        Lane { realm: scope.realm, policy: scope.policy }
    }
}
