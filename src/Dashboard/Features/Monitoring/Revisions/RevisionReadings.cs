using System.Collections.Concurrent;
using Ops.Dashboard.Features.Monitoring.Series;
using Ops.Dashboard.Features.Targets;

namespace Ops.Dashboard.Features.Monitoring.Revisions;

/// <summary>
/// The counters that replicas told of themselves lately, for gates. Only endpoints whose rollout has gates are kept. The clock is the steady
/// one: a wall clock that jumps makes no figure old or new.
/// </summary>
internal sealed class RevisionReadings(TimeProvider time)
{
    /// <summary>Figures older than this say nothing about now, unless a replica usually has something new less often than twice in this time: then
    /// two such pauses are the limit.</summary>
    public static readonly TimeSpan Stale = TimeSpan.FromSeconds(10);

    private const int PausesCompared = 3;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(3600) + Stale;
    private readonly ConcurrentDictionary<Guid, Watched> endpoints = new();

    /// <summary>Keeps what replicas of an endpoint tell from now on.</summary>
    public void Watch(Guid endpointId) => endpoints.GetOrAdd(endpointId, _ => new(time.GetTimestamp()));

    /// <summary>Whether what replicas of an endpoint tell is kept.</summary>
    public bool IsWatched(Guid endpointId) => endpoints.ContainsKey(endpointId);

    /// <summary>Forgets an endpoint.</summary>
    public void Forget(Guid endpointId) => endpoints.TryRemove(endpointId, out _);

    /// <summary>Takes what a replica told; the same again, by <see cref="CounterReading.At"/>, is not taken for news.</summary>
    public void Add(Guid endpointId, string replicaId, CounterReading counters)
    {
        if (!endpoints.TryGetValue(endpointId, out var watched))
        {
            return;
        }

        var readings = watched.Replicas.GetOrAdd(replicaId, _ => []);
        lock (readings)
        {
            // What a Prometheus answers again is no newer for that.
            if (readings.Last?.Value.Counters.At == counters.At)
            {
                return;
            }

            readings.AddLast(new Reading(time.GetTimestamp(), counters));
            while (readings.Count > 2 && time.GetElapsedTime(readings.First!.Value.At) > Longest)
            {
                readings.RemoveFirst();
            }
        }
    }

    /// <summary>What a revision measured over a window.</summary>
    /// <param name="observation">Its replicas, by <see cref="ReplicaObservation.PlanId"/>.</param>
    /// <param name="planId">The revision.</param>
    /// <param name="wanted">How many replicas it should have.</param>
    /// <param name="window">How far back.</param>
    public RevisionFigures Figures(EndpointObservation observation, Guid planId, int wanted, TimeSpan window)
    {
        var ready = observation.Replicas.Where(r => r.PlanId == planId && r.Phase == ReplicaPhase.Ready).ToList();
        var figures = new RevisionFigures { Ready = ready.Count, Wanted = wanted };
        if (ready.Count == 0)
        {
            return figures with { Trouble = "No replica is ready, so nothing is measured." };
        }

        var measured = endpoints.TryGetValue(observation.Endpoint.Id, out var watched) ? time.GetElapsedTime(watched.Since) : TimeSpan.Zero;
        if (watched is null || measured < window)
        {
            return figures with { Trouble = $"Measured for {Math.Floor(measured.TotalSeconds):0} of {window.TotalSeconds:0} s." };
        }

        foreach (var replica in ready)
        {
            if (!watched.Replicas.TryGetValue(replica.Id, out var readings) || Over(readings, window) is not { } span)
            {
                return figures with { Trouble = $"Replica {replica.Id} has told nothing new for {Stale.TotalSeconds:0} s or longer." };
            }

            var durations = span.Last.Durations.Since(span.First.Durations);
            figures = figures with
            {
                Requests = figures.Requests + Grown(span.First.Requests, span.Last.Requests),
                Failures = figures.Failures + Grown(span.First.Failures, span.Last.Failures),
                Durations = figures.Durations.Bounds.Length == 0 ? durations : Sum(figures.Durations, durations),
            };
        }

        return figures;
    }

    private (CounterReading First, CounterReading Last)? Over(LinkedList<Reading> readings, TimeSpan window)
    {
        lock (readings)
        {
            if (readings.Count < 2 || time.GetElapsedTime(readings.Last!.Value.At) > Silence(readings))
            {
                return null;
            }

            // The newest that is at least as old as the window, else the oldest there is. From the end, since windows are shorter than what is kept.
            var first = readings.Last;
            while (first.Previous is { } earlier && time.GetElapsedTime(first.Value.At) < window)
            {
                first = earlier;
            }

            return (first.Value.Counters, readings.Last.Value.Counters);
        }
    }

    // A Prometheus has something new only as often as it scrapes. The shortest of the last pauses is the usual one: a single long one proves nothing.
    private TimeSpan Silence(LinkedList<Reading> readings)
    {
        var usual = TimeSpan.MaxValue;
        var later = readings.Last!;
        for (var i = 0; i < PausesCompared && later.Previous is { } earlier; i++, later = earlier)
        {
            var pause = time.GetElapsedTime(earlier.Value.At, later.Value.At);
            usual = pause < usual ? pause : usual;
        }

        return usual > Stale / 2 ? usual * 2 : Stale;
    }

    // Counters that went down are those of a process that was started anew.
    private static long Grown(long from, long to) => to >= from ? to - from : to;

    private static Histogram Sum(Histogram one, Histogram other) => one.Bounds.AsSpan().SequenceEqual(other.Bounds)
        ? one with { Counts = [.. one.Counts.Zip(other.Counts, (a, b) => a + b)] }
        : one;

    private sealed record Reading(long At, CounterReading Counters);

    private sealed record Watched(long Since)
    {
        public ConcurrentDictionary<string, LinkedList<Reading>> Replicas { get; } = new(StringComparer.Ordinal);
    }
}
