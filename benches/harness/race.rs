//! Contenders that take turns.

use std::time::{Duration, Instant};

use super::Outcome;

/// Warm-up turns of each contender: the server chooses a prepared statement's lasting plan after 5.
const WARM_UP: usize = 10;

type Contender<'a> = Box<dyn FnMut(i64) -> Outcome<Duration> + 'a>;

/// Contenders that do the same job in turns, the order rotating.
#[derive(Default)]
pub(crate) struct Race<'a> {
    contenders: Vec<(String, Contender<'a>)>,
}

/// How long a contender took in each round, in seconds.
#[derive(Clone)]
pub(crate) struct Times {
    pub(crate) name: String,
    pub(crate) rounds: Vec<f64>,
}

/// How long `f` takes, and that it succeeds.
pub(crate) fn timed<T, E: Into<Box<dyn std::error::Error>>>(
    f: impl FnOnce() -> Result<T, E>,
) -> Outcome<Duration> {
    let start = Instant::now();
    f().map_err(Into::into)?;
    Ok(start.elapsed())
}

impl<'a> Race<'a> {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A contender prepares its input, does its job once and says how long that took. It gets
    /// another number each time, to make the content differ.
    pub(crate) fn enter(
        mut self,
        name: impl Into<String>,
        job: impl FnMut(i64) -> Outcome<Duration> + 'a,
    ) -> Self {
        self.contenders.push((name.into(), Box::new(job)));
        self
    }

    /// Each round has so many turns of each contender, one after the other; their median counts.
    pub(crate) fn run<const N: usize>(
        mut self,
        rounds: usize,
        turns: usize,
    ) -> Outcome<[Times; N]> {
        assert!(rounds >= 20, "fewer rounds say little");
        let mut seed = 0;
        let mut turn = |job: &mut Contender<'_>| {
            seed += 1;
            job(seed)
        };
        for (_, job) in &mut self.contenders {
            for _ in 0..WARM_UP.min(rounds * turns / 2) {
                turn(job)?;
            }
        }
        let count = self.contenders.len();
        let mut times: Vec<Times> = self
            .contenders
            .iter()
            .map(|(name, _)| Times { name: name.clone(), rounds: Vec::new() })
            .collect();
        for round in 0..rounds {
            for place in 0..count {
                let nth = (round + place) % count;
                let job = &mut self.contenders[nth].1;
                let took: Vec<f64> =
                    (0..turns).map(|_| Ok(turn(job)?.as_secs_f64())).collect::<Outcome<_>>()?;
                times[nth].rounds.push(quantile(&took, 0.5));
            }
        }
        times.try_into().map_err(|_| format!("{count} contenders ran for {N} results").into())
    }
}

impl Times {
    pub(crate) fn median(&self) -> f64 {
        quantile(&self.rounds, 0.5)
    }
}

pub(crate) fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * part).round() as usize]
}
