//! Servers that announce themselves, on loopback; where that has no multicast, the tests say that they were skipped.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use mdns_sd::{ServiceDaemon, ServiceEvent};
use socket2::{Domain, Protocol, Socket, Type};

use crate::support::Workspace;

/// Whether a multicast packet on loopback comes back.
fn multicasts() -> bool {
    let comes_back = || -> std::io::Result<()> {
        let group = Ipv4Addr::new(224, 0, 0, 251);
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_multicast_if_v4(&Ipv4Addr::LOCALHOST)?;
        socket.join_multicast_v4(&group, &Ipv4Addr::LOCALHOST)?;
        let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        socket.bind(&any.into())?;
        let socket = UdpSocket::from(socket);
        socket.set_read_timeout(Some(Duration::from_secs(2)))?;
        socket.send_to(b"here", (group, socket.local_addr()?.port()))?;
        socket.recv(&mut [0; 8]).map(drop)
    };
    let found = comes_back();
    if let Err(error) = &found {
        eprintln!("skipped: no multicast on loopback here: {error}");
    }
    found.is_ok()
}

#[test]
fn server_is_discovered_only_if_it_announces_itself() {
    if !multicasts() {
        return;
    }
    let workspace = Workspace::new(&[]);
    let name = format!("ship {}", std::process::id());
    let server = workspace.serve_with(&["--announce", "--announce-name", &name]);
    let quiet = Workspace::new(&[]);
    let silent = quiet.serve();
    let (printed, code) = workspace.run_plain(&["discover", "--timeout", "3s"]);
    assert_eq!(code, Some(0), "{printed}");
    let line = printed.lines().find(|line| line.starts_with(&name));
    let line = line.unwrap_or_else(|| panic!("{printed}"));
    let words: Vec<&str> = line[name.len()..].split_whitespace().collect();
    assert_eq!(words[0], server.address.to_string());
    assert!(server.first_lines[1].contains(words[1]), "{line}");
    assert!(printed.contains("compare the key with the one that the operator gave you"));
    assert!(!printed.contains(&silent.address.to_string()), "{printed}");

    let (printed, _) = workspace.run_plain(&["discover", "--json", "--timeout", "3"]);
    let list: serde_json::Value = serde_json::from_str(&printed).expect(&printed);
    let mut servers = list["servers"].as_array().unwrap().iter();
    let found = servers
        .find(|found| found["name"] == *name)
        .expect(&printed);
    assert_eq!(found["addresses"][0], server.address.to_string());
    assert_eq!(found["key"], words[1]);
}

#[test]
fn announcement_is_withdrawn_when_the_server_stops() {
    if !multicasts() {
        return;
    }
    let workspace = Workspace::new(&[]);
    let name = format!("boat {}", std::process::id());
    let mut server = workspace.serve_with(&["--announce", "--announce-name", &name]);
    let daemon = ServiceDaemon::new().unwrap();
    let events = daemon.browse("_udpchat._udp.local.").unwrap();
    let next = || events.recv_timeout(Duration::from_secs(10)).unwrap();
    loop {
        if let ServiceEvent::ServiceResolved(service) = next()
            && service.fullname.starts_with(&name)
        {
            break;
        }
    }
    assert!(server.signal("TERM").success());
    loop {
        if let ServiceEvent::ServiceRemoved(_, fullname) = next()
            && fullname.starts_with(&name)
        {
            break;
        }
    }
    daemon.shutdown().unwrap();
}
