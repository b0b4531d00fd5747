//! Settings from a file: what it says stands for flags that were not given, and so is checked as they are.
//!
//! A flag wins over the environment, and that over the file. Every flag with an environment variable is a key.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::{Arg, Command};
use toml::Value;

/// The flag that names the file.
const FLAG: &str = "--config";
/// The environment variable that does.
const VARIABLE: &str = "HINDSIGHT_CONFIG";

/// Why a file of settings cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FileError {
    #[error("{file}: the settings cannot be read: {cause}")]
    Unreadable { file: String, cause: String },
    #[error("{file}: expected settings in TOML, such as listen = \"127.0.0.1:8080\"; {cause}")]
    Malformed { file: String, cause: String },
    #[error(
        "{file}: there is no setting {key}; there are the flags of `hindsight serve --help` without their dashes"
    )]
    Unknown { file: String, key: String },
    #[error("{file}: expected {key} to be a text, a number, true or false, or a list of texts, not {found}")]
    Unfit { file: String, key: String, found: &'static str },
}

/// The command line with what the file says in place of flags not given.
///
/// # Errors
/// When the file it names cannot be read, or says what is no setting.
pub fn completed(
    command: &Command,
    line: Vec<OsString>,
    environment: impl Fn(&str) -> Option<OsString>,
) -> Result<Vec<OsString>, FileError> {
    let Some(path) = named(&line).or_else(|| environment(VARIABLE).map(PathBuf::from)) else {
        return Ok(line);
    };
    let file = path.display().to_string();
    let settings = read(&path, &file)?;
    let at = place_of_subcommand(&line);
    let chosen = line.get(at).and_then(|word| command.find_subcommand(word));
    if let Some(key) = settings.keys().find(|key| !is_setting(command, key)) {
        return Err(FileError::Unknown { file, key: key.clone() });
    }
    let mut added = Vec::new();
    for argument in
        chosen.unwrap_or(command).get_arguments().filter(|argument| is_open(argument, &environment))
    {
        let Some((key, value)) = argument.get_long().and_then(|key| settings.get_key_value(key)) else {
            continue;
        };
        if !line.iter().any(|word| is_flag(word, key)) {
            added.extend(flags(key, value).ok_or_else(|| FileError::Unfit {
                file: file.clone(),
                key: key.clone(),
                found: value.type_str(),
            })?);
        }
    }
    // Behind the program's name and the subcommand's, which is moved to the front of what names the file.
    let (Some(program), rest) = (line.first(), line.get(1..).unwrap_or_default()) else { return Ok(line) };
    let (named, rest) = rest.split_at(rest.len().min(at.saturating_sub(1)));
    let (subcommand, rest) = rest.split_at(rest.len().min(usize::from(chosen.is_some())));
    Ok([std::slice::from_ref(program), subcommand, &added, named, rest].concat())
}

/// Where the subcommand stands, if there is one: first, or behind the file.
fn place_of_subcommand(line: &[OsString]) -> usize {
    match line.get(1).and_then(|word| word.to_str()) {
        Some(FLAG) => 3,
        Some(word) if word.strip_prefix(FLAG).is_some_and(|rest| rest.starts_with('=')) => 2,
        _ => 1,
    }
}

/// The file the command line names.
fn named(line: &[OsString]) -> Option<PathBuf> {
    let mut words = line.iter().skip(1);
    while let Some(word) = words.next() {
        if word == FLAG {
            return words.next().map(PathBuf::from);
        }
        let text = word.to_str().and_then(|word| word.strip_prefix(FLAG)?.strip_prefix('='));
        if let Some(path) = text {
            return Some(PathBuf::from(path));
        }
    }
    None
}

fn read(path: &Path, file: &str) -> Result<BTreeMap<String, Value>, FileError> {
    let text = std::fs::read_to_string(path)
        .map_err(|cause| FileError::Unreadable { file: file.to_owned(), cause: cause.to_string() })?;
    // The message alone: around it stands the line it is about, and that may hold a password.
    toml::from_str(&text).map_err(|cause: toml::de::Error| {
        let line =
            cause.span().and_then(|span| text.get(..span.start)).map_or(0, |before| before.lines().count());
        let cause = format!("line {}: {}", line.max(1), cause.message());
        FileError::Malformed { file: file.to_owned(), cause }
    })
}

fn is_setting(command: &Command, key: &str) -> bool {
    let mut commands = std::iter::once(command).chain(command.get_subcommands());
    commands.any(|command| {
        command
            .get_arguments()
            .any(|argument| argument.get_env().is_some() && argument.get_long() == Some(key))
    })
}

/// Whether the file may speak for an argument: it is a setting, and the environment says nothing of it.
fn is_open(argument: &Arg, environment: impl Fn(&str) -> Option<OsString>) -> bool {
    argument.get_env().and_then(OsStr::to_str).is_some_and(|variable| environment(variable).is_none())
}

