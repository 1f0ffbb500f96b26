// Signs or verifies a credential with Digital Bazaar's eddsa-jcs-2022: node peer.mjs MODULES sign|verify < credential
// The key is that of the seed which is the byte 1, 32 times.
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, verb] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const load = async (name) => import(pathToFileURL(require.resolve(name)));
const { DataIntegrityProof } = await load("@digitalbazaar/data-integrity");
const Multikey = await load("@digitalbazaar/ed25519-multikey");
const suites = await load("@digitalbazaar/eddsa-jcs-2022-cryptosuite");
const { default: jsigs } = await load("jsonld-signatures");

const credential = JSON.parse(readFileSync(0, "utf8"));
const did = credential.issuer;
const digits = did.slice("did:key:".length);
const key = { "@context": "https://w3id.org/security/multikey/v1", type: "Multikey", controller: did, id: `${did}#${digits}`, publicKeyMultibase: digits };
const documents = {
  [did]: { "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"], id: did, assertionMethod: [key] },
  [key.id]: key,
};
const documentLoader = async (url) => {
  if (!(url in documents)) throw new Error(`no document ${url}`);
  return { contextUrl: null, document: documents[url], documentUrl: url };
};
const purpose = new jsigs.purposes.AssertionProofPurpose();

if (verb === "sign") {
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.alloc(32, 1)]);
  const { d, x } = createPrivateKey({ key: der, format: "der", type: "pkcs8" }).export({ format: "jwk" });
  const pair = await Multikey.fromJwk({ jwk: { kty: "OKP", crv: "Ed25519", d, x }, secretKey: true });
  pair.id = key.id;
  const suite = new DataIntegrityProof({ signer: pair.signer(), cryptosuite: suites.createSignCryptosuite(), date: "2026-02-17T00:00:00Z" });
  const signed = await jsigs.sign(credential, { suite, purpose, documentLoader });
  process.stdout.write(JSON.stringify(signed));
} else {
  const suite = new DataIntegrityProof({ cryptosuite: suites.createVerifyCryptosuite() });
  const result = await jsigs.verify(credential, { suite, purpose, documentLoader });
  process.stdout.write(result.verified ? "verified" : `not verified: ${result.error}`);
}
