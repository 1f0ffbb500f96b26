//! `ulp-import`: the vectors of page 13, what comes a second time, what is hostile, and how other tools see the same.

mod example;
mod hostile;
mod mutated;
mod peers;
mod readings;
mod twice;
mod vectors;
