//! Any two-way pipe will do: FIFOs, a TCP relay, a slow terminal line, ssh.

use super::{NOW, as_said, event, events, meet, plainly, store};
use crate::{run, sample};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

fn two(dir: &Path, most: u64) {
    store(dir, "a", (0..most).filter(|n| n % 3 != 0).map(event));
    store(dir, "b", (0..most).filter(|n| n % 4 != 0).map(event));
}

#[track_caller]
fn are_equal(dir: &Path) {
    assert_eq!(events(dir, "a"), events(dir, "b"));
}

#[test]
fn bytes_may_come_one_by_one_and_late() {
    let dir = tempfile::tempdir().unwrap();
    two(dir.path(), 12);
    let slowly = |_: usize, before: usize, bytes: Vec<u8>| {
        std::thread::sleep(Duration::from_millis((before % 7) as u64));
        Some(bytes)
    };
    let met = meet(dir.path(), &["--store", "a", "--turn", "4K"], &["--store", "b"], Arc::new(slowly));
    assert_eq!(met.codes(), [0, 0], "{}", met.log());
    are_equal(dir.path());
}

#[test]
fn a_bit_flipped_on_the_line_is_0_or_4_and_the_next_run_does_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    two(dir.path(), 24);
    run::sh("cp -r a a0; cp -r b b0", dir.path());
    let whole = plainly(dir.path());
    let lengths = whole.said.each_ref().map(Vec::len);
    for (way, length) in lengths.into_iter().enumerate() {
        for at in sample::of((0..length).step_by(211), 6) {
            run::sh("rm -rf a b; cp -r a0 a; cp -r b0 b", dir.path());
            let flip = move |on: usize, before: usize, mut bytes: Vec<u8>| {
                if on == way && (before..before + bytes.len()).contains(&at) {
                    bytes[at - before] ^= 4;
                }
                Some(bytes)
            };
            let args = ["--timeout", "2s"];
            let met = meet(
                dir.path(),
                &[&["--store", "a"], &args[..]].concat(),
                &[&["--store", "b"], &args[..]].concat(),
                Arc::new(flip),
            );
            assert!(
                met.codes().iter().all(|code| [0, 4].contains(code)),
                "{way} {at}: {:?} {}",
                met.codes(),
                met.log()
            );
            assert_eq!(plainly(dir.path()).codes(), [0, 0], "{way} {at}");
            are_equal(dir.path());
        }
    }
}

#[test]
fn what_a_login_says_before_is_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    two(dir.path(), 12);
    let script = format!(
        "ulp-sync --store a --now {NOW} --with 'echo Welcome; seq 9999; exec ulp-sync --serve --store b --now {NOW}'"
    );
    run::sh(&script, dir.path());
    are_equal(dir.path());
}

#[test]
fn tls_carries_it_to_whom_the_certificate_is_known() {
    let dir = tempfile::tempdir().unwrap();
    two(dir.path(), 24);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let made = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=village \
        -addext subjectAltName=IP:127.0.0.1 -keyout tls.key -out tls.crt 2> made";
    run::sh(made, dir.path());
    let listen =
        format!("OPENSSL-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork,cert=tls.crt,key=tls.key,verify=0");
    let connect = format!("OPENSSL:127.0.0.1:{port},cafile=tls.crt,retry=100,interval=0.1");
    let script = format!(
        "socat {listen} EXEC:'ulp-sync --serve --store b --now {NOW}' 2> server & socat=$!
         ulp-sync --store a --now {NOW} --with 'socat - {connect}' > out; status=$?; kill $socat; exit $status"
    );
    run::sh(&script, dir.path());
    are_equal(dir.path());
}

/// A terminal's two ends, and a relay between that carries so many bytes a second each way.
const PTY: &str = r#"
import os, pty, select, subprocess, sys, termios, time, tty
rate = int(sys.argv[1])
ends = []
for command in sys.argv[2:4]:
    master, slave = pty.openpty()
    tty.setraw(slave)
    ends.append((master, subprocess.Popen(command, shell=True, stdin=slave, stdout=slave)))
    os.close(slave)
