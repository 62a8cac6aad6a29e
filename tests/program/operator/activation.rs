//! A server whose socket a service manager has opened, and keeps open while the server is started again.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::socket::{setsockopt, sockopt};

use crate::support::{Host, Script, Server, Workspace};

/// How soon clients are back once the server serves.
const BACK_WITHIN: Duration = Duration::from_secs(2);

/// Clients of each account. Chosen: half of the sessions that an account may have.
const DEVICES: usize = 8;

/// A shell that passes its standard input on as the first descriptor, as a service manager does, and then becomes udpchat.
fn passing(descriptor: OwnedFd) -> Command {
    let mut command = Host::default().command("sh");
    let script = "exec 3<&0 0</dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$@\"";
    command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_udpchat")]);
    command.stdin(Stdio::from(descriptor));
    command
}

/// A server of this workspace with a copy of this socket.
fn serve(workspace: &Workspace, socket: &UdpSocket) -> Server {
    let copy: OwnedFd = socket.try_clone().expect("a copy").into();
    Server::start_as(&Host::default(), &workspace.data(), &[], &[], |command| {
        *command = passing(copy);
    })
}

/// What `serve` with these arguments says of a descriptor, and its exit code.
fn refused(workspace: &Workspace, descriptor: OwnedFd, more: &[&str]) -> String {
    let mut command = passing(descriptor);
    command.args(["serve", "--data"]).arg(workspace.data());
    let output = command.args(more).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8(output.stderr).expect("text")
}

#[test]
fn clients_are_back_at_once_after_a_restart_and_nothing_is_lost() {
    // How many may be tried by hand; each is a process.
    let accounts = std::env::var("UDPCHAT_TEST_RESTARTED_ACCOUNTS");
    let accounts: usize = accounts.map_or(2, |text| text.parse().expect("a number"));
    let workspace = Workspace::new(&[]);
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    // As the socket unit has it: calls of many clients wait in it. Only root may have so much.
    let _ = setsockopt(&socket, sockopt::RcvBufForce, &(16 << 20));
    let mut server = serve(&workspace, &socket);
    assert_eq!(Some(server.address), socket.local_addr().ok());
    let address = server.address.to_string();
    let names: Vec<String> = (0..accounts)
        .map(|number| format!("user{number}"))
        .collect();
    for name in &names {
        workspace.add(name);
    }
    let mut clients: Vec<Script> = Vec::new();
    for name in &names {
        for device in 0..DEVICES {
            let device = format!("{name}-{device}");
            let client = workspace.connect(&Host::default(), &address, name, &device);
            client.sees(1, "Greetings from the Chat Room!");
            clients.push(client);
        }
    }
    for (number, client) in clients.iter_mut().enumerate() {
        client.types(&format!("/message everyone before {number:04}"));
    }
    // While they speak.
    assert!(server.signal("TERM").success());
    for (number, client) in clients.iter_mut().enumerate() {
        client.types(&format!("/message everyone meanwhile {number:04}"));
    }
    // Their first calls wait in the socket.
    thread::sleep(Duration::from_secs(3));
    let _server = serve(&workspace, &socket);
    let ready = Instant::now();
    let is_back = |client: &&Script| client.errors().contains(&format!("{address} is back"));
    while ready.elapsed() < BACK_WITHIN && !clients.iter().all(|client| is_back(&client)) {
        thread::sleep(Duration::from_millis(5));
    }
    let took = ready.elapsed();
    let back = clients.iter().filter(is_back).count();
    println!(
        "{back} of {} clients were back after {took:.0?}",
        clients.len()
    );
    assert!(
        back * 100 >= clients.len() * 99,
        "{back} of {} after {took:?}",
        clients.len()
    );
    for (own, client) in clients.iter().enumerate() {
        // What was typed at a client is not printed there again.
        for number in (0..clients.len()).filter(|number| *number != own) {
            for said in [
                format!("before {number:04}"),
                format!("meanwhile {number:04}"),
            ] {
                client.sees(1, &said);
                let lines = client.lines();
                let heard = lines.iter().filter(|line| line.contains(&said));
                assert_eq!(heard.count(), 1, "{lines:?}");
            }
        }
        assert!(!client.errors().contains("assword"), "{}", client.errors());
    }
}

#[test]
fn what_is_no_socket_of_the_server_is_refused_with_a_reason() {
    let workspace = Workspace::new(&["alice"]);
    let stream: OwnedFd = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .expect("a port")
        .into();
    let said = refused(&workspace, stream, &[]);
    assert!(said.contains("descriptor 3 is none of UDP"), "{said}");
    assert!(said.contains("ListenDatagram="), "{said}");
    let unix = std::os::unix::net::UnixDatagram::unbound().expect("a socket");
    let said = refused(&workspace, unix.into(), &[]);
    assert!(said.contains("descriptor 3 is none of UDP"), "{said}");
    let file = std::fs::File::open("/dev/null").expect("a file");
    let said = refused(&workspace, file.into(), &[]);
    assert!(said.contains("descriptor 3 is none of UDP"), "{said}");
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let opened = socket.local_addr().expect("it is bound");
    let said = refused(&workspace, socket.into(), &["--listen", "127.0.0.1:9"]);
    let differs = format!("has opened {opened}, but --listen asks for 127.0.0.1:9");
    assert!(said.contains(&differs), "{said}");
    // An IPv6 socket that takes IPv4 too, where there is IPv6.
    if let Ok(both) = UdpSocket::bind("[::]:0") {
        let said = refused(&workspace, both.into(), &[]);
        assert!(
            said.contains("takes IPv4 too") && said.contains("ipv6-only"),
            "{said}"
        );
    }
}

#[test]
fn sockets_of_another_process_are_not_taken() {
    let workspace = Workspace::new(&[]);
    let server = Server::start_as(
        &Host::default(),
        &workspace.data(),
        &["127.0.0.1:0"],
        &[],
        |command| {
            command.env("LISTEN_PID", "1").env("LISTEN_FDS", "1");
        },
    );
    assert_ne!(server.address.port(), 0);
}
