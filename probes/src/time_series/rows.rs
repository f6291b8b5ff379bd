//! Rows in bounded memory: where they grow too many, neighbours are merged.

/// Rows kept of one clock: 2.4 hours at 30 pictures a second.
pub(super) const ROWS_MAX: usize = 1 << 18;
/// One step of time.
pub(super) const STEP_S: f64 = 0.0001;

/// What becomes of two neighbours that are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// Their mean.
    Mean,
    /// Their sum.
    Sum,
    /// The larger one.
    Most,
}

/// One quantity over the rows of a clock.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// What it is.
    pub name: String,
    /// The unit of `steps` × `step`.
    pub unit: String,
    /// What one whole step is worth.
    pub step: f64,
    /// The values in steps, a row each; `None` where nothing was measured.
    pub steps: Vec<Option<i64>>,
    /// How neighbours are merged.
    pub merge: Merge,
}

impl Column {
    pub(super) fn new(name: &str, unit: &str, step: f64, merge: Merge) -> Self {
        Self {
            name: name.to_owned(),
            unit: unit.to_owned(),
            step,
            steps: Vec::new(),
            merge,
        }
    }

    /// The values in the column's unit.
    pub fn values(&self) -> impl Iterator<Item = Option<f64>> + '_ {
        self.steps
            .iter()
            .map(|steps| steps.map(|n| n as f64 * self.step))
    }

    fn halve(&mut self) {
        let merge = self.merge;
        let both = |a: i64, b: i64| match merge {
            Merge::Mean => a.midpoint(b),
            Merge::Sum => a.saturating_add(b),
            Merge::Most => a.max(b),
        };
        self.steps = self
            .steps
            .chunks(2)
            .map(|pair| match *pair {
                [Some(a), Some(b)] => Some(both(a, b)),
                [a, b] => a.or(b),
                _ => pair.first().copied().flatten(),
            })
            .collect();
    }
}

/// Events in the order in which they came, and what was measured at each.
#[derive(Clone, Debug, PartialEq)]
pub struct Clock {
    /// Whose events: `picture`, `packet`, `sound`.
    pub name: String,
    /// Events that one row stands for; more than one where rows were merged.
    pub events_per_row: u32,
    /// When each row begins, in 0.0001 s from the first picture.
    pub at_steps: Vec<i64>,
    /// What was measured; every column has as many values as there are rows.
    pub columns: Vec<Column>,
    /// Events that wait to fill a row.
    waiting: u32,
}

impl Clock {
    pub(super) fn new(name: &str, columns: Vec<Column>) -> Self {
        Self::of(name, 1, Vec::new(), columns)
    }

    pub(super) fn of(
        name: &str,
        events_per_row: u32,
        at_steps: Vec<i64>,
        columns: Vec<Column>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            events_per_row,
            at_steps,
            columns,
            waiting: 0,
        }
    }

    /// When each row begins, in seconds from the first picture.
    pub fn at_s(&self) -> impl Iterator<Item = f64> + '_ {
        self.at_steps.iter().map(|n| *n as f64 * STEP_S)
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// Enters an event; a time that is none is left out, a value that is none
    /// stays unknown.
    pub(super) fn push(&mut self, at_s: f64, values: &[Option<f64>]) {
        if !at_s.is_finite() {
            return;
        }
        let steps_of = |value: Option<f64>, step: f64| {
            value
                .filter(|v| v.is_finite())
                .map(|v| (v / step).round() as i64)
        };
        // After a merge a row takes as many events as the others stand for.
        if self.waiting > 0 {
            for (column, value) in self.columns.iter_mut().zip(values) {
                let steps = steps_of(*value, column.step);
                if let (Some(last), Some(new)) = (column.steps.last_mut(), steps) {
                    *last = Some(match (*last, column.merge) {
                        (None, _) => new,
                        (Some(old), Merge::Sum) => old.saturating_add(new),
                        (Some(old), Merge::Most) => old.max(new),
                        (Some(old), Merge::Mean) => {
                            let seen = i64::from(self.events_per_row - self.waiting);
                            old + (new - old) / (seen + 1)
                        }
                    });
                }
            }
            self.waiting -= 1;
            return;
        }
        if self.at_steps.len() >= ROWS_MAX {
            self.halve();
        }
        self.at_steps.push((at_s / STEP_S).round() as i64);
        for (column, value) in self.columns.iter_mut().zip(values) {
            let steps = steps_of(*value, column.step);
            column.steps.push(steps);
        }
        self.waiting = self.events_per_row - 1;
    }

    /// Merges neighbours: half as many rows.
    pub(super) fn halve(&mut self) {
        self.at_steps = self.at_steps.iter().step_by(2).copied().collect();
        self.columns.iter_mut().for_each(Column::halve);
        self.events_per_row = self.events_per_row.saturating_mul(2);
    }
}