one, other = ends[0][0], ends[1][0]
while True:
    ready, _, _ = select.select([one, other], [], [], 5)
    for end in ready:
        try:
            data = os.read(end, max(1, rate // 50))
        except OSError:
            data = b''
        if not data:
            sys.exit(max(p.wait() for _, p in ends))
        time.sleep(len(data) / rate)
        os.write(other if end == one else one, data)
    if not ready and any(p.poll() is not None for _, p in ends):
        sys.exit(max(p.wait() for _, p in ends))
"#;

#[test]
fn a_slow_terminal_line_carries_it() {
    let dir = tempfile::tempdir().unwrap();
    let (most, rate) = sample::size((60, "960"), (8, "9600"));
    two(dir.path(), most);
    std::fs::write(dir.path().join("line.py"), PTY).unwrap();
    // The client's own pipe is the terminal that it stands at.
    let client = format!(
        "ulp-sync --store a --turn 64K --now {NOW} --with 'cat <&3 & exec cat >&4' 3<&0 4>&1 >/dev/null 2>client"
    );
    let server = format!("ulp-sync --serve --store b --now {NOW} 2>server");
    std::fs::write(dir.path().join("client.sh"), client).unwrap();
    std::fs::write(dir.path().join("server.sh"), server).unwrap();
    let script = format!("timeout 300 python3 line.py {rate} 'sh client.sh' 'sh server.sh'");
    let output = run::shell(&script, dir.path());
    let log = run::shell("cat client server", dir.path());
    let said = String::from_utf8_lossy(&log.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    are_equal(dir.path());
}

/// A server on a port of this machine that hands each connection to a command, and a relay before it that waits and cuts.
const TCP: &str = r#"
import socket, subprocess, sys, threading, time
delay, cut = float(sys.argv[1]), int(sys.argv[2])
door = socket.create_server(('127.0.0.1', 0))
print(door.getsockname()[1], flush=True)
peer, _ = door.accept()
server = subprocess.Popen(sys.argv[3], shell=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
def up():
    left = cut
    while (data := peer.recv(1500)):
        time.sleep(delay)
        left -= len(data)
        if cut and left < 0:
            peer.shutdown(socket.SHUT_RDWR)
            break
        try:
            server.stdin.write(data); server.stdin.flush()
        except OSError:
            break
    server.stdin.close()
thread = threading.Thread(target=up); thread.start()
try:
    while (data := server.stdout.read1(1500)):
        time.sleep(delay)
        peer.sendall(data)
    peer.shutdown(socket.SHUT_WR)
except OSError:
    pass
thread.join()
sys.exit(server.wait())
"#;

#[test]
fn a_tcp_line_that_waits_and_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    two(dir.path(), 30);
    std::fs::write(dir.path().join("tcp.py"), TCP).unwrap();
    for (delay, cut, status) in [("0.005", 1500, 4), ("0.002", 0, 0)] {
        let script = format!(
            "python3 tcp.py {delay} {cut} 'ulp-sync --serve --store b --now {NOW} 2>/dev/null' > port & \
             until [ -s port ]; do sleep 0.05; done; port=$(cat port); rm port
             ulp-sync --store a --now {NOW} --with \"exec bash -c 'exec 3<>/dev/tcp/127.0.0.1/$port; cat <&3 & exec cat >&3'\"; \
             status=$?; wait; exit $status"
        );
        let output = run::shell(&script, dir.path());
        assert_eq!(output.status.code(), Some(status), "{}", String::from_utf8_lossy(&output.stderr));
    }
    are_equal(dir.path());
}

#[test]
fn a_first_clone_in_small_turns_carries_little_more_than_the_events() {
    let dir = tempfile::tempdir().unwrap();
    store(dir.path(), "a", []);
    store(dir.path(), "b", (0..3000).map(event));
    let met = meet(dir.path(), &["--store", "a", "--turn", "64K"], &["--store", "b"], Arc::new(as_said));
    assert_eq!(met.codes(), [0, 0], "{}", met.log());
    are_equal(dir.path());
    let carried = events(dir.path(), "b").len();
    assert!(met.bytes() * 100 <= carried * 104, "{} of {carried}", met.bytes());
}
