# A manifest gets what it lacks and holds; changed, expired, unsigned or of two kinds, it does not.
install -m 644 examples/sign/alice.pem alice.pem
alice=$(um-key did alice.pem 2>/dev/null)
sed "s/ALICE/$alice/" examples/sign/alice.json | um-sign --key alice.pem --now 2026-02-17T00:00:00Z | tee signed.json
sed 's/surveyor/sovereign/' signed.json | um-sign --verify
um-sign --verify --check fresh --now 2026-02-18T00:00:01Z signed.json
um-sign --verify --check fresh --now 2026-02-18T00:00:01Z --allow-expired signed.json | wc -l
um-sign --verify examples/sign/alice.json
sed 's/{/{"log":1,/' signed.json | um-sign
um-sign --conformance < signed.json 2> /dev/null
um-sign --verify --key alice.pem < signed.json
