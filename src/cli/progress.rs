//! How far long work has got: a bar on a terminal, a plain line now and then elsewhere.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Between two plain lines.
const BETWEEN_LINES: Duration = Duration::from_secs(5);

/// The progress of one piece of work, on the standard error stream.
pub struct Progress {
    what: &'static str,
    total: u64,
    bar: Option<ProgressBar>,
    begun: Instant,
    told: Instant,
}

impl Progress {
    /// Begins; `what` names what is counted, such as `events`.
    pub fn of(total: u64, what: &'static str) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let template = "{wide_bar} {human_pos}/{human_len} {msg}  {per_sec}  {eta} left";
            let style =
                ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(total).with_style(style).with_message(what)
        });
        let now = Instant::now();
        Self { what, total, bar, begun: now, told: now }
    }

    /// So much is done.
    pub fn at(&mut self, done: u64) {
        match &self.bar {
            Some(bar) => bar.set_position(done),
            None if self.told.elapsed() >= BETWEEN_LINES => {
                self.told = Instant::now();
                eprintln!("{done} of {} {}, {:.0} a second", self.total, self.what, self.rate(done));
            }
            None => {}
        }
    }

    /// Says something in between, without tearing the bar.
    pub fn aside<T>(&self, say: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(say),
            None => say(),
        }
    }

    /// All is done; how much a second.
    pub fn end(self, done: u64) -> f64 {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.rate(done)
    }

    #[allow(clippy::cast_precision_loss, reason = "a rate for people to read")]
    fn rate(&self, done: u64) -> f64 {
        done as f64 / self.begun.elapsed().as_secs_f64().max(0.001)
    }
}
