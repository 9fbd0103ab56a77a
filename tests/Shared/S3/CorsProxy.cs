using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Ops.Testing;

/// <summary>An S3 server as browsers see it: the real one behind an address of its own, which lets pages of one origin in, or none.</summary>
internal sealed class CorsProxy : IAsyncDisposable
{
    private readonly S3Forwarder forwarder;
    private readonly string? origin;
    private readonly WebApplication app;
    private readonly List<int> parts = [];
    private CancellationTokenSource held = new();
    private SemaphoreSlim? door;
    private int waiting;

    private CorsProxy(Uri server, string? origin)
    {
        forwarder = new S3Forwarder(server);
        this.origin = origin;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.Run(ForwardAsync);
    }

    /// <summary>Where browsers reach it.</summary>
    public Uri Address => new(app.Urls.First());

    /// <summary>The numbers of the parts that the server took, in this order. One that was sent twice is in it twice.</summary>
    public IReadOnlyList<int> Parts
    {
        get
        {
            lock (parts)
            {
                return [.. parts];
            }
        }
    }

    /// <summary>How many parts wait because of <see cref="Let"/>.</summary>
    public int Waiting => Volatile.Read(ref waiting);

    /// <summary>Starts one.</summary>
    /// <param name="server">The real server.</param>
    /// <param name="origin">The origin that is let in, or null.</param>
    public static async Task<CorsProxy> StartAsync(Uri server, string? origin)
    {
        var proxy = new CorsProxy(server, origin);
        await proxy.app.StartAsync();
        return proxy;
    }

    /// <summary>Lets so many more parts through to the server; from the first call on, others wait.</summary>
    public void Let(int more)
    {
        door ??= new(0);
        door.Release(more);
    }

    /// <summary>Breaks the connections of the parts that wait now.</summary>
    public void Drop()
    {
        using var before = Interlocked.Exchange(ref held, new());
        before.Cancel();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        forwarder.Dispose();
        door?.Dispose();
        held.Dispose();
    }

    private async Task ForwardAsync(HttpContext context)
    {
        if (origin is not null && context.Request.Headers.Origin == origin)
        {
            context.Response.Headers.AccessControlAllowOrigin = origin;
        }

        if (HttpMethods.IsOptions(context.Request.Method))
        {
            context.Response.Headers.AccessControlAllowMethods = "PUT, GET, HEAD";
            context.Response.Headers.AccessControlAllowHeaders = context.Request.Headers.AccessControlRequestHeaders;
            context.Response.StatusCode = origin is null ? StatusCodes.Status403Forbidden : StatusCodes.Status200OK;
            return;
        }

        var part = HttpMethods.IsPut(context.Request.Method) && int.TryParse(context.Request.Query["partNumber"], CultureInfo.InvariantCulture, out var number) ? number : (int?)null;
        if (part is not null && !await MayPassAsync(context))
        {
            context.Abort();
            return;
        }

        await forwarder.CarryAsync(context, header => header.StartsWith("x-amz-", StringComparison.OrdinalIgnoreCase), answer =>
        {
            if (answer.IsSuccessStatusCode && part is { } taken)
            {
                lock (parts)
                {
                    parts.Add(taken);
                }
            }
        });
    }

    private async Task<bool> MayPassAsync(HttpContext context)
    {
        if (door is null)
        {
            return true;
        }

        Interlocked.Increment(ref waiting);
        try
        {
            using var gone = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, held.Token);
            await door.WaitAsync(gone.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
        }
    }
}
