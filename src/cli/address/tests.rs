use proptest::prelude::*;

use super::*;

fn parsed(text: &str) -> Result<(String, u16), AddressError> {
    text.parse().map(|name: ServerName| (name.host, name.port))
}

#[test]
fn host_and_port_are_found_in_every_form() {
    for (text, host, port) in [
        ("chat.example", "chat.example", DEFAULT_PORT),
        ("Chat.Example:99", "chat.example", 99),
        ("10.0.0.1:99", "10.0.0.1", 99),
        ("::1", "::1", DEFAULT_PORT),
        ("[::1]", "::1", DEFAULT_PORT),
        ("[fe80::1%eth0]:99", "fe80::1%eth0", 99),
        ("[fe80::1%eth0]", "fe80::1%eth0", DEFAULT_PORT),
        ("fe80::1%eth0", "fe80::1%eth0", DEFAULT_PORT),
        ("fe80::1%2", "fe80::1%2", DEFAULT_PORT),
        ("bücher.example:99", "xn--bcher-kva.example", 99),
    ] {
        assert_eq!(parsed(text), Ok((host.to_owned(), port)), "{text}");
    }
}

#[test]
fn server_is_shown_in_its_own_script_only_where_that_is_unmistakable() {
    let shown = |text: &str| text.parse::<ServerName>().unwrap().shown();
    assert_eq!(shown("BÜCHER.example:99"), "bücher.example:99");
    assert_eq!(shown("xn--bcher-kva.example"), "bücher.example:7777");
    // Cyrillic, which looks like Latin.
    assert_eq!(shown("аррӏе.example:9"), "xn--80ak6aa92e.example:9");
    assert_eq!(shown("[::1]:9"), "[::1]:9");
}

#[test]
fn what_is_no_address_is_refused_by_name() {
    assert_eq!(parsed(":99"), Err(AddressError::NoHost));
    assert_eq!(parsed(""), Err(AddressError::NoHost));
    assert_eq!(parsed("a:0"), Err(AddressError::Port("0".into())));
    assert_eq!(parsed("a:65536"), Err(AddressError::Port("65536".into())));
    assert_eq!(parsed("::1:x"), Err(AddressError::Brackets));
    let link_local: Ipv6Addr = "fe80::1".parse().unwrap();
    for text in ["fe80::1", "[fe80::1]", "[fe80::1]:99"] {
        assert_eq!(parsed(text), Err(AddressError::NoZone(link_local)));
    }
    assert_eq!(parsed("[::1"), Err(AddressError::Brackets));
    assert_eq!(parsed("[::1]99"), Err(AddressError::Brackets));
    assert_eq!(parsed("[]:1"), Err(AddressError::NoHost));
    let bare = |text: &str| Err(AddressError::NoBrackets(text.into()));
    assert_eq!(parsed("[127.0.0.1]:99"), bare("127.0.0.1:99"));
    assert_eq!(parsed("[chat.example]"), bare("chat.example"));
    for text in ["udpchat://127.0.0.1:99", "udpchat://[::1]:99"] {
        assert_eq!(parsed(text), Err(AddressError::Scheme("udpchat://".into())));
    }
    for text in ["fe80::1%", "[fe80::1%]:99"] {
        assert_eq!(parsed(text), Err(AddressError::ZoneMissing(link_local)));
    }
    let script = Err(AddressError::Script("bü cher.example".into()));
    assert_eq!(parsed("bü cher.example:99"), script);
    // Digits of another script that stand for an address.
    assert_eq!(
        parsed("１２７.1"),
        Err(AddressError::Number("127.1".into()))
    );
    assert_eq!(parsed("a b"), Err(AddressError::Host("a b".into())));
    assert_eq!(
        parsed("999.1.1.1"),
        Err(AddressError::Number("999.1.1.1".into()))
    );
}

#[test]
fn words_of_the_resolver_begin_as_expected() {
    let error = dns_lookup::LookupError::new(nix::libc::EAI_AGAIN);
    let text = io::Error::from(error).to_string();
    let why = text.strip_prefix(OF_RESOLVER).expect("its own words");
    assert!(!why.is_empty() && !why.contains("lookup"), "{text}");
}

#[test]
fn numeric_address_resolves_to_itself() {
    let name: ServerName = "[::1]:5".parse().unwrap();
    assert_eq!(name.resolve().unwrap(), ["[::1]:5".parse().unwrap()]);
}

