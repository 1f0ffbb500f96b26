//! Simulates what the node on air and the graph do in worlds of radios and ferries, and prints it beside the goals.
//!
//! ```text
//! sim [--seed N] [WORLD…]
//! ```
//!
//! The clock is simulated; the code is the one that `ulp-radio` and `ulp-gossip` run. A seed gives the same figures on
//! every machine, but for the time that it took, which the last line says.

mod air;
mod chance;
mod ferries;
mod field;
mod links;
mod lone;
mod map;
mod news;
mod table;
mod worlds;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Instant;
use table::World;
use worlds::{ALL, Job};

fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            // Nobody can be told where standard error is gone.
            let _ = writeln!(std::io::stderr(), "sim: {reason}");
            ExitCode::from(2)
        }
    }
}

fn run(args: Vec<String>) -> Result<(), String> {
    let (seed, jobs) = chosen(&args)?;
    let start = Instant::now();
    let worlds = simulate(&jobs, seed);
    let mut out = std::io::stdout().lock();
    let mut print = || -> std::io::Result<()> {
        writeln!(out, "seed {seed}\n  {:<46} {:>12} {:>10} {:>14}", "", "found", "model", "goal")?;
        worlds.iter().try_for_each(|world| world.write(&mut out))?;
        let missed = worlds.iter().flat_map(|world| &world.found).filter(|found| !found.is_reached()).count();
        writeln!(out, "\ngoals missed: {missed}; it took {:.0} s", start.elapsed().as_secs_f64())
    };
    print().map_err(|error| error.to_string())
}

/// The seed and the worlds that are asked for; all where none is named.
fn chosen(args: &[String]) -> Result<(u64, Vec<Job>), String> {
    let (mut seed, mut jobs, mut args) = (1, Vec::new(), args.iter());
    while let Some(arg) = args.next() {
        if arg == "--seed" {
            let number = args.next().and_then(|number| number.parse().ok());
            seed = number.ok_or("--seed takes a number")?;
        } else {
            let job = ALL.iter().find(|(name, _)| name == arg);
            let names = ALL.map(|(name, _)| name).join(", ");
            jobs.push(*job.ok_or(format!("{arg}: not one of {names}"))?);
        }
    }
    Ok((seed, if jobs.is_empty() { ALL.to_vec() } else { jobs }))
}

/// The worlds in their order, whichever is done first.
fn simulate(jobs: &[Job], seed: u64) -> Vec<World> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = Mutex::new(jobs.iter().enumerate());
    let done = Mutex::new(Vec::new());
    let work = || {
        while let Some((at, (_, job))) = next.lock().expect("because no thread panics with it").next() {
            let world = job(seed);
            done.lock().expect("because no thread panics with it").push((at, world));
        }
    };
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let mut done = done.into_inner().expect("because the threads have ended");
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, world)| world).collect()
}
