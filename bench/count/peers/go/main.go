// Nanoseconds a call of Go's client_golang: prints {"work": ns} after checking what it counted.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"sort"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

const (
	calls  = 1_000_000
	rounds = 7
)

var bounds = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}

// nsACall runs call in each thread; the mean over threads, the median over rounds.
func nsACall(threads int, call func(i int)) float64 {
	figures := make([]float64, rounds)
	for r := range figures {
		var wait sync.WaitGroup
		spent := make([]time.Duration, threads)
		for t := range threads {
			wait.Add(1)
			go func() {
				defer wait.Done()
				began := time.Now()
				for i := range calls {
					call(i)
				}
				spent[t] = time.Since(began)
			}()
		}
		wait.Wait()
		for _, s := range spent {
			figures[r] += float64(s.Nanoseconds()) / float64(threads) / calls
		}
	}
	sort.Float64s(figures)
	return figures[rounds/2]
}

func main() {
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "bench_total", Help: "Bench."})
	histogram := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "bench_seconds", Help: "Bench.", Buckets: bounds})
	family := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "bench_family_total", Help: "Bench."}, []string{"method", "path"})
	gauge := prometheus.NewGauge(prometheus.GaugeOpts{Name: "bench_gauge", Help: "Bench."})
	paths := make([]string, 1000)
	for i := range paths {
		paths[i] = fmt.Sprintf("/items/%03d", i)
	}
	methods := []string{"GET", "PUT", "POST"}
	labelled := func(i int) {
		child := i * 2654435761 % 1000
		family.WithLabelValues(methods[child%3], paths[child]).Inc()
	}
	out := map[string]float64{
		"counter inc, 1 thread, memory":         nsACall(1, func(int) { counter.Inc() }),
		"counter inc, 2 threads, memory":        nsACall(2, func(int) { counter.Inc() }),
		"gauge set, 1 thread, memory":           nsACall(1, func(i int) { gauge.Set(float64(i)) }),
		"histogram observe, 1 thread, memory":   nsACall(1, func(i int) { histogram.Observe(float64(i%8192) / 700) }),
		"histogram observe, 2 threads, memory":  nsACall(2, func(i int) { histogram.Observe(float64(i%8192) / 700) }),
		"labels(a, b).inc(), 1 thread, memory":  nsACall(1, labelled),
		"labels(a, b).inc(), 2 threads, memory": nsACall(2, labelled),
	}
	var counted dto.Metric
	if err := counter.Write(&counted); err != nil || counted.GetCounter().GetValue() != 3*calls*rounds {
		log.Fatalf("counted %v, %v", counted.GetCounter().GetValue(), err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		log.Fatal(err)
	}
}
