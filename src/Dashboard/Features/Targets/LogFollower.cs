using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Ops.Dashboard.Features.Targets;

/// <summary>A replica's log at one moment.</summary>
/// <param name="Lines">The last lines, oldest first; null before it was read once.</param>
/// <param name="Failure">Why it cannot be read now, or null. It is tried again by itself.</param>
internal sealed record LogPicture(IReadOnlyList<string>? Lines, Exception? Failure)
{
    /// <summary><see cref="Failure"/> in words for people.</summary>
    public string? Problem => Failure switch
    {
        null => null,
        NotSupportedException never => never.Message,
        InvalidOperationException said => $"{said.Message} It is asked again by itself.",
        _ => "The target did not give it. It is asked again by itself.",
    };
}

/// <summary>
/// Follows the log of a replica: as it is written where the driver can stream it, else read again every two seconds. A stream that ends, because
/// the container did or the way to it broke, is opened anew after a pause.
/// </summary>
/// <param name="driver">Gives the log.</param>
/// <param name="endpoint">The endpoint.</param>
/// <param name="replicaId">The replica.</param>
/// <param name="most">How many lines are kept.</param>
/// <param name="time">The clock.</param>
internal sealed class LogFollower(ITargetDriver driver, EndpointRef endpoint, string replicaId, int most, TimeProvider time)
{
    private static readonly TimeSpan ReadEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    // Twice for each picture: lines that come together are shown together, and a container that writes a lot does not keep a browser busy.
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(250);
    private readonly Lock gate = new();
    private readonly Queue<string> lines = new();
    private readonly Channel<bool> news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private Exception? failure;
    private bool wasRead;
    private bool begins;

    /// <summary>What the log is, again whenever it has changed, until it is cancelled.</summary>
    public async IAsyncEnumerable<LogPicture> FollowAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var reading = ReadAsync(over.Token);
        try
        {
            while (true)
            {
                await news.Reader.ReadAsync(cancellation);
                await Task.Delay(Gather, time, cancellation);
                yield return Look();
                await Task.Delay(Gather, time, cancellation);
            }
        }
        finally
        {
            await over.CancelAsync();
            await reading;
        }
    }

    private async Task ReadAsync(CancellationToken cancellation)
    {
        var pause = FirstPause;
        while (!cancellation.IsCancellationRequested)
        {
            var begun = time.GetTimestamp();
            try
            {
                if (driver is ILogStream stream)
                {
                    await foreach (var line in stream.FollowLogAsync(endpoint, replicaId, most, Begin, cancellation))
                    {
                        Add(line);
                    }

                    Change(() => { });
                }
                else
                {
                    Replace(await driver.ReadLogAsync(endpoint, replicaId, most, cancellation));
                }

                pause = driver is not ILogStream ? ReadEvery : time.GetElapsedTime(begun) >= LongestPause ? FirstPause : pause;
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                // Whatever a target answers instead of a log, the rest of the page goes on.
                Fail(exception);
            }

            await Task.Delay(pause, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = driver is not ILogStream ? ReadEvery : pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private LogPicture Look()
    {
        lock (gate)
        {
            return new(wasRead ? [.. lines] : null, failure);
        }
    }

    // The last lines come again, so those of before go as soon as it does.
    private void Begin() => Change(() => begins = true);

    private void Add(string line) => Change(() =>
    {
        if (begins)
        {
            lines.Clear();
            begins = false;
        }

        lines.Enqueue(line);
        if (lines.Count > most)
        {
            lines.Dequeue();
        }
    });

    private void Replace(IReadOnlyList<string> all)
    {
        lock (gate)
        {
            if (wasRead && failure is null && all.SequenceEqual(lines, StringComparer.Ordinal))
            {
                return;
            }
        }

        Change(() =>
        {
            lines.Clear();
            foreach (var line in all)
            {
                lines.Enqueue(line);
            }
        });
    }

    private void Change(Action how)
    {
        lock (gate)
        {
            how();
            (wasRead, failure) = (true, null);
        }

        news.Writer.TryWrite(true);
    }

    private void Fail(Exception exception)
    {
        lock (gate)
        {
            failure = exception;
        }

        news.Writer.TryWrite(true);
    }
}
