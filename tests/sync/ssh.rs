//! Over ssh: a daemon of our own on a port of this machine, with keys of its own and a forced command.

use super::{NOW, event, events, store};
use crate::run;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Where the daemon may lie: in the system, or unpacked beside the other peers.
fn daemon() -> Option<PathBuf> {
    let beside = run::root().join("target/peers/ssh/usr/sbin/sshd");
    ["/usr/sbin/sshd".into(), beside].into_iter().find(|path: &PathBuf| path.is_file())
}

/// A daemon that ends with the test.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The daemon. Run by root it wants a user of its own and a directory: where the system does not have them, it sees a
/// system that has.
fn program(sshd: &Path, dir: &Path) -> Command {
    let known = "[ $(id -u) != 0 ] || getent passwd sshd > /dev/null && [ -d /run/sshd ]";
    if run::shell(known, dir).status.success() {
        return Command::new(sshd);
    }
    let seen = "cp /etc/passwd passwd && echo sshd:x:74:65534::/run/sshd:/usr/sbin/nologin >> passwd &&
        mount --bind passwd /etc/passwd && mount -t tmpfs none /run && mkdir -m 755 /run/sshd && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", seen, "sh"]).arg(sshd).current_dir(dir);
    command
}

fn start(sshd: &Path, dir: &Path) -> Option<(Daemon, u16)> {
    let port = std::net::TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
    let path = dir.display();
    let user = run::sh("id -un", dir);
    let command =
        format!("PATH={}:/usr/bin:/bin ulp-sync --serve --store {path}/b --now {NOW}", run::bin().display());
    run::sh(
        &format!(
            "chmod 700 .; for key in host ann; do ssh-keygen -q -t ed25519 -N '' -f $key; done
             printf 'command=\"%s\",restrict %s\\n' '{command}' \"$(cat ann.pub)\" > authorized
             printf '[127.0.0.1]:%s %s\\n' {port} \"$(cut -d' ' -f1,2 host.pub)\" > known"
        ),
        dir,
    );
    let config = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {path}/host\nAuthorizedKeysFile {path}/authorized\n\
         StrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPidFile none\n"
    );
    std::fs::write(dir.join("sshd_config"), config).unwrap();
    let client = format!(
        "Host village\nHostName 127.0.0.1\nPort {port}\nUser {}\nIdentityFile {path}/ann\nIdentitiesOnly yes\n\
         UserKnownHostsFile {path}/known\nBatchMode yes\nLogLevel ERROR\n",
        user.trim()
    );
    std::fs::write(dir.join("cfg"), client).unwrap();
    let log = std::fs::File::create(dir.join("sshd.log")).unwrap();
    let mut command = program(sshd, dir);
    command.arg("-D").arg("-e").arg("-f").arg(dir.join("sshd_config")).stdin(Stdio::null());
    let root = sshd.parent()?.parent()?.parent()?;
    command.env(
        "LD_LIBRARY_PATH",
        format!("{0}/lib/x86_64-linux-gnu:{0}/usr/lib/x86_64-linux-gnu", root.display()),
    );
    let daemon = Daemon(command.stdout(Stdio::null()).stderr(log).spawn().ok()?);
    for _ in 0..100 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Some((daemon, port));
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    None
}

#[test]
fn two_stores_meet_over_ssh_and_a_forced_command_allows_nothing_else() {
    let Some(sshd) = daemon() else { return run::skipped("sync over ssh: no sshd") };
    let dir = tempfile::tempdir().unwrap();
    store(dir.path(), "a", (0..40).filter(|n| n % 3 != 0).map(event));
    store(dir.path(), "b", (0..40).filter(|n| n % 4 != 0).map(event));
    let Some((_daemon, _)) = start(&sshd, dir.path()) else {
        let log = std::fs::read_to_string(dir.path().join("sshd.log")).unwrap_or_default();
        return run::skipped(&format!("sync over ssh: sshd does not start: {log}"));
    };
    // Whatever is asked for, the forced command is what runs.
    let with = "ssh -F cfg village ulp-sync --serve --store elsewhere";
    for results in [4, 1] {
        let script = format!(
            "ulp-sync --store a --now {NOW} --with '{with}' > out || cat sshd.log; grep -c '\"agrees\":true' out"
        );
        assert_eq!(run::sh(&script, dir.path()), format!("{results}\n"));
    }
    assert_eq!(events(dir.path(), "a"), events(dir.path(), "b"));
    run::sh(
        "ulp-materialize --store a --root > ra; ulp-materialize --store b --root > rb; cmp ra rb",
        dir.path(),
    );
}
