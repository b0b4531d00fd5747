//! The command line, as its users meet it: the binary, its output, its exit code.

use hindsight::engine::store::{Purpose, Store};
use sea_orm::ConnectionTrait;
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::support::binary::{Served, run};
use crate::support::home::Home;
use crate::support::on_both_stores;

on_both_stores!(
    a_file_is_brought_in_with_a_summary_and_stops_with_file_line_and_reason,
    migrate_makes_the_tables_and_status_tells_how_far_all_is,
    read_models_are_rebuilt_by_name_or_all_of_them,
    what_is_logged_into_a_file_has_no_colours,
    a_database_of_a_newer_version_is_refused,
);

const USER: &str = r#"{"at": "2020-01-01T00:00:00Z", "mutation": "createUser", "input": {"name": "A", "email": "a@example.com"}}"#;
const UNSOUND: &str = r#"{"at": "2020-01-01T00:00:00Z", "mutation": "createUser", "input": {"name": "", "email": "b@example.com"}}"#;

async fn a_file_is_brought_in_with_a_summary_and_stops_with_file_line_and_reason(home: &Home) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("past.ndjson");
    let path = file.to_str().unwrap();
    std::fs::write(&file, format!("{USER}\n{UNSOUND}\nnonsense\n")).unwrap();
    let stopped = run(home, &["import", path]).await;
    assert!(!stopped.well);
    assert!(stopped.errors.contains(&format!("{path}: line 3: expected ")), "{}", stopped.errors);
    assert!(stopped.output.contains("line 2 was refused: INVALID_INPUT: "), "{}", stopped.output);
    assert!(stopped.output.contains("1 carried out, 0 skipped, 1 refused"), "{}", stopped.output);

    std::fs::write(&file, format!("{USER}\r\n{UNSOUND}\r\n\r\n{}", USER.replace("a@", "c@"))).unwrap();
    let mended = run(home, &["import", path]).await;
    assert!(mended.well, "{}", mended.errors);
    assert!(mended.output.contains("1 carried out, 1 skipped, 1 refused"), "{}", mended.output);

    let missing = run(home, &["import", "no/such/file"]).await;
    assert!(!missing.well && missing.errors.contains("no/such/file: "), "{}", missing.errors);
}

async fn migrate_makes_the_tables_and_status_tells_how_far_all_is(home: &Home) {
    for _ in 0..2 {
        let migrated = run(home, &["migrate"]).await;
        assert!(migrated.well, "{}", migrated.errors);
    }
    let status = run(home, &["status"]).await;
    assert!(status.well && status.output.contains("empty"), "{} {}", status.output, status.errors);
    let served = Served::start_with(home, &[]).await;
    let create = "mutation { createUser(input: { name: \"A\", email: \"a@example.com\" }) { position } }";
    let answer = served.ask(create, json!({})).await.unwrap();
    assert_eq!(answer["data"]["createUser"]["position"], "1", "without a subcommand it serves: {answer:#}");
    assert!(served.terminate().await.success());
    let status = run(home, &["status"]).await;
    assert!(status.output.contains("head 1, recorded at 20"), "{}", status.output);
    assert!(status.output.contains("users (revision "), "{}", status.output);
    assert!(run(home, &["verify"]).await.output.contains("sound up to position 1"));
}

async fn read_models_are_rebuilt_by_name_or_all_of_them(home: &Home) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("past.ndjson");
    std::fs::write(&file, USER).unwrap();
    assert!(run(home, &["import", file.to_str().unwrap()]).await.well);
    let rebuilt = run(home, &["rebuild", "users"]).await;
    assert!(
        rebuilt.well && rebuilt.output.contains("users was rebuilt"),
        "{} {}",
        rebuilt.output,
        rebuilt.errors
    );
    let rebuilt = run(home, &["rebuild", "--all"]).await;
    assert!(rebuilt.well && rebuilt.output.lines().count() > 1, "{} {}", rebuilt.output, rebuilt.errors);
    let unknown = run(home, &["rebuild", "nonsense"]).await;
    assert!(!unknown.well && unknown.errors.contains("users"), "{}", unknown.errors);
    assert!(!run(home, &["rebuild"]).await.well, "it has to be said which");
}

