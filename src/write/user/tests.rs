//! Users: given what happened, when asked, then this is recorded or refused.

use super::aggregate::User;
use super::commands::*;
use super::event::*;
use crate::engine::decision::scenario::Scenario;
use crate::engine::decision::{Aggregate, Draft};
use crate::write::golden;
use crate::write::rejection::{Rejection, path};
use crate::write::samples::*;
use crate::write::value::{AddressLine, Country};

fn created() -> UserEvent {
    UserEvent::UserCreated(UserCreated { name: name("Ada"), email: email("ada@example.com"), address: None })
}

fn ada() -> Scenario {
    Scenario::default().given::<User>(ADA, created())
}

fn deactivated() -> Scenario {
    ada().given::<User>(ADA, UserEvent::UserDeactivated(UserDeactivated {}))
}

fn verified() -> Scenario {
    ada().given::<User>(ADA, UserEvent::EmailVerified(EmailVerified { email: email("ada@example.com") }))
}

fn create(id: uuid::Uuid) -> CreateUser {
    CreateUser { id, name: name("Ada"), email: email("ada@example.com"), address: None }
}

fn rename(to: &str) -> RenameUser {
    RenameUser { user_id: ADA, expected_version: None, name: name(to) }
}

fn verify(text: &str) -> VerifyEmail {
    VerifyEmail { user_id: ADA, expected_version: None, email: email(text) }
}

fn change_email(text: &str) -> ChangeEmail {
    ChangeEmail { user_id: ADA, expected_version: None, email: email(text) }
}

fn move_to(city: &str) -> ChangeAddress {
    ChangeAddress { user_id: ADA, expected_version: None, address: address(city) }
}

fn only(drafts: Result<Vec<Draft>, Rejection>) -> UserEvent {
    let drafts = drafts.unwrap();
    assert_eq!(drafts.len(), 1);
    events_of::<UserEvent>(&drafts, ADA).remove(0)
}

#[test]
fn a_user_is_created_with_what_was_given() {
    assert_eq!(only(Scenario::default().when(&create(ADA), NOON)), created());
}

#[test]
fn an_id_that_any_stream_has_makes_no_new_user() {
    assert_eq!(ada().when(&create(ADA), NOON), Err(Rejection::AlreadyExists { id: ADA }));
    assert_eq!(tea().when(&create(TEA), NOON), Err(Rejection::AlreadyExists { id: TEA }));
}

#[test]
fn a_user_that_is_not_there_is_not_found_and_neither_is_a_product() {
    for id in [NOBODY, TEA] {
        let command = RenameUser { user_id: id, expected_version: Some(1), name: name("Ada King") };
        let refused = Rejection::NotFound { noun: "user", id, path: path(["userId"]) };
        assert_eq!(tea().when(&command, NOON), Err(refused));
    }
}

#[test]
fn a_version_that_is_not_the_present_one_is_a_conflict_before_any_rule() {
    let command = RenameUser { expected_version: Some(1), ..rename("Ada") };
    let refused = Rejection::VersionConflict { noun: "user", id: ADA, expected: 1, actual: 2 };
    assert_eq!(deactivated().when(&command, NOON), Err(refused));
}

#[test]
fn at_the_version_expected_a_user_is_renamed() {
    let command = RenameUser { expected_version: Some(1), ..rename("Ada King") };
    assert_eq!(
        only(ada().when(&command, NOON)),
        UserEvent::UserRenamed(UserRenamed { name: name("Ada King") })
    );
}

#[test]
fn the_same_value_again_changes_nothing() {
    let no_change = |what, field| Err(Rejection::NoChange { what, path: path([field]) });
    let at_home =
        ada().given::<User>(ADA, UserEvent::AddressChanged(AddressChanged { address: address("Berlin") }));
    assert_eq!(ada().when(&rename("Ada"), NOON), no_change("name", "name"));
    assert_eq!(ada().when(&change_email("ada@example.com"), NOON), no_change("e-mail address", "email"));
    assert_eq!(at_home.when(&move_to("Berlin"), NOON), no_change("address", "address"));
    assert!(at_home.when(&move_to("Bonn"), NOON).is_ok());
}

#[test]
fn a_new_email_address_has_to_be_verified_again() {
    let moved = verified()
        .given::<User>(ADA, UserEvent::EmailChanged(EmailChanged { email: email("countess@example.com") }));
    assert_eq!(
        only(moved.when(&verify("countess@example.com"), NOON)),
        UserEvent::EmailVerified(EmailVerified { email: email("countess@example.com") })
    );
}

