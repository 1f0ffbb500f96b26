//! What lines become, and what comes of packets.

use super::{NOW, Shack, bob, bytes, codes, known, packet, said, text, vectors};
use data_encoding::HEXLOWER;
use serde_json::Value;

/// What one signed tip says, as its peer says it.
fn advert(items: &[(&str, &str, u64)]) -> String {
    let item = |(path, hash, events): &(&str, &str, u64)| {
        format!(r#"{{"path":"{path}","points_to":"blake3:{hash}","events":{events}}}"#)
    };
    let items: Vec<String> = items.iter().map(item).collect();
    format!(r#"{{"knows":[{}],"peer":"{}","seq":{NOW}}}"#, items.join(","), bob().did()) + "\n"
}

const TILE: &str = "m/world/demo/tiles/z0/x0/y0/head";

#[test]
fn lines_are_cut_as_in_the_vectors_and_come_back() {
    let Some(vectors) = vectors("parts") else { return };
    let shack = Shack::new();
    for case in vectors["cases"].as_array().unwrap() {
        let (line, mtu) = (text(case, "/line").to_owned() + "\n", case["mtu"].to_string());
        let packets = shack.packets(&["--mtu", &mtu], &line);
        let expected: Vec<&str> =
            case["frames"].as_array().unwrap().iter().map(|f| f.as_str().unwrap()).collect();
        assert_eq!(packets.iter().map(|p| HEXLOWER.encode(p)).collect::<Vec<_>>(), expected);
        let mut heard: Vec<String> = packets.iter().chain(&packets).rev().map(|p| packet(p)).collect();
        assert_eq!(shack.good(&[], &heard.concat()), line);
        heard.truncate(packets.len() - 1);
        assert_eq!(shack.good(&[], &heard.concat()), "", "one is missing");
    }
    let longest = vectors["longest at mtu 51"].as_u64().unwrap() as usize;
    let line = |length: usize| {
        let rest = length - r#"{"actor_id":"a","operation":"x","pad":""}"#.len();
        format!("{{\"actor_id\":\"a\",\"operation\":\"x\",\"pad\":\"{}\"}}\n", "x".repeat(rest))
    };
    assert_eq!(shack.packets(&["--mtu", "51"], &line(longest)).len(), 64);
    assert_eq!(codes(&shack.radio(&["--mtu", "51"], &line(longest + 1))), ["radio.long"]);
}

#[test]
fn adverts_of_ones_own_are_signed_as_in_the_vectors() {
    let Some(vectors) = vectors("frames") else { return };
    let shack = Shack::new();
    let frame = |name: &str| {
        let frames = vectors["frames"].as_array().unwrap();
        text(frames.iter().find(|frame| frame["name"] == name).unwrap(), "/hex").to_owned()
    };
    let one = advert(&[(TILE, "14e0bc4b178d", 4)]);
    let hex = |args: &[&str], line: &str| {
        shack.packets(args, line).iter().map(|p| HEXLOWER.encode(p)).collect::<Vec<_>>()
    };
    assert_eq!(hex(&["--key", "bob.pem", "--hops", "0"], &one), [frame("one signed tip")]);
    assert_eq!(hex(&[], &one), [frame("one tip")]);
    assert_eq!(hex(&["--mtu", "24"], &one), [frame("presence")]);
    let want =
        one.replace("knows", "wants").replace("points_to", "have").replace("\"blake3:14e0bc4b178d\"", "null");
    assert_eq!(hex(&["--hops", "1"], &want.replace("\"events\":4", "\"events\":0")), [frame("want")]);
    assert_eq!(hex(&["--mtu", "24"], &want), [frame("intent")]);
    let nine =
        vectors["frames"].as_array().unwrap().iter().find(|f| f["name"] == "nine signed tips").unwrap();
    let items: Vec<(String, String, u64)> = nine["parsed"][0]["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| {
            let path = format!("m/world/demo/tiles/{}/head", text(e, "/tile"));
            (path, text(e, "/head").to_owned(), e["events"].as_u64().unwrap())
        })
        .collect();
    let items: Vec<(&str, &str, u64)> = items.iter().map(|(p, h, e)| (p.as_str(), h.as_str(), *e)).collect();
    assert_eq!(hex(&["--key", "bob.pem"], &advert(&items)), [text(nine, "/hex")]);
}

#[test]
fn packets_are_the_lines_of_the_vectors_and_go_on_as_they_came() {
    let Some(vectors) = vectors("frames") else { return };
    let shack = Shack::new();
    for case in vectors["decoded"].as_array().unwrap() {
        let heard = packet(&HEXLOWER.decode(text(case, "/frame").as_bytes()).unwrap());
        let is_known = text(case, "/known") != "nothing";
        let args: &[&str] = if is_known { &["--graph", "graph"] } else { &[] };
        let line = format!("{}\n", text(case, "/line"));
        assert_eq!(shack.good(args, &heard), line);
        if is_known {
            let again = shack.packets(&["--hops", "0"], &line);
            assert_eq!(again.iter().map(|p| packet(p)).collect::<String>(), heard);
            // Whatever its hops are, it is one line.
            let relayed = shack.packets(&["--hops", "5"], &line);
            assert_eq!(shack.good(args, &packet(&relayed[0])), line);
        }
    }
    for hex in vectors["refused (radio.frame)"].as_object().unwrap().values() {
        let bytes = HEXLOWER.decode(hex.as_str().unwrap().as_bytes()).unwrap();
        assert_eq!(codes(&shack.radio(&[], &packet(&bytes))), ["radio.frame"]);
    }
}

#[test]
fn what_no_frame_carries_is_noted_or_sent_whole() {
    let shack = Shack::new();
    let root = "ab".repeat(32);
    let line = advert(&[
        ("m/world", &root, 9),
        ("m/world/demo", &root, 8),
        (TILE, &root, 7),
        ("m/world/demo/tiles/z0/x0/y0/state", &root, 7),
        ("m/world/demo/tiles/z0/x8388608/y0/head", &root, 7),
    ]);
    let done = shack.radio(&[], &line);
    assert_eq!((done.status.code(), codes(&done)), (Some(0), vec!["radio.dropped".to_owned(); 3]));
    let heard = shack.good(&["--graph", "graph"], &String::from_utf8(done.stdout).unwrap());
    let heard: Value = serde_json::from_str(&heard).unwrap();
    assert_eq!(heard["knows"].as_array().unwrap().len(), 2);
    let whole = shack.radio(&["--whole", "--mtu", "51"], &line);
    assert!(codes(&whole).is_empty());
    assert_eq!(shack.good(&[], &String::from_utf8(whole.stdout).unwrap()), line);
    // What speaks of a commit, and what is signed for a store, goes whole or not at all.
    let attestation = vectors("attestation").map(|vectors| text(&vectors, "/line").to_owned() + "\n");
    if let Some(line) = attestation {
        assert_eq!(codes(&shack.radio(&[], &line)), ["radio.dropped"]);
        let whole = shack.good(&["--whole"], &line);
        assert_eq!(shack.good(&[], &whole), line);
    }
}

#[test]
fn frames_share_packets_and_each_line_goes_as_often_as_is_asked() {
    let shack = Shack::new();
    let head = "0123456789ab";
    let two = advert(&[("m/world/demo", head, 1), ("m/world/other", head, 1)]);
    assert_eq!(shack.packets(&[], &two).iter().map(Vec::len).collect::<Vec<_>>(), [62]);
    assert_eq!(shack.packets(&["--mtu", "51", "--repeat", "2"], &two).len(), 4);
    let sensor = "{\"operation\":\"x\",\"actor_id\":\"a\"}\n";
    let twice = shack.good(&["--repeat", "2"], sensor);
    assert_eq!((twice.lines().count(), shack.good(&[], &twice).as_str()), (2, sensor));
    // The same line again is another message.
    let again = shack.good(&[], &sensor.repeat(3));
    assert_eq!(shack.good(&[], &again), sensor.repeat(3));
}

#[test]
fn a_device_without_a_clock_is_heard_as_any_other() {
    let shack = Shack::new();
    let line = format!(
        r#"{{"knows":[{{"events":1,"path":"{TILE}","points_to":"blake3:0123456789ab"}}],"peer":"node:a","seq":20487,"ttl":86400}}"#
    ) + "\n";
    shack.write("graph", &known("node:a"));
    let sent = shack.good(&[], &line);
    assert_eq!(shack.good(&["--graph", "graph"], &sent), line);
    let without = line.replace("\"seq\":20487,", "");
    let sent = shack.good(&[], &without);
    assert!(shack.good(&[], &sent).contains("\"seq\":0,"));
}

#[test]
fn drivers_may_say_more_and_other_kinds_are_for_others() {
    let shack = Shack::new();
    let sent = shack.packets(&[], &advert(&[(TILE, "0123456789ab", 1)]));
    let line = packet(&sent[0]).replace('{', r#"{"rssi":-97,"snr":7.5,"from":{"name":"x"},"#);
    assert_eq!(shack.good(&["--graph", "graph"], &line).lines().count(), 1);
    let mixed = r#"{"log":"witness"}
{"sync":"over"}
{"manifestVersion":"0.1"}
{"operation":"tile_state","recent":[]}
{"packet":"AA","log":"x"}
{"packet":7}
{"packet":""}
{"nothing":1}
["#;
    let expected = [
        ("line.kind", "withheld"),
        ("line.kind", "withheld"),
        ("line.kind", "withheld"),
        ("line.kind", "withheld"),
        ("event.kind", "rejected"),
        ("radio.frame", "rejected"),
        ("radio.frame", "rejected"),
        ("envelope.operation", "rejected"),
        ("json.syntax", "rejected"),
    ];
    let done = shack.radio(&[], mixed);
    let told = said(&done);
    let told: Vec<(&str, &str)> =
        told.iter().map(|(code, action)| (code.as_str(), action.as_str())).collect();
    assert_eq!((done.status.code(), told), (Some(1), expected.to_vec()));
    assert!(done.stdout.is_empty());
}

#[test]
fn presence_is_noted_as_no_line_says_so() {
    let shack = Shack::new();
    let sent = shack.good(&["--mtu", "24"], &advert(&[(TILE, "0123456789ab", 1)]));
    let done = shack.radio(&["--graph", "graph"], &sent);
    assert_eq!((done.stdout.len(), codes(&done)), (0, vec!["radio.presence".to_owned()]));
    let log = String::from_utf8(done.stderr).unwrap();
    assert!(log.contains(&format!("{} is there: m/world/demo", bob().did())), "{log}");
}

#[test]
fn a_packet_takes_its_time_and_an_hour_has_its_part() {
    let shack = Shack::new();
    let times = |args: &[&str], input: &str| {
        let sent = shack.good(args, input);
        let time = |line: &str| {
            let line: Value = serde_json::from_str(line).unwrap();
            (line["airtime_ms"].as_u64().unwrap(), line["after_ms"].as_u64().unwrap())
        };
        sent.lines().map(time).collect::<Vec<_>>()
    };
    let tip = advert(&[(TILE, "0123456789ab", 1)]);
    assert_eq!(times(&[], &tip), [(601, 0)]);
    assert_eq!(times(&["--header", "0"], &tip), [(478, 0)], "as 30 bytes: symbols are whole");
    assert_eq!(times(&["--lora", "sf=9"], &tip), [(171, 0)]);
    assert_eq!(times(&["--repeat", "2", "--duty", "100%"], &tip), [(601, 0), (601, 601)]);
    // An hour after the first ended there is room for the third.
    let slow = times(&["--repeat", "3", "--duty", "0.04%"], &tip);
    assert_eq!(slow, [(601, 0), (601, 601), (601, 3_600_000)]);
    let done = shack.radio(&["--repeat", "5", "--budget", "2s"], &tip);
    assert_eq!(
        (done.stdout.iter().filter(|b| **b == b'\n').count(), codes(&done)),
        (3, vec!["radio.dropped".to_owned()])
    );
}

#[test]
fn wrong_usage_is_told() {
    let shack = Shack::new();
    for args in [
        &["--mtu", "13"][..],
        &["--mtu", "65536"],
        &["--hops", "8"],
        &["--repeat", "0"],
        &["--duty", "0%"],
        &["--duty", "1"],
        &["--lora", "sf=6"],
        &["--lora", "power=3"],
        &["--header", "256"],
        &["--budget", "36"],
    ] {
        assert_eq!(shack.radio(args, "").status.code(), Some(2), "{args:?}");
    }
    for args in [&["--key", "nowhere"][..], &["--store", "nowhere"], &["nowhere"]] {
        assert_ne!(shack.radio(args, "").status.code(), Some(0), "{args:?}");
    }
    assert!(shack.radio(&["--graph", "nowhere"], "").status.success(), "a graph that is yet to be made");
}

#[test]
fn a_key_signs_what_it_speaks_for_and_what_does_not_hold_is_refused() {
    let shack = Shack::new();
    let other = advert(&[(TILE, "0123456789ab", 1)]).replace(&bob().did().to_string(), "peer:a");
    let is_signed = |line: &str, args: &[&str]| {
        shack.packets(&[&["--key", "bob.pem"], args].concat(), line).iter().all(|p| p[1] & 0x80 != 0)
    };
    let own = advert(&[(TILE, "0123456789ab", 1)]);
    assert!(is_signed(&own, &[]) && is_signed(&own, &["--mtu", "95"]));
    assert!(!is_signed(&own, &["--mtu", "94"]) && !is_signed(&other, &[]));
    let signed = shack.sh(&format!("echo '{}' | um-sign --key bob.pem", own.trim_end()));
    assert!(is_signed(&signed, &[]));
    for (from, to, code) in [
        ("\"events\":1", "\"events\":2", "signature.value"),
        ("\"algorithm\":\"Ed25519\"", "\"algorithm\":\"none\"", "signature.algorithm"),
        ("\"keyRef\"", "\"keyref\"", "signature.malformed"),
    ] {
        assert_eq!(codes(&shack.radio(&[], &signed.replace(from, to))), [code]);
    }
    let line = shack.good(&["--graph", "graph"], &shack.good(&["--key", "bob.pem"], &own));
    assert!(line.contains("\"proof\""));
    assert_eq!(codes(&shack.radio(&[], &line.replace("\"events\":1", "\"events\":2"))), ["statement.proof"]);
    assert_eq!(bytes(shack.good(&[], &line).trim_end())[..2], [0xa1, 0xb1]);
}

#[test]
fn what_a_store_tells_is_heard_by_who_asks_for_it() {
    let shack = Shack::new();
    shack.sh(&format!(
        "for s in a b; do ulp-store init $s; done
         for n in 1 2 3; do echo '{{\"operation\":\"create_node\",\"space_id\":\"demo\",\"actor_id\":\"u\",\"node_id\":\"'$n'\"}}'; done |
             ulp-append --store b --now {NOW} > /dev/null
         echo \"federation: {{peers: [\\\"$(um-key did bob.pem)\\\"]}}\" >> a/.ulp-root
         ulp-gossip --store b --key bob.pem --now {NOW} | ulp-radio --mtu 51 --now {NOW} > p
         jq -r .packet p | awk 'length > 68 {{exit 1}}'"
    ));
    let asked = shack.sh(&format!(
        "ulp-radio --store a --now {NOW} < p | ulp-gossip --graph g --now {NOW} --who m/world/demo/tiles/z0/x0/y0/head"
    ));
    // The space of a store that has nothing of it is a tag, by which it is found all the same.
    assert!(
        asked.lines().count() == 2 && asked.contains("m/world/tag:3daa0efa/tiles/z0/x0/y0/head"),
        "{asked}"
    );
    let asked = shack.sh(&format!(
        "ulp-radio --store b --now {NOW} < p | ulp-gossip --graph h --now {NOW} --who m/world/demo/tiles/z0/x0/y0/head"
    ));
    let asked: Value = serde_json::from_str(asked.lines().last().unwrap()).unwrap();
    assert_eq!(asked["events"], 3, "{asked}");
}
