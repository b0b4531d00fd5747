//! Identities: `ID` in the schema, a UUID everywhere else.

use async_graphql::ID;
use uuid::Uuid;

use super::errors::{ErrorCode, Failure, Result};
use super::scalars::excerpt;

/// The UUID an `ID` argument holds.
///
/// # Errors
/// `BAD_USER_INPUT` when it is none.
pub fn parse_id(id: &ID) -> Result<Uuid> {
    Uuid::try_parse(id).map_err(|_| {
        let message = format!(
            "expected a UUID such as 0192f3c1-7a6b-7c3e-9d42-3f6a1c9e5b10; got {}",
            excerpt(&format!("{:?}", id.as_str()))
        );
        Failure::new(ErrorCode::BadUserInput, message)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_uuid_is_read_as_it_was_written_and_any_other_text_refused(id in any::<u128>(), text in any::<String>()) {
            let id = Uuid::from_u128(id);
            prop_assert_eq!(parse_id(&ID(id.to_string())), Ok(id));
            prop_assert_eq!(parse_id(&ID(text)).unwrap_err().code(), ErrorCode::BadUserInput);
        }
    }

    #[test]
    fn a_uuid_is_read_whatever_its_case() {
        let id = Uuid::from_u128(0x0192_f3c1_7a6b_7c3e_9d42_3f6a_1c9e_5b1a);
        assert_eq!(parse_id(&ID(id.to_string())), Ok(id));
        assert_eq!(parse_id(&ID(id.to_string().to_uppercase())), Ok(id));
    }

    #[test]
    fn what_is_no_uuid_is_bad_user_input_that_shows_what_came() {
        for text in ["", "1", "not-a-uuid", "0192f3c1-7a6b-7c3e-9d42-3f6a1c9e5b1"] {
            let failure = parse_id(&ID(text.to_owned())).unwrap_err();
            assert_eq!(failure.code(), ErrorCode::BadUserInput);
            assert!(failure.message().ends_with(&format!("got {text:?}")), "{}", failure.message());
        }
    }

    #[test]
    fn a_long_text_is_not_echoed_whole() {
        let failure = parse_id(&ID("é".repeat(10_000))).unwrap_err();
        assert!(failure.message().len() < 400, "{}", failure.message());
    }
}