#[test]
fn verifying_takes_the_address_in_any_case_and_records_it_as_the_user_wrote_it() {
    assert_eq!(
        only(ada().when(&verify("ADA@example.com"), NOON)),
        UserEvent::EmailVerified(EmailVerified { email: email("ada@example.com") })
    );
}

#[test]
fn an_address_the_user_no_longer_has_cannot_be_verified() {
    let refused = Rejection::EmailNotCurrent { user_id: ADA, email: "old@example.com".to_owned() };
    assert_eq!(verified().when(&verify("old@example.com"), NOON), Err(refused));
}

#[test]
fn a_verified_address_is_not_verified_twice() {
    let refused = Rejection::EmailAlreadyVerified { user_id: ADA, email: "ada@example.com".to_owned() };
    assert_eq!(verified().when(&verify("ada@example.com"), NOON), Err(refused));
}

#[test]
fn a_deactivated_user_can_only_be_reactivated() {
    let refused = || Err(Rejection::UserDeactivated { user_id: ADA });
    let deactivate = DeactivateUser { user_id: ADA, expected_version: None };
    let user = deactivated();
    assert_eq!(user.when(&rename("Ada King"), NOON), refused());
    assert_eq!(user.when(&move_to("Bonn"), NOON), refused());
    assert_eq!(user.when(&change_email("new@example.com"), NOON), refused());
    assert_eq!(user.when(&verify("ada@example.com"), NOON), refused());
    assert_eq!(user.when(&deactivate, NOON), refused());
    assert_eq!(
        only(user.when(&ReactivateUser { user_id: ADA, expected_version: Some(2) }, NOON)),
        UserEvent::UserReactivated(UserReactivated {})
    );
}

#[test]
fn an_active_user_can_be_deactivated_but_not_reactivated() {
    assert_eq!(
        only(ada().when(&DeactivateUser { user_id: ADA, expected_version: None }, NOON)),
        UserEvent::UserDeactivated(UserDeactivated {})
    );
    let refused = ada().when(&ReactivateUser { user_id: ADA, expected_version: None }, NOON).unwrap_err();
    assert_eq!(refused.message(), format!("the user {ADA} is ACTIVE; only DEACTIVATED can become ACTIVE"));
}

#[test]
fn the_email_address_is_claimed_and_stays_so_when_the_user_is_deactivated() {
    let mut user = User::default();
    assert_eq!(user.claims(), []);
    user.evolve(&created());
    user.evolve(&UserEvent::UserDeactivated(UserDeactivated {}));
    assert_eq!(user.claims(), [email("ADA@EXAMPLE.COM").claim()]);
    user.evolve(&UserEvent::EmailChanged(EmailChanged { email: email("new@example.com") }));
    assert_eq!(user.claims(), [email("new@example.com").claim()]);
}

#[test]
fn every_stored_shape_reads_as_it_always_did() {
    let line = |text: &str| AddressLine::parse(text).unwrap();
    let london = Address {
        line1: line("12 St James's Square"),
        line2: Some(line("Floor 2")),
        city: line("London"),
        region: Some(line("England")),
        postal_code: Some(line("SW1Y 4JH")),
        country: Country::parse("GB").unwrap(),
    };
    let created = UserCreated {
        name: name("Ada Lovelace"),
        email: email("Ada@example.com"),
        address: Some(address("Berlin")),
    };
    golden::check(
        "user",
        &[
            ("UserCreated", 1, UserEvent::UserCreated(created)),
            ("UserRenamed", 1, UserEvent::UserRenamed(UserRenamed { name: name("Ada King") })),
            ("AddressChanged", 1, UserEvent::AddressChanged(AddressChanged { address: london })),
            (
                "EmailChanged",
                1,
                UserEvent::EmailChanged(EmailChanged { email: email("countess@example.com") }),
            ),
            (
                "EmailVerified",
                1,
                UserEvent::EmailVerified(EmailVerified { email: email("countess@example.com") }),
            ),
            ("UserDeactivated", 1, UserEvent::UserDeactivated(UserDeactivated {})),
            ("UserReactivated", 1, UserEvent::UserReactivated(UserReactivated {})),
        ],
    );
}
