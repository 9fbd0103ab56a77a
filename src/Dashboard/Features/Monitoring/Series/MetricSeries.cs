namespace Ops.Dashboard.Features.Monitoring.Series;

/// <summary>The last hour of one replica or endpoint, a point a second, made from counter readings. Safe for one writer and many readers.</summary>
internal sealed class MetricSeries
{
    /// <summary>How far back quantiles look: long enough to mean something at a few requests per second, short enough to move.</summary>
    public static readonly TimeSpan QuantileWindow = TimeSpan.FromSeconds(10);

    private readonly Lock gate = new();
    private readonly MetricPoint[] ring;
    private readonly Queue<CounterReading> window = new();
    private CounterReading? last;
    private DateTimeOffset? lastReadAt;
    private long written;

    /// <summary>Makes an empty series.</summary>
    /// <param name="capacity">How many points are kept.</param>
    public MetricSeries(int capacity = 3600) => ring = new MetricPoint[capacity];

    /// <summary>When counters were last read, or null.</summary>
    public DateTimeOffset? LastReadAt
    {
        get
        {
            lock (gate)
            {
                return lastReadAt;
            }
        }
    }

    /// <summary>Adds a reading. The first one gives no point, for rates need two; nor does one that was added before.</summary>
    /// <param name="reading">What the counters said, and when.</param>
    /// <param name="readAt">When it was read, where that is later.</param>
    public void Add(CounterReading reading, DateTimeOffset? readAt = null)
    {
        lock (gate)
        {
            if (last is not null && reading.At > last.At)
            {
                Write(Point(last, reading));
            }

            lastReadAt = readAt ?? reading.At;
            if (last is not null && reading.At == last.At)
            {
                return;
            }

            last = reading;
            window.Enqueue(reading);
            while (window.Count > 1 && reading.At - window.Peek().At > QuantileWindow)
            {
                window.Dequeue();
            }
        }
    }

    /// <summary>Notes that nothing could be read.</summary>
    public void AddGap(DateTimeOffset at)
    {
        lock (gate)
        {
            Write(MetricPoint.Gap(at));
        }
    }

    /// <summary>The newest point, or null.</summary>
    public MetricPoint? Latest()
    {
        lock (gate)
        {
            return written == 0 ? null : ring[(written - 1) % ring.Length];
        }
    }

    /// <summary>Points later than a moment, oldest first.</summary>
    /// <param name="after">Seconds since 1970.</param>
    public MetricPoint[] After(double after)
    {
        lock (gate)
        {
            // Points lie in order of time, and most readers want the last few of an hour.
            var oldest = written - Math.Min(written, ring.Length);
            var first = written;
            while (first > oldest && ring[(first - 1) % ring.Length].At > after)
            {
                first--;
            }

            var found = new MetricPoint[written - first];
            for (var i = first; i < written; i++)
            {
                found[i - first] = ring[i % ring.Length];
            }

            return found;
        }
    }

    /// <summary>Requests and failures over the last while, for health; zero requests when there were none or nothing is known.</summary>
    public (double Requests, double Failures) Sum(TimeSpan back, DateTimeOffset now)
    {
        double requests = 0, failures = 0;
        foreach (var point in After((now - back).ToUnixTimeMilliseconds() / 1000.0))
        {
            if (!float.IsNaN(point.Rate))
            {
                requests += point.Rate;
                failures += point.FailureRate;
            }
        }

        return (requests, failures);
    }

    private void Write(MetricPoint point)
    {
        ring[written % ring.Length] = point;
        written++;
    }

    private MetricPoint Point(CounterReading before, CounterReading now)
    {
        var seconds = (now.At - before.At).TotalSeconds;
        var recent = now.Durations.Since(window.Peek().Durations);
        return new(
            now.At.ToUnixTimeMilliseconds() / 1000.0,
            (float)(Grown(before.Requests, now.Requests) / seconds),
            (float)(Grown(before.Failures, now.Failures) / seconds),
            (float)recent.Quantile(0.5),
            (float)recent.Quantile(0.95),
            (float)recent.Quantile(0.99),
            (float)now.InFlight,
            (float)(Grown(before.CpuSeconds, now.CpuSeconds) / seconds),
            (float)now.MemoryBytes);
    }

    // A counter that went down belongs to a new process: all it counted is new.
    private static double Grown(double before, double now) => now >= before ? now - before : double.IsNaN(now) || double.IsNaN(before) ? double.NaN : now;
}
