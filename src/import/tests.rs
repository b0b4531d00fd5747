//! Lines and their identity, without a log.

use super::*;

fn line(text: &str) -> Line {
    Line::read(text.as_bytes()).unwrap().unwrap()
}

#[test]
fn the_same_line_has_the_same_id_on_every_run_and_another_when_it_comes_again() {
    let text = r#"{"at": "2024-01-01T00:00:00Z", "mutation": "createUser", "input": {"name": "A", "email": "a@b.example"}}"#;
    let same = r#"{"mutation": "createUser", "input": {"email": "a@b.example", "name": "A"}, "at": "2024-01-01T01:00:00+01:00"}"#;
    let later = r#"{"at": "2024-01-01T00:00:01Z", "mutation": "createUser", "input": {"name": "A", "email": "a@b.example"}}"#;
    let run = || {
        let mut identities = Identities::default();
        [text, same, later].map(|text| identities.identify(&mut line(text)).unwrap())
    };
    let [first, again, later] = run();
    assert_eq!(run(), [first, again, later]);
    assert!(first != again && again != later && later != first);
    assert_eq!(Identities::default().identify(&mut line(same)), Some(first), "however it is written");
}

#[test]
fn a_line_with_an_id_keeps_it() {
    let text = r#"{"at": "2024-01-01T00:00:00Z", "mutation": "x", "input": {"commandId": "00000000-0000-0000-0000-000000000007"}}"#;
    assert_eq!(Identities::default().identify(&mut line(text)), Some(Uuid::from_u128(7)));
}

#[test]
fn what_is_no_command_is_told_apart_from_a_blank_line() {
    assert!(Line::read(b" \r").unwrap().is_none());
    for text in [
        &b"{"[..],
        b"[]",
        b"\xff",
        br#"{"at": "yesterday", "mutation": "x", "input": {}}"#,
        br#"{"at": "2024-01-01T00:00:00Z", "mutation": "x"}"#,
        br#"{"at": "2024-01-01T00:00:00Z", "mutation": "x", "input": {}, "more": 1}"#,
    ] {
        let reason = Line::read(text).unwrap_err();
        assert!(reason.contains("RFC 3339"), "{reason}");
    }
    assert!(Line::read(&vec![b' '; LONGEST_LINE + 1]).unwrap_err().contains("at most"));
}
