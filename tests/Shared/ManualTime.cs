namespace Ops.Testing;

/// <summary>A clock that stands still until a test moves it. Timers fire on the thread that calls <see cref="Advance"/>, in the order they fall due, each seeing the moment it was due at.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<ManualTimer> timers = [];
    private DateTimeOffset now;
    private long elapsedTicks;

    /// <summary>Starts at a moment; noon of a day in 2026 unless told.</summary>
    public ManualTime(DateTimeOffset? start = null) => now = start ?? new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Timers that are going to fire.</summary>
    public int ActiveTimers
    {
        get
        {
            lock (gate)
            {
                return timers.Count;
            }
        }
    }

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (gate)
        {
            return now;
        }
    }

    /// <inheritdoc/>
    public override long GetTimestamp()
    {
        lock (gate)
        {
            return elapsedTicks;
        }
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Lets time pass and fires what falls due meanwhile.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        long end;
        lock (gate)
        {
            end = elapsedTicks + by.Ticks;
        }

        while (true)
        {
            ManualTimer? due;
            lock (gate)
            {
                due = timers.Where(t => t.DueTicks <= end).MinBy(t => t.DueTicks);
                var stop = Math.Max(elapsedTicks, due?.DueTicks ?? end);
                now += TimeSpan.FromTicks(stop - elapsedTicks);
                elapsedTicks = stop;
                due?.TakeDue();
            }

            if (due is null)
            {
                return;
            }

            due.Fire();
        }
    }

    /// <summary>Lets the wall clock jump, as an administrator or NTP does; timers and elapsed time do not notice.</summary>
    public void JumpTo(DateTimeOffset moment)
    {
        lock (gate)
        {
            now = moment;
        }
    }

    /// <summary>Lets time pass in small steps until the condition holds, giving other threads time to react to each. Throws <see cref="TimeoutException"/> when that takes longer than 10 real seconds, or <paramref name="patience"/>.</summary>
    public async Task AdvanceUntilAsync(Func<bool> condition, TimeSpan step, TimeSpan? patience = null)
    {
        var started = System.GetTimestamp();
        while (!condition())
        {
            if (System.GetElapsedTime(started) > (patience ?? TimeSpan.FromSeconds(10)))
            {
                throw new TimeoutException("The condition did not come true in time.");
            }

            Advance(step);
            await Task.Delay(TimeSpan.FromMilliseconds(2), System);
        }
    }

    private sealed class ManualTimer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan period;

        public long DueTicks { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan newPeriod)
        {
            lock (time.gate)
            {
                time.timers.Remove(this);
                period = newPeriod;
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    DueTicks = time.elapsedTicks + dueTime.Ticks;
                    time.timers.Add(this);
                }
            }

            return true;
        }

        // The caller holds the gate.
        public void TakeDue()
        {
            if (period == Timeout.InfiniteTimeSpan || period == TimeSpan.Zero)
            {
                time.timers.Remove(this);
            }
            else
            {
                DueTicks += period.Ticks;
            }
        }

        public void Fire() => callback(state);

        public void Dispose()
        {
            lock (time.gate)
            {
                time.timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