fn is_flag(word: &OsStr, key: &str) -> bool {
    let flag = word.to_str().and_then(|word| word.strip_prefix("--")?.strip_prefix(key));
    flag.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
}

/// A setting as flags; nothing for a switch that is off, which is what it is without.
fn flags(key: &str, value: &Value) -> Option<Vec<OsString>> {
    let flag = |value: &dyn std::fmt::Display| OsString::from(format!("--{key}={value}"));
    Some(match value {
        Value::String(text) => vec![flag(text)],
        Value::Integer(number) => vec![flag(number)],
        Value::Boolean(true) => vec![OsString::from(format!("--{key}"))],
        Value::Boolean(false) => Vec::new(),
        Value::Array(items) => {
            let texts = items.iter().map(|item| item.as_str().map(|text| flag(&text)));
            texts.collect::<Option<_>>()?
        }
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    fn completed_with(
        text: &str,
        line: &[&str],
        environment: &[(&str, &str)],
    ) -> Result<Vec<String>, FileError> {
        let mut file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let path = file.path().to_str().unwrap().to_owned();
        let line = line.iter().map(|word| OsString::from(word.replace("FILE", &path))).collect();
        let environment = |name: &str| {
            let given = environment.iter().find(|(given, _)| *given == name);
            given.map(|(_, value)| OsString::from(value.replace("FILE", &path)))
        };
        let completed = completed(&Cli::command(), line, environment)?;
        Ok(completed.into_iter().map(|word| word.into_string().unwrap().replace(&path, "FILE")).collect())
    }

    #[test]
    fn what_the_file_says_stands_behind_the_subcommand_as_flags() {
        let text = "listen = \"127.0.0.1:1\"\nmax-depth = 3\nno-explorer = true\nno-legacy-ws = false\n\
                    allow-origin = [\"https://a.example\", \"https://b.example\"]";
        let mut line = completed_with(text, &["hindsight", "serve", "--config", "FILE"], &[]).unwrap();
        assert_eq!(line.drain(..2).collect::<Vec<_>>(), ["hindsight", "serve"]);
        assert_eq!(line.split_off(line.len() - 2), ["--config", "FILE"]);
        line.sort();
        assert_eq!(
            line,
            [
                "--allow-origin=https://a.example",
                "--allow-origin=https://b.example",
                "--listen=127.0.0.1:1",
                "--max-depth=3",
                "--no-explorer",
            ]
        );
    }

    #[test]
    fn flags_and_the_environment_win() {
        let text = "connections = 3\nmax-depth = 3\nmax-cost = 3";
        let line = ["hindsight", "--max-cost=9", "--config=FILE"];
        let completed = completed_with(text, &line, &[("HINDSIGHT_CONNECTIONS", "5")]).unwrap();
        assert_eq!(completed, ["hindsight", "--max-depth=3", "--max-cost=9", "--config=FILE"]);
    }

    #[test]
    fn the_file_may_be_named_in_front_of_the_subcommand() {
        for line in
            [&["hindsight", "--config", "FILE", "status"][..], &["hindsight", "--config=FILE", "status"]]
        {
            let completed = completed_with("connections = 3", line, &[]).unwrap();
            assert_eq!(completed[..3], ["hindsight", "status", "--connections=3"], "{completed:?}");
            assert_eq!(completed.len(), line.len() + 1);
        }
    }

    #[test]
    fn a_setting_of_another_subcommand_is_left_out() {
        let text = "connections = 3\nmax-depth = 3";
        let completed =
            completed_with(text, &["hindsight", "status"], &[("HINDSIGHT_CONFIG", "FILE")]).unwrap();
        assert_eq!(completed, ["hindsight", "status", "--connections=3"]);
    }

    #[test]
    fn without_a_file_the_line_stays_as_it_is() {
        let line = ["hindsight", "serve", "--max-depth", "3"];
        assert_eq!(completed_with("", &line, &[]).unwrap(), line);
    }

    #[test]
    fn what_is_no_setting_is_told_with_the_file_and_without_its_value() {
        let line = ["hindsight", "--config", "FILE"];
        let told = |text: &str| completed_with(text, &line, &[]).unwrap_err().to_string();
        assert!(told("max-dept = 3").contains("there is no setting max-dept"), "{}", told("max-dept = 3"));
        assert!(told("max-depth = 1.5").contains("not float"));
        assert!(told("anchor = \"1:2\"").contains("no setting anchor"), "an act, not a setting");
        let malformed = told("\n\ndatabase-url = \"postgres://u:secret@h/d");
        assert!(malformed.contains("line 3: ") && !malformed.contains("secret"), "{malformed}");
        let missing =
            completed_with("", &["hindsight", "--config", "no/such/file"], &[]).unwrap_err().to_string();
        assert!(missing.starts_with("no/such/file: the settings cannot be read: "), "{missing}");
    }
}
