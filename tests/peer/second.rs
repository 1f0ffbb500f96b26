//! A second reader, in another language and with other programs, of all that a store says of itself.

use super::{Desk, PUBLIC, TEAM, event};
use crate::run;

#[test]
fn b3sum_and_openssl_come_to_the_same() {
    let desk = Desk::with_identity();
    desk.append(&event(0, "z0/x7/y0", 0, TEAM), &[]);
    for n in 1..9 {
        let tile = |n: u32| format!("z1/x{}/y-{}", n % 3, n % 2 + 1);
        desk.append(&(event(n, &tile(n), 40, TEAM) + &event(100 + n, &tile(n), 0, PUBLIC)), &[]);
    }
    desk.write("attestation", &desk.attest(&["--key", "key.pem"]));
    desk.write("rows", &desk.attest(&["--rows"]));
    desk.write("checkpoint", &desk.attest(&["--key", "key.pem", "--checkpoint"]));
    let program = run::root().join("tests/peer/second.py");
    let told =
        run::sh(&format!("python3 -B '{}' w attestation rows checkpoint", program.display()), desk.path());
    assert_eq!(told, "roots 22, receipts 9\n");
}
