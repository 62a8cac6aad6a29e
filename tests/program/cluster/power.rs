//! The power of all hosts of a cluster goes at once: what was called stored is there when it is back.
//!
//! Each nats-server and each node has a file system of its own in a file, on a loop device. When the power goes all processes stand
//! still, and the files are copied: they have what was written back by then, as a disk would, and nothing of what the kernel still
//! holds. All goes on from the copies. That needs to be root, and takes a while, so it is done only where
//! `UDPCHAT_TESTS_POWER` says how often.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::bots::Bot;
use super::nodes::{Cluster, NAMES};

const USERS: [&str; 6] = ["alice", "bob", "carol", "dave", "erin", "frank"];

/// How long they talk before the power goes. Chosen: shorter than the 30 s after which the kernel writes back by itself, so that
/// only what was synced is on the disks.
const TALK: Duration = Duration::from_secs(12);
const SAYS_EVERY: Duration = Duration::from_millis(10);
const ASKED_MAX: u64 = 24;
const BACK_WITHIN: Duration = Duration::from_mins(1);

fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output();
    let output = output.expect("it can be run");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the path is text")
}

/// A file system in a file, at a directory.
struct Disk {
    image: PathBuf,
    directory: PathBuf,
}

impl Disk {
    /// Puts a directory, which nobody uses now, on a disk of its own.
    fn under(directory: &Path) -> Self {
        let disk = Self {
            image: directory.with_extension("image"),
            directory: directory.to_owned(),
        };
        let before = directory.with_extension("before");
        fs::rename(directory, &before).expect("nobody uses it");
        fs::create_dir(directory).expect("it is gone");
        run("truncate", &["--size=1G", text(&disk.image)]);
        run("mkfs.ext4", &["-q", "-F", text(&disk.image)]);
        disk.mount();
        let all = before.join(".");
        run("cp", &["-a", text(&all), text(directory)]);
        disk
    }

    fn mount(&self) {
        // The journal of the file system is written when something is synced, and not every five seconds.
        let options = "loop,commit=300,noatime";
        run(
            "mount",
            &["-o", options, text(&self.image), text(&self.directory)],
        );
    }

    fn copy(&self) -> PathBuf {
        self.image.with_extension("copy")
    }

    /// Keeps what the disk has now.
    fn freeze(&self) {
        run(
            "cp",
            &["--sparse=always", text(&self.image), text(&self.copy())],
        );
    }

    /// Goes on from there; nobody uses it now.
    fn thaw(&self) {
        run("umount", &[text(&self.directory)]);
        fs::rename(self.copy(), &self.image).expect("it was kept");
        self.mount();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // It may not be mounted.
        let _ = Command::new("umount").arg(&self.directory).output();
    }
}

/// What somebody has said, with which request.
struct Said {
    who: usize,
    request: u64,
    text: String,
}

struct Power {
    disks: Vec<Disk>,
    users: Vec<Bot>,
    said: Vec<Said>,
    cluster: Cluster,
}

impl Drop for Power {
    fn drop(&mut self) {
        // Nobody may use a disk that is unmounted.
        self.end_all();
    }
}

impl Power {
    fn new() -> Option<Self> {
        let mut cluster = Cluster::start(&USERS)?;
        for node in &mut cluster.nodes {
            node.stops();
        }
        for server in &mut cluster.engine.servers {
            server.kill();
        }
        let nodes = cluster.nodes.iter().map(|node| &node.data);
        let servers = cluster.engine.servers.iter().map(|it| &it.directory);
        let disks = nodes.chain(servers).map(|directory| Disk::under(directory));
        let disks = disks.collect();
        let mut power = Self {
            disks,
            users: Vec::new(),
            said: Vec::new(),
            cluster,
        };
        power.start_all();
        for (user, name) in USERS.iter().enumerate() {
            let node = &power.cluster.nodes[user % NAMES.len()];
            let bot = Bot::signed_in(&power.cluster.workspace, &node.address, name);
            power.users.push(bot);
        }
        Some(power)
    }

    fn start_all(&mut self) {
        for server in 0..self.cluster.engine.servers.len() {
            self.cluster.engine.run(server);
        }
        let start = Instant::now();
        while !self.cluster.nodes.iter().all(super::nodes::Node::is_up) {
            for node in &mut self.cluster.nodes {
                node.ended();
                if !node.runs() {
                    node.run();
                }
            }
            let output = self.cluster.nodes.iter().map(super::nodes::Node::output);
            assert!(
                start.elapsed() < BACK_WITHIN,
                "the nodes do not start: {:?}",
                output.collect::<Vec<_>>()
            );
            thread::sleep(Duration::from_millis(200));
        }
    }

    fn end_all(&mut self) {
        for node in &mut self.cluster.nodes {
            node.kill();
        }
        for server in &mut self.cluster.engine.servers {
            server.kill();
        }
    }

    fn talk(&mut self) {
        let start = Instant::now();
        while start.elapsed() < TALK {
            let who = self.said.len() % USERS.len();
            self.users[who].listens();
            let user = &mut self.users[who];
            let of_them = self.said.iter().rev().filter(|said| said.who == who);
            let open = of_them
                .take_while(|said| !user.answers.contains_key(&said.request))
                .count() as u64;
            if open < ASKED_MAX {
                let text = format!("{} of {}", self.said.len(), USERS[who]);
                let request = user.says("everyone", &text);
                self.said.push(Said { who, request, text });
            }
            thread::sleep(SAYS_EVERY);
        }
    }

    /// The power goes, and comes back. Returns what had been called stored.
    fn fails(&mut self) -> Vec<(String, Option<u64>)> {
        for node in &self.cluster.nodes {
            node.is_sent("STOP");
        }
        for server in &self.cluster.engine.servers {
            server.is_sent("STOP");
        }
        for disk in &self.disks {
            disk.freeze();
        }
        for user in &mut self.users {
            user.listens();
        }
        let stored = self.said.iter().filter_map(|said| {
            let answer = self.users[said.who].answers.get(&said.request)?;
            Some((said.text.clone(), answer["ok"]["entry"].as_u64()))
        });
        let stored = stored.collect();
        self.end_all();
        for disk in &self.disks {
            disk.thaw();
        }
        self.start_all();
        stored
    }
}

#[test]
fn power_that_is_lost_everywhere_at_once_takes_nothing_that_was_called_stored() {
    let Ok(times) = std::env::var("UDPCHAT_TESTS_POWER") else {
        println!("passed over: UDPCHAT_TESTS_POWER does not say how often");
        return;
    };
    let times: u32 = times.parse().expect("it is a number");
    let Some(mut power) = Power::new() else {
        return;
    };
    let mut called_stored = 0;
    for time in 1..=times {
        power.talk();
        let stored = power.fails();
        let texts = power.cluster.is_equal().texts();
        let lost: Vec<_> = stored
            .iter()
            .filter(|(text, entry)| texts.get(text) != entry.as_ref())
            .collect();
        println!(
            "power lost {time} times: {} said, {} called stored by then, {} of them lost",
            power.said.len(),
            stored.len(),
            lost.len()
        );
        assert_eq!(lost, Vec::<&(String, Option<u64>)>::new());
        assert!(stored.len() > called_stored, "nothing was stored since");
        called_stored = stored.len();
        for user in &mut power.users {
            user.is_ready_within(BACK_WITHIN);
        }
    }
}
