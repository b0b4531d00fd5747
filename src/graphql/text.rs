//! Text in the arguments of queries: bounded, and without control characters.

use super::errors::{Failure, Result};

/// The longest text an argument takes.
const LONGEST: usize = 200;

/// Checks the text of an argument; `name` is where it stands.
///
/// # Errors
/// `BAD_USER_INPUT` when it is too long or holds control characters.
pub fn text_argument(name: &str, text: &str) -> Result<()> {
    bounded_argument(name, text)?;
    if text.chars().any(char::is_control) {
        return Err(Failure::bad_user_input(format!("expected {name} without control characters; got some")));
    }
    Ok(())
}

/// Checks the length of an argument that may hold any character; `name` is where it stands.
///
/// # Errors
/// `BAD_USER_INPUT` when it is too long.
pub fn bounded_argument(name: &str, text: &str) -> Result<()> {
    let length = text.chars().count();
    if length > LONGEST {
        let message = format!("expected {name} to have at most {LONGEST} characters; got {length}");
        return Err(Failure::bad_user_input(message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_bounded_in_characters_not_bytes_and_has_no_control_characters() {
        assert_eq!(text_argument("name", &"é".repeat(200)), Ok(()));
        assert!(text_argument("name", &"é".repeat(201)).is_err());
        assert!(text_argument("name", "a\0b").is_err());
        assert!(text_argument("name", "a\nb").is_err());
        assert_eq!(bounded_argument("text", "a\0b"), Ok(()));
    }
}
