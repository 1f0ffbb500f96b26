// Seals or opens with the `jose` of npm: node jose.mjs MODULES seal DID=KEY.pem... < plain, or open KEY.pem < jwe
import { createPrivateKey, createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, verb, ...keys] = process.argv.slice(2);
const { GeneralEncrypt, generalDecrypt } = await import(pathToFileURL(createRequire(`${modules}/`).resolve("jose")));
const input = readFileSync(0);

if (verb === "seal") {
  const jwe = new GeneralEncrypt(input).setProtectedHeader({ alg: "ECDH-ES+A256KW", enc: "A256GCM" });
  for (const key of keys) {
    const [did, file] = key.split("=");
    const kid = `${did}#${did.slice("did:key:".length)}`;
    jwe.addRecipient(createPublicKey(readFileSync(file))).setUnprotectedHeader({ kid });
  }
  process.stdout.write(JSON.stringify(await jwe.encrypt()));
} else {
  const { plaintext } = await generalDecrypt(JSON.parse(input), createPrivateKey(readFileSync(keys[0])));
  process.stdout.write(Buffer.from(plaintext));
}