async fn what_is_logged_into_a_file_has_no_colours(home: &Home) {
    let rebuilt = run(home, &["rebuild", "users"]).await;
    assert!(rebuilt.errors.contains(" INFO "), "{}", rebuilt.errors);
    assert!(!rebuilt.errors.contains('\u{1b}'), "{}", rebuilt.errors);
}

async fn a_database_of_a_newer_version_is_refused(home: &Home) {
    assert!(run(home, &["migrate"]).await.well);
    let store = Store::open(&home.log(), Purpose::Log, 2).await.unwrap();
    let newer = "INSERT INTO log_migrations (version, applied_at) VALUES ('m29991231_000001_later', 0)";
    store.writer().execute_unprepared(newer).await.unwrap();
    store.close().await;
    for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["migrate"]] {
        let refused = run(home, arguments).await;
        assert!(!refused.well && refused.errors.contains("m29991231_000001_later"), "{}", refused.errors);
    }
}

#[tokio::test]
async fn an_address_that_is_taken_is_named_with_the_flag_that_sets_it() {
    let home = Home::sqlite();
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = run(&home, &["serve", "--listen", &address]).await;
    assert!(!refused.well);
    assert!(refused.errors.contains(&address) && refused.errors.contains("--listen"), "{}", refused.errors);
}

#[tokio::test]
async fn the_schema_is_printed_as_it_is_published() {
    let printed = run(&Home::sqlite(), &["schema"]).await;
    assert!(printed.well);
    assert_eq!(printed.output.trim_end(), include_str!("../../schema.graphql").trim_end());
}

#[tokio::test]
async fn every_setting_is_told_with_its_variable_and_default() {
    let help = run(&Home::sqlite(), &["serve", "--help"]).await.output;
    for told in [
        "HINDSIGHT_DATA_DIR",
        "[default: ./hindsight-data]",
        "HINDSIGHT_DATABASE_URL",
        "HINDSIGHT_READ_DATABASE_URL",
        "HINDSIGHT_LISTEN",
        "[default: 127.0.0.1:8080]",
        "--demo",
        "HINDSIGHT_CONFIG",
    ] {
        assert!(help.contains(told), "{told}");
    }
    let flags: Vec<&str> = help.lines().map(str::trim).filter(|line| line.starts_with("--")).collect();
    assert!(flags.len() > 35, "{flags:#?}");
    for flag in flags {
        let name = flag.split([' ', '=', '[']).next().unwrap_or_default().trim_start_matches('-');
        let variable = format!("[env: HINDSIGHT_{}", name.to_uppercase().replace('-', "_"));
        assert!(help.contains(&variable), "{flag} has no {variable}");
    }
}

#[tokio::test]
async fn settings_come_from_a_file_unless_a_flag_says_otherwise() {
    let home = Home::sqlite();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("hindsight.toml");
    let path = file.to_str().unwrap();
    std::fs::write(&file, "max-depth = 2\nmax-aliases = 1").unwrap();
    let served = Served::start_with(&home, &["serve", "--config", path, "--max-aliases", "2"]).await;
    let deep = served.ask("{ log: orders { nodes { id } } }", json!({})).await.unwrap();
    let message = deep["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("3 levels of fields; at most 2 are allowed (max-depth)"), "{message}");
    let aliased = served.ask("{ a: __typename b: __typename }", json!({})).await.unwrap();
    assert_eq!(aliased["data"], json!({ "a": "Query", "b": "Query" }));
    assert!(served.terminate().await.success());

    std::fs::write(&file, "max-depth = 0").unwrap();
    let refused = run(&home, &["serve", "--config", path]).await;
    assert!(!refused.well && refused.errors.contains("--max-depth"), "{}", refused.errors);
    std::fs::write(&file, "max-deep = 3").unwrap();
    let refused = run(&home, &["status", "--config", path]).await;
    assert!(!refused.well && refused.errors.contains("no setting max-deep"), "{}", refused.errors);
}
