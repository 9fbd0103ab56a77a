using System.Text.Json;
using k8s;
using k8s.Models;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>How a watch waits.</summary>
internal sealed record WatchTerms
{
    /// <summary>How long one stream is asked for, before it is opened anew.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a stream may be silent; the server sends a bookmark each minute.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(150);

    /// <summary>The first pause after a failure.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest pause after a failure.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The longest pause after a stream that was cut.</summary>
    public TimeSpan LongestCutPause { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a stream lives at least, if it tells nothing: one that ends sooner was cut.</summary>
    public TimeSpan Brief { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The pause after the cluster has refused it, or does not have the kind.</summary>
    public TimeSpan RefusedPause { get; init; } = TimeSpan.FromMinutes(1);
}

/// <summary>
/// What there is of one kind, as a list and the changes after it. Lives through streams that break, versions that are kept no longer and events
/// that come twice, late or not at all: after each list it is what the cluster has.
/// </summary>
internal sealed class ClusterWatch(ClusterApi api, ClusterKind kind, ClusterScope scope, Action<ClusterChange> changed, WatchTerms terms, TimeProvider time, ILogger log) : IAsyncDisposable
{
    private const int CutsToTell = 3;
    private readonly CancellationTokenSource stop = new();
    private readonly TaskCompletionSource outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly WatchCache cache = new(changed);
    private Task running = Task.CompletedTask;
    private string? version;
    private int failures;
    private int cut;

    /// <summary>What is watched.</summary>
    public ClusterKind Kind => kind;

    /// <summary>Takes a little out of objects before they are kept, such as what nobody reads.</summary>
    public Action<IKubernetesObject<V1ObjectMeta>>? Trim { get; init; }

    /// <summary>Whether everything was seen at least once, and the cluster goes on showing it.</summary>
    public bool IsSeen { get; private set; }

    /// <summary>What keeps it from seeing; null while it sees.</summary>
    public ClusterException? Failure { get; private set; }

    /// <summary>Since when it does not see; null while it sees.</summary>
    public DateTimeOffset? DownSince { get; private set; }

    /// <summary>Whether the account may not watch this, or the cluster does not have the kind.</summary>
    public bool IsRefused => Failure is { Problem: ClusterProblem.Forbidden or ClusterProblem.NotFound };

    /// <summary>Completes with the first list, or with the first failure to get it.</summary>
    public Task FirstOutcome => outcome.Task;

    /// <summary>All objects as they were seen last.</summary>
    public IReadOnlyCollection<IKubernetesObject<V1ObjectMeta>> All => cache.All;

    /// <summary>An object as it was seen last, or null.</summary>
    public IKubernetesObject<V1ObjectMeta>? Find(string? space, string name) => cache.Find(space, name);

    /// <summary>Begins.</summary>
    public void Start() => running = Task.Run(() => RunAsync(stop.Token));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
        outcome.TrySetResult();
        stop.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                if (version is null)
                {
                    var list = await api.ListAsync(kind, scope, cancellation);
                    cache.Replace(list.Items.Select(Trimmed), list.Version);
                    version = list.Version;
                    Sees();
                }

                if (await FollowAsync(version, cancellation))
                {
                    failures = cut = 0;
                    continue;
                }

                cut++;
                failures++;
                if (cut >= CutsToTell)
                {
                    Misses(new(ClusterProblem.Unreachable, $"Every watch of {kind.Plural} ends at once: something between the dashboard and the cluster, such as a proxy, cuts streams. Changes are seen late."));
                }

                await PauseAsync(null, terms.LongestCutPause, cancellation);
            }
            catch (ClusterException exception) when (exception.Problem == ClusterProblem.Expired)
            {
                log.WatchExpired(kind.Plural);
                version = null;

                // At once, but not in a circle with a server that forgets everything.
                if (failures++ > 0)
                {
                    await PauseAsync(exception, terms.LongestPause, cancellation);
                }
            }
            catch (Exception exception) when (!cancellation.IsCancellationRequested)
            {
                // Whatever it is, the watch goes on: what is shown meanwhile says since when it is old.
                failures++;
                var failure = exception as ClusterException ?? new ClusterException(ClusterProblem.Unavailable, $"What the cluster sends of {kind.Plural} cannot be read.", exception);
                if (failure.Problem is not (ClusterProblem.Unreachable or ClusterProblem.Unavailable or ClusterProblem.TooManyRequests))
                {
                    version = null;
                }

                Misses(failure);
                await PauseAsync(failure, terms.LongestPause, cancellation);
            }
            catch (Exception) when (cancellation.IsCancellationRequested)
            {
                // Also what broke in the moment in which it was stopped.
                return;
            }
        }
    }

    /// <summary>Reads one stream to its end, and remembers the version to go on from.</summary>
    /// <returns>Whether it was one: it told something, or lived as long as streams do.</returns>
    private async Task<bool> FollowAsync(string from, CancellationToken cancellation)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var reply = await api.WatchAsync(kind, scope, from, terms.Duration, silence.Token);
        await using var body = await reply.Content.ReadAsStreamAsync(silence.Token);
        using var lines = new StreamReader(body);
        var (begun, told) = (time.GetTimestamp(), false);
        if (cut < CutsToTell)
        {
            Sees();
        }

        // After streams that were cut, only one that lives shows that the cluster is seen again.
        await using var lives = time.CreateTimer(_ => Sees(), null, terms.Brief, Timeout.InfiniteTimeSpan);
        try
        {
            while (true)
            {
                await using var alarm = time.CreateTimer(static state => ((CancellationTokenSource)state!).Cancel(), silence, terms.Silence, Timeout.InfiniteTimeSpan);
                if (await lines.ReadLineAsync(silence.Token) is not { } line)
                {
                    break;
                }

                if (line.Length > 0)
                {
                    version = Take(line) ?? version;
                    (told, failures, cut) = (true, 0, 0);
                    Sees();
                }
            }
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException || (exception is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            // Broken or silent; the next stream goes on from what was heard last.
            log.WatchBroken(kind.Plural);
        }

        return told || time.GetElapsedTime(begun) >= terms.Brief;
    }

    private string? Take(string line)
    {
        using var document = JsonDocument.Parse(line);
        var type = document.RootElement.GetProperty("type").GetString();
        var body = document.RootElement.GetProperty("object");
        switch (type)
        {
            case "ERROR":
                var status = ClusterJson.Read<V1Status>(JsonSerializer.SerializeToUtf8Bytes(body)) ?? new();
                throw ClusterAnswers.Of(status, status.Code ?? 500, $"watch {kind.Plural}");
            case "BOOKMARK":
                return body.GetProperty("metadata").GetProperty("resourceVersion").GetString();
            case "ADDED" or "MODIFIED" or "DELETED":
                var item = Trimmed(ClusterJson.ReadObject(body, kind));
                return cache.Take(item, type == "DELETED") switch
                {
                    WatchNews.New => item.Metadata.ResourceVersion,
                    WatchNews.Unclear => throw new ClusterException(ClusterProblem.Expired, $"Versions of {kind.Plural} cannot be compared."),
                    _ => null,
                };
            default:
                return null;
        }
    }

    private IKubernetesObject<V1ObjectMeta> Trimmed(IKubernetesObject<V1ObjectMeta> item)
    {
        Trim?.Invoke(item);
        return item;
    }

    private void Sees()
    {
        if (Failure is not null)
        {
            log.WatchSees(kind.Plural);
        }

        (IsSeen, Failure, DownSince) = (true, null, null);
        outcome.TrySetResult();
    }

    private void Misses(ClusterException failure)
    {
        if (Failure?.Problem != failure.Problem)
        {
            log.WatchMisses(kind.Plural, failure.Message);
        }

        Failure = failure;
        DownSince ??= time.GetUtcNow();
        if (IsRefused)
        {
            IsSeen = false;
        }

        outcome.TrySetResult();
    }

    private async Task PauseAsync(ClusterException? failure, TimeSpan longest, CancellationToken cancellation)
    {
        var pause = terms.FirstPause * Math.Pow(2, Math.Min(failures - 1, 10));
        pause = failure is { Problem: ClusterProblem.Forbidden or ClusterProblem.NotFound } ? terms.RefusedPause : pause < longest ? pause : longest;
        if (failure?.RetryAfter is { } asked && asked > pause)
        {
            pause = asked < ClusterSender.LongestAsked ? asked : ClusterSender.LongestAsked;
        }

        await Task.Delay(pause, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
