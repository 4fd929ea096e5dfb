//! CPU time, so that what else the machine does counts for little; and ratios of things run in turn.

/// Nanoseconds of CPU for each of so many operations, with what other threads of this process do for them.
pub fn per_operation(count: usize, run: impl FnOnce()) -> f64 {
    let before = cpu_time(libc::CLOCK_PROCESS_CPUTIME_ID);
    run();
    (cpu_time(libc::CLOCK_PROCESS_CPUTIME_ID) - before) / count as f64
}

/// The same of this thread alone.
pub fn of_thread(count: usize, run: impl FnOnce()) -> f64 {
    let before = cpu_time(libc::CLOCK_THREAD_CPUTIME_ID);
    run();
    (cpu_time(libc::CLOCK_THREAD_CPUTIME_ID) - before) / count as f64
}

fn cpu_time(clock: libc::clockid_t) -> f64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is writable, and the clock exists on every Linux.
    let failed = unsafe { libc::clock_gettime(clock, &mut time) };
    assert_eq!(failed, 0);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// The one in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Two things that were run in turn.
pub struct Compared {
    /// How many times as much the one took as its reference: the median over the rounds.
    pub ratio: f64,
    pub reference: f64,
    pub measured: f64,
}

/// Runs both in each round, and one round before to warm up. Each says what it took.
pub fn compare(
    rounds: usize,
    mut reference: impl FnMut() -> f64,
    mut measured: impl FnMut() -> f64,
) -> Compared {
    reference();
    measured();
    compare_cold(rounds, reference, measured)
}

/// The same without a round to warm up.
pub fn compare_cold(
    rounds: usize,
    mut reference: impl FnMut() -> f64,
    mut measured: impl FnMut() -> f64,
) -> Compared {
    let (references, values): (Vec<f64>, Vec<f64>) =
        (0..rounds).map(|_| (reference(), measured())).unzip();
    let ratios = references.iter().zip(&values).map(|(r, v)| v / r).collect();
    Compared {
        ratio: median(ratios),
        reference: median(references),
        measured: median(values),
    }
}
