//! Nanoseconds a call of Rust's prometheus-client: prints {"work": ns} after checking what it counted.
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::{counter::Counter, family::Family, histogram::Histogram};
use std::sync::{Arc, Barrier};
use std::time::Instant;

const CALLS: u64 = 1_000_000;
const ROUNDS: usize = 7;
const BOUNDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Labels {
    method: String,
    path: String,
}

/// Each thread runs `call` CALLS times; the mean over threads, the median over rounds.
fn ns_a_call(threads: usize, call: impl Fn(u64) + Send + Sync) -> f64 {
    let mut figures: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Barrier::new(threads);
            let all: f64 = std::thread::scope(|scope| {
                let running: Vec<_> = (0..threads)
                    .map(|_| {
                        scope.spawn(|| {
                            start.wait();
                            let began = Instant::now();
                            (0..CALLS).for_each(&call);
                            began.elapsed().as_nanos() as f64
                        })
                    })
                    .collect();
                running.into_iter().map(|thread| thread.join().unwrap()).sum()
            });
            all / threads as f64 / CALLS as f64
        })
        .collect();
    figures.sort_by(f64::total_cmp);
    figures[ROUNDS / 2]
}

fn main() {
    let counter: Arc<Counter> = Arc::default();
    let one = ns_a_call(1, |_| {
        counter.inc();
    });
    let two = ns_a_call(2, |_| {
        counter.inc();
    });
    assert_eq!(counter.get(), 3 * CALLS * ROUNDS as u64);
    let histogram = Histogram::new(BOUNDS);
    let observe = ns_a_call(1, |i| histogram.observe((i % 8192) as f64 / 700.0));
    let family: Family<Labels, Counter> = Family::default();
    let children: Vec<Labels> = (0..1000)
        .map(|i| Labels { method: ["GET", "PUT", "POST"][i % 3].into(), path: format!("/items/{i:03}") })
        .collect();
    let labels = |threads| {
        ns_a_call(threads, |i| {
            family.get_or_create(&children[(i.wrapping_mul(2654435761) % 1000) as usize]).inc();
        })
    };
    println!(
        "{{\"counter inc, 1 thread, memory\": {one:.3}, \"counter inc, 2 threads, memory\": {two:.3}, \
         \"histogram observe, 1 thread, memory\": {observe:.3}, \"labels(a, b).inc(), 1 thread, memory\": {:.3}, \
         \"labels(a, b).inc(), 2 threads, memory\": {:.3}}}",
        labels(1),
        labels(2)
    );
}
