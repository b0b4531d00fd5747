//! The lines of a file, some at a time, each of bounded length.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// Reads a file line by line.
pub struct Lines {
    reader: BufReader<File>,
    /// Bytes of one line; a longer one is cut one byte later, so that it shows.
    longest: usize,
}

impl Lines {
    /// From the start of a file.
    pub fn of(file: &Path, longest: usize) -> io::Result<Self> {
        Ok(Self { reader: BufReader::new(File::open(file)?), longest })
    }

    /// The next lines, without their ends; none at the end of the file, and none after one that is too long.
    pub fn next(&mut self, most: usize) -> io::Result<Vec<Vec<u8>>> {
        let mut lines = Vec::new();
        while lines.len() < most {
            let mut line = Vec::new();
            let longest = self.longest as u64 + 1;
            if self.reader.by_ref().take(longest).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            if line.ends_with(b"\n") {
                line.pop();
            }
            let too_long = line.len() > self.longest;
            lines.push(line);
            if too_long {
                break;
            }
        }
        Ok(lines)
    }

    /// How many lines a file has.
    pub fn count(file: &Path) -> io::Result<u64> {
        let mut reader = BufReader::new(File::open(file)?);
        let (mut lines, mut ended) = (0, true);
        loop {
            let some = reader.fill_buf()?;
            let Some(last) = some.last() else { break };
            ended = *last == b'\n';
            lines += some.iter().filter(|byte| **byte == b'\n').count() as u64;
            let length = some.len();
            reader.consume(length);
        }
        Ok(lines + u64::from(!ended))
    }
}
