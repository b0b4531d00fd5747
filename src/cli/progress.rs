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
    /// What had been done before.
    before: u64,
    begun: Instant,
    told: Option<Instant>,
}

impl Progress {
    /// Begins; `what` names what is counted, such as `events`.
    pub fn of(total: u64, what: &'static str) -> Self {
        Self::from(0, total, what)
    }

    /// Goes on where so much is done.
    pub fn from(before: u64, total: u64, what: &'static str) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let template = "{wide_bar} {human_pos}/{human_len} {msg}  {per_sec}  {eta} left";
            let style =
                ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar = ProgressBar::new(total).with_style(style).with_message(what).with_position(before);
            bar.reset_eta();
            bar
        });
        Self { what, total, bar, before, begun: Instant::now(), told: None }
    }

    /// So much is done.
    pub fn at(&mut self, done: u64) {
        match &self.bar {
            Some(bar) => bar.set_position(done),
            None if self.told.unwrap_or(self.begun).elapsed() >= BETWEEN_LINES => {
                self.told = Some(Instant::now());
                eprintln!("{}", self.line(done));
            }
            None => {}
        }
    }

    fn line(&self, done: u64) -> String {
        let Self { what, total, .. } = self;
        let rate = self.rate(done);
        let mut line = format!("{done} of {total} {what}, {rate:.0} a second");
        if rate > 0.0 {
            #[allow(clippy::cast_precision_loss, reason = "a time for people to read")]
            let left = total.saturating_sub(done) as f64 / rate;
            line.push_str(&format!(", {left:.0} s left"));
        }
        line
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
        self.clear();
        self.rate(done)
    }

    /// Nothing more is shown.
    pub fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "a rate for people to read")]
    fn rate(&self, done: u64) -> f64 {
        done.saturating_sub(self.before) as f64 / self.begun.elapsed().as_secs_f64().max(0.001)
    }
}
