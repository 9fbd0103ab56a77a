using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;

namespace Ops.Testing.Kubernetes;

/// <summary>Streams changes to one client: from a version on or from the state there is, with bookmarks, until the client goes or the time is over.</summary>
internal sealed class WatchStream(ObjectStore store, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly List<ChannelWriter<StoreEvent?>> open = [];

    /// <summary>How many clients watch.</summary>
    public int Open
    {
        get
        {
            lock (gate)
            {
                return open.Count;
            }
        }
    }

    /// <summary>How often an idle watch that allows it is told the current version.</summary>
    public TimeSpan BookmarkInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Tells the current version to every watch that allows bookmarks.</summary>
    public void SendBookmarks()
    {
        lock (gate)
        {
            open.ForEach(w => w.TryWrite(null));
        }
    }

    /// <summary>Answers a watch.</summary>
    public async Task RunAsync(HttpContext context, ApiRequest request)
    {
        var kind = request.Kind!;
        var filter = ListReader.Filter(request);
        if (filter is null)
        {
            await ApiServer.WriteAsync(context, ApiStatus.BadRequest("field label not supported"));
            return;
        }

        var channel = Channel.CreateUnbounded<StoreEvent?>(new UnboundedChannelOptions { SingleReader = true });
        var bookmarks = request.Query["allowWatchBookmarks"].ToString() is "true" or "1";
        void Listen(StoreEvent change)
        {
            if (change.Kind == kind)
            {
                channel.Writer.TryWrite(change);
            }
        }

        var from = request.Query["resourceVersion"].ToString();
        List<StoreEvent> first = [];
        lock (store.Gate)
        {
            if (request.Query["sendInitialEvents"] == "true" || from is "" or "0")
            {
                first.AddRange(store.List(kind, request.Namespace).Where(filter).Select(i => new StoreEvent("ADDED", kind, i, null, store.Version)));
                if (request.Query["sendInitialEvents"] == "true" && bookmarks)
                {
                    first.Add(Bookmark(kind, initialEnd: true));
                }
            }
            else if (!long.TryParse(from, out var version))
            {
                first.Add(Error(kind, ApiStatus.BadRequest($"Invalid value: \"{from}\": strconv.ParseUint: parsing \"{from}\": invalid syntax")));
            }
            else if (store.Since(version) is not { } missed)
            {
                first.Add(Error(kind, ApiStatus.Expired($"too old resource version: {version} ({store.CompactedTo})")));
            }
            else
            {
                first.AddRange(missed.Where(e => e.Kind == kind).Select(e => Seen(e, filter)).OfType<StoreEvent>());
            }

            store.Listen(Listen);
        }

        lock (gate)
        {
            open.Add(channel.Writer);
        }

        try
        {
            await StreamAsync(context, request, first, channel.Reader, filter, bookmarks);
        }
        finally
        {
            lock (gate)
            {
                open.Remove(channel.Writer);
            }

            lock (store.Gate)
            {
                store.Unlisten(Listen);
            }
        }
    }

    private async Task StreamAsync(HttpContext context, ApiRequest request, List<StoreEvent> first, ChannelReader<StoreEvent?> changes, Func<JsonObject, bool> filter, bool bookmarks)
    {
        var seconds = int.TryParse(request.Query["timeoutSeconds"], out var given) && given > 0 ? given : 1800;
        using var over = new CancellationTokenSource(TimeSpan.FromSeconds(seconds), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, over.Token);
        await using var ticking = time.CreateTimer(_ => SendBookmarks(), null, BookmarkInterval, BookmarkInterval);
        context.Response.ContentType = "application/json";
        try
        {
            await context.Response.StartAsync(either.Token);
            await context.Response.Body.FlushAsync(either.Token);
            foreach (var change in first)
            {
                await WriteAsync(context, change);
                if (change.Type == "ERROR")
                {
                    return;
                }
            }

            while (await changes.WaitToReadAsync(either.Token))
            {
                while (changes.TryRead(out var change))
                {
                    if (change is null)
                    {
                        await (bookmarks ? WriteAsync(context, Bookmark(request.Kind!, initialEnd: false)) : Task.CompletedTask);
                        continue;
                    }

                    await (Seen(change, filter) is { } seen ? WriteAsync(context, seen) : Task.CompletedTask);
                }
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            await (bookmarks ? WriteAsync(context, Bookmark(request.Kind!, initialEnd: false)) : Task.CompletedTask);
        }
        catch (OperationCanceledException)
        {
            // The client went.
            context.Abort();
        }
    }

    // An object that comes to match is added, one that no longer matches is deleted for who watches by a selector.
    private static StoreEvent? Seen(StoreEvent change, Func<JsonObject, bool> filter)
    {
        if (change.Type is "BOOKMARK" or "ERROR")
        {
            return change;
        }

        var matched = change.Previous is { } before && filter(before);
        var matches = change.Type != "DELETED" && filter(change.Object);
        return (matched, matches) switch
        {
            (true, true) => change,
            (false, true) => change with { Type = "ADDED" },
            (true, false) => Left(change),
            _ => null,
        };
    }

    // As it was when it still matched, with the version of the change.
    private static StoreEvent Left(StoreEvent change)
    {
        var last = change.Previous!.Copy();
        last.Make("metadata")["resourceVersion"] = change.Version.ToString();
        return new("DELETED", change.Kind, last, change.Previous, change.Version);
    }

    private static async Task WriteAsync(HttpContext context, StoreEvent change)
    {
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes($"{{\"type\":\"{change.Type}\",\"object\":{change.Text}}}\n"), context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    private StoreEvent Bookmark(ResourceKind kind, bool initialEnd)
    {
        var metadata = new JsonObject { ["resourceVersion"] = store.Version.ToString(), ["creationTimestamp"] = null };
        if (initialEnd)
        {
            metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
        }

        return new StoreEvent("BOOKMARK", kind, new JsonObject { ["kind"] = kind.Kind, ["apiVersion"] = kind.ApiVersion, ["metadata"] = metadata }, null, store.Version);
    }

    private static StoreEvent Error(ResourceKind kind, ApiStatus status) => new("ERROR", kind, status.ToJson(), null, 0);
}
