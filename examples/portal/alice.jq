# Everything that Alice has, of which each world gets a part. $entity, $person, $birth: her credentials; $passport: sealed.
def claim(kind; proof): {"@type": kind, issuer: proof.issuer, claimProof: proof};
def facet(name; entity): {"@id": "urn:alice:\(name)", "@type": ["um:Facet", "portal:\(name)"], name: "her \(name)", entity: entity};
def consent(of; more): {"@id": "urn:alice:consent-\(of)", "@type": "um:Consent", facetRef: "urn:alice:\(of)", scope: ["display"],
  purpose: "portal-entry", grantedAt: "2026-01-01T00:00:00Z", expiresAt: "2027-01-01T00:00:00Z"} + more;
def position(name; word): consent("positions"; {"@id": "urn:alice:\(name)", scope: ["position"], position: name, disposition: word});
{
  claims: [
    claim("identity.entityType"; $entity) + {entityType: $entity.credentialSubject.entityType},
    claim("identity.personhood"; $person) + {namespace: $person.credentialSubject.namespace},
    claim("identity.ageOver"; $birth)
  ],
  facets: [
    facet("persona"; {displayName: "Alice", legalName: "Alice CANARY Liddell", entityType: $entity.credentialSubject.entityType,
      contentRating: "teen", height: 1.68, language: "fi", currency: "EUR"}),
    facet("avatarDefinition"; {hanim: {loa: 2, skeleton: "https://example.org/hanim/alice"}, body: {shoulder: 0.41},
      blendshapes: {jawOpen: "jaw"}, contentRating: "general", avatarRef: "https://example.org/avatar/alice.glb"}),
    facet("avatarAccessAuthorization"; {roles: ["virtual-world-host"], until: "2027-01-01T00:00:00Z"}),
    facet("behavioralMapping"; {map: {"face.jawOpen": "jaw"}, rate: 60}),
    facet("deviceCapability"; {sensors: ["face", "hand"], rate: 72}),
    facet("performanceData"; {pointer: "https://example.org/stream/1", signals: ["hand"], sensor: "hand-tracking", authorization: "sig"}),
    facet("accessibilityPreferences"; {captions: true, audioDescription: false, sensoryLoad: "low"}),
    facet("governmentId"; $passport) + {encryptionProfile: "jwe-inline-v1"},
    facet("medicalRecord"; {note: "CANARY"}),
    facet("positions"; {})
  ],
  consents: ([consent("persona", "avatarDefinition", "avatarAccessAuthorization", "behavioralMapping", "deviceCapability",
      "performanceData", "accessibilityPreferences", "governmentId", "medicalRecord"; {})] + [
    position("eye-tracking"; "denied"), position("hand-tracking"; "granted"), position("room-geometry"; "occluder-only"),
    position("microphone"; "post-server-mix"), position("data-retention"; "session")
  ])
}
