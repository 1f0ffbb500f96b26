# A facet is sealed and opened by whom it is for; what is signed, sealed already or for nobody is not.
install -m 600 examples/seal/escrow.pem escrow.pem
escrow=did:key:z6LStDHDZoXmDENzHBep1ENK1uFSxcLRZyvH3QkXy1oyp1SN
head -c 32 /dev/zero > seed
echo '{"@id":"urn:m","facets":[{"@id":"urn:f","@type":["um:Facet","k"],"entity":{"b":2,"a":1}}]}' > draft.json
um-seal --facet k --to $escrow --random seed draft.json | tee sealed.json
um-seal --open --key escrow.pem sealed.json
um-seal --facet k --to $escrow sealed.json
um-seal --facet other --to $escrow draft.json
sed 's/{/{"signature":{},/' draft.json | um-seal --facet k --to $escrow
sed 's/"tag":"./"tag":"-/' sealed.json | um-seal --open --key escrow.pem
um-seal --to $escrow --random seed draft.json 2> /dev/null | um-seal --open --key escrow.pem 2> /dev/null
um-seal --to did:key:z6Mko9hTggMwjSTEaJaPUfE6tqcy2xvU6BnNq3e3o8qVBiyH draft.json
um-seal --generate -o escrow.pem
echo '{"issuer":"i","credentialSubject":{"birthDate":"2001-05-09"}}' | um-seal --commit --opening opening.json --random seed --now 2026-11-20T00:00:00Z
cat opening.json
um-seal --open draft.json