#[test]
fn zone_is_an_interface_of_this_host_by_name_or_number() {
    let lo = if cfg!(target_os = "linux") {
        "lo"
    } else {
        "lo0"
    };
    let index = if_nametoindex(lo).unwrap();
    let expected = SocketAddrV6::new("fe80::1".parse().unwrap(), 5, 0, index);
    for zone in [lo.to_owned(), index.to_string()] {
        let text = format!("[fe80::1%{zone}]:5");
        let name: ServerName = text.parse().unwrap();
        assert_eq!(name.to_string(), text, "it is its name in known_servers");
        assert!(name.is_address());
        assert_eq!(name.resolve().unwrap(), [expected.into()]);
        assert_eq!(parse_listen(&text), Ok(expected.into()));
        let global: ServerName = format!("[::1%{zone}]:5").parse().unwrap();
        assert_eq!(global.resolve().unwrap(), ["[::1]:5".parse().unwrap()]);
    }
    let missing = "[fe80::1%nowhere0]:5";
    let error = missing.parse::<ServerName>().unwrap().resolve();
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("no network interface \"nowhere0\""),
        "{error}"
    );
    assert!(parse_listen(missing).unwrap_err().contains("nowhere0"));
    for text in [
        "[fe80::1]:5",
        "[fe80::1%]:5",
        "[fe80::1%0]:5",
        "[fe80::1%999999]:5",
    ] {
        let error = parse_listen(text).unwrap_err();
        assert!(error.contains("interface"), "{error}");
    }
}

#[test]
fn every_address_of_this_machine_means_loopback_and_that_is_said() {
    for (text, meant) in [
        ("0.0.0.0:99", "127.0.0.1:99"),
        ("[::]:99", "[::1]:99"),
        ("::", "[::1]:7777"),
        ("[::ffff:0.0.0.0]:99", "127.0.0.1:99"),
    ] {
        let (name, notice) = text.parse::<ServerName>().unwrap().or_loopback();
        assert_eq!(name.to_string(), meant);
        assert!(notice.is_some_and(|notice| notice.contains(&name.host)));
    }
    let other: ServerName = "chat.example:99".parse().unwrap();
    assert_eq!(other.clone().or_loopback(), (other, None));
}

#[test]
fn name_whose_addresses_no_server_has_is_refused_and_others_lose_those() {
    let name: ServerName = "chat.example:5".parse().unwrap();
    let usable = |addresses: &[&str]| {
        let addresses = addresses.iter().map(|text| text.parse().unwrap());
        name.usable(addresses.collect())
    };
    for bad in [
        "0.0.0.0:5",
        "[::]:5",
        "224.0.0.1:5",
        "[ff02::1]:5",
        "255.255.255.255:5",
    ] {
        let failure = Failure::from(usable(&[bad]).unwrap_err());
        assert_eq!(failure.exit, Exit::Usage, "{bad}");
        assert!(
            failure.to_string().contains("chat.example is "),
            "{failure}"
        );
        let good: SocketAddr = "10.0.0.1:5".parse().unwrap();
        assert_eq!(usable(&[bad, "10.0.0.1:5"]).unwrap(), [good], "{bad}");
    }
}

#[test]
fn listening_follows_the_same_rule_and_takes_a_mapped_address_as_what_it_is() {
    for (text, address) in [
        ("0.0.0.0:0", "0.0.0.0:0"),
        ("[::]:7777", "[::]:7777"),
        ("[::ffff:127.0.0.1]:7", "127.0.0.1:7"),
        ("[::ffff:0.0.0.0]:7", "0.0.0.0:7"),
    ] {
        assert_eq!(parse_listen(text), Ok(address.parse().unwrap()), "{text}");
    }
    for bad in [
        "224.0.0.1:7",
        "255.255.255.255:7",
        "240.0.0.1:7",
        "0.1.2.3:7",
        "[ff02::1%lo]:7",
        "[::%lo]:7",
        "[::ffff:224.0.0.1]:7",
        "0x7f.1:7",
        "127.1:7",
        "0177.0.0.1:7",
        "127.0.0.1:+7",
        "127.0.0.1:007",
        "127.0.0.1:00",
        "127.0.0.1:",
        "127.0.0.1",
        ":7",
        "localhost:7",
        "::1:7",
        "[127.0.0.1]:7",
        "",
    ] {
        assert!(parse_listen(bad).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn any_text_is_parsed_without_panic_and_what_it_names_is_written_back(text in "\\PC{0,40}") {
        if let Ok(name) = text.parse::<ServerName>() {
            prop_assert_eq!(name.to_string().parse::<ServerName>(), Ok(name));
        }
    }
}
