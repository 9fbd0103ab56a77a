using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Hosting;
using Ops.Data;

namespace Ops.Dashboard.Features.ModelStore.Imports.Execution;

/// <summary>Wakes the service before its next look. The registry is the truth; a wake that is lost costs one interval.</summary>
internal sealed class TransferSignal
{
    private readonly Channel<bool> channel = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Something changed.</summary>
    public void Wake() => channel.Writer.TryWrite(true);

    /// <summary>Waits for a wake, or for the interval.</summary>
    public async Task WaitAsync(TimeSpan interval, TimeProvider time, CancellationToken cancellation)
    {
        using var pause = new CancellationTokenSource(interval, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(pause.Token, cancellation);
        try
        {
            await channel.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The interval is over.
        }
    }
}

/// <summary>Whether this process carries imports out; of several dashboards on one registry one does.</summary>
internal sealed class TransferLease(IDbContextFactory<RegistryDb> databases, TimeProvider time, ILogger<TransferLease> log)
    : ProcessLease(databases, time, new("imports", TimeSpan.FromSeconds(30), RenewEvery))
{
    /// <summary>How often the holder says that it is alive.</summary>
    public static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override void Gained() => log.ImportsHeld(Holder);

    /// <inheritdoc/>
    protected override void Lost(string other) => log.ImportsLost(Holder, other);
}

/// <summary>What a running import does at this moment. In memory: the registry knows the parts that are safe.</summary>
/// <param name="Phase">One word for people.</param>
/// <param name="Bytes">Fetched so far of this phase.</param>
/// <param name="BytesPerSecond">How fast, smoothed.</param>
internal sealed record TransferProgress(string Phase, long Bytes, double BytesPerSecond);

/// <summary>How far running imports are.</summary>
internal sealed class TransferBoard(TimeProvider time)
{
    private const double Weight = 0.4;
    private readonly ConcurrentDictionary<Guid, Tally> tallies = [];

    /// <summary>What is known, or null.</summary>
    public TransferProgress? Read(Guid id) => tallies.TryGetValue(id, out var tally) ? tally.Read() : null;

    /// <summary>A phase begins.</summary>
    /// <param name="id">The import.</param>
    /// <param name="phase">One word for people.</param>
    /// <param name="bytes">Bytes that are there already.</param>
    public void Begin(Guid id, string phase, long bytes = 0) => tallies[id] = new Tally(phase, bytes, time);

    /// <summary>Bytes came.</summary>
    public void Add(Guid id, int bytes)
    {
        if (tallies.TryGetValue(id, out var tally))
        {
            tally.Add(bytes);
        }
    }

    /// <summary>It runs no longer.</summary>
    public void Forget(Guid id) => tallies.TryRemove(id, out _);

    private sealed class Tally(string phase, long bytes, TimeProvider time)
    {
        private readonly Lock gate = new();
        private long total = bytes;
        private long markBytes = bytes;
        private long mark = time.GetTimestamp();
        private double rate;

        public void Add(int more)
        {
            lock (gate)
            {
                total += more;
            }
        }

        public TransferProgress Read()
        {
            lock (gate)
            {
                var elapsed = time.GetElapsedTime(mark);
                if (elapsed >= TimeSpan.FromSeconds(1))
                {
                    var now = (total - markBytes) / elapsed.TotalSeconds;
                    rate = rate == 0 ? now : (rate * (1 - Weight)) + (now * Weight);
                    (mark, markBytes) = (time.GetTimestamp(), total);
                }

                return new TransferProgress(phase, total, rate);
            }
        }
    }
}
