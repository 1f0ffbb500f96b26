//! The kinds of facets that cross, with who may see each where nobody says otherwise.

/// Who may see something where its holder says nothing of it by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Every world that a rule names with `*`.
    Public,
    /// Those alone whose rule names it.
    Private,
    /// The same, and it crosses sealed or not at all.
    Sealed,
}

/// A kind of facet.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    pub name: &'static str,
    pub visibility: Visibility,
    /// The members that it is known to have; nothing where there may be any.
    pub members: Option<&'static [&'static str]>,
}

pub const POSITIONS: &str = "portal:positions";
pub const PERFORMANCE: &str = "portal:performanceData";
pub const CREDENTIALS: &str = "portal:verifiableCredentials";
pub const PERSONA: &str = "portal:persona";

/// The types of claims that cross.
pub const CLAIMS: [&str; 3] = ["identity.entityType", "identity.personhood", AGE_OVER];
pub const AGE_OVER: &str = "identity.ageOver";

/// The kinds.
pub const KINDS: [Kind; 12] = [
    public(PERSONA, &["displayName", "entityType", "contentRating", "height", "language", "currency"]),
    public("portal:avatarDefinition", &["hanim", "body", "blendshapes", "contentRating", "avatarRef"]),
    public("portal:avatarAccessAuthorization", &["audiences", "roles", "until"]),
    public("portal:behavioralMapping", &["map", "rate"]),
    Kind { name: "portal:deviceCapability", visibility: Visibility::Public, members: None },
    public("portal:accessibilityPreferences", &["modality", "captions", "audioDescription", "sensoryLoad"]),
    public(POSITIONS, &[]),
    Kind {
        name: PERFORMANCE,
        visibility: Visibility::Private,
        members: Some(&["pointer", "signals", "sensor", "authorization"]),
    },
    Kind { name: CREDENTIALS, visibility: Visibility::Private, members: Some(&["credentials"]) },
    sealed("portal:governmentId"),
    sealed("portal:birthDate"),
    sealed("portal:rootIdentity"),
];

const fn public(name: &'static str, members: &'static [&'static str]) -> Kind {
    Kind { name, visibility: Visibility::Public, members: Some(members) }
}

const fn sealed(name: &'static str) -> Kind {
    Kind { name, visibility: Visibility::Sealed, members: None }
}

/// Who may see a kind where nobody says otherwise; what is not known is private.
pub fn visibility(kind: &str) -> Visibility {
    KINDS.iter().find(|known| known.name == kind).map_or(Visibility::Private, |known| known.visibility)
}
