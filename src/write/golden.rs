//! The promise that every event ever stored can be read: one file per name and version, kept for ever.

use std::collections::BTreeSet;
use std::fs;

use crate::engine::event::Event;

/// Holds the golden files of an aggregate (`golden/<Name>.<version>.json`) against the events they mean, one for each file.
pub fn check<E: Event>(folder: &str, expected: &[(&str, i32, E)]) {
    let folder = format!("{}/src/write/{folder}/golden", env!("CARGO_MANIFEST_DIR"));
    let files: BTreeSet<String> = fs::read_dir(&folder)
        .expect("the golden files are beside the aggregate")
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let named: BTreeSet<String> =
        expected.iter().map(|(name, version, _)| format!("{name}.{version}.json")).collect();
    assert_eq!(files, named, "every golden file is expected, and every expected one is there");

    for (name, version, event) in expected {
        let text = fs::read_to_string(format!("{folder}/{name}.{version}.json")).unwrap();
        let text = text.trim_end_matches('\n');
        let decoded =
            E::decode(name, *version, text).unwrap_or_else(|cause| panic!("{name}.{version}: {cause}"));
        assert_eq!(&decoded, event, "{name}.{version} reads as it always did");
        if decoded.stored_as() == (*name, *version) {
            assert_eq!(decoded.encode().unwrap(), text, "{name}.{version} is written as it always was");
        }
    }

    let current: BTreeSet<&str> = expected
        .iter()
        .filter(|(name, version, event)| event.stored_as() == (*name, *version))
        .map(|(name, ..)| *name)
        .collect();
    assert_eq!(
        current,
        E::NAMES.iter().copied().collect(),
        "every name has a golden file of what is written now"
    );
}
