# What a key is called; a file that is there is left as it is.
um-key did examples/sign/alice.pem
cp examples/sign/bob.pem bob.pem
um-key generate -o bob.pem
cmp bob.pem examples/sign/bob.pem && um-key generate
